"""`python -m evoloco.bus RUN`: a serial port that answers like the robot of a run."""

import argparse
import sys
import time
from dataclasses import replace

from evoloco.bus import process
from evoloco.bus.body import of_run
from evoloco.bus.emulator import in_thread
from evoloco.bus.faults import KINDS, parse
from evoloco.bus.setup import plain
from evoloco.check.subject import Subject
from evoloco.errors import EvolocoError

GLANCE = 0.1
"""Time after which what happened is printed [s]."""


def main() -> None:
    """Emulates a bus until Ctrl-C."""
    options = _options()
    if options.json:
        process.serve()
        return

    body = of_run(options.run)
    setup = replace(
        plain(body.joints, body.feet),
        faults=tuple(parse(text) for text in options.fault),
        seed=options.seed,
        period=Subject.of(options.run).spec.scenario.control_dt,
        real_time=not options.lock_step,
    )
    with in_thread(body, setup) as emulator:
        print(f"The bus is at {emulator.port}. End with Ctrl-C.", flush=True)
        told = 0
        while True:
            time.sleep(GLANCE)
            for event in emulator.machine.events[told:]:
                told += 1
                print(event, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m evoloco.bus",
        description="A serial port that answers like the robot of a run: servos 1, 2, ... in the "
        "order of its joints, an IMU (200) and load cells of the feet (111, 112, ...).",
    )
    parser.add_argument("run", nargs="?", help="a run folder, or a bundled run")
    parser.add_argument(
        "--lock-step", action="store_true", help="time passes with every exchange, not by itself"
    )
    parser.add_argument("--seed", type=int, default=0, help="of noise and faults")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND[:ID]@TIME[+DURATION]",
        help=f"what goes wrong, and when [s]: {', '.join(KINDS)}",
    )
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.json and options.run is None:
        parser.error("name a run, such as biped_fast")
    return options


if __name__ == "__main__":
    try:
        main()
    except EvolocoError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(error.code)
    except KeyboardInterrupt:
        pass
