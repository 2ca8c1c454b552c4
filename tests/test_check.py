"""A check counts falls in worlds that differ, and says what they come to."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from faults.injection import Ended
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from evoloco.bundled import run_file
from evoloco.check import log
from evoloco.check.bench import Bench
from evoloco.check.gaps import Gap, beyond, gaps
from evoloco.check.intervals import CONFIDENCE, wilson
from evoloco.check.make import make
from evoloco.check.margins import bracket
from evoloco.check.numerics import variants
from evoloco.check.result import Champion, Check, Tally, digest, read
from evoloco.check.subject import Subject
from evoloco.check.survey import Progress
from evoloco.check.worlds import scenarios, sensing
from evoloco.errors import JournalError
from evoloco.experiment import Experiment
from evoloco.loop import evolve
from evoloco.run import Run
from evoloco.spec import RunSpec
from evoloco.spec import read as read_spec

BIPED = run_file("biped_sine")

WORLDS, HIDDEN = 2, 3


# Theorems and oracles


@given(st.integers(1, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_the_interval_is_that_of_scipy(drawn: tuple[int, int]) -> None:
    count, total = drawn
    found = binomtest(count, total).proportion_ci(CONFIDENCE, method="wilson")
    assert wilson(count, total) == pytest.approx((found.low, found.high), abs=1e-12)


@given(st.integers(1, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_the_interval_holds_what_was_counted(drawn: tuple[int, int]) -> None:
    count, total = drawn
    low, high = wilson(count, total)
    assert 0 <= low <= count / total <= high <= 1


@given(st.floats(0.0, 5.0), st.integers(0, 5))
def test_a_bracket_holds_the_width_from_which_on_a_test_fails(limit: float, halvings: int) -> None:
    tried: list[float] = []

    def fails(width: float) -> bool:
        tried.append(width)
        return width >= limit

    holds, failing = bracket(fails, (2.0, 4.0), halvings)
    if holds is None:
        assert limit == 0
    elif failing is None:
        assert (holds, limit > 4) == (4.0, True)
    else:
        assert holds < limit <= failing
        assert failing - holds <= 2 / 2**halvings
    assert len(tried) <= 3 + halvings


def test_the_worst_tenth_is_of_the_shortest_ways() -> None:
    ways = [float(way) for way in range(20)]
    tally = Tally.of([False] * 19 + [True], [10.0] * 20, ways[::-1])
    assert (tally.falls, tally.worlds) == (1, 20)
    assert tally.worst_tenth == 0.5
    assert tally.distance == 9.5


def test_a_way_that_diverged_counts_as_none() -> None:
    assert Tally.of([True, False], [0.1, 1.0], [np.nan, 2.0]).distance == 1.0


# Worlds


@pytest.fixture(scope="module")
def biped() -> Experiment:
    return Bench(read_spec(BIPED), np.zeros(1)).experiment


def test_every_table_of_the_preset_is_a_gap_or_told(biped: Experiment) -> None:
    found, lacking = gaps(biped)
    assert len(found) == 20
    assert lacking == []
    assert all(re.search(r"\d", gap.extent()) for gap in [*found, *beyond()])


def test_what_a_body_lacks_is_told() -> None:
    muscles = Bench(read_spec(run_file("muscle_biped")), np.zeros(1)).experiment
    found, lacking = gaps(muscles)
    assert any("Supply voltage is left out" in sentence for sentence in lacking)
    assert "mass" in [gap.name for gap in found]


def test_worlds_are_those_that_neither_search_nor_judgement_saw(biped: Experiment) -> None:
    drawn = scenarios(biped, [], 0.01, 3)
    seen = [*biped.scenarios(0), *biped.elite_scenarios(), *biped.held_out()]
    assert not {one.key for one in drawn} & {one.key for one in seen}


def test_a_single_gap_changes_nothing_else(biped: Experiment) -> None:
    slope = next(gap for gap in gaps(biped)[0] if gap.name == "ground_slope")
    (alone,), (nominal,) = scenarios(biped, [(slope, 1.0)], 0.01, 1), scenarios(biped, [], 0.01, 1)
    assert [one.name for one in alone.draws.randomizations] == ["ground_slope"]
    assert nominal.draws.randomizations == ()
    assert np.array_equal(alone.joint_offset, nominal.joint_offset)
    assert len(alone.pushes) == 0
    assert alone.friction == nominal.friction == 1


def test_a_body_is_asked_to_go_straight_on_and_its_own_commands_are_another_item() -> None:
    spec = read_spec(run_file("biped"))
    bench = Bench(spec, np.zeros(1))
    slowest, fastest = spec.scenario.command.speed
    judged = slowest + 0.75 * (fastest - slowest)  # a quarter of the commands ask for more
    ahead = scenarios(bench.experiment, [], 0.01, 4)
    assert all(np.allclose(one.command[:, 1:], [[judged, 0.0, 0.0]]) for one in ahead)

    own = scenarios(bench.experiment, [], 0.01, 4, bench.asked)
    assert len({one.command.tobytes() for one in own}) == 4
    assert np.array_equal(own[0].joint_offset, ahead[0].joint_offset)


@pytest.mark.parametrize("run", ["walker_ppo", "biped_robust_ppo"])
def test_a_policy_feels_no_sensor_that_only_the_check_has(run: str) -> None:
    spec = read_spec(run_file(run))
    own, checked = Experiment(spec), Experiment(sensing(spec, gaps(Experiment(spec))[0]))
    assert checked.controller.layout == own.controller.layout  # type: ignore[attr-defined]
    names = {sensor.name for sensor in checked.morphology.sensors}
    assert names >= {"acceleration", *(sensor.name for sensor in own.morphology.sensors)}


def test_a_width_scales_the_start_and_the_pushes(biped: Experiment) -> None:
    for name in ("start", "pushes"):
        gap = next(gap for gap in gaps(biped)[0] if gap.name == name)
        (one,), (two,) = (scenarios(biped, [(gap, width)], 0.01, 1) for width in (1.0, 2.0))
        if name == "start":
            assert two.joint_offset == pytest.approx(2 * one.joint_offset)
        else:
            assert two.pushes[:, 2:] == pytest.approx(2 * one.pushes[:, 2:])


def test_sensors_have_noise_only_where_the_gap_is_about_it(biped: Experiment) -> None:
    bench = Bench(read_spec(BIPED), np.zeros(1))
    noisy = {gap.name: gap for gap in gaps(biped)[0] if gap.is_noise}

    def noise(found: list[Gap]) -> set[str]:
        sensors = bench.sensing(found).morphology.sensors
        return {one.name for one in sensors if one.noise.gaussian or one.noise.student_t}

    assert noise([]) == set()
    assert noise([noisy["tilt_noise"]]) == {"tilt"}
    assert noise([noisy["joint_noise"]]) == {"joint_angle", "joint_velocity"}
    assert len(noise(list(noisy.values()))) == 6


def test_a_finer_body_keeps_its_delays_and_takes_more_steps(biped: Experiment) -> None:
    own = biped.morphology
    half, quarter, other = (variant.body.model for variant in variants(own))
    assert half.opt.timestep == own.model.opt.timestep / 2
    assert quarter.opt.timestep == own.model.opt.timestep / 4
    assert other.opt.integrator != own.model.opt.integrator
    for model in (half, quarter, other):
        assert np.array_equal(model.actuator_delay, own.model.actuator_delay)
        assert np.all(model.actuator_history[:, 0] * model.opt.timestep >= model.actuator_delay)


# The log


def test_a_line_that_was_cut_off_is_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "log"
    first = log.Log(path, {"about": 1})
    first.measured("a", lambda: {"value": 1})
    first.measured("b", lambda: {"value": 2})
    path.write_text(path.read_text()[:-5])

    second = log.Log(path, {"about": 1})
    assert second.resumed == 1
    assert second.measured("a", lambda: {"value": 8}) == {"value": 1}
    assert second.measured("b", lambda: {"value": 9}) == {"value": 9}
    assert log.Log(path, {"about": 1}).resumed == 2


def test_measurements_of_something_else_are_dropped(tmp_path: Path) -> None:
    log.Log(tmp_path / "log", {"about": 1}).measured("a", lambda: {"value": 1})
    assert log.Log(tmp_path / "log", {"about": 2}).resumed == 0


# A whole check


@pytest.fixture(scope="module")
def hopping(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a hopper whose champion falls soon."""
    from conftest import HOP

    folder = tmp_path_factory.mktemp("check")
    (folder / "hop.toml").write_text(HOP, encoding="utf-8")
    spec = read_spec(folder / "hop.toml", ["optimizer.generations=1"])
    run = Run.create(spec, folder / "run")
    evolve(run, evaluator=run.local(1))
    run.choose_champion(1)
    return folder / "run"


