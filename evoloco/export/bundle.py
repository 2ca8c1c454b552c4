"""A bundle: a folder that holds a champion, for a robot or another program.

| file          | content                                                                   |
|---------------|---------------------------------------------------------------------------|
| `bundle.json` | `evoloco.export.description.Description`                                  |
| `schema.json` | its JSON Schema                                                           |
| `run.toml`    | the run file, with the seed                                               |
| `trace.json`  | `evoloco.export.trace.Trace` of the first held-out episode                |

`bundle.json` holds the digests of the others and of itself, so that an edited bundle is refused.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from evoloco import provenance, spec, text_file
from evoloco.experiment import Experiment
from evoloco.export import trace
from evoloco.export.calibration import Calibration
from evoloco.export.description import Description, describe
from evoloco.export.exported import Exported, ExportError
from evoloco.export.folder import making
from evoloco.export.mistake import mistake
from evoloco.export.trace import Trace
from evoloco.genome import Array
from evoloco.host import Host
from evoloco.spec import anchored, dumps

FILE = "bundle.json"

RUN_FILE, TRACE, SCHEMA = "run.toml", "trace.json", "schema.json"
"""Files beside it."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """A bundle that is as it was exported.

    Attributes:
        folder: Where it is.
        description: What it says: `controls` with name, unit, sign, offset, limits and home of
            each command in their order, `control_dt`, `ramp`, `sha256` and so on.
    """

    folder: Path
    description: Description

    @cached_property
    def experiment(self) -> Experiment:
        """Of the champion's run."""
        return Experiment(spec.read(self.folder / RUN_FILE))

    @cached_property
    def genome(self) -> Array:
        """Of the champion (n,)."""
        return np.array(self.description.genome)

    @cached_property
    def trace(self) -> Trace:
        """What the controller was told and answered in an episode."""
        return trace.loads(text_file.read(self.folder / TRACE))

    def host(self) -> Host:
        """The controller, ready to run."""
        return Host(self.experiment, self.genome)


def load(folder: Path) -> Bundle:
    """Reads a bundle, and checks that nothing in it was changed.

    What a robot needs of it:

        bundle = load(folder)
        host = Host(bundle.experiment, bundle.genome)  # or bundle.host()
        bundle.description.controls[j].name, .unit, .sign, .offset, .low, .high, .home
        bundle.description.control_dt, .ramp, .sha256

    Args:
        folder: That `evoloco export --to json` wrote.

    Raises:
        ExportError: It is no bundle, it was edited after the export, or a file that its run uses
            has changed since. The message is one sentence.
        JournalError: Its run file leads to code in the bundle.
    """
    path = folder / FILE
    try:
        content = text_file.read_bytes(path)
        described = Description.model_validate_json(content)
    except (OSError, ValueError) as error:
        raise ExportError(
            f"{folder} is no bundle: {FILE}: {mistake(error)}. Make one with: "
            "evoloco export DIR --to json"
        ) from None

    _refuse_edits(folder, described)
    provenance.refuse_code(folder / RUN_FILE)
    _refuse_other_code(folder, described)
    return Bundle(folder, described)


def write(exported: Exported, out: Path, calibration: dict[str, Calibration]) -> Bundle:
    """Writes a bundle into a new folder.

    Args:
        exported: The champion.
        out: The folder.
        calibration: Of its servos, by name of the control.

    Raises:
        ExportError: The folder exists.
        ControllerError: The controller needs more than a host has.
    """
    texts = {
        RUN_FILE: dumps(anchored(exported.experiment.spec)),
        TRACE: trace.dumps(trace.recorded(exported)),
        SCHEMA: json.dumps(Description.model_json_schema(), indent=2) + "\n",
    }
    digests = {name: _digest(text.encode()) for name, text in texts.items()}
    described = describe(exported, calibration).model_copy(update={"files": digests})
    described = described.model_copy(update={"sha256": checksum(described)})

    with making(out) as folder:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / FILE).write_text(described.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return load(out)


def checksum(described: Description) -> str:
    """SHA-256 of a description without its checksum."""
    content = described.model_copy(update={"sha256": ""}).model_dump(mode="json")
    return _digest(json.dumps(content, sort_keys=True).encode())


def _refuse_edits(folder: Path, described: Description) -> None:
    """Raises an ExportError where a file of a bundle is not as it was exported."""
    edited = [] if checksum(described) == described.sha256 else [FILE]
    for name, digest in described.files.items():
        try:
            same = _digest(text_file.read_bytes(folder / Path(name).name)) == digest
        except OSError:
            same = False
        edited += [] if same else [name]
    if edited:
        raise ExportError(
            f"{folder} was changed after its export ({', '.join(edited)} differs from its "
            "checksum): export it again."
        )


def _refuse_other_code(folder: Path, described: Description) -> None:
    """Raises an ExportError where a file that the run uses has changed, or is missing."""
    for path, digest in described.used_files.items():
        if provenance.digest(Path(path)) != digest:
            raise ExportError(
                f"{folder}: {path} has changed since the export, or is missing: restore it, or "
                "export again."
            )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
