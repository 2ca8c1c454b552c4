"""Every command and every code block of the documentation, and how each is run.

A page is README.md, CONTRIBUTING.md, a file of docs/, or the help of a command, which ends with
examples. What stands on a page is run in its order, in one folder:

* `sh`: commands. So are commands in the text, such as `evoloco list`, unless they hold a word for
  something else, such as DIR.
* `python`: all blocks of a page in one namespace. A block that begins with the name of a file, such
  as `# wave.py`, becomes that file; `# in wave.py` adds to it.
* `toml`: a block that begins with the name of a file is a run file. Any other is merged into one:
  `# in dog.toml` into that of the page, `# in the run hopper` into a bundled one, otherwise into
  `biped`.
* `xml`: a file. `text` and `yaml` are shown.

A block that is not run has a comment above it that tells why:

    <!-- shown, not run: needs a cluster -->
    <!-- run unchanged only: installs everything -->

A run folder that a block names and that no earlier one made is that of a bundled run; in `runs/out`
itself there is at least one. Blocks are run as they stand, or shortened: `SHORT` is added where a
gait is evolved, `--generations` is 3, `--individual` is 1:1, `--seeds` is 0-1, nothing is filmed,
a check is of one world an item, a comparison of two worlds without gaps (of a long one the first
task and scenario and two contenders), a training ends after one judgement, a sensor is learned in
two steps, and only the first search of a page writes a report. Where a page names `mine.zip`,
Stable-Baselines3 has saved a policy of `biped_ppo` there, and its normaliser in `stats.pkl`.
"""

import contextlib
import io
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import tomli_w
import typer

from evoloco import api, cli, spec
from evoloco.bundled import run_file, runs
from evoloco.compare import contenders
from evoloco.report import assemble

ROOT = Path(__file__).parents[1]
SHORT = {
    "optimizer.generations": 2,
    "optimizer.population_size": 4,
    "scenario.duration": 0.3,
    "evaluation.heldout_duration": 0.3,
    "evaluation.heldout_episodes": 2,
}
"""What makes a run a matter of a second."""

APPENDED = [f"{key}={value}" for key, value in SHORT.items()]

LONGEST = 1000.0
"""Simulated time of a search in a comparison that is run as it stands [s]."""

SHOWN, UNCHANGED = "shown, not run", "run unchanged only"
RUN = ("sh", "python", "toml")
FILES = ("xml",)
PICTURES = ("text", "yaml")
"""Languages that are run, that become files, and that are shown without a reason."""

