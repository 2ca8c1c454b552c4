"""How exact exported controllers are, and what they cost on a Cortex-M4F.

    python benchmarks/exported.py [RUN ...] [--only exact drift loop cortex] [--kept FILE]

For every published champion, or for the middle genome of a controller that is named instead:

exact   the C in double against the compiled Python, over 10,000 control steps
drift   the C in float against that in double, after 10 minutes with the same observations
loop    the C in the loop of the simulation, against the direct simulation: distance in 10 s
cortex  the C in float for a Cortex-M4F: flash and RAM with libm, and in QEMU the instructions of a
        control step and the commands of 100 steps against those of this machine

What is finished is kept in FILE, and is not measured again for the same champion.
"""

import argparse
import ctypes
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

from evoloco.bundled import run_file, runs
from evoloco.check.result import digest
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.export.c.compiled import STRICT
from evoloco.export.c.interface import Sources, sources
from evoloco.export.exported import Exported
from evoloco.export.felt import felt_in, stepped
from evoloco.genome import Array
from evoloco.sim import batch
from evoloco.spec import read

HERE = Path(__file__).parent / "cortex_m"

STEPS = 10_000
"""Control steps that are compared with Python."""

MINUTES = 10.0
"""Time after which float is compared with double [min]."""

STILL = 1e-3
"""Range of a command that does not move, as a share of the largest range."""

LATEST = 10.0
"""Last part of that time, which counts [s]."""

SCENARIOS = 4
"""Held-out scenarios of the closed loop."""

ROWS = 100
"""Control steps that are compared between processors."""

TICK = 40
"""Instructions of QEMU in a tick of the board's timer: 1 ns each, of 25 MHz."""

CORTEX = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]

DRIVER = """
#include "{name}.h"

static {name} controller;

static bool once(const double *felt, double *ctrl)
{{
    {name}_obs obs;
    {name}_real *row = ({name}_real *)&obs, command[{controls}];
    bool fine;

    for (int i = 0; i < {width}; i++) {{
        row[i] = ({name}_real)felt[i];
    }}
    fine = {name}_step(&controller, &obs, command);
    for (int j = 0; j < {controls}; j++) {{
        ctrl[j] = command[j];
    }}
    return fine;
}}

/* Steps through rows of observations, again and again. */
int64_t go(const double *felt, int64_t rows, int64_t steps, double *commands)
{{
    {name}_reset(&controller);
    for (int64_t t = 0; t < steps; t++) {{
        if (!once(felt + t % rows * {width}, commands + t * {controls})) {{
            return 1;
        }}
    }}
    return 0;
}}

/* What the simulation calls instead of the controller that Numba has compiled. */
int64_t native_reset(void *params, void *state, double dt)
{{
    (void)params, (void)state, (void)dt;
    {name}_reset(&controller);
    return 0;
}}

int64_t native_step(void *params, void *state, const double *obs, double time, double dt,
                    double *ctrl, int64_t nu)
{{
    (void)params, (void)state, (void)time, (void)dt, (void)nu;
    return !once(obs, ctrl);
}}
"""
"""A library around an exported controller."""


def driver(made: Sources, width: int, folder: Path, single: bool) -> ctypes.CDLL:
    """Compiles a controller and what drives it."""
    name, upper = made.name, made.name.upper()
    text = DRIVER.format(name=name, controls=made.controls, width=width)
    for file, content in ((f"{name}.h", made.header), (f"{name}.c", made.source), ("go.c", text)):
        (folder / file).write_text(content, encoding="utf-8")
    library = folder / f"go_{single}.so"
    files = [folder / "go.c", folder / f"{name}.c"]
    options = [*STRICT, *([f"-D{upper}_FLOAT"] if single else []), "-shared", "-fPIC"]
    subprocess.run(["cc", *options, "-o", library, *files, "-lm"], check=True)
    return ctypes.CDLL(str(library))


def gone(library: ctypes.CDLL, felt: Array, steps: int, controls: int) -> Array:
    """The commands of a driver (steps, nu)."""
    commands = np.zeros((steps, controls))
    rows = np.ascontiguousarray(felt)
    failed = library.go(
        ctypes.c_void_p(rows.ctypes.data),
        ctypes.c_int64(len(rows)),
        ctypes.c_int64(steps),
        ctypes.c_void_p(commands.ctypes.data),
    )
    if failed:
        sys.exit("A number was not finite.")
    return commands


