import sys
from pathlib import Path

import numpy as np
import pytest
from traces import body, episode

from evoloco.bundled import run_file, runs
from evoloco.errors import EvolocoError
from evoloco.experiment import Experiment
from evoloco.members import members
from evoloco.search.gene_range import Range
from evoloco.spec import read, write

FULL = """
name = "everything"
seed = 7

[morphology]
name = "hopper"
ankle = true

[controller]
name = "sine"
symmetry = "none"
bounds = {period = [0.3, 0.9], "knee.amplitude" = [0.0, 0.5]}
fixed = {"hip_pitch.phase" = 0.25}

[fitness.speed]
measure = "speed_tracking"
weight = 2.0
target = 0.4

[fitness.slip]
measure = "foot_slip"
weight = -1.5

[scenario]
duration = 2.0
control_dt = 0.01
ramp = 0.1
joint_noise = 0.01
velocity_noise = 0.1
friction = [0.6, 1.0]
push = {count = 2, impulse = 0.1, duration = 0.05}
termination = {min_height = 0.5, max_tilt = 1.0, body_contact = false}

[evaluation]
episodes = 3
aggregate = "cvar"
cvar_fraction = 0.4
heldout_episodes = 4
elite = 2
support = {stiffness = 2.0, generations = 10}

[optimizer]
name = "cmaes"
generations = 12
population_size = 10
sigma = 0.3
"""


@pytest.fixture
def full(tmp_path: Path) -> Path:
    path = tmp_path / "full.toml"
    path.write_text(FULL, encoding="utf-8")
    return path


def refusal(path: Path, *overrides: str) -> str:
    """The one message that a run file earns, from the reader or from what it builds."""

    def build() -> None:
        experiment = Experiment(read(path, overrides))
        assert experiment.optimizer()
        assert experiment.terms

    with pytest.raises(EvolocoError) as caught:
        build()
    message = str(caught.value)
    assert "\n" not in message
    return message


# What is read is what was written


def test_a_written_spec_reads_as_the_same_spec(full: Path, tmp_path: Path) -> None:
    spec = read(full)
    write(spec, tmp_path / "again.toml")
    assert read(tmp_path / "again.toml") == spec
    assert spec.evaluation.support.generations == 10
    assert spec.controller.options == {"symmetry": "none"}
    assert spec.controller.bounds["knee.amplitude"] == Range(0.0, 0.5)


@pytest.mark.parametrize("name", runs())
def test_every_bundled_run_survives_writing_and_builds(name: str, tmp_path: Path) -> None:
    spec = read(run_file(name))
    write(spec, tmp_path / "again.toml")
    assert read(tmp_path / "again.toml") == spec
    assert spec.name == name
    assert len(Experiment(spec).space) > 1


