"""How long the way to the first gait of a robot of one's own takes, by the tutorial alone.

    python benchmarks/tutorial.py

Installs this checkout into a new environment, saves the robot of docs/your-robot.md, and runs the
page's commands as they stand, up to the film of the champion. Prints the seconds of every command,
their number, the minutes that all took, and what the gait is.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "your-robot.md"

LAST = "evoloco replay"
"""What the last command of the way to a first gait begins with."""


def blocks(language: str) -> list[str]:
    """Code blocks of the page in a language, in their order."""
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.S | re.M)
    return found


def commands() -> list[str]:
    """The page's commands after the installation, up to the film."""
    lines = [line for block in blocks("sh")[1:] for line in block.splitlines() if line.strip()]
    last = next(i for i, line in enumerate(lines) if line.startswith(LAST))
    return [line for line in lines[: last + 1] if line.startswith("evoloco")]


def run(command: list[str] | str, folder: Path, path: str) -> str:
    """Runs a command, prints its time, and returns what it printed.

    Args:
        command: Words, or a line of the page for a shell.
        folder: Where it runs.
        path: Value of PATH.
    """
    begin = time.monotonic()
    done = subprocess.run(
        command,
        cwd=folder,
        shell=isinstance(command, str),
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    told = command if isinstance(command, str) else " ".join(command[-4:])
    print(f"{time.monotonic() - begin:7.1f} s  {told}", flush=True)
    if done.returncode:
        sys.exit(f"It ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="tutorial-"))
    path = f"{folder / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    begin = time.monotonic()
    run([sys.executable, "-m", "venv", str(folder / ".venv")], folder, path)
    pip = [str(folder / ".venv" / "bin" / "pip"), "install", "-q", "-c"]
    run([*pip, str(ROOT / "constraints.txt"), str(ROOT)], folder, path)

    (folder / "rover.xml").write_text(blocks("xml")[0])
    lines = commands()
    told = [run(line, folder, path) for line in lines]
    minutes = (time.monotonic() - begin) / 60
    verdict = next(line for line in told[-2].splitlines() if line.startswith("It "))
    print(f"{len(lines) + 2} commands, {minutes:.1f} minutes. {verdict}")


if __name__ == "__main__":
    main()