def exported(name: str) -> Exported:
    """The published champion of a run, or the middle genome of a controller on a biped."""
    if name in runs():
        return Exported.of(name)
    spec = read(run_file("biped_fast"), [f"controller.name={name}"])
    experiment = Experiment(spec)
    genome = np.full(len(experiment.space), 0.5)
    return Exported(experiment, genome, digest(spec, genome), {})


class Tried:
    """A published champion and its C, compiled here."""

    def __init__(self, name: str, folder: Path) -> None:
        self.exported, self.folder = exported(name), folder
        self.made = sources(self.exported, name, {})
        self.felt = felt_in(self.exported, STEPS, seed=0)
        self.controls, width = self.made.controls, self.felt.shape[1]
        self.double, self.single = (
            driver(self.made, width, folder, single) for single in (False, True)
        )

    def exact(self) -> dict[str, Any]:
        """Whether double equals Python to the last bit."""
        wanted = stepped(self.exported, self.felt)
        got = gone(self.double, self.felt, STEPS, self.controls)
        return {"equal": got.tobytes() == wanted.tobytes(), "lines": self.made.source.count("\n")}

    def drift(self) -> dict[str, Any]:
        """How far float is from double after some minutes, as a share of each command's range."""
        dt = self.exported.experiment.spec.scenario.control_dt
        steps, late = round(60.0 * MINUTES / dt), round(LATEST / dt)
        wanted, got = (
            gone(one, self.felt, steps, self.controls) for one in (self.double, self.single)
        )
        span = np.ptp(wanted, axis=0)
        span[span < STILL * span.max()] = span.max()  # a joint that is held
        away = np.abs(got - wanted) / span
        return {"late": float(away[-late:].max()), "ever": float(away.max())}

    def loop(self) -> dict[str, Any]:
        """How far the distance of the C's gaits is from that of the direct simulation."""
        experiment = self.exported.experiment
        scenarios = experiment.held_out()[:SCENARIOS]
        body, params = experiment.embodied(self.exported.genome[None])[0]

        def distances(one: Any) -> Array:
            duration = min(10.0, experiment.heldout_duration)
            run = simulator(one, threads=1, duration=duration)
            episodes = (next(run.run(params[None], [one], bodies=[body])) for one in scenarios)
            return np.array([episode.forward for episode in episodes])

        wanted, found = distances(experiment), {}
        scenario = experiment.spec.scenario.model_copy(update={"ramp": 0.0})  # the C has its own
        bare = replace(experiment, spec=experiment.spec.model_copy(update={"scenario": scenario}))
        for key, library in (("double", self.double), ("float", self.single)):
            with mock.patch.object(batch, "CompiledController", _called(library)):
                got = distances(bare)
            found[key] = np.abs(got / wanted - 1.0).tolist()
        return found

    def cortex(self) -> dict[str, Any]:
        """What it costs on a Cortex-M4F, and how its commands differ from this machine's."""
        name, upper, folder = self.made.name, self.made.name.upper(), self.folder
        rows = ",\n".join("{" + ", ".join(map(repr, row)) + "}" for row in self._floats())
        (folder / "tried.h").write_text(
            f'#include "{name}.h"\n#define CONTROLLER {name}\n#define COMMANDS {self.controls}\n'
            f"#define ROWS {ROWS}\n"
            f"static const float FELT[ROWS][{self.felt.shape[1]}] = {{\n{rows}\n}};\n"
        )
        options = ["-std=c99", "-O2", f"-D{upper}_FLOAT", f"-I{folder}"]
        sections = ["-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"]
        link = [*CORTEX, *sections, "-T", HERE / "board.ld", "-nostartfiles"]
        files, board = [folder / f"{name}.c"], HERE / "board.c"

        def arm(output: str, *more: Any) -> Path:
            command = ["arm-none-eabi-gcc", *options, *link, *more, *files, "-lm"]
            subprocess.run([*command, "-o", folder / output], check=True, capture_output=True)
            return folder / output

        bare = arm("bare.elf", "-Wl,-e,main", HERE / "bare.c", "--specs=nosys.specs")
        tried = arm("tried.elf", HERE / "try.c", board, "--specs=rdimon.specs")
        here = [*options, "-o", folder / "here", HERE / "try.c", *files, "-lm"]
        subprocess.run(["cc", *here], check=True)

        size = subprocess.run(
            ["arm-none-eabi-size", bare], capture_output=True, text=True, check=True
        )
        text, data, bss = map(int, size.stdout.splitlines()[1].split()[:3])
        machine = ["-M", "mps2-an386", "-nographic", "-icount", "shift=0"]
        hosting = ["-semihosting-config", "enable=on,target=native", "-kernel", tried]
        emulated = subprocess.run(
            ["qemu-system-arm", *machine, *hosting],
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            check=True,
        )
        own = subprocess.run([folder / "here"], capture_output=True, text=True, check=True)
        few, many, stack = map(
            int, re.findall(r"ticks (\d+) (\d+) stack (\d+)", emulated.stdout)[0]
        )
        there, here_ = (_commands(one.stdout, self.controls) for one in (emulated, own))
        return {
            "flash": text + data,
            "ram": data + bss,
            "stack": stack,
            "instructions": (many - few) * TICK / 100,
            "difference": float(np.abs(there - here_).max()),
        }

    def _floats(self) -> list[list[float]]:
        """What is felt in the first control steps, as floats."""
        rows: list[list[float]] = self.felt[:ROWS].astype(np.float32).astype(float).tolist()
        return rows


