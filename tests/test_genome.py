import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evoloco.bundled import run_file
from evoloco.errors import EvolocoError
from evoloco.experiment import Experiment
from evoloco.genome import Gene, Space
from evoloco.spec import read

SPACE = Space(
    [
        Gene("hip.offset", -0.5, 1.5, "rad", "shift of the hip"),
        Gene("period", 0.1, 10.0, "s", "duration of a stride", log=True),
        Gene("gain", 0.0, 2.0),
    ]
)

repeatable = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_decode_spans_the_bounds_linearly_or_in_equal_ratios() -> None:
    assert SPACE.decode(np.zeros(3)) == pytest.approx(
        {"hip.offset": -0.5, "period": 0.1, "gain": 0.0}
    )
    assert SPACE.decode(np.ones(3)) == pytest.approx(
        {"hip.offset": 1.5, "period": 10.0, "gain": 2.0}
    )
    assert SPACE.decode(np.full(3, 0.5)) == pytest.approx(
        {"hip.offset": 0.5, "period": 1.0, "gain": 1.0}
    )


def test_encode_is_the_inverse_of_decode() -> None:
    for genome in np.random.default_rng(0).random((50, 3)):
        np.testing.assert_allclose(
            SPACE.encode(SPACE.decode(genome)), genome, atol=1e-14
        )  # a few roundings
        values = SPACE.decode(genome)
        assert SPACE.decode(SPACE.encode(values)) == pytest.approx(values, rel=1e-14)


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """Up to 20 genes of all kinds; the widest range is a million times the narrowest."""
    genes = []
    for place in range(draw(st.integers(1, 20))):
        kind = draw(st.sampled_from([{}, {"log": True}, {"levels": draw(st.integers(2, 300))}]))
        low = draw(st.floats(1e-3 if "log" in kind else -1e3, 1e3))
        genes.append(Gene(f"gene_{place}", low, low + draw(st.floats(1e-3, 1e3)), **kind))
    return Space(genes)


@st.composite
def generations(draw: st.DrawFn) -> tuple[Space, np.ndarray]:
    """A space and genomes (λ, n) of it."""
    space = draw(spaces())
    shape = (draw(st.integers(1, 8)), len(space))
    return space, draw(arrays(np.float64, shape, elements=st.floats(0.0, 1.0)))


def gene_by_gene(space: Space, genomes: np.ndarray) -> np.ndarray:
    return np.array(
        [
            [gene.decode(position) for gene, position in zip(space.genes, genome, strict=True)]
            for genome in genomes
        ]
    )


@repeatable
@given(generations())
def test_a_generation_decoded_at_once_is_decoded_gene_by_gene_to_the_last_bit(
    generation: tuple[Space, np.ndarray],
) -> None:
    space, genomes = generation
    expected = gene_by_gene(space, genomes)
    assert space.values(genomes).tobytes() == expected.tobytes()
    assert [list(space.decode(genome).values()) for genome in genomes] == expected.tolist()


def test_so_is_one_so_large_that_the_processor_computes_many_values_at_a_time() -> None:
    random = np.random.default_rng(0)
    lows, widths = random.uniform(0.01, 10, 1000), random.uniform(0.01, 1e4, 1000)
    kinds = [{}, {"log": True}, {"levels": 7}]
    large = Space(
        [
            Gene(f"gene_{place}", low, low + width, **kinds[place % 3])
            for place, (low, width) in enumerate(zip(lows, widths, strict=True))
        ]
    )
    genomes = random.random((16, 1000))
    assert large.values(genomes).tobytes() == gene_by_gene(large, genomes).tobytes()


@repeatable
@given(generations())
def test_encode_undoes_decode_up_to_rounding_and_gives_the_nearest_level(
    generation: tuple[Space, np.ndarray],
) -> None:
    space, genomes = generation
    for genome in genomes:
        again = space.encode(space.decode(genome))
        nearest = [g.snap(p) for g, p in zip(space.genes, genome, strict=True)]
        # The bounds are at most a million times the range: 1e6 roundings of 1e-16, and some.
        np.testing.assert_allclose(again, nearest, rtol=0, atol=1e-9)
        assert again[space.levels > 0].tolist() == np.array(nearest)[space.levels > 0].tolist()