@pytest.fixture(scope="module")
def checked(hopping: Path) -> Check:
    found, _ = make(Subject.of(str(hopping)), WORLDS, HIDDEN, threads=1)
    return found


def without_times(check: Check) -> str:
    return check.model_copy(update={"took": check.took.model_copy(update={"wall": 0.0})}).dumps()


@pytest.mark.slow
def test_the_counts_add_up(checked: Check, hopping: Path) -> None:
    assert read(hopping / "check.json") == checked
    assert {one.tally.worlds for one in checked.wide} == {HIDDEN}
    assert {one.tally.worlds for one in [*checked.gaps, *checked.beyond]} == {WORLDS}
    assert sum(checked.gaits.full.values()) == HIDDEN
    assert [one.name for one in checked.margins] == [one.name for one in checked.gaps]
    falls = [one.tally.falls for one in checked.gaps]
    assert falls == sorted(falls, reverse=True)

    names = {one.name: one.tally.falls for one in checked.gaps}
    for margin in checked.margins:
        assert next(one.falls for one in margin.steps if one.width == 1) == names[margin.name]
    assert not (hopping / log.FILE).exists()


@pytest.mark.slow
def test_equal_seeds_give_equal_checks_and_an_interrupted_one_goes_on(
    checked: Check, hopping: Path, tmp_path: Path
) -> None:
    subject = Subject.of(str(hopping), tmp_path)
    left = 40

    def interrupt(progress: Progress) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(subject, WORLDS, HIDDEN, 1, show=interrupt)
    assert (tmp_path / log.FILE).is_file()

    shown: list[Progress] = []
    found, _ = make(subject, WORLDS, HIDDEN, 2, show=shown.append)
    assert without_times(found) == without_times(checked)
    assert shown[-1].done < shown[-1].total == found.took.episodes