def test_a_run_takes_its_name_from_its_file_or_folder(hop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "leap"
    folder.mkdir()
    (folder / "run.toml").write_bytes(hop.read_bytes())
    assert read(hop).name == "hop"
    assert read(folder / "run.toml").name == "leap"


def test_a_spec_cannot_be_changed(hop: Path) -> None:
    spec = read(hop)
    for table, key in ((spec, "seed"), (spec.scenario, "duration"), (spec.controller, "name")):
        with pytest.raises(ValueError, match="frozen"):
            setattr(table, key, 1)


def test_paths_are_seen_from_the_run_file_and_those_of_overrides_from_where_the_user_is(
    hop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        hop.read_text(encoding="utf-8")
        .replace('"sine"', '"mine/walk.py"')
        .replace('"forward_speed"', '"fast.py"')
    )
    hop.write_text(text, encoding="utf-8")
    elsewhere = hop.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    spec = read(hop, ["fitness.speed.measure=here.py", "morphology.path=robot.xml"])
    assert spec.controller.name == str(hop.parent / "mine" / "walk.py")
    assert spec.fitness["speed"].measure == str(elsewhere / "here.py")
    assert spec.morphology.options["path"] == str(elsewhere / "robot.xml")
    assert spec.morphology.name == "hopper"
    assert read(hop).fitness["speed"].measure == str(hop.parent / "fast.py")


# Overrides


@pytest.mark.parametrize(
    ("override", "table", "key", "value"),
    [
        ("optimizer.population_size=64", "optimizer", "population_size", 64),
        ("scenario.duration = 3.5", "scenario", "duration", 3.5),
        ("evaluation.aggregate=worst", "evaluation", "aggregate", "worst"),
        ('evaluation.aggregate="worst"', "evaluation", "aggregate", "worst"),
        ("scenario.friction=[0.5, 0.9]", "scenario", "friction", (0.5, 0.9)),
    ],
)
def test_an_override_takes_the_place_of_a_value(
    hop: Path, override: str, table: str, key: str, value: object
) -> None:
    assert getattr(getattr(read(hop, [override]), table), key) == value


def test_overrides_reach_tables_that_the_file_lacks_and_the_last_one_holds(hop: Path) -> None:
    spec = read(
        hop,
        [
            "scenario.push.count=2",
            "scenario.push.count=3",
            "fitness.alive={measure='survival', weight=1}",
        ],
    )
    assert spec.scenario.push.count == 3
    assert list(spec.fitness) == ["speed", "alive"]


@pytest.mark.parametrize("override", ["population", "=3", " =3"])
def test_an_override_that_is_none_is_refused(hop: Path, override: str) -> None:
    assert (
        refusal(hop, override)
        == f"'{override}' is not key=value, such as optimizer.population_size=64"
    )


def test_an_override_below_a_value_is_refused(hop: Path) -> None:
    assert "'population_size' is a value, not a table" in refusal(
        hop, "optimizer.population_size.x=3"
    )


# Mistakes


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            "sead=3",
            "hop.toml: Unknown key 'sead'. Known: cameras, controller, |Did you mean 'seed'?",
        ),
        (
            "scenario.duratoin=3",
            "hop.toml: Unknown key in [scenario] 'duratoin'.|Did you mean 'duration'?",
        ),
        (
            "scenario.push.cuont=1",
            "hop.toml: Unknown key in [scenario.push] 'cuont'. Known: count, direction, ",
        ),
        (
            "scenario.termination.height=1",
            "hop.toml: Unknown key in [scenario.termination]|min_height",
        ),
        (
            "evaluation.support.x=1",
            "hop.toml: Unknown key in [evaluation.support] 'x'. Known: generations, stiffness.",
        ),
        ("a.b.c=3", "hop.toml: Unknown key 'a'. Known: cameras, controller, evaluation"),
    ],
)
def test_an_unknown_key_is_told_with_the_known_ones(hop: Path, override: str, words: str) -> None:
    message = refusal(hop, override)
    assert all(part in message for part in words.split("|"))


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("seed=-1", "Key 'seed': Input should be greater than or equal to 0, not -1."),
        ("seed=1.5", "Key 'seed': Input should be a valid integer, not 1.5."),
        ("seed=true", "Key 'seed': Input should be a valid integer, not True."),
        (
            "scenario.duration=long",
            "Key 'scenario.duration': Input should be a valid number, not 'long'.",
        ),
        ("scenario.duration=0", "Key 'scenario.duration': Input should be greater than 0, not 0."),
        ("scenario.duration=nan", "Key 'scenario.duration': Input should be a finite number"),
        (
            "scenario.friction=[2.0, 1.0]",
            "Key 'scenario.friction': Must be [low, high] with low <= high, not",
        ),
        (
            "scenario.termination.body_contact=1",
            "Key 'scenario.termination.body_contact': Input should be a valid",
        ),
        (
            "evaluation.aggregate=median",
            "Key 'evaluation.aggregate': Input should be 'mean', 'worst', 'cvar' or 'mean_cvar'",
        ),
        (
            "evaluation.cvar_fraction=1.1",
            "Key 'evaluation.cvar_fraction': Input should be less than or equal to 1",
        ),
        (
            "optimizer.population_size=1",
            "Key 'optimizer.population_size': Input should be greater than or equal to 2",
        ),
        ("fitness.speed.weight=inf", "Key 'fitness.speed.weight': Input should be a finite number"),
        ("fitness.alive={measure='survival'}", "Key 'fitness.alive.weight' is missing."),
        ("fitness={}", "Key 'fitness': Dictionary should have at least 1 item"),
        ("morphology=3", "Key 'morphology' must be a table, not 3."),
        ("fitness.speed=2", "Key 'fitness.speed' must be a table, not 2."),
        ("name=''", "Key 'name': String should have at least 1 character"),
        ("name='a/b'", "Key 'name': Must be a plain folder name"),
        ("name='..'", "Key 'name': Must be a plain folder name"),
    ],
)
def test_a_wrong_value_is_told_with_file_key_and_what_is_allowed(
    hop: Path, override: str, words: str
) -> None:
    message = refusal(hop, override)
    assert message.startswith(f"{hop}: {words}")