def _called(library: ctypes.CDLL) -> Callable[..., Any]:
    """What makes a compiled controller that is the C."""
    real = batch.CompiledController

    def made(*arguments: Any) -> Any:
        found = real(*arguments)
        addresses = {
            what: ctypes.cast(library[f"native_{what}"], ctypes.c_void_p).value
            for what in ("reset", "step")
        }
        layouts = {key: getattr(found, key) for key in ("params", "state", "observation")}
        return SimpleNamespace(**layouts, **addresses, kept=library)

    return made


def _commands(printed: str, controls: int) -> Array:
    """Commands that were printed as the bits of floats (ROWS, nu)."""
    words = [int(word, 16) for word in printed.splitlines()[0].split()]
    return np.array(words, np.uint32).view(np.float32).reshape(-1, controls).astype(float)


PARTS = ("exact", "drift", "loop", "cortex")


def measured(name: str, parts: Sequence[str], kept: dict[str, Any]) -> dict[str, Any]:
    """Measures a champion, unless it was measured before."""
    sha256 = exported(name).sha256
    found: dict[str, Any] = kept.get(name, {})
    if found.get("champion") != sha256:
        found = {"champion": sha256}
    missing = [part for part in parts if part not in found]
    if missing:
        with tempfile.TemporaryDirectory() as folder:
            tried = Tried(name, Path(folder))
            for part in missing:
                found[part] = getattr(tried, part)()
    return found


def row(name: str, found: dict[str, Any]) -> str:
    """A row of the table."""
    cells = [name]
    if exact := found.get("exact"):
        cells += [str(exact["lines"]), "yes" if exact["equal"] else "**no**"]
    if drift := found.get("drift"):
        cells += [f"{drift['late']:.1e}", f"{drift['ever']:.1e}"]
    if loop := found.get("loop"):
        cells += [f"{100 * max(loop[key]):.2g} %" for key in ("double", "float")]
    if cortex := found.get("cortex"):
        cells += [f"{cortex['flash'] / 1024:.1f}", f"{cortex['ram']}", f"{cortex['stack']}"]
        cells += [f"{cortex['instructions']:,.0f}", f"{cortex['difference']:.1e}"]
    return f"| {' | '.join(cells)} |"


HEADER = {
    "exact": ("lines", "double equal"),
    "drift": ("float, after 10 min", "at worst"),
    "loop": ("loop, double", "loop, float"),
    "cortex": ("flash [kB]", "RAM [B]", "stack [B]", "instructions", "to x86"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="*")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--kept", type=Path, default=Path("runs/out/exported.json"))
    arguments = parser.parse_args()
    names = arguments.runs or [
        name for name in runs() if run_file(name).with_name("champion.json").is_file()
    ]
    kept = json.loads(arguments.kept.read_text()) if arguments.kept.is_file() else {}

    columns = ["run", *(title for part in arguments.only for title in HEADER[part])]
    print(f"| {' | '.join(columns)} |\n{'| --- ' * len(columns)}|", flush=True)
    for name in names:
        kept[name] = measured(name, arguments.only, kept)
        arguments.kept.parent.mkdir(parents=True, exist_ok=True)
        arguments.kept.write_text(json.dumps(kept, indent=1))
        told = {part: kept[name][part] for part in arguments.only}
        print(row(name, told), flush=True)


if __name__ == "__main__":
    main()
