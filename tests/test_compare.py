"""A comparison says who is compared, what can be concluded, and what cannot."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from comparisons import LABELS, films, made_up, of_runs, whole
from conftest import HOP
from faults.injection import Ended
from pages import Reader, saved, text_of

from evoloco.compare import contenders, folders
from evoloco.compare.curves import bands
from evoloco.compare.entry import Course
from evoloco.compare.figures import figures
from evoloco.compare.page import render
from evoloco.compare.result import Comparison, read
from evoloco.compare.summary import Scores, differs
from evoloco.errors import JournalError, SpecError
from evoloco.spec import RunSpec, loads
from evoloco.spec import read as read_spec

Command = Callable[..., Ended]

FILE = """
seeds = "0-1"
simulated_time = 60.0
worlds = 2
gap_worlds = 0

[tasks.hop]
run = "hop.toml"

[contenders.sine]
label = "open loop"

[contenders.phase]
controller.name = "phase"
optimizer.sigma = 0.3

[contenders.phase.on.hop]
optimizer.population_size = 6

[scenarios.flat]

[scenarios.pushed]
scenario.push.count = 1
scenario.push.impulse = 0.2
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A comparison file beside its run file."""
    (tmp_path / "hop.toml").write_text(HOP, encoding="utf-8")
    path = tmp_path / "two.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


# The file


def test_contenders_meet_their_tasks_with_the_keys_of_the_run_file(file: Path) -> None:
    found, folder = contenders.lineup(file)
    assert folder == Path("runs/out/two")
    assert found.contenders == {"sine": "open loop", "phase": "phase"}
    places = [(one.contender, one.seed) for one in found.entrants]
    assert places == [("sine", 0), ("phase", 0), ("sine", 1), ("phase", 1)]
    phase = found.entrants[3]
    assert phase.folder == folder / "hop" / "phase" / "seed1"
    spec = phase.spec
    assert isinstance(spec, RunSpec)
    assert (spec.name, spec.seed, spec.controller.name) == ("phase", 1, "phase")
    assert (spec.optimizer.population_size, spec.optimizer.options) == (6, {"sigma": 0.3})
    judges = found.tasks["hop"].judges
    assert [judge.scenario.push.count for judge in judges.values()] == [0, 1]
    assert list(judges) == ["flat", "pushed"]


def test_a_contender_may_have_a_run_file_of_its_own_and_be_in_some_tasks_only(file: Path) -> None:
    own = file.with_name("own.toml")
    own.write_text(HOP.replace("forward_speed", "upright"), encoding="utf-8")
    file.write_text(
        FILE.replace("[contenders.phase]\n", '[contenders.phase]\nrun = "own.toml"\n').replace(
            '[tasks.hop]\nrun = "hop.toml"',
            '[tasks.hop]\nrun = "hop.toml"\n[tasks.more]\nrun = "hop.toml"\nscenario.duration=2.0',
        )
        + '\n[contenders.third]\ntasks = ["more"]\n',
        encoding="utf-8",
    )
    found, _ = contenders.lineup(file)
    assert {one.task for one in found.entrants if one.contender == "third"} == {"more"}
    specs = [one.spec for one in found.entrants if (one.contender, one.task) == ("phase", "more")]
    assert all(spec and spec.fitness["speed"].measure == "upright" for spec in specs)
    assert all(spec and spec.scenario.duration == 1.0 for spec in specs)
    (judge, _) = found.tasks["more"].judges.values()
    assert (judge.fitness["speed"].measure, judge.scenario.duration) == ("forward_speed", 2.0)


def test_a_contender_may_have_fewer_seeds(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("[contenders.phase]", "[contenders.phase]\nseeds = [1]"), encoding="utf-8"
    )
    found, _ = contenders.lineup(file)
    assert {one.seed for one in found.entrants if one.contender == "phase"} == {1}
    assert {one.seed for one in found.entrants if one.contender != "phase"} == {0, 1}


def test_every_bundled_comparison_can_be_read() -> None:
    for path in contenders.bundled().values():
        found, _ = contenders.lineup(path)
        assert found.entrants


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('seeds = "0-1"', "", "Key 'seeds' is missing"),
        ('seeds = "0-1"', 'seeds = "1-0"', "ends before it begins"),
        ("simulated_time = 60.0", "simulated_time = 0.0", "Key 'simulated_time'"),
        ("worlds = 2", "wordls = 2", "Did you mean 'worlds'"),
        ("[contenders.phase]", '[contenders.phase]\nseeds = "1-2"', "2 is no seed of the compari"),
        ("[contenders.phase.on.hop]", "[contenders.phase.on.hip]", "Did you mean 'hop'"),
        ('controller.name = "phase"', 'controller.name = "phaze"', "Did you mean 'phase'"),
        ("optimizer.sigma = 0.3", "optimizer.sigma = -0.3", "sigma"),
        ("[contenders.phase]", '[contenders."a/b"]\n[contenders.phase]', "must have no slash"),
        ('controller.name = "phase"', 'morphology.name = "biped"', "Only equal bodies compare"),
        ("[contenders.phase.on.hop]", "[other]", "Unknown key 'other'"),
        ("push.impulse = 0.2", "push.duration = 5.0", "is longer than an episode"),
    ],
)
def test_a_mistake_in_the_file_is_one_message(
    file: Path, evoloco: Command, old: str, new: str, words: str
) -> None:
    file.write_text(FILE.replace(old, new), encoding="utf-8")
    ended = evoloco("compare", file, "--out", file.parent / "out")
    assert ended.code == 2
    assert words in ended.message
    assert (
        file.name in ended.message
        or "two: phase in task hop" in ended.message
        or ("in hop, pushed" in ended.message)
    )
    assert not (file.parent / "out").exists()


def test_a_single_contender_is_no_comparison(file: Path) -> None:
    alone = FILE[: FILE.index("[contenders.phase]")] + FILE[FILE.index("[scenarios.flat]") :]
    file.write_text(alone, encoding="utf-8")
    with pytest.raises(SpecError, match="needs two contenders or more, and this has open loop"):
        contenders.lineup(file)


# Run folders


def recorded(folder: Path, *overrides: str) -> Path:
    """A run folder, as far as its run file and its champion go."""
    folder.mkdir(parents=True)
    source = folder.with_name("hop.toml")
    source.write_text(HOP, encoding="utf-8")
    from evoloco.spec import dumps

    (folder / "run.toml").write_text(dumps(read_spec(source, overrides)), encoding="utf-8")
    (folder / "champion.json").write_text("{}", encoding="utf-8")
    return folder


def test_runs_of_one_name_are_one_contender_unless_they_differ(tmp_path: Path) -> None:
    recorded(tmp_path / "a" / "seed0")
    recorded(tmp_path / "a" / "seed1", "seed=1", "optimizer.generations=9")
    recorded(tmp_path / "b", "controller.name=phase")
    recorded(tmp_path / "c", "name=other")
    found = folders.lineup([tmp_path / "a", tmp_path / "b", tmp_path / "c"])
    assert [(one.contender, one.seed) for one in found.entrants] == [
        ("hop (controller.name = phase)", 0),
        ("hop (controller.name = sine)", 0),
        ("hop (controller.name = sine)", 1),
        ("other", 0),
    ]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("morphology.name=biped", "Only runs of equal bodies compare"),
        ("morphology.ankle=true", "Only runs of equal bodies compare"),
        ("fitness.speed.weight=2", "differ in fitness.speed.weight. Say whose .* --judge RUN"),
        ("scenario.joint_noise=0.1", "differ in scenario.joint_noise"),
        ("evaluation.heldout_duration=2", "differ in duration"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused_in_one_message(
    tmp_path: Path, override: str, words: str
) -> None:
    first = recorded(tmp_path / "a")
    other = recorded(tmp_path / "b", "controller.name=phase", override)
    with pytest.raises(SpecError, match=words) as refused:
        folders.lineup([first, other])
    assert str(other) in str(refused.value)


def test_a_common_judge_makes_runs_comparable(tmp_path: Path) -> None:
    first = recorded(tmp_path / "a")
    other = recorded(tmp_path / "b", "controller.name=phase", "fitness.speed.weight=2")
    found = folders.lineup([first, other], str(first / "run.toml"))
    (judge,) = next(iter(found.tasks.values())).judges.values()
    assert judge == loads((first / "run.toml").read_text())
    with pytest.raises(SpecError, match="A judge must have the body of the runs"):
        folders.lineup([first, other], "biped")


def test_what_only_the_search_knows_does_not_hinder(tmp_path: Path) -> None:
    first = recorded(tmp_path / "a")
    other = recorded(
        tmp_path / "b", "controller.name=phase", "evaluation.episodes=4", "scenario.push.growth=9"
    )
    assert len(folders.lineup([first, other]).entrants) == 2


def test_folders_without_runs_champions_or_twice_the_same_run_are_told(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="holds no run folder"):
        folders.lineup([tmp_path])
    first, again = recorded(tmp_path / "a"), recorded(tmp_path / "b")
    with pytest.raises(SpecError, match="has seed 0 2 times"):
        folders.lineup([first, again])
    (again / "champion.json").unlink()
    with pytest.raises(JournalError, match="Finish the run with: evoloco resume"):
        folders.lineup([first, again])


def test_a_word_that_is_nothing_is_told_with_what_there_is(evoloco: Command) -> None:
    ended = evoloco("compare", "hopers")
    assert (ended.code, "Did you mean 'hoppers'" in ended.message) == (2, True)


def test_a_comparison_file_stands_alone(evoloco: Command, file: Path) -> None:
    ended = evoloco("compare", file, "runs/out")
    assert (ended.code, "it stands alone" in ended.message) == (2, True)


# Scores and curves


def test_scores_go_from_ending_at_once_to_the_best_of_all() -> None:
    runs = [made_up("a", "x", 0, [-1.0, 3.0]), made_up("a", "y", 0, [1.0, 1.0])]
    scores = Scores(runs)
    assert [scores.of(run) for run in runs] == [[0.0, 1.0], [1.0, 0.5]]
    nobody = [made_up("a", name, 0, [-1.0]) for name in "xy"]
    assert Scores(nobody).of(nobody[0]) == [0.0]


def test_a_budget_ends_with_the_record_that_spends_it() -> None:
    course = Course(np.array([10.0, 20.0, 30.0]), np.array([1.0, 2.0, 3.0]), np.zeros(3))
    assert [course.within(simulated=one) for one in (5.0, 10.0, 11.0, 99.0)] == [1, 1, 2, 3]
    assert [course.within(cpu=one) for one in (0.5, 2.0, 2.5)] == [1, 2, 3]
    assert course.within() == 3
    unknown = Course(course.simulated, np.array([1.0, np.nan, np.nan]), course.best)
    assert unknown.within(cpu=0.5) == 3


def test_curves_run_through_what_was_judged_and_a_run_that_ended_keeps_its_last() -> None:
    runs = [made_up("a", "x", 0, [1.0]), made_up("a", "x", 1, [3.0], simulated=500.0)]
    found = of_runs([*runs, made_up("a", "y", 0, [0.0])], {"x": "x", "y": "y"})
    first, second = bands(found, "simulated", "quality")
    assert (first.x[0], first.x[-1]) == (125.0, 1000.0)
    assert first.y[-1] == pytest.approx(2.0)
    assert (first.low[-1], first.high[-1]) == (1.0, 3.0)
    assert np.isnan(second.low).all()


def test_there_is_no_curve_over_cpu_time_that_was_not_recorded() -> None:
    runs = [made_up("a", "x", 0, [1.0], cpu=False), made_up("a", "y", 0, [1.0])]
    found = of_runs(runs, {"x": "x", "y": "y"})
    assert [band.contender for band in bands(found, "cpu", "best")] == ["y"]
    assert found.tasks[0].equal_cpu is None


# What can be concluded


@pytest.fixture(scope="module")
def six() -> Comparison:
    return whole()


def test_contenders_that_differ_are_told_apart(six: Comparison) -> None:
    assert [one.contender for one in six.summaries] == ["matsuoka", "ga", "sine", "ppo", "net"]
    assert len(six.pairs) == 10
    assert all(differs(pair) and pair.better.value > 0.5 for pair in six.pairs)
    said = " ".join(six.conclusion)
    assert "Matsuoka (CMA-ES) is better than Matsuoka (GA), sine (CMA-ES), policy (PPO)" in said
    assert "do not tell apart" not in said
    assert "muscles on a state machine met no other contender" in said
    assert said.endswith("it is not about kinds of controllers in general.")


def test_contenders_that_do_not_differ_are_not() -> None:
    random = np.random.default_rng(1)
    runs = [
        made_up("a", name, seed, random.random(2).tolist()) for name in "xy" for seed in range(8)
    ]
    found = of_runs(runs, {"x": "first", "y": "second"})
    said = " ".join(found.conclusion)
    assert "do not tell apart" in said
    assert "That is no proof that they are equal." in said
    assert "is better than" not in said


def test_a_single_seed_is_told_to_have_no_interval(small: Comparison) -> None:
    assert small.summaries[0].score.low is None
    said = " ".join(small.conclusion)
    assert "A single seed has no interval: first on the a, second on the a." in said
    assert "second, 1.00 (no interval)" in said


def test_too_few_seeds_for_any_p_are_told_whatever_the_difference() -> None:
    runs = [made_up("a", n, s, [p + 0.1 * s]) for p, n in enumerate("xy") for s in range(5)]
    found = of_runs(runs, {"x": "first", "y": "second"})
    (pair,) = found.pairs
    assert pair.corrected == pytest.approx(2 / 32)
    assert (pair.better.value, differs(pair)) == (0.0, False)
    said = " ".join(found.conclusion)
    assert "the corrected p cannot be less than 0.0625" in said
    assert "More seeds can change that." in said


def test_unequal_budgets_are_told() -> None:
    runs = [
        made_up("a", n, s, [1.0], simulated=t) for n, t in (("x", 500), ("y", 900)) for s in (0, 1)
    ]
    said = " ".join(of_runs(runs, {"x": "x", "y": "y"}, simulated_time=None).conclusion)
    assert "the searches spent 500 to 900 s of simulated time" in said
    assert "unequal budgets" in said


# The page


@pytest.fixture(scope="module")
def page(six: Comparison) -> str:
    return render(six, films(six), figures(six))


@pytest.fixture(scope="module")
def small() -> Comparison:
    runs = [made_up("a", name, 0, [float(place)]) for place, name in enumerate("xy")]
    return of_runs(runs, {"x": "first", "y": "second"})


def test_the_page_is_whole_and_loads_nothing(six: Comparison, page: str) -> None:
    reader = Reader(page)
    assert reader.open == []
    assert all(str(one).startswith(("data:", "#")) for one in reader.loaded)
    sections = "films scores pairs curves equal scenarios gait robustness costs runs about"
    assert [one for one in reader.ids if one] == sections.split()
    assert "made &lt;up&gt;" in page
    assert " ".join(six.conclusion) in text_of(page)


def test_every_figure_has_its_numbers(page: str) -> None:
    rows = saved(page, "quality_cpu")
    assert {row["contender"] for row in rows} == set(LABELS.values())
    last = [row for row in rows if row["panel"] == "the human"][-1]
    assert (float(last["CPU time [s]"]), float(last["judged fitness"])) == (10.0, 9.0)
    assert saved(page, "wide")[0]["falls [%]"] == "0"
    assert len(saved(page, "scores")) == 5


def test_the_same_comparison_gives_the_same_bytes(small: Comparison) -> None:
    first, second = (render(small, films(small), figures(small)) for _ in range(2))
    assert first == second


def test_a_film_waits_to_be_started_and_is_labelled(small: Comparison) -> None:
    shown = [one._replace(content=b"frames") for one in films(small)]
    page = render(small, shown, figures(small))
    assert page.count("<video controls") == 2
    assert "autoplay" not in page
    assert 'aria-label="Film on the a: second, seed 0"' in page


def test_the_file_is_read_as_it_was_written(six: Comparison, tmp_path: Path) -> None:
    path = tmp_path / "comparison.json"
    path.write_text(six.dumps(), encoding="utf-8")
    assert read(path) == six
    for text in ("", "{}", "[]", '{"name": 1}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(JournalError, match="holds no comparison"):
            read(path)
    with pytest.raises(JournalError, match="cannot be read"):
        read(tmp_path / "none.json")
