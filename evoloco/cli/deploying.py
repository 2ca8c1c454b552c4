"""`evoloco deploy`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evoloco.cli.arguments import complete_run

if TYPE_CHECKING:
    from evoloco.deploy.course import Course
    from evoloco.deploy.keeper import Task
    from evoloco.deploy.robot import Robot
    from evoloco.deploy.session import Done
    from evoloco.host import Host

LASTING = 10.0
"""Of a gait [s]."""

EXAMPLES = (
    "evoloco deploy op3_class --robot op3 --emulate",
    "evoloco deploy op3_class --robot op3 --dry-run",
    "evoloco deploy op3_class --robot robot.toml --port /dev/ttyUSB0",
    "evoloco deploy op3_class --robot robot.toml --port /dev/ttyUSB0 --play excite.csv",
)


def deploy(
    run: Annotated[
        str,
        typer.Argument(
            metavar="DIR",
            help="A run folder, a bundled run, or a bundle that `evoloco export --to json` wrote.",
            autocompletion=complete_run,
        ),
    ],
    robot: Annotated[
        str, typer.Option(metavar="ROBOT", help="The robot's file, or a ready one: op3, xl330.")
    ],
    port: Annotated[
        str, typer.Option(help="Of the servos' bus; by default that of the robot's file.")
    ] = "",
    duration: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Of the gait [s], or how much of a file is played.",
            show_default="10, or the whole file",
        ),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(help="Asked for [m/s]; by default the middle of what the run asks for."),
    ] = None,
    turning_rate: Annotated[
        float | None, typer.Option(help="Likewise [rad/s], positive to the left.")
    ] = None,
    play: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Commands in place of the gait's, as `evoloco excite` writes them. Hang the robot "
            "up by its torso.",
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="The robot's log.",
            show_default="runs/out/NAME-ROBOT-1.csv and so on",
        ),
    ] = None,
    emulate: Annotated[
        bool,
        typer.Option("--emulate", help="Tries everything on an emulated bus, without a robot."),
    ] = False,
    real_time: Annotated[
        bool,
        typer.Option(
            "--real-time", help="With --emulate: time passes by itself, not step by step."
        ),
    ] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND:ID@TIME",
            help="With --emulate: what goes wrong, such as overload:14@5; may be repeated.",
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Asks you to turn each joint by hand, and says what is wrong in the file.",
        ),
    ] = False,
    calibrate: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.toml",
            help="Asks you to turn each joint by hand, and writes the file with signs and zeros.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Writes nothing to the servos; without a port, says what would happen.",
        ),
    ] = False,
) -> None:
    """Runs a champion on a robot's servos, with guards that switch it off."""
    from evoloco.deploy import plan, played
    from evoloco.deploy.champion import Champion
    from evoloco.deploy.gait import Gait
    from evoloco.deploy.recorder import free
    from evoloco.deploy.robot import load, parse
    from evoloco.errors import SpecError

    if emulate and (check or calibrate is not None):
        raise SpecError(
            "--check and --calibrate need a robot whose joints you can turn: leave --emulate out."
        )
    if calibrate is not None and calibrate.exists():
        raise SpecError(f"{calibrate} exists: move it away, or name another file.")
    if fault and not emulate:
        raise SpecError("--fault is for --emulate: a robot has faults of its own.")
    if real_time and not emulate:
        raise SpecError("--real-time is for --emulate: a robot is always in real time.")
    if play is not None and (speed is not None or turning_rate is not None):
        raise SpecError("--speed and --turning-rate are for a gait: leave them out with --play.")
    content = load(robot)
    machine = parse(content, robot)
    champion = Champion.of(run)
    asked = champion.asked(speed, turning_rate)
    host = champion.host()
    machine = machine.driving([joint.name for joint in host.morphology.joints])
    course: Gait | played.Played
    if play is None:
        course = Gait(machine, host, LASTING if duration is None else duration, asked)
    else:
        commands = played.read(play, machine, host.control_dt, duration)
        course = played.Played(machine, host, commands)

    port = port or machine.bus.port
    if dry_run and not port and not emulate:
        course.check()
        goals = (
            plan.simulated(champion, host, course.duration)
            if isinstance(course, Gait)
            else course.commands
        )
        typer.echo(plan.table(machine, host))
        for sentence in plan.sentences(machine, course, goals):
            typer.echo(sentence)
        return
    if not port and not emulate:
        raise SpecError(
            "No port: name that of the servos' bus with --port, or try --emulate or --dry-run."
        )

    if check or calibrate is not None:
        _by_hand(content, machine, host, port, calibrate)
        return

    from evoloco.deploy.keeper import Task
    from evoloco.deploy.session import deploy as run_on

    if machine.untested and not emulate:
        typer.echo(f"Warning: {robot} is untested. {machine.untested}.", err=True)
    log = log or free(Path("runs/out"), f"{champion.name}-{machine.name}")
    task = Task(
        robot=content,
        joints=tuple(machine.joints),
        port=port,
        control_dt=host.control_dt,
        dry=dry_run,
    )
    if emulate:
        behind = {"run": run, "hung": play is not None}
        done = _emulated(behind, task, machine, course, log, real_time, fault or [])
    else:
        done = run_on(task, machine, course, log, _tell)
    typer.echo("Nothing was written." if dry_run else "Torque is off on all servos.")
    typer.echo(done.deadlines.sentence(kept=not emulate or real_time))
    typer.echo(f"Log: {log}")


