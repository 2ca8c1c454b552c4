import numpy as np
import pytest

from evoloco.evaluators.chunks import FATAL, SHORTEST, TARGET, Chunk, Chunks


def work(chunks: Chunks, guilty: set[int], pace: float = 0.01) -> tuple[list[int], list[int], int]:
    """Hands out all genomes to workers that guilty ones kill: genomes done, given up, deaths."""
    done: list[int] = []
    given_up: list[int] = []
    deaths = 0
    while chunk := chunks.take(pace, 2):
        genomes = range(chunk.first, chunk.last)
        if not guilty & set(genomes):
            done += genomes
            continue
        deaths += 1
        if chunks.lose(chunk):
            given_up += genomes
    return done, given_up, deaths


@pytest.mark.parametrize("guilty", [set(), {0}, {17}, {39}, {3, 4}, {1, 20, 38}, set(range(40))])
def test_every_genome_is_done_once_but_the_guilty_ones_are_given_up(guilty: set[int]) -> None:
    done, given_up, _ = work(Chunks(40), guilty)
    assert sorted(done) == sorted(set(range(40)) - guilty)
    assert sorted(given_up) == sorted(guilty)


def test_one_guilty_genome_among_eight_is_found_at_the_price_of_eight_workers() -> None:
    assert len(Chunks(32).take(TARGET / 8, 2) or "") == 8
    _, given_up, deaths = work(Chunks(32), {5}, TARGET / 8)
    assert given_up == [5]
    assert deaths == FATAL + 2 + FATAL  # eight genomes thrice, four and two once, one thrice


@pytest.mark.parametrize("losses", [1, 2])
def test_genomes_whose_workers_died_by_chance_are_done_all_the_same(losses: int) -> None:
    for first in range(40):
        chunks, left, done = Chunks(40), {first: losses}, []
        while chunk := chunks.take(0.01, 2):
            if left.get(chunk.first):
                left[chunk.first] -= 1
                assert not chunks.lose(chunk)
            else:
                done += range(chunk.first, chunk.last)
        assert sorted(done) == list(range(40))


def test_a_lone_genome_from_a_split_must_end_three_workers_itself() -> None:
    chunks = Chunks(2)
    assert not chunks.lose(Chunk(0, 2, FATAL - 1))
    halves = [chunks.take(0.0, 1), chunks.take(0.0, 1)]
    assert sorted((chunk.first, chunk.last, chunk.deaths) for chunk in halves if chunk) == [
        (0, 1, 0),
        (1, 2, 0),
    ]


@pytest.mark.parametrize("pace", [0.001, 0.004, 0.02, 0.1, 2.0])
@pytest.mark.parametrize("workers", [1, 2, 7])
def test_chunks_take_about_the_target_and_get_shorter_towards_the_end(
    pace: float, workers: int
) -> None:
    chunks, lengths, left = Chunks(5000), [], 5000
    while chunk := chunks.take(pace, workers):
        most = max(left / (2 * workers), SHORTEST / pace)
        assert len(chunk) <= max(round(TARGET / pace), 1)
        assert len(chunk) < most + 1
        left -= len(chunk)
        lengths.append(len(chunk))
    assert left == 0
    assert lengths[0] == max(round(TARGET / pace), 1)
    assert np.all(np.diff(lengths) <= 0)
    assert lengths[-1] * pace < SHORTEST + pace


def test_a_worker_whose_pace_is_unknown_gets_one_genome() -> None:
    chunk = Chunks(100).take(0.0, 2)
    assert chunk == Chunk(0, 1)