_FENCE = re.compile(
    rf"(?:^<!-- ({SHOWN}|{UNCHANGED}): (.+?) -->\n+)?^```(\w*)\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_INLINE = re.compile(r"`(evoloco [^`]+)`")
_NAMED = re.compile(r"(?:#|<!--) (\w+\.(?:py|toml|xml))\b")
_INSIDE = re.compile(r"# in (?:(\w+\.(?:py|toml))|the run (\w+))$", re.MULTILINE)
_FOLDER = re.compile(r"(?<!--out )runs/out/(\w+)-seed(\d+)")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, or a command in its text.

    Attributes:
        page: Name of the page.
        line: Its first line there.
        language: Of the fence; `sh` for a command in the text.
        text: What it holds.
        mark: `SHOWN` or `UNCHANGED`; empty for a block that is always run.
        reason: Why it is marked.
        inline: Whether it stands in the text.
    """

    page: str
    line: int
    language: str
    text: str
    mark: str = ""
    reason: str = ""
    inline: bool = False

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str:
        """Name of the file that the block shows; empty for any other block."""
        named = _NAMED.match(self.text)
        return named[1] if named else ""

    @property
    def commands(self) -> list[str]:
        """The commands of a block of `sh`, one per line or part of a chain, without comments."""
        if self.language != "sh":
            return []
        lines = [line.partition("  #")[0].strip() for line in self.text.splitlines()]
        return [part.strip() for line in lines for part in line.split("&&") if part.strip()]


def pages() -> dict[str, list[Block]]:
    """Returns the blocks of every page by its name."""
    files = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    found = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in files}
    return {**_examples(), **{name: blocks(name, text) for name, text in found.items()}}


def blocks(page: str, text: str) -> list[Block]:
    """Returns the fenced blocks of a page and the commands in its text, in their order."""
    found = []
    for match in _FENCE.finditer(text):
        mark, reason, language, content = match.groups()
        line = text.count("\n", 0, match.start(4)) + 1
        found.append(Block(page, line, language, content, mark or "", reason or ""))

    outside = _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    for match in _INLINE.finditer(outside):
        command = " ".join(match[1].split())
        if _is_whole(command):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(page, line, "sh", command, *_mark(command), inline=True))
    return sorted(found, key=lambda block: block.line)


def mentions(text: str) -> list[str]:
    """Returns the commands in the text of a page that are no whole ones, such as `evoloco par`."""
    commands = [" ".join(found.split()) for found in _INLINE.findall(text)]
    return [command for command in commands if not _is_whole(command)]


def _is_whole(command: str) -> bool:
    """Whether a command in the text can be run: it has arguments, and none stands for another."""
    words = [*command.split(), ""]
    if words[1].startswith("-"):
        return words[1] in ("--help", "--version")
    given = words[2] == "--help" or (words[2] and not words[2].startswith("-"))
    return (words[1] == "list" or bool(given)) and not re.search(r"\b[A-Z]{2,}\b", command)


def _mark(command: str) -> tuple[str, str]:
    """Returns mark and reason of a command in the text, where no comment can stand."""
    if "--ray local" in command:
        return UNCHANGED, "starts Ray"
    if "--ray" in command:
        return SHOWN, "needs a cluster; tests/test_ray.py starts one"
    if "--port" in command:
        return SHOWN, "needs a robot; tests/test_deploy.py emulates one"
    return "", ""


def _examples() -> dict[str, list[Block]]:
    """Returns the examples with which the help of each command ends, by the command."""
    group = typer.main.get_command(cli.app)
    commands = {"": group, **group.commands}  # type: ignore[attr-defined]
    found = {}
    for name, command in commands.items():
        page = " ".join(["evoloco", *name.split(), "--help"])
        examples = re.findall(r"evoloco .+", command.epilog or "")
        found[page] = [
            Block(page, number, "sh", example, *_mark(example))
            for number, example in enumerate(examples, 1)
        ]
    return found


@dataclass
class Session:
    """Runs the blocks of one page in one folder.

    Attributes:
        folder: Working folder of the page.
        stock: Folder in which runs that blocks take for granted are kept for all pages.
        shortened: Whether blocks are shortened; else they are run as they stand, each block of
            commands as a process of its own.
        names: Namespace of the page's Python.
        reported: Whether a search of the page has written its report.
    """

    folder: Path
    stock: Path
    shortened: bool = True
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "documented"})
    reported: bool = False

    def prepare(self, page: list[Block]) -> None:
        """Writes the files that the blocks of a page show."""
        for block in page:
            if block.file:
                (self.folder / block.file).write_text(block.text, encoding="utf-8")
        if any("examples/" in block.text for block in page if block.language == "sh"):
            (self.folder / "examples").symlink_to(ROOT / "examples")
        if any("mine.zip" in block.text for block in page):
            _save_policy(self.folder / "mine.zip", self.folder / "stats.pkl")
        text = "".join(block.text for block in page)
        if "identify log.csv" in text and "--log log.csv" not in text:
            excite = ["excite", "hopper", "--duration", "9", "--out", str(self.folder / "own.csv")]
            _call([*excite, "--rehearsal", str(self.folder / "log.csv")])

    def run(self, block: Block) -> bool:
        """Runs a block; returns whether it is one that is run.

        Raises:
            AssertionError: It fails.
        """
        if block.language not in RUN or block.mark == SHOWN:
            return False
        if block.mark == UNCHANGED and self.shortened:
            return False

        kinds: dict[str, Callable[[Block], None]] = {
            "sh": self._shell,
            "python": self._python,
            "toml": self._toml,
        }
        printed = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stderr(printed):
            self._bring_runs(block)
            try:
                kinds[block.language](block)
            except (Exception, SystemExit) as error:
                told = f"{block}: {error}\n{block.text}\n{printed.getvalue()}"
                raise AssertionError(told) from error
        return True

    def _bring_runs(self, block: Block) -> None:
        """Copies the run folders that a block names and that are not there."""
        named = _FOLDER.findall(block.text)
        if re.search(r"runs/out(?!/)", block.text) and not Path("runs/out").exists():
            named.append(("hopper", "0"))
        for name, seed in named:
            folder = self.folder / "runs" / "out" / f"{name}-seed{seed}"
            if folder.exists() or name not in runs():
                continue
            kept = self.stock / folder.name
            if not kept.exists():
                changes = SHORT if self.shortened else {}
                api.evolve(name, seed=int(seed), out=kept, overrides=changes)
            shutil.copytree(kept, folder)

    # Commands

    def _shell(self, block: Block) -> None:
        if not self.shortened:
            self._process(block)
            return
        for command in block.commands:
            words = shlex.split(command)
            if words[0] in ("evoloco", ".venv/bin/evoloco"):
                with self._one_report(words[1]):
                    _call(_shortened(words[1:], self._beside(block)))
            elif not _installs(words):
                raise AssertionError("neither a command of evoloco nor an installation: mark it")

    @contextlib.contextmanager
    def _one_report(self, command: str) -> Iterator[None]:
        """Lets only the first search of a page write its report: drawing takes longest."""
        first, self.reported = not self.reported, self.reported or command == "evolve"
        if first or command not in ("evolve", "resume"):
            yield
        else:
            written = (Path("report.html"), "")
            with mock.patch.object(assemble, "write_report", return_value=written):
                yield

    def _process(self, block: Block) -> None:
        text = block.text
        if block.inline and text.startswith("evoloco evolve") and "--out" not in text:
            text += f" --out {self._beside(block)}"
        path = f'export PATH="{Path(sys.executable).parent}:$PATH"\n'
        subprocess.run(["bash", "-euc", path + text], check=True)

    def _beside(self, block: Block) -> str:
        """Returns a run folder for a command in the text; empty for the one that it names."""
        return f"runs/out/line{block.line}" if block.inline else ""

    # Python and run files

    def _python(self, block: Block) -> None:
        if block.file:
            runpy.run_path(block.file)
        elif inside := _INSIDE.match(block.text):
            with Path(inside[1]).open("a", encoding="utf-8") as file:
                file.write(f"\n\n{block.text}")
            runpy.run_path(inside[1])
        else:
            with _short_runs() if self.shortened else contextlib.nullcontext():
                exec(compile(block.text, str(block), "exec"), self.names)

    def _toml(self, block: Block) -> None:
        file = Path(block.file or f"line{block.line}.toml")
        if not block.file:
            inside = _INSIDE.match(block.text)
            page_file, bundled = inside.groups() if inside else (None, "biped_fast")
            base = Path(page_file) if page_file else run_file(bundled)
            tables = (tomllib.loads(text) for text in (base.read_text("utf-8"), block.text))
            file.write_text(tomli_w.dumps(merge(*tables)), encoding="utf-8")

        # A fragment is no run of its own, so it is short in any case.
        changes = SHORT if self.shortened or not block.file else {}
        out = f"runs/out/line{block.line}"
        if "training" in tomllib.loads(file.read_text("utf-8")):
            _call(["train", str(file), *APPENDED, "--steps", "1", "--out", out])
        else:
            api.evolve(file, out=out, overrides=changes)


def merge(run: dict[str, Any], tables: dict[str, Any]) -> dict[str, Any]:
    """Returns a run file with other tables; one that names another member replaces the old one."""
    merged = dict(run)
    for key, value in tables.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        extends = both and not value.keys() & {"name", "measure"}
        merged[key] = merge(old, value) if extends else value
    return merged


def _shortened(words: list[str], out: str) -> list[str]:
    """Returns the arguments of a command, shortened."""
    command, *rest = words
    if {"-h", "--help"} & set(rest):
        return words
    if command == "evolve":
        rest = [*rest[:1], *APPENDED, *rest[1:]]  # before what the example itself changes
        rest += [*APPENDED[:1], *(["--out", out] if out else [])]
    if command == "train":
        rest = [*rest[:1], *APPENDED, *rest[1:], *([] if "--steps" in rest else ["--steps", "1"])]
    if command == "learn":
        rest += ["examples=20", "test_examples=10", "steps=2"]
    if command == "check":
        rest += ["--worlds", "1", "--hidden", "1"]
    if command == "excite":
        rest += ["--duration", "9"]
    if command == "deploy" and "--play" not in rest:
        rest += ["--duration", "1"]
    if command == "identify":
        rest += ["--models", "m1", "--iterations", "1"]
    if command == "compare":
        rest = [*_beginning(rest), "--worlds", "2", "--gap-worlds", "0"]
    return [command, *_replaced(rest)]


def _beginning(compared: list[str]) -> list[str]:
    """Returns what is compared; of a comparison that takes hours, a file with its beginning."""
    name, files = compared[0], contenders.bundled()
    full = tomllib.loads(files[name].read_text("utf-8")) if name in files else {}
    if full.get("simulated_time", 0.0) <= LONGEST:
        return compared

    for table, count in (("tasks", 1), ("contenders", 2), ("scenarios", 1)):
        full[table] = dict(list(full[table].items())[:count])
    for contender in full["contenders"].values():
        contender["tasks"] = list(full["tasks"])
    short = {**full, "seeds": "0", "simulated_time": 1.0}
    Path(f"short_{name}.toml").write_text(tomli_w.dumps(short), encoding="utf-8")
    return [f"short_{name}.toml", *compared[1:]]


def _replaced(words: list[str]) -> list[str]:
    """Returns arguments with other values of the options that would take long."""
    words = list(words)
    others = {"--individual": "1:1", "--generations": "3", "--seeds": "0-1", "--steps": "1"}
    for option, value in others.items():
        if option in words and words[words.index(option) + 1] != "best":
            words[words.index(option) + 1] = value
    if "--video" in words:
        place = words.index("--video")
        del words[place : place + 2]
    return words


def _save_policy(archive: Path, normaliser: Path) -> None:
    """Lets Stable-Baselines3 save a policy of `biped_ppo` and the normaliser of its inputs."""
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    from evoloco.rl.env import RunEnv

    env = VecNormalize(DummyVecEnv([lambda: RunEnv("biped_ppo")]))
    PPO("MlpPolicy", env, n_steps=8, batch_size=8).save(archive)
    env.save(str(normaliser))


def _installs(words: list[str]) -> bool:
    """Whether a command makes a virtual environment or fills it."""
    return words[:3] == ["python3", "-m", "venv"] or words[0].endswith("pip")


def _call(arguments: list[str]) -> None:
    """Calls the command line in this process.

    Raises:
        AssertionError: It ends with an error.
    """
    with mock.patch.object(sys, "argv", ["evoloco", *arguments]):
        try:
            cli.main()
        except SystemExit as ended:
            if ended.code:
                raise AssertionError(f"exit code {ended.code}: {shlex.join(arguments)}") from None


@contextlib.contextmanager
def _short_runs() -> Iterator[None]:
    """Lets every run file that is read within the block describe a short run."""
    whole = spec.read

    def short(path: Path, overrides: Any = (), *others: Any) -> spec.RunSpec:
        return whole(path, [*overrides, *APPENDED], *others)

    with mock.patch.object(spec, "read", short), mock.patch.object(api, "read", short):
        yield
