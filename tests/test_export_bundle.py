"""A bundle holds the controller of its champion, and is refused once anybody has changed it."""

import json

import jsonschema
import numpy as np
import pytest

from evoloco import api
from evoloco.errors import EvolocoError
from evoloco.export import bundle, trace
from evoloco.export.calibration import Calibration, read
from evoloco.export.exported import Exported, ExportError
from evoloco.host import Host

SETTINGS = {
    "optimizer.generations": 1,
    "optimizer.population_size": 4,
    "scenario.duration": 0.3,
    "evaluation.heldout_duration": 0.3,
    "evaluation.heldout_episodes": 2,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run whose champion does not fall."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUJOCO_GL", "off")
        api.evolve("planar_biped", out=folder, overrides=SETTINGS)
    return folder


@pytest.fixture(scope="module")
def exported(run):
    return Exported.of(str(run))


@pytest.fixture
def bundled(exported, tmp_path):
    return bundle.write(exported, tmp_path / "bundle", {})


def test_bundle_answers_as_the_champion_in_its_native_episode(bundled, run):
    episode = api.load(run).champion.simulate()

    assert len(bundled.trace) == len(episode) > 10
    np.testing.assert_allclose(bundled.trace.commands, episode["ctrl"], rtol=0, atol=1e-9)
    answered = trace.replayed(bundled.host(), bundled.trace)
    np.testing.assert_array_equal(answered, bundled.trace.commands)


def test_trace_tells_another_controller(bundled):
    other = Host(bundled.experiment, 1.0 - bundled.genome)

    assert bundled.trace.difference(bundled.host()).max() <= trace.TOLERANCE
    assert bundled.trace.difference(other).max() > 1e-3


def test_bundle_describes_commands_and_sensors_of_the_body(bundled):
    body, told = bundled.host().morphology, bundled.description

    assert [control.name for control in told.controls] == [joint.name for joint in body.joints]
    limits = [(control.low, control.high) for control in told.controls]
    np.testing.assert_array_equal(limits, body.model.actuator_ctrlrange)
    assert {control.unit for control in told.controls} == {"rad"}
    assert told.rate * told.control_dt == pytest.approx(1)
    assert [sensor.name for sensor in told.sensors] == [*body.observation.names]
    assert told.normaliser is None


def test_bundle_fits_its_schema(bundled):
    content, schema = (
        json.loads((bundled.folder / name).read_text()) for name in ("bundle.json", "schema.json")
    )
    jsonschema.validate(content, schema)

    del content["controls"][0]["low"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schema)


def test_same_champion_gives_the_same_bytes(bundled, exported, tmp_path):
    again = bundle.write(exported, tmp_path / "again", {})

    for file in bundled.folder.iterdir():
        assert file.read_bytes() == (again.folder / file.name).read_bytes()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("bundle.json", '"seed": 0', '"seed": 1'),
        ("run.toml", "seed = 0", "seed = 1"),
        ("trace.json", "[0.0", "[0.5"),
        ("schema.json", "upper", "lower"),
    ],
)
def test_edited_bundle_is_refused(bundled, evoloco, name, old, new):
    file = bundled.folder / name
    file.write_text(file.read_text().replace(old, new, 1))

    ended = evoloco("export", "--verify", bundled.folder)
    assert ended.code == 2
    assert f"was changed after its export ({name}" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_bundle_whose_files_have_changed_is_refused(bundled, exported, tmp_path):
    path = tmp_path / "own.py"
    described = bundled.description.model_copy(update={"used_files": {str(path): "0" * 64}})
    described = described.model_copy(update={"sha256": bundle.checksum(described)})
    (bundled.folder / bundle.FILE).write_text(described.model_dump_json())

    with pytest.raises(ExportError, match=r"own\.py has changed since the export, or is missing"):
        bundle.load(bundled.folder)


def test_command_line_writes_a_bundle_and_verifies_it(run, tmp_path, evoloco):
    out = tmp_path / "out"
    assert evoloco("export", run, "--to", "json", "--out", out).code == 0

    ended = evoloco("export", "--verify", out)
    assert ended.code == 0
    assert "15 control steps replayed, largest difference 0 rad" in ended.out


def test_champion_that_fell_is_refused(exported):
    fallen = Exported(exported.experiment, exported.genome, "", {"completed": 1, "fell": 1})
    with pytest.raises(ExportError, match=r"completed 1 of its 2 held-out .* --allow-falls"):
        fallen.refuse_falls()

    exported.refuse_falls()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing", "--to", "json"], "nothing is not a run"),
        (["xl330_biped", "--to", "json"], "completed 99 of its 100 held-out episodes"),
        (["--to", "json"], "Name a run to export"),
        (["--verify", "nothing"], "nothing is no bundle"),
        (["RUN", "--calibration", "nothing.toml"], "nothing.toml is no calibration"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(
    arguments, told, run, evoloco, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    ended = evoloco("export", *[run if word == "RUN" else word for word in arguments])

    assert ended.code == 2
    assert told in ended.err
    assert len(ended.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_existing_folder_is_not_overwritten(bundled, exported):
    with pytest.raises(ExportError, match="exists and is not overwritten"):
        bundle.write(exported, bundled.folder, {})


def test_calibration_stands_in_the_bundle(exported, tmp_path):
    name = exported.experiment.morphology.joints[0].name
    file = tmp_path / "mounted.toml"
    file.write_text(f"[{name}]\nsign = -1\noffset = 0.25\n")
    joints = [joint.name for joint in exported.experiment.morphology.joints]

    told = bundle.write(exported, tmp_path / "out", read(file, joints)).description
    assert (told.controls[0].sign, told.controls[0].offset) == (-1, 0.25)
    assert (told.controls[1].sign, told.controls[1].offset) == (1, 0.0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[knee]\nsign = 2\n", r"knee\.sign: Input should be -1 or 1"),
        ("[knee]\nangle = 2\n", r"knee\.angle"),
        ("[knee]\noffset = nan\n", r"knee\.offset: Input should be a finite number"),
        ("[elbow]\n", r"Unknown joint 'elbow'. Known: knee"),
        ("[", "is no calibration"),
    ],
)
def test_calibration_that_cannot_be_used_is_told(tmp_path, text, told):
    file = tmp_path / "mounted.toml"
    file.write_text(text)

    with pytest.raises(EvolocoError, match=told):
        read(file, ["knee"])
    assert Calibration() == Calibration(sign=1, offset=0.0)