def test_a_missing_key_and_a_wrong_one_are_told_together(hop: Path) -> None:
    text = hop.read_text(encoding="utf-8").replace('name = "hopper"', "")
    hop.write_text(text, encoding="utf-8")
    message = refusal(hop, "seed=x")
    assert "Key 'morphology.name' is missing." in message
    assert "Key 'seed': Input should be a valid integer" in message


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            "morphology.name=hoper",
            "morphology.name: Unknown morphology 'hoper'. Known: biped, |Did you mean 'hopper'?",
        ),
        (
            "controller.name=sinus",
            "controller.name: Unknown controller 'sinus'. Known: |Did you mean 'sine'?",
        ),
        (
            "fitness.speed.measure=survivl",
            "fitness.speed.measure: Unknown measure|Did you mean 'survival'?",
        ),
        (
            "optimizer.name=cma",
            "optimizer.name: Unknown optimizer 'cma'. Known: |Did you mean 'cmaes'?",
        ),
        (
            "morphology.ankel=true",
            "Unknown key in [morphology] 'ankel'. Known: ankle, genes, name,|Did you mean",
        ),
        (
            "morphology.genes.mass=[1.0, 2.0]",
            "Unknown gene in [morphology.genes] 'mass'. Known: stiffness, torso",
        ),
        (
            "morphology.genes.torso_mass=[2.0, 1.0]",
            "morphology.genes: Gene 'body.torso_mass': low 2.0 must be below",
        ),
        (
            "controller.symetry='none'",
            "Unknown key in [controller] 'symetry'. Known: answers, bounds, drive, fixed, load, ",
        ),
        (
            "fitness.speed.wieght=1",
            "Unknown key in [fitness.speed] 'wieght'. Known: floor, floor_of, measure, objective, ",
        ),
        (
            "optimizer.sgima=0.1",
            "Unknown key in [optimizer] 'sgima'. Known: active, covariance, elitist,|'sigma'?",
        ),
        ("morphology.ankle=3", "Key 'morphology.ankle': Input should be a valid boolean"),
        (
            "controller.symmetry=odd",
            "Key 'controller.symmetry': Input should be 'mirror' or 'none', not 'odd'.",
        ),
        (
            "optimizer.sigma=7",
            "Key 'optimizer.sigma': Input should be less than or equal to 1, not 7.",
        ),
        (
            "controller.fixed.perod=1",
            "Unknown gene in [controller.fixed] 'perod'. Known: hip|Did you mean 'period'?",
        ),
        (
            "controller.bounds.perod=[1, 2]",
            "Unknown gene in [controller.bounds] 'perod'.|Did you mean 'period'?",
        ),
        (
            "controller.bounds.period=[2.0, 1.0]",
            "controller.bounds: Gene 'period': low 2.0 must be below high 1.0.",
        ),
        (
            "controller.bounds.period=[0.0, 1.0]",
            "controller.bounds: Gene 'period': a log-scaled gene needs positive",
        ),
    ],
)
def test_a_name_or_option_that_does_not_fit_is_told_with_those_that_do(
    hop: Path, override: str, words: str
) -> None:
    message = refusal(hop, override)
    assert all(part in message for part in words.split("|")), message


def test_fixing_every_gene_leaves_nothing_to_search(hop: Path) -> None:
    genes = Experiment(read(hop)).space.genes
    fixed = [f"controller.fixed={{{', '.join(f'{gene.name!r} = {gene.low}' for gene in genes)}}}"]
    assert "leaves no gene to search" in refusal(hop, *fixed)


def test_a_fixed_gene_is_not_searched_and_reaches_the_controller(hop: Path) -> None:
    free, fixed = Experiment(read(hop)), Experiment(read(hop, ["controller.fixed.period=0.77"]))
    assert set(free.space.names) - set(fixed.space.names) == {"period"}
    genome = fixed.space.encode({gene.name: gene.low for gene in fixed.space.genes})
    assert 0.77 in fixed.parameters(genome)


def test_other_bounds_move_the_ends_of_a_gene_and_nothing_else(full: Path) -> None:
    genes = {gene.name: gene for gene in Experiment(read(full)).space.genes}
    assert (genes["period"].low, genes["period"].high) == (0.3, 0.9)
    assert genes["period"].log
    assert genes["period"].unit == "s"


# Files


def test_a_missing_run_file_points_to_the_bundled_ones(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.toml") == f"No run file {tmp_path / 'no.toml'}. " + (
        "List the bundled ones with: evoloco list runs"
    )