def test_genomes_are_decoded_along_the_last_axis_whatever_the_others_are() -> None:
    genomes = np.random.default_rng(0).random((2, 4, 3))
    assert SPACE.values(genomes).shape == (2, 4, 3)
    assert SPACE.values(genomes)[1, 2].tolist() == list(SPACE.decode(genomes[1, 2]).values())
    assert SPACE.values(np.zeros((0, 3))).shape == (0, 3)


def test_equal_steps_of_a_logarithmic_gene_are_equal_ratios() -> None:
    values = [SPACE.genes[1].decode(position) for position in np.linspace(0, 1, 11)]
    np.testing.assert_allclose(np.diff(np.log(values)), math.log(100.0) / 10, rtol=1e-12)


def test_description_marks_genes_that_sit_on_a_bound() -> None:
    rows = SPACE.describe(np.array([0.0, 0.5, 0.99999]))
    assert [row["bound"] for row in rows] == ["low", "", "high"]
    assert [row["name"] for row in rows] == list(SPACE.names)
    assert rows[0] == {
        "name": "hip.offset",
        "value": -0.5,
        "unit": "rad",
        "low": -0.5,
        "high": 1.5,
        "meaning": "shift of the hip",
        "bound": "low",
    }
    assert len(SPACE) == len(rows)


@pytest.mark.parametrize(
    ("low", "high", "log", "words"),
    [
        (1.0, 1.0, False, "'g': low 1.0 must be below high 1.0"),
        (2.0, 1.0, False, "'g': low 2.0 must be below high 1.0"),
        (0.0, 1.0, True, "'g': a log-scaled gene needs positive bounds, not 0.0"),
        (math.nan, 1.0, False, "'g': low nan must be below"),
    ],
)
def test_impossible_bounds_are_refused(low: float, high: float, log: bool, words: str) -> None:
    with pytest.raises(EvolocoError, match=words):
        Gene("g", low, high, log=log)


STEPPED = Space(
    [Gene("switch", 0.0, 1.0, levels=2), Gene("count", 1.0, 5.0, levels=3), Gene("gain", 0.0, 2.0)]
)


def test_a_position_stands_for_the_nearest_level() -> None:
    for position, switch, count in [
        (0.0, 0, 1),
        (0.24, 0, 1),
        (0.26, 0, 3),
        (0.7, 1, 3),
        (0.76, 1, 5),
        (1.0, 1, 5),
    ]:
        values = STEPPED.decode(np.array([position, position, position]))
        assert values == {"switch": switch, "count": count, "gain": 2 * position}


def test_encode_gives_positions_of_levels_and_decode_their_values() -> None:
    values = {"switch": 1.0, "count": 3.0, "gain": 0.5}
    assert STEPPED.encode(values).tolist() == [1.0, 0.5, 0.25]
    assert STEPPED.decode(STEPPED.encode(values)) == values
    assert STEPPED.encode({"switch": 0.7, "count": 2.9, "gain": 0.5}).tolist() == [1.0, 0.5, 0.25]


def test_drawn_genomes_take_every_level_equally_often() -> None:
    genomes = STEPPED.draw(np.random.default_rng(0), 3000)
    assert genomes.shape == (3000, 3)
    for place, levels in ((0, 2), (1, 3)):
        values, counts = np.unique(genomes[:, place], return_counts=True)
        assert values.tolist() == (np.arange(levels) / (levels - 1)).tolist()
        assert np.abs(counts - 3000 / levels).max() < 5 * np.sqrt(
            3000 / 4
        )  # five standard deviations
    assert len(np.unique(genomes[:, 2])) == 3000


def test_a_gene_with_levels_is_never_called_on_a_bound() -> None:
    assert [row["bound"] for row in STEPPED.describe(np.ones(3))] == ["", "", "high"]