@pytest.mark.slow
def test_a_body_that_always_falls_gets_that_verdict(checked: Check) -> None:
    assert checked.at(1.0).falls == HIDDEN
    assert checked.verdict.badge == "falls"
    assert checked.verdict.tone == "bad"
    assert f"{HIDDEN} of {HIDDEN} hidden worlds" in checked.verdict.sentences[0]
    assert all(one.holds is None for one in checked.margins)


def statue() -> tuple[RunSpec, np.ndarray]:
    """A biped whose joints hold the home posture."""
    spec = read_spec(BIPED)
    genes = Experiment(spec).space.genes
    return spec, np.array([0.0 if "amplitude" in gene.name else 0.5 for gene in genes])


@pytest.mark.slow
def test_a_statue_stands_and_does_not_survive(tmp_path: Path) -> None:
    spec, genome = statue()
    champion = Champion(generation=0, individual=0, sha256=digest(spec, genome))
    found, _ = make(Subject(spec, genome, champion, tmp_path), 1, 2, threads=1)
    assert found.nominal.falls == 0
    assert found.verdict.badge == "does not walk"
    assert found.verdict.tone == "bad"
    assert "It does not walk: it stands" in found.verdict.sentences[0]


class Labels(HTMLParser):
    """Pictures without a name, and ids."""

    def __init__(self) -> None:
        super().__init__()
        self.bare: list[str] = []
        self.pictures = 0
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.ids += [given["id"]] if given.get("id") else []
        if tag == "img" or given.get("role") == "img":
            self.pictures += 1
            if not (given.get("alt") or given.get("aria-label")):
                self.bare.append(tag)


