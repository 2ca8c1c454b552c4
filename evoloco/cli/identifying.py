"""`evoloco excite` and `evoloco identify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evoloco.cli.arguments import AsJson, Quiet, Threads
from evoloco.cli.output import Output
from evoloco.identify.kinds import Kind

if TYPE_CHECKING:
    from evoloco.identify.fit import Fit
    from evoloco.identify.identification import Identification

EXCITE_EXAMPLES = (
    "evoloco excite biped --out excite.csv",
    "evoloco excite biped --kind chirp --duration 30 --swing 0.3",
    "evoloco excite hopper --period 0.01 --rehearsal log.csv",
)

IDENTIFY_EXAMPLES = (
    "evoloco identify log.csv --morphology hopper",
    "evoloco identify log.csv --morphology hopper --models m1 --masses --out with-masses",
)

Body = Annotated[
    str,
    typer.Option(
        "--morphology",
        metavar="M",
        help="The body that the robot is believed to be: a bundled morphology, a .py file, or a "
        "run or run file with that [morphology].",
    ),
]


def excite(
    morphology: Annotated[
        str,
        typer.Argument(
            metavar="M", help="A bundled morphology, a .py file, or a run or run file with one."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The commands: a .csv or .parquet file.")] = Path(
        "excite.csv"
    ),
    kind: Annotated[
        Kind, typer.Option(help="multisine, chirp, prbs, or mixed: all, one after another.")
    ] = "mixed",
    duration: Annotated[float, typer.Option(help="Of the commands [s].")] = 120.0,
    period: Annotated[float, typer.Option(help="Time between commands [s].")] = 0.008,
    swing: Annotated[
        float, typer.Option(help="Largest swing, as a share of the way to the nearer limit.")
    ] = 0.5,
    fastest: Annotated[float, typer.Option(help="Highest frequency [Hz].")] = 5.0,
    seed: Annotated[int, typer.Option(min=0, help="Of phases and sequences.")] = 0,
    rehearsal: Annotated[
        Path | None,
        typer.Option(
            metavar="LOG",
            help="Writes what a simulated robot with other servos logs, to try a fit.",
        ),
    ] = None,
    standing: Annotated[
        bool,
        typer.Option("--standing", help="Rehearses on the feet; by default the robot hangs."),
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Writes commands that show what a robot's servos are, within the limits of its joints.

    Hang the robot up by its torso, or lay it down. The commands are rehearsed in the simulation.
    """
    from evoloco import robot_log
    from evoloco.identify import excitation, subject
    from evoloco.identify.rehearsal import rehearse, stranger

    output = Output(quiet, as_json)
    body = subject.build(subject.morphology_of(morphology))
    commands = excitation.excite(body, kind, duration, period, swing, fastest, seed)
    done = rehearse(body, commands, period, standing)
    robot_log.write(out, excitation.as_log(body, commands, period))
    if rehearsal is not None:
        robot_log.write(rehearsal, rehearse(stranger(body), commands, period).log)

    if done.touched:
        output.warn(f"In the rehearsal {done.touched} touched each other: use a smaller --swing.")
    if done.fell is not None:
        output.warn(
            f"Standing, the simulated robot fell after {done.fell:.1f} s: hang the real one up, or "
            "use a smaller --swing."
        )
    facts = {"file": str(out), "joints": len(body.joints), "duration": duration, "seed": seed}
    output.data("excitation", {**facts, "touched": done.touched, "fell": done.fell})
    output.say(f"{duration:g} s of commands for {len(body.joints)} joints: {out}")
    output.say("Hang the robot up by its torso, so that it cannot fall and its legs move freely.")
    output.say(f"Play them: evoloco deploy RUN --robot ROBOT.toml --play {out} --log LOG.csv")
    output.say(f"Then fit what it logs: evoloco identify LOG.csv --morphology {morphology}")


def identify(
    logs: Annotated[
        list[Path],
        typer.Argument(metavar="LOG...", help="Logs of the hanging robot: CSV, Parquet."),
    ],
    morphology: Body,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for fitted.json and identify.html.")
    ] = Path("identified"),
    models: Annotated[
        str, typer.Option(metavar="LIST", help="Servo models to choose from, or all.")
    ] = "all",
    walking: Annotated[
        list[Path] | None,
        typer.Option(metavar="LOG", help="Log of the walking robot, for `learned`; repeatable."),
    ] = None,
    masses: Annotated[
        bool, typer.Option("--masses", help="Fits the masses of the links that joints move too.")
    ] = False,
    iterations: Annotated[
        int, typer.Option(min=1, help="Largest number of steps of each fit.")
    ] = 6,
    threads: Threads = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Fits the servos of a body to a robot's logs, and says how well it then moves like it.

    What is told is the error in the last third of every log, which no fit sees.
    """
    from evoloco.identify.identification import identify as run

    output = Output(quiet, as_json)
    with output.doing("Reading the logs", logged=True) as tell:
        found = run(logs, morphology, models, masses, iterations, threads, tell, walking or ())
    file = found.write(out)

    output.data("identification", {**found.facts(), "file": str(file)})
    for fit in found.fits:
        output.say(_line(fit, found))
    for sentence in found.sentences():
        output.say(sentence)
    output.say(f"The gap between log and simulation: {file.with_name('identify.html')}")
    output.say(f"The fitted body: {file}")
    output.say(f"Evolve on it: evoloco evolve RUN morphology.name=fitted morphology.path={file}")


def _line(fit: "Fit", found: "Identification") -> str:
    """A servo model with its error."""
    chosen = "  <- chosen" if fit is found.best else ""
    cut = 1 - fit.rms / found.before_rms
    return (
        f"{fit.model.name:8} {1e3 * fit.rms:8.2f} mrad held out, {cut:6.1%} less than before"
        f"  ({fit.model.meaning}){chosen}"
    )