@pytest.mark.parametrize(
    ("levels", "log", "words"),
    [
        (1, False, "levels must be 0, for a continuous gene, or 2"),
        (-2, False, "levels must be 0"),
        (3, True, "evenly"),
    ],
)
def test_impossible_levels_are_refused(levels: int, log: bool, words: str) -> None:
    with pytest.raises(EvolocoError, match=words):
        Gene("g", 1.0, 2.0, log=log, levels=levels)


def test_a_gene_named_twice_is_refused() -> None:
    with pytest.raises(EvolocoError, match=r"named twice: a\."):
        Space([Gene("a", 0, 1), Gene("b", 0, 1), Gene("a", 0, 2)])


def test_a_genome_of_another_length_is_refused() -> None:
    with pytest.raises(EvolocoError, match="2 numbers came, this space has 3 genes"):
        SPACE.decode(np.zeros(2))
    with pytest.raises(EvolocoError, match="2 numbers came, this space has 3 genes"):
        SPACE.values(np.zeros((3, 2)))
    with pytest.raises(EvolocoError, match=r"\(3,\), not of \(1, 3\)\. `values` takes several"):
        SPACE.decode(np.zeros((1, 3)))


@pytest.mark.parametrize("bad", [-1e-9, 1.0 + 1e-9, math.nan])
def test_a_genome_outside_the_unit_cube_is_refused_by_the_name_of_the_gene(bad: float) -> None:
    with pytest.raises(EvolocoError, match=r"leaves \[0, 1\] at gene 'period'"):
        SPACE.decode(np.array([0.5, bad, 0.5]))
    with pytest.raises(EvolocoError, match=r"leaves \[0, 1\] at gene 'period'"):
        SPACE.values(np.array([[0.5, 0.5, 0.5], [0.5, bad, 2.0]]))


def test_a_value_that_is_missing_is_named() -> None:
    with pytest.raises(EvolocoError, match="No value for the genes period, gain"):
        SPACE.encode({"hip.offset": 0.0})


def test_a_start_is_a_position_and_stays_within_other_bounds() -> None:
    gene = Gene("lean", -1.0, 3.0, start=0.0, spread=0.4)
    space = Space([gene, Gene("plain", 0.0, 1.0)])
    assert space.start.tolist() == [0.25, 0.5]
    assert space.spread[0] == pytest.approx(0.1)
    assert np.isnan(space.spread[1])
    assert gene.between(-0.5, 0.5).start == 0.0
    assert gene.between(0.5, 2.0).start is None
    assert gene.between(0.5, 2.0).spread == 0.4


def test_bounds_beyond_a_genes_limits_are_refused_and_told_why() -> None:
    gene = Gene("landing", -0.5, 0.5, limits=(-1.0, 1.0), beyond="no foot gets")
    assert gene.between(-1.0, 1.0).high == 1.0
    with pytest.raises(
        EvolocoError,
        match=r"Gene 'landing': 1\.2 is not within -1 to 1, beyond which no foot gets\.",
    ):
        gene.between(0.0, 1.2)
    with pytest.raises(EvolocoError, match=r"-3 is not within"):
        gene.check(-3.0)


@pytest.mark.parametrize(
    "override",
    [
        "controller.bounds.landing=[1.1, 1.5]",
        "controller.fixed.late=-2.0",
        "controller.bounds.threshold=[1.5, 3]",
    ],
)
@pytest.mark.parametrize("run", ["muscle_biped", "muscle_biped_fsm"])
def test_thresholds_that_make_a_state_unreachable_are_refused(run: str, override: str) -> None:
    with pytest.raises(
        EvolocoError, match=r"controller\.(bounds|fixed).*is not within.*beyond which"
    ):
        assert Experiment(read(run_file(run), [override])).space


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start": 2.0}, r"start 2\.0 must be within 0\.0 to 1\.0"),
        ({"spread": 0.0}, "spread must be positive"),
        ({"spread": 0.1, "levels": 3}, "a spread is of continuous genes"),
    ],
)
def test_a_start_or_spread_that_cannot_be_is_told(changes: dict, words: str) -> None:
    with pytest.raises(EvolocoError, match=words):
        Gene("odd", 0.0, 1.0, **changes)