@pytest.mark.slow
def test_every_picture_of_the_page_has_a_name(checked: Check, hopping: Path) -> None:
    page = Labels()
    text = (hopping / "check.html").read_text(encoding="utf-8")
    page.feed(text)
    assert page.pictures == 5
    assert page.bare == []
    for section in ("wide", "gaps", "margins", "map", "numerics", "gait", "exploits", "about"):
        assert section in page.ids
    assert checked.verdict.sentences[0] in text


@pytest.mark.slow
def test_the_report_carries_the_check_of_its_own_champion_only(
    checked: Check, hopping: Path
) -> None:
    run, file = Run(hopping), hopping / "check.json"
    sentence = checked.verdict.sentences[0]
    assert sentence in run.report().read_text(encoding="utf-8")

    kept = file.read_text(encoding="utf-8")
    stale = json.loads(kept)
    stale["champion"]["sha256"] = "0" * 64
    file.write_text(json.dumps(stale), encoding="utf-8")
    page = run.report().read_text(encoding="utf-8")
    assert sentence not in page
    assert "is of another champion" in page

    file.unlink()
    page = run.report().read_text(encoding="utf-8")
    assert f"Check it with: evoloco check {hopping}" in page
    file.write_text(kept, encoding="utf-8")


# Errors


def test_a_folder_that_is_no_run_is_refused(evoloco: Callable[..., Ended], tmp_path: Path) -> None:
    ended = evoloco("check", tmp_path / "nothing")
    assert ended.code == 2
    assert "is not a run" in ended.err


def test_a_run_without_a_champion_is_told_how_to_get_one(
    hop: Path, tmp_path: Path, evoloco: Callable[..., Ended]
) -> None:
    run = Run.create(read_spec(hop), tmp_path / "run")
    ended = evoloco("check", run.folder)
    assert ended.code == 2
    assert "no champion.json" in ended.err
    assert "evoloco report" in ended.err


def test_workers_without_ray_are_refused(evoloco: Callable[..., Ended]) -> None:
    ended = evoloco("check", "biped", "--workers", 2)
    assert ended.code == 2
    assert "--workers needs Ray" in ended.err


@pytest.mark.parametrize("text", ["{}", "no json", "\x00"])
def test_a_damaged_check_is_told_with_the_command_that_makes_it_again(
    text: str, tmp_path: Path
) -> None:
    (tmp_path / "check.json").write_text(text, encoding="utf-8")
    with pytest.raises(JournalError, match=r"cannot be read.*evoloco check"):
        read(tmp_path / "check.json")


@pytest.mark.slow
def test_the_command_line_tells_the_verdict_as_json(
    checked: Check, hopping: Path, tmp_path: Path, evoloco: Callable[..., Ended]
) -> None:
    ended = evoloco("check", hopping, "--worlds", 1, "--hidden", 1, "--out", tmp_path, "--json")
    assert ended.code == 0
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert {line["event"] for line in lines[:-1]} == {"measuring"}
    assert lines[-1]["event"] == "check"
    assert lines[-1]["badge"] == "falls"
    assert Path(lines[-1]["page"]).is_file()
    assert read(tmp_path / "check.json").champion == checked.champion
