"""Starting values: in a run file's bounds, in parameter files of SCONE's, and from champions."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import HOP, Ended

from evoloco.bundled import runs
from evoloco.champion import exported
from evoloco.errors import EvolocoError, SpecError, UnknownNameError
from evoloco.experiment import Experiment
from evoloco.genome import Gene, Space
from evoloco.loop import evolve
from evoloco.members import member, members
from evoloco.optimizer import Search
from evoloco.run import Run
from evoloco.search import scone_par, start
from evoloco.search.gene_range import Range
from evoloco.search.scone_par import Line
from evoloco.spec import dumps, loads, read

Command = Callable[..., Ended]

SCONE = (
    "period             \t0.61803399\t0.62\t0.013\t\n"
    "hip_pitch.amplitude\t0.25\t0.26\t2.5e-02\t\n"
    "hip_pitch.phase    \t-1.5707963\t-1.5\t0.1\t\n"
)
"""As SCONE writes: names padded to one width, tabs between and behind, eight digits."""


@pytest.fixture
def walk(hop: Path) -> Path:
    """A parameter file of three of the seven genes, beside the run file."""
    path = hop.with_name("walk.par")
    path.write_text(SCONE, encoding="utf-8")
    return path


def genes(run_file: Path, *overrides: str) -> dict[str, Gene]:
    return {gene.name: gene for gene in Experiment(read(run_file, overrides)).space.genes}


def refused(run_file: Path, *overrides: str) -> str:
    with pytest.raises(EvolocoError) as caught:
        Experiment(read(run_file, overrides)).optimizer()
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Ranges


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([0.5, 2], Range(0.5, 2.0)),
        ("1.6~0.15<-10,10>", Range(-10.0, 10.0, 1.6, 0.15)),
        ("1.6~0.15", Range(start=1.6, spread=0.15)),
        ("1.6<-10,10>", Range(-10.0, 10.0, 1.6)),
        ("<-10,10>", Range(-10.0, 10.0)),
        ("-1.6", Range(start=-1.6)),
        (1.6, Range(start=1.6)),
        (" .5~1.e-3 < -1e1 , +10 > ", Range(-10.0, 10.0, 0.5, 1e-3)),
        ("1~2[3,4]", Range(3.0, 4.0, 1.0, 2.0)),
        ("1~2(3,4)", Range(3.0, 4.0, 1.0, 2.0)),
    ],
)
def test_a_range_reads_with_any_part_left_out(given: object, expected: Range) -> None:
    assert Range.read(given) == expected


def test_a_range_reads_what_it_wrote_to_the_last_bit() -> None:
    for low, high, begin, spread in np.random.default_rng(0).normal(0, 1e3, (50, 4)).tolist():
        for whole in (
            Range(low, high),
            Range(start=begin),
            Range(None, None, begin, spread),
            Range(low, high, begin),
        ):
            assert Range.read(whole.write()) == whole
    assert Range(0.0, 1.0).write() == [0.0, 1.0]
    assert Range(-10.0, 10.0, 1.6, 0.15).write() == "1.6~0.15<-10.0,10.0>"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "~0.15",
        "~0.15<0,1>",
        "a",
        "1.6~",
        "1.6~0.15<0,1",
        "1.6<0,1]",
        "1.6<0>",
        "1 6",
        "1.6~0.1~0.2",
        "1.6~-",
        "<0,1>1.6",
        "nan",
        "inf~1",
        "0x1",
        "1_0",
        "1" * 5 + " " * 100_000 + "x",
        [1.0],
        [1.0, 2.0, 3.0],
        ["1", 2.0],
        [math.nan, 1.0],
        True,
        [True, 2.0],
        {},
        None,
    ],
)
def test_what_is_no_range_is_refused_in_one_message(given: object) -> None:
    with pytest.raises(
        ValueError, match=r"^Must be \[low, high\], or a start, with .*1\.6~0\.15<-10,10>"
    ):
        Range.read(given)


@pytest.mark.parametrize("given", ["1e999", "0<0,1e999>", "1~1e999"])
def test_numbers_beyond_those_of_a_float_are_refused(given: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        Range.read(given)


def test_parts_that_are_left_out_stay_as_the_gene_has_them() -> None:
    gene = Gene("g", 0.0, 4.0, "m", "length", start=1.0, spread=0.2)
    assert Range.read([0.5, 2.0]).of(gene) == Gene(
        "g", 0.5, 2.0, "m", "length", start=1.0, spread=0.2
    )
    assert Range.read("3").of(gene) == Gene("g", 0.0, 4.0, "m", "length", start=3.0, spread=0.2)
    assert Range.read("3~0.5<2,9>").of(gene) == Gene(
        "g", 2.0, 9.0, "m", "length", start=3.0, spread=0.5
    )


def test_bounds_of_a_run_file_tell_start_and_spread_of_genes_of_controller_and_body(
    hop: Path,
) -> None:
    found = genes(
        hop,
        "controller.bounds.period=0.7~0.05<0.5,1.0>",
        "controller.bounds.knee.phase=1.5",
        "controller.bounds.knee.offset=0.1~0.01",
        "morphology.genes.torso_mass=0.3~0.02",
        "morphology.genes.stiffness=8.0<7.5,9.5>",
    )
    period, phase, offset = found["period"], found["knee.phase"], found["knee.offset"]
    assert (period.low, period.high, period.start, period.spread) == (0.5, 1.0, 0.7, 0.05)
    assert (phase.high, phase.start, phase.spread) == (math.pi, 1.5, None)
    assert (offset.low, offset.high, offset.start, offset.spread) == (-0.35, 0.35, 0.1, 0.01)
    mass, stiffness = found["body.torso_mass"], found["body.stiffness"]
    assert (mass.low, mass.high, mass.start, mass.spread) == (0.2, 0.8, 0.3, 0.02)
    assert (stiffness.low, stiffness.high, stiffness.start, stiffness.spread) == (
        7.5,
        9.5,
        8.0,
        None,
    )


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            "controller.bounds.period=no",
            "Key 'controller.bounds.period': Must be [low, high], or a start|not 'no'.",
        ),
        (
            "controller.bounds.period=[1.0]",
            "Key 'controller.bounds.period': Must be [low, high], or|not (1.0,).",
        ),
        (
            "controller.bounds.period=3.0",
            "controller.bounds: Gene 'period': start 3.0 must be within 0.4 to 1.4.",
        ),
        (
            "controller.bounds.period=1.0~0",
            "controller.bounds: Gene 'period': spread must be positive, not 0.0.",
        ),
        (
            "morphology.genes.torso_mass=~0.1",
            "Key 'morphology.genes.torso_mass': Must be|not '~0.1'.",
        ),
        (
            "morphology.genes.torso_mass=9",
            "morphology.genes: Gene 'body.torso_mass': start 9.0 must be within",
        ),
        (
            "start.genes.period=1.0<0.5,2>",
            "Key 'start.genes.period': Must be a start~spread|without bounds",
        ),
        ("start.genes.period=1.0~0", "Gene 'period': spread must be positive, not 0.0."),
        (
            "start.genes.perod=1.0",
            "Unknown gene in [start] 'perod'. Known: hip_pitch|Did you mean 'period'?",
        ),
        (
            "start.genes.period=3",
            "start.genes leave their bounds: period = 3 (0.4 to 1.4). Give wider|start.strict",
        ),
        ("start.take=worst", "Key 'start.take': Input should be 'best' or 'mean', not 'worst'."),
        ("start.spread=0", "Key 'start.spread': Input should be greater than 0, not 0."),
        ("start=walk.par", "Key 'start' must be a table, not 'walk.par'."),
        ('start.path="a\\u0000b"', "'a\\x00b' cannot be a path."),
        (
            f"start.path=/{'x' * 5000}",
            "hop.toml: start.path: '/xxx|cannot be read: File name too long.",
        ),
        (
            "start.path=gone.par",
            "hop.toml: start.path: No |gone.par. A start is a .par file, a champion.json or",
        ),
    ],
)
def test_a_start_that_cannot_be_is_told_with_its_key_and_what_is_allowed(
    hop: Path, override: str, words: str
) -> None:
    message = refused(hop, override)
    assert all(part in message for part in words.split("|")), message


def test_the_first_step_of_a_logarithmic_gene_is_its_spread_around_the_start() -> None:
    gene = Gene("period", 0.1, 10.0, log=True, start=2.0, spread=1e-4)
    step = gene.first_step
    here = gene.encode(2.0)
    assert gene.decode(here + step) - gene.decode(here) == pytest.approx(
        1e-4, rel=1e-3
    )  # the curve bends in a step
    assert Gene("period", 0.1, 10.0, log=True, spread=1e-4).first_step == pytest.approx(
        1e-4 / math.log(100.0)
    )
    assert math.isnan(Gene("plain", 0.0, 1.0).first_step)


# Parameter files


def test_a_file_as_scone_writes_it_is_read(walk: Path) -> None:
    assert scone_par.read(walk) == [
        Line("period", 0.61803399, 0.62, 0.013),
        Line("hip_pitch.amplitude", 0.25, 0.26, 0.025),
        Line("hip_pitch.phase", -1.5707963, -1.5, 0.1),
    ]
    walk.write_bytes(SCONE.replace("\n", "\r\n").replace("\t", "  ").encode())
    assert len(scone_par.read(walk)) == 3


def test_a_parameter_file_reads_as_it_was_written_to_the_last_bit(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).normal(0, 1e3, (40, 3))
    lines = [
        Line(f"gene.{k}", best, mean, abs(spread))
        for k, (best, mean, spread) in enumerate(numbers.tolist())
    ]
    path = tmp_path / "all.par"
    path.write_text(scone_par.dumps(lines), encoding="utf-8")
    assert scone_par.read(path) == lines
    rows = path.read_text(encoding="utf-8").splitlines()
    assert {row.index("\t") for row in rows} == {len("gene.10")}
    assert all(row.count("\t") == 4 for row in rows)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is not a parameter file: it is empty"),
        (b"\xff\xfe\x00", "is not a parameter file: it is not text"),
        (b"a 1 2\n", "line 1: must be name, best, mean and standard deviation, not 'a 1 2'"),
        (b"a 1 1 1\nb 1 1 1 1\n", "line 2: must be name"),
        (b"a 1 1 x\n", "line 1: must be name"),
        (b"a nan 1 1\n", "line 1: must be name"),
        (b"a 1 1 -1\n", "line 1: must be name"),
        (b"a 1 1 1\n\na 1 1 1\n", "line 3: 'a' is there twice"),
        (
            b"a 0.5 1 0\n",
            "line 1: 'a' has standard deviation 0, which locks it.*controller.fixed.* 'a' = 0.5",
        ),
    ],
)
def test_a_file_that_is_no_parameter_file_is_told_by_its_line(
    tmp_path: Path, text: bytes, words: str
) -> None:
    path = tmp_path / "bad.par"
    path.write_bytes(text)
    with pytest.raises(SpecError, match=words):
        scone_par.read(path)


@pytest.mark.parametrize("name", ["hip pitch", 'hip"pitch', ""])
def test_a_name_that_the_format_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match="cannot hold the name"):
        scone_par.dumps([Line(name, 1.0, 1.0, 1.0)])


# Where a search begins


def test_a_search_begins_at_the_values_of_a_parameter_file(hop: Path, walk: Path) -> None:
    own = genes(hop)
    best, mean = (
        genes(hop, f"start.path={walk}"),
        genes(hop, f"start.path={walk}", "start.take=mean"),
    )
    assert (best["period"].start, best["period"].spread) == (0.61803399, 0.013)
    assert (mean["period"].start, mean["period"].spread) == (0.62, 0.013)
    assert {name: best[name] for name in best if name.startswith("knee")} == {
        name: own[name] for name in own if name.startswith("knee")
    }
    assert genes(hop, f"start.path={walk}", "start.spread=2")["period"].spread == 0.026


@pytest.mark.parametrize("optimizer", ["cmaes", "race"])
def test_the_mean_of_the_first_generation_is_the_start_and_its_deviation_the_spread(
    hop: Path, walk: Path, optimizer: str
) -> None:
    experiment = Experiment(
        read(
            hop,
            [f"start.path={walk}", "optimizer.population_size=4000", f"optimizer.name={optimizer}"],
        )
    )
    asked = experiment.optimizer().ask()
    values = np.array([list(experiment.space.decode(genome).values()) for genome in asked])
    for line in scone_par.read(walk):
        column = values[:, experiment.space.names.index(line.name)]
        assert column.mean() == pytest.approx(
            line.best, abs=4 * line.spread / math.sqrt(4000)
        )  # four standard errors
        assert column.std() == pytest.approx(line.spread, rel=0.05)  # 4.5 of its standard errors


@pytest.mark.parametrize("name", ["ga", "ga_nico", "nsga2", "nsga3", "map_elites"])
def test_the_first_genome_of_a_population_is_the_start_and_the_others_are_as_ever(
    name: str,
) -> None:
    plain = [Gene("a", 0.0, 4.0), Gene("b", 0.0, 1.0), Gene("switch", 0.0, 1.0, levels=2)]
    begun = [Gene("a", 0.0, 4.0, start=1.0), *plain[1:]]
    grid = (
        {"descriptors": ("x", "y"), "ranges": ((0.0, 1.0), (0.0, 1.0))}
        if name == "map_elites"
        else {}
    )
    goals = ("x", "y") if name.startswith("nsga") else ("fitness",)
    kind = member("optimizers", name).Optimizer
    first, without = (
        kind(Search(Space(own), 8, 1, goals, ("x", "y")), **grid).ask() for own in (begun, plain)
    )
    assert first[0].tolist() == Space(begun).start.tolist()
    assert first[0][0] == 0.25
    np.testing.assert_array_equal(first[1:], without[1:])


def test_what_takes_no_start_refuses_one_and_every_other_optimizer_takes_it(
    hop: Path, walk: Path
) -> None:
    message = refused(hop, f"start.path={walk}", "optimizer.name=uniform")
    assert "optimizer.name: 'uniform' begins nowhere" in message
    assert message.endswith(
        f"somewhere: {', '.join(name for name in members('optimizers') if name != 'uniform')}."
    )
    assert "exclude each other" in refused(hop, f"start.path={walk}", "optimizer.start=random")


def test_names_that_are_no_genes_and_values_out_of_bounds_are_refused_or_told(
    hop: Path, walk: Path
) -> None:
    walk.write_text(
        SCONE + "pelvis_tilt.offset 0.1 0.1 0.01\nknee.offset 0.5 0.5 0.1\n", encoding="utf-8"
    )
    assert "Unknown gene in [start] 'pelvis_tilt.offset'. Known: hip_pitch.amplitude" in refused(
        hop, f"start.path={walk}"
    )
    lenient = Experiment(read(hop, [f"start.path={walk}", "start.strict=false"]))
    assert lenient.start_notes == [
        "4 of 7 genes are given a start",
        "without one, so as they are: knee.amplitude, knee.phase, hip_pitch.offset",
        "moved to a bound: knee.offset = 0.5 (-0.35 to 0.35)",
        "no gene of this run: pelvis_tilt.offset",
    ]
    knee = {gene.name: gene for gene in lenient.space.genes}["knee.offset"]
    assert (knee.start, knee.spread) == (0.35, 0.1)
    walk.write_text("pelvis_tilt.offset 0.1 0.1 0.01\n", encoding="utf-8")
    assert "Unknown gene in [start]" in refused(hop, f"start.path={walk}", "start.strict=false")


def test_genes_that_the_run_holds_may_stand_in_the_file(hop: Path, walk: Path) -> None:
    held = Experiment(read(hop, [f"start.path={walk}", "controller.fixed.period=0.5"]))
    assert "fixed by the run file: period" in held.start_notes
    assert "period" not in held.space.names


def test_a_start_beyond_a_bound_by_lost_digits_is_put_on_it() -> None:
    gene = Gene("g", 0.0, 1 / 3)
    (begun,), _ = start.begin([gene], {"g": Range(start=0.33333334)}, 1.0, True, ())
    assert begun.start == 1 / 3
    with pytest.raises(SpecError, match=r"g = 0\.34 \(0 to 0\.333333\)"):
        start.begin([gene], {"g": Range(start=0.34)}, 1.0, True, ())


def test_a_gene_with_levels_takes_the_start_and_no_spread() -> None:
    (begun,), _ = start.begin(
        [Gene("g", 0.0, 4.0, levels=5)], {"g": Range(start=2.9, spread=0.1)}, 1.0, True, ()
    )
    assert (begun.start, begun.spread) == (2.9, None)
    assert Space([begun]).start.tolist() == [0.75]


def test_more_names_than_a_message_holds_are_counted() -> None:
    many = [Gene(f"g{k}", 0.0, 1.0) for k in range(20)]
    _, notes = start.begin(many, {"g0": Range(start=0.5)}, 1.0, True, ())
    assert notes[1].endswith("g7, g8 and 11 more")


# A run folder is enough


@pytest.fixture
def finished(hop: Path) -> Run:
    """A run with a champion."""
    run = Run.create(
        read(hop, ["optimizer.generations=3", "optimizer.population_size=6"]), hop.parent / "first"
    )
    evolve(run)
    run.choose_champion()
    return run


def test_the_champion_tells_mean_and_deviation_of_its_generation(finished: Run) -> None:
    content, space = finished.read_champion(), finished.experiment.space
    values = np.array(
        [
            list(space.decode(row).values())
            for row in finished.journal[content["generation"]].genomes
        ]
    )
    for name, mean, spread in zip(
        space.names, values.mean(axis=0), values.std(axis=0, ddof=1), strict=True
    ):
        assert content["genes"][name]["mean"] == pytest.approx(mean, rel=1e-12)
        assert content["genes"][name]["spread"] == pytest.approx(spread, rel=1e-12)


def test_a_run_begins_at_a_champion_by_its_folder_its_json_or_its_parameter_file(
    finished: Run,
) -> None:
    file = finished.folder.with_name("champion.par")
    file.write_text(scone_par.dumps(exported(finished.folder)), encoding="utf-8")
    champion = finished.read_champion()
    begun = [
        genes(finished.folder / "run.toml", f"start.path={path}")
        for path in (finished.folder, finished.folder / "champion.json", file)
    ]
    assert begun[0] == begun[1] == begun[2]
    for name, gene in begun[0].items():
        assert gene.start == champion["genes"][name]["value"]
        assert gene.spread == champion["genes"][name]["spread"]
    np.testing.assert_allclose(Space(list(begun[0].values())).start, champion["genome"], atol=1e-12)


@pytest.mark.parametrize("name", [name for name in runs() if name in ("hopper", "muscle_biped")])
def test_a_published_champion_without_spreads_gets_those_of_its_genes(name: str) -> None:
    space = Experiment(read(runs()[name])).space
    lines = {line.name: line for line in exported(runs()[name].parent)}
    assert list(lines) == list(space.names)
    published = json.loads(runs()[name].with_name("champion.json").read_text())["genes"]
    for gene in space.genes:
        line = lines[gene.name]
        told = published[gene.name].get("spread")
        assert line.best == published[gene.name]["value"]
        assert line.spread == (told or gene.spread or (gene.high - gene.low) / 4)


def test_a_run_begun_at_a_file_resumes_and_replays_without_it(hop: Path, walk: Path) -> None:
    spec = read(hop, [f"start.path={walk}"])
    whole, stopped = (
        Run.create(spec, hop.parent / "whole"),
        Run.create(spec, hop.parent / "stopped"),
    )
    evolve(whole)
    evolve(stopped, 2)
    walk.unlink()
    moved = Path(shutil.move(stopped.folder, hop.parent / "moved"))
    again = Run(moved)
    evolve(again, 4)
    assert [g.genomes.tolist() for g in again.journal.generations()] == [
        g.genomes.tolist() for g in whole.journal.generations()
    ]
    assert again.spec.start == spec.start
    assert again.spec.start.path == ""
    assert again.spec.start.origin.startswith(f"{walk} sha256 ")
    assert again.spec.start.genes["period"] == Range(start=0.61803399, spread=0.013)
    elsewhere = Run.create(read(moved / "run.toml"), hop.parent / "elsewhere")  # as a run file
    assert elsewhere.upcoming().tolist() == whole.journal[0].genomes.tolist()


def test_a_resolved_run_file_with_ranges_and_starts_reads_as_the_same_spec(
    hop: Path, walk: Path
) -> None:
    spec = read(
        hop,
        [
            "controller.bounds.period=0.7~0.05<0.5,1.0>",
            "controller.bounds.knee.phase=1.5",
            "morphology.genes.torso_mass=0.3",
            f"start.path={walk}",
        ],
    )
    assert loads(dumps(spec)) == spec
    assert 'period = "0.7~0.05<0.5,1.0>"' in dumps(spec)


def test_a_start_is_seen_from_the_run_file_and_that_of_an_override_from_where_the_user_is(
    hop: Path, walk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hop.write_text(HOP + '\n[start]\npath = "walk.par"\n', encoding="utf-8")
    other = hop.parent / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    (other / "walk.par").write_text(SCONE.replace("0.61803399", "0.7"), encoding="utf-8")
    assert genes(hop)["period"].start == 0.61803399
    assert genes(hop, "start.path=walk.par")["period"].start == 0.7


def test_a_new_file_takes_the_place_of_the_one_before(hop: Path, walk: Path) -> None:
    run = Run.create(read(hop, [f"start.path={walk}"]), hop.parent / "run")
    walk.write_text("knee.offset 0.1 0.1 0.01\n", encoding="utf-8")
    spec = read(run.folder / "run.toml", [f"start.path={walk}"])
    assert list(spec.start.genes) == ["knee.offset"]


def test_a_spec_whose_start_is_not_read_is_refused(hop: Path, walk: Path) -> None:
    spec = read(hop)
    unread = spec.model_copy(update={"start": spec.start.model_copy(update={"path": str(walk)})})
    with pytest.raises(SpecError, match="is not read yet"):
        assert Experiment(unread).space


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "holds no champion: it: Invalid JSON"),
        ('{"genes": {}}', "holds no champion: genes: Dictionary should have at least 1 item"),
        ('{"genome": [0.5]}', "holds no champion: genes: Field required"),
        (
            '{"genes": {"a": {"value": "1"}}}',
            "holds no champion: genes.a.value: Input should be a valid number",
        ),
        (
            '{"genes": {"a": {"value": 1, "spread": 0}}}',
            "holds no champion: genes.a.spread: Input should be greater",
        ),
        (
            '{"genes": {"a": {"value": NaN}}}',
            "holds no champion: genes.a.value: Input should be a finite number",
        ),
    ],
)
def test_a_champion_that_tells_no_genes_is_refused(
    tmp_path: Path, content: str, words: str
) -> None:
    (tmp_path / "champion.json").write_text(content, encoding="utf-8")
    with pytest.raises(SpecError, match=words):
        start.load(tmp_path)


def test_a_folder_without_a_champion_is_told_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(
        SpecError, match=f"No champion in {tmp_path}. Make one with: evoloco report {tmp_path}"
    ):
        start.load(tmp_path)


def test_an_export_of_genes_that_the_run_lacks_is_refused(hop: Path) -> None:
    (hop.parent / "run.toml").write_text(HOP, encoding="utf-8")
    (hop.parent / "champion.json").write_text(
        '{"genes": {"perod": {"value": 0.5}}}', encoding="utf-8"
    )
    with pytest.raises(UnknownNameError, match="Did you mean 'period'"):
        exported(hop.parent)


# The command line


@pytest.mark.slow
def test_par_writes_a_file_that_evolve_begins_at(
    evoloco: Command, finished: Run, hop: Path
) -> None:
    shown = evoloco("par", finished.folder)
    file = hop.with_name("out.par")
    assert evoloco("par", finished.folder, "--out", file).out == f"Parameters: {file}\n"
    assert file.read_text(encoding="utf-8") == shown.out
    ended = evoloco(
        "evolve", hop, "--start", file, "--generations", "1", "--out", hop.parent / "next"
    )
    assert ended.code == 0, ended.err
    assert "Start: 7 of 7 genes are given a start.\n" in ended.out
    champion = finished.read_champion()["genes"]
    assert Run(hop.parent / "next").spec.start.genes["period"].start == champion["period"]["value"]


def test_a_bundled_run_is_a_start_by_its_name(
    evoloco: Command, hop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hop.parent)
    assert evoloco("par", "hopper").out == scone_par.dumps(exported(runs()["hopper"].parent))
    assert "No hoper. A start is" in evoloco("par", "hoper").err
    assert "start.path: No " in evoloco("evolve", hop, "--start", "gone.par").err
