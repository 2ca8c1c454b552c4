"""`evoloco deploy`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evoloco.cli.arguments import complete_run

if TYPE_CHECKING:
    from evoloco.deploy.champion import Champion
    from evoloco.deploy.gait import Gait
    from evoloco.deploy.keeper import Task
    from evoloco.deploy.robot import Robot
    from evoloco.deploy.session import Done
    from evoloco.host import Host

EXAMPLES = (
    "evoloco deploy op3_class --robot op3 --emulate",
    "evoloco deploy op3_class --robot op3 --dry-run",
    "evoloco deploy op3_class --robot robot.toml --port /dev/ttyUSB0",
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
    duration: Annotated[float, typer.Option(min=0, help="Of the gait [s].")] = 10.0,
    speed: Annotated[
        float | None,
        typer.Option(help="Asked for [m/s]; by default the middle of what the run asks for."),
    ] = None,
    turning_rate: Annotated[
        float | None, typer.Option(help="Likewise [rad/s], positive to the left.")
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
    from evoloco.deploy.champion import Champion
    from evoloco.deploy.recorder import free
    from evoloco.deploy.robot import load, parse
    from evoloco.deploy.sensing import check as check_sensing
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
    content = load(robot)
    machine = parse(content, robot)
    champion = Champion.of(run)
    asked = champion.asked(speed, turning_rate)
    host = champion.host()
    machine = machine.driving([joint.name for joint in host.morphology.joints])

    port = port or machine.bus.port
    if dry_run and not port and not emulate:
        check_sensing(machine, host)
        _tell_plan(champion, machine, host, duration)
        return
    if not port and not emulate:
        raise SpecError(
            "No port: name that of the servos' bus with --port, or try --emulate or --dry-run."
        )

    if check or calibrate is not None:
        _by_hand(content, machine, host, port, calibrate)
        return

    from evoloco.deploy.gait import Gait
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
    gait = Gait(machine, host, duration, asked)
    if emulate:
        done = _emulated(run, task, machine, gait, log, real_time, fault or [])
    else:
        done = run_on(task, machine, gait, log, _tell)
    typer.echo("Nothing was written." if dry_run else "Torque is off on all servos.")
    typer.echo(done.deadlines.sentence(kept=not emulate or real_time))
    typer.echo(f"Log: {log}")


def _emulated(
    run: str,
    task: "Task",
    robot: "Robot",
    gait: "Gait",
    log: Path,
    real_time: bool,
    faults: Sequence[str],
) -> "Done":
    """Runs a gait on an emulated bus, and says how far the robot came."""
    from evoloco.bus.faults import parse
    from evoloco.bus.process import BusProcess
    from evoloco.deploy import emulation
    from evoloco.deploy.session import deploy

    timestep = gait.host.morphology.model.opt.timestep
    period = emulation.often(timestep) if real_time else task.control_dt
    bus = emulation.setup(robot, period, real_time, [parse(text) for text in faults])
    patience = emulation.WAKING if real_time else emulation.PATIENCE
    with BusProcess(bus, emulation.PLANT, {"run": run}) as process:
        changes = {"port": process.port, "real_time": real_time, "patience": patience}
        done = deploy(task.model_copy(update=changes), robot, gait, log, _tell)
        truth = process.report().truth
    typer.echo(f"The emulated robot came {truth['x [m]']:.2f} m forward.")
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


def _tell_plan(champion: "Champion", robot: "Robot", host: "Host", duration: float) -> None:
    """Prints what would happen on a robot."""
    from evoloco.deploy.plan import sentences, table

    typer.echo(table(robot, host))
    for sentence in sentences(champion, robot, host, duration):
        typer.echo(sentence)