def _emulated(
    behind: dict[str, Any],
    task: "Task",
    robot: "Robot",
    course: "Course",
    log: Path,
    real_time: bool,
    faults: Sequence[str],
) -> "Done":
    """Takes an emulated robot through a course, and says how far it came.

    Args:
        behind: Options of the robot behind the bus.
        task: What the keeper is told.
        robot: By its file.
        course: What it is asked to do.
        log: Where the robot's log is written.
        real_time: Whether time passes by itself.
        faults: What goes wrong.
    """
    from evoloco.bus.faults import parse
    from evoloco.bus.process import BusProcess
    from evoloco.deploy import emulation
    from evoloco.deploy.session import deploy

    timestep = course.host.morphology.model.opt.timestep
    period = emulation.often(timestep) if real_time else task.control_dt
    bus = emulation.setup(robot, period, real_time, [parse(text) for text in faults])
    patience = emulation.WAKING if real_time else emulation.PATIENCE
    with BusProcess(bus, emulation.PLANT, behind) as process:
        changes = {"port": process.port, "real_time": real_time, "patience": patience}
        done = deploy(task.model_copy(update=changes), robot, course, log, _tell)
        truth = process.report().truth
    came = "hung by its torso" if behind["hung"] else f"came {truth['x [m]']:.2f} m forward"
    typer.echo(f"The emulated robot {came}.")
    return done


def _by_hand(
    content: dict[str, Any], robot: "Robot", host: "Host", port: str, out: Path | None
) -> None:
    """Calibrates a robot into a file, or checks it.

    Raises:
        SpecError: A check found something wrong.
    """
    import tomli_w

    from evoloco.deploy import calibration
    from evoloco.deploy.servos import Servos
    from evoloco.errors import SpecError

    with Servos(robot, port) as servos:
        servos.check()
        typer.echo(calibration.table(robot, servos.read()))
        if out is not None:
            found = calibration.calibrate(content, robot, servos, _ask)
            out.write_text(tomli_w.dumps(found), encoding="utf-8")
            typer.echo(f"Robot's file: {out}. Next: the same command with --robot {out} --check")
            return
        wrong = calibration.check(robot, servos, host.home, _ask)
    for sentence in wrong:
        typer.echo(sentence)
    if wrong:
        raise SpecError(f"{len(wrong)} things are wrong; find signs and zeros with --calibrate.")
    typer.echo("Signs, zeros and the IMU's axes are right.")


def _ask(text: str) -> None:
    """Asks a person to do something, and waits for Enter."""
    typer.prompt(f"{text}. Then press Enter", default="", show_default=False, prompt_suffix=" ")


def _tell(phase: str) -> None:
    """Prints a phase as it begins."""
    typer.echo(f"{phase.capitalize()} ...", err=True)
