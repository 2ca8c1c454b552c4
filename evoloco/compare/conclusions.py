"""One plain paragraph: what can be concluded from a comparison, and what cannot."""

from collections.abc import Iterator, Mapping, Sequence

from evoloco.compare.result import Pair, Run, Settings, Summary, Task
from evoloco.compare.summary import SIGNIFICANT, differs
from evoloco.report.words import counted, number

EVEN = 0.5
"""Probability with which neither of two is better."""

UNEQUAL = 1.1
"""Ratio of simulated times from which on they are not equal."""


def conclusion(
    settings: Settings,
    contenders: Mapping[str, str],
    tasks: Sequence[Task],
    runs: Sequence[Run],
    summaries: Sequence[Summary],
    pairs: Sequence[Pair],
) -> list[str]:
    """Returns the sentences of the paragraph, the most important first.

    Args:
        settings: How much was asked for.
        contenders: In words, by name.
        tasks: The tasks.
        runs: All runs.
        summaries: Every contender, the best first.
        pairs: Every two contenders.
    """
    return [
        *_ranked(contenders, summaries),
        *_apart(contenders, summaries, pairs),
        *_power(pairs),
        *_seeds(contenders, tasks, runs),
        *_budgets(settings, tasks, runs),
        *_alone(contenders, summaries),
        f"All this is about {listed([task.label for task in tasks])}, these fitness terms, "
        "scenarios, budgets and settings of each contender; it is not about kinds of controllers "
        "in general.",
    ]


def _ranked(contenders: Mapping[str, str], summaries: Sequence[Summary]) -> Iterator[str]:
    """Says who scored what."""
    if len(summaries) < 2:
        return
    first, *others = summaries
    rest = ", ".join(f"{contenders[one.contender]} {_score(one)}" for one in others)
    yield (
        f"The interquartile mean of the scores is highest for {contenders[first.contender]}, "
        f"{_score(first)}; then {rest}."
    )


def _score(summary: Summary) -> str:
    score = summary.score
    if score.low is None or score.high is None:
        return f"{score.value:.2f} (no interval)"
    return f"{score.value:.2f} (95 %: {score.low:.2f} to {score.high:.2f})"


def _apart(
    contenders: Mapping[str, str], summaries: Sequence[Summary], pairs: Sequence[Pair]
) -> Iterator[str]:
    """Says which contenders these runs can tell apart."""
    order = [one.contender for one in summaries]
    beaten: dict[str, list[tuple[str, Pair]]] = {}
    alike = []
    for pair in sorted(pairs, key=lambda one: (order.index(one.first), order.index(one.second))):
        ahead, behind = sorted((pair.first, pair.second), key=order.index)
        if differs(pair):
            ahead, behind = (behind, ahead) if _share(pair, ahead) < EVEN else (ahead, behind)
            beaten.setdefault(ahead, []).append((behind, pair))
        else:
            alike.append(f"{contenders[ahead]} and {contenders[behind]}")

    for ahead in sorted(beaten, key=order.index):
        found = sorted(beaten[ahead], key=lambda one: order.index(one[0]))
        yield _beats(contenders, ahead, found)
    if alike:
        yield (
            f"These runs do not tell apart: {'; '.join(alike)}. Either the interval of the "
            "probability that one beats the other holds 1/2, or the corrected p is not below "
            f"{SIGNIFICANT:g}. That is no proof that they are equal."
        )


def _beats(contenders: Mapping[str, str], ahead: str, beaten: Sequence[tuple[str, Pair]]) -> str:
    """Returns the sentence on one contender and all that it beats."""
    shares = [_share(pair, ahead) for _, pair in beaten]
    largest = max(pair.corrected or 0.0 for _, pair in beaten)
    low, high = f"{min(shares):.2f}", f"{max(shares):.2f}"
    how = f"a probability of {low}" if low == high else f"probabilities of {low} to {high}"
    most = "=" if len(beaten) == 1 else "≤"
    return (
        f"{contenders[ahead]} is better than {listed([contenders[name] for name, _ in beaten])}: "
        f"its runs win with {how}, p {most} {number(largest)} after Holm's correction."
    )


def _share(pair: Pair, contender: str) -> float:
    """Returns the probability that a run of a contender beats one of the other."""
    return pair.better.value if contender == pair.first else 1 - pair.better.value


def listed(words: Sequence[str]) -> str:
    """Returns words as a list, such as "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _power(pairs: Sequence[Pair]) -> Iterator[str]:
    """Says where no test could have found a difference."""
    weak = [one for one in pairs if one.least >= SIGNIFICANT]
    if not weak:
        return
    least = min(weak, key=lambda one: one.least)
    which = "no pair" if len(weak) == len(pairs) else f"{len(weak)} of {len(pairs)} pairs not"
    yield (
        f"With {counted(least.pairs, 'pair')} of runs and {counted(len(pairs), 'pair')} of "
        f"contenders, the corrected p cannot be less than {number(least.least)}, however large the "
        f"difference: {which} could pass the test. More seeds can change that."
    )


def _seeds(
    contenders: Mapping[str, str], tasks: Sequence[Task], runs: Sequence[Run]
) -> Iterator[str]:
    """Says how many runs there are, and who has a single one."""
    counts: dict[tuple[str, str], int] = {}
    for one in runs:
        key = one.contender, one.task
        counts[key] = counts.get(key, 0) + 1
    labels = {task.name: task.label for task in tasks}
    single = [
        f"{contenders[name]} on {labels[task]}" for (name, task), n in counts.items() if n < 2
    ]
    if single:
        yield (
            f"A single seed has no interval: {', '.join(single)}. Nothing can be said of how it "
            "would be with another seed."
        )

    numbers = sorted(set(counts.values()))
    each = f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
    noun = "run" if numbers[-1] == 1 else "runs"
    yield f"Each contender has {each} {noun} in each of its tasks."


def _budgets(settings: Settings, tasks: Sequence[Task], runs: Sequence[Run]) -> Iterator[str]:
    """Says what the searches had spent."""
    if settings.simulated_time is not None:
        budget = number(settings.simulated_time)
        yield f"Every search had {budget} s of simulated time, and may have stopped by itself."
    for task in tasks:
        spent = [one.simulated_time for one in runs if one.task == task.name]
        if settings.simulated_time is None and max(spent) > UNEQUAL * min(spent):
            ends = f"{number(min(spent))} to {number(max(spent))} s"
            yield (
                f"On {task.label} the searches spent {ends} of simulated time, so champions of "
                "unequal budgets are compared; the table of equal costs and the learning curves "
                "are fair."
            )


def _alone(contenders: Mapping[str, str], summaries: Sequence[Summary]) -> Iterator[str]:
    """Names contenders that met nobody."""
    met = {one.contender for one in summaries}
    alone = [label for name, label in contenders.items() if name not in met]
    if alone:
        yield (
            f"{', '.join(alone)} met no other contender on the same body, so its numbers stand "
            "beside the others and are not compared."
        )