@pytest.mark.parametrize(
    "content", [b"[morphology\n", b"seed = 1\nseed = 2\n", b"\xff\xfe\x00", b"name = hopper\n"]
)
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path} is not TOML: ")


def test_a_folder_in_place_of_a_run_file_is_refused(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory" in refusal(tmp_path)


def test_an_unknown_run_is_told_with_the_bundled_ones() -> None:
    with pytest.raises(
        EvolocoError, match=r"Unknown run 'bipde'\. Known: biped, .*Did you mean 'biped'\?"
    ):
        run_file("bipde")


@pytest.mark.parametrize(
    ("room", "entry"),
    [("morphology", "build"), ("controller", "Controller"), ("fitness.speed", "measure")],
)
def test_a_users_file_that_is_missing_empty_or_broken_is_told_by_its_path(
    hop: Path, monkeypatch: pytest.MonkeyPatch, room: str, entry: str
) -> None:
    monkeypatch.chdir(hop.parent)
    key = f"{room}.{'measure' if entry == 'measure' else 'name'}"
    path = hop.parent / "mine.py"
    override = f"{key}=mine.py"
    assert refusal(hop, override) == f"{key}: no file {path}."
    path.write_text("answer = 42\n", encoding="utf-8")
    assert f"{key}: " in refusal(hop, override)
    assert f"'{path}' has no '{entry}'" in refusal(hop, override)
    path.write_text("import nothing_of_this_name\n", encoding="utf-8")
    assert f"{path} cannot be imported: ModuleNotFoundError: No module named" in refusal(
        hop, override
    )
    path.write_text("def (:\n", encoding="utf-8")
    assert "cannot be imported: SyntaxError" in refusal(hop, override)
    assert str(path) not in {getattr(module, "__file__", None) for module in sys.modules.values()}


def test_a_users_code_that_fails_is_told_with_its_line(
    hop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hop.parent)
    path = hop.parent / "mine.py"
    path.write_text("def build(scale: float = 0.0):\n    return 1 / scale\n", encoding="utf-8")
    message = refusal(hop, "morphology.name=mine.py")
    assert (
        message == f"morphology: '{path}' failed with ZeroDivisionError: float division by zero "
        f"({path}, line 2)."
    )


def test_a_users_measure_takes_its_options_from_the_run_file(
    hop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hop.parent)
    (hop.parent / "mine.py").write_text(
        "def measure(episode, power: int, scale: float = 2.0):\n"
        "    return scale * len(episode) ** power\n",
        encoding="utf-8",
    )
    assert "Key 'fitness.speed.power': Field required" in refusal(
        hop, "fitness.speed.measure=mine.py"
    )
    term = Experiment(read(hop, ["fitness.speed.measure=mine.py", "fitness.speed.power=2"])).terms[
        0
    ]
    assert term.value(episode(body(), 3)) == 18.0


def test_every_room_has_the_members_that_its_files_name() -> None:
    optimizers = {
        "ars",
        "cma_me",
        "cmaes",
        "ga",
        "ga_nico",
        "map_elites",
        "nsga2",
        "nsga3",
        "race",
        "uniform",
    }
    assert set(members("optimizers")) == optimizers
    assert {"sine", "matsuoka"} <= set(members("controllers"))
    for room in ("controllers", "morphologies", "fitness"):
        assert not any(name.startswith("_") for name in members(room))


def test_the_searchs_pushes_grow_to_their_impulse_and_those_that_judge_are_whole(
    full: Path,
) -> None:
    pushes = ["scenario.push.count=3", "scenario.push.impulse=0.4"]
    whole = Experiment(read(full, pushes))
    grown = Experiment(read(full, [*pushes, "scenario.push.growth=10"]))
    for generation, part in ((0, 0.0), (5, 0.5), (10, 1.0), (11, 1.0)):
        for scenario, other in zip(
            grown.scenarios(generation), whole.scenarios(generation), strict=True
        ):
            np.testing.assert_allclose(scenario.pushes[:, :2], other.pushes[:, :2])
            np.testing.assert_allclose(scenario.pushes[:, 2:], part * other.pushes[:, 2:])
    for scenario, other in zip(grown.held_out(), whole.held_out(), strict=True):
        np.testing.assert_array_equal(scenario.pushes, other.pushes)


def test_the_support_fades_from_one_to_nothing(full: Path) -> None:
    support = read(full).evaluation.support
    assert [support.strength(generation) for generation in (0, 5, 10, 11)] == [1.0, 0.5, 0.0, 0.0]
    assert read(full, ["evaluation.support.stiffness=0"]).evaluation.support.strength(0) == 0.0
