"""`evoloco learn`."""

from pathlib import Path
from typing import Annotated

import typer

from evoloco.cli.arguments import AsJson, Quiet
from evoloco.cli.output import Output

EXAMPLES = (
    "evoloco learn object_position",
    "evoloco learn examples/horizon.py --out horizon",
    "evoloco learn examples/horizon.py --seed 3 --steps 3000 batch=32",
)


def learn(
    sensor: Annotated[
        str,
        typer.Argument(metavar="SENSOR", help="A bundled sensor that is learned, or a .py file."),
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...",
            help="Other settings (examples, test_examples, steps, batch, learning_rate, "
            "weight_decay), or options of the sensor's lesson.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random numbers.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of data, checkpoint, weights and report.",
            show_default="learned/NAME-seedSEED",
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Gradient steps; by default the lesson's.")
    ] = None,
    examples: Annotated[
        int | None, typer.Option(min=1, help="Examples to learn from; by default the lesson's.")
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Learns a sensor from random scenes, judges it on new ones, and writes weights and a report.

    The same command continues a learning that was interrupted or killed, with the same weights.
    """
    from evoloco.extras import needs

    needs("torch", "sensors")
    needs("safetensors", "sensors")
    from evoloco.perception.learn import REPORT, WEIGHTS
    from evoloco.perception.learn import learn as run
    from evoloco.perception.progress import chosen

    output = Output(quiet, as_json)
    changes = list(overrides or ())
    changes += [] if steps is None else [f"steps={steps}"]
    changes += [] if examples is None else [f"examples={examples}"]
    folder = out or Path("learned") / f"{Path(sensor).stem}-seed{seed}"
    with chosen(quiet, as_json) as progress:
        found = run(sensor, folder, seed, changes, progress.show)

    facts = {"folder": str(folder), **found.facts()}
    output.data("learned", facts)
    for sentence in found.sentences():
        output.say(sentence)
    output.say(f"Weights: {folder / WEIGHTS}")
    output.say(f"Figures beside baselines, and pictures: {folder / REPORT}")
