"""Falls of a champion over the width of gaps between robot and model, as in `evoloco check`."""

from evoloco.check.bench import Bench
from evoloco.check.gaps import PRESET
from evoloco.check.gaps import Gap as CheckGap
from evoloco.check.log import Log
from evoloco.check.result import Settings
from evoloco.check.survey import Survey
from evoloco.compare.result import Falls, Gap
from evoloco.genome import Array
from evoloco.spec import RunSpec

ALL = (0.5, 1.0, 1.5, 2.0)
"""Widths of worlds with all gaps at once."""

SINGLE = (1.0, 2.0, 4.0)
"""Widths of single gaps."""


def robustness(
    spec: RunSpec, genome: Array, worlds: int, log: Log, threads: int = 0
) -> tuple[tuple[Falls, ...], dict[str, Gap]]:
    """Returns the falls with all gaps at once, and those of each gap that the body has.

    Args:
        spec: Of the run, with the judge's scenario and seed.
        genome: Of the champion (n,).
        worlds: Worlds at each width of each single gap; all gaps at once have five times as many.
        log: Of what is measured.
        threads: Number of threads; 0 for all CPUs.
    """
    with Bench(spec, genome, threads) as bench:
        many = 5 * worlds
        settings = Settings(worlds=worlds, hidden=many, duration=bench.duration, preset=PRESET)
        survey = Survey(bench, settings, log)
        wide = tuple(_falls(survey, survey.together(width), width, many) for width in ALL)
        gaps = {}
        for gap in sorted(survey.gaps, key=lambda one: one.is_noise):
            fit = [width for width in SINGLE if gap.fits(bench.experiment, width)]
            falls = tuple(_falls(survey, [(gap, width)], width, worlds) for width in fit)
            gaps[gap.name] = Gap(label=gap.label, extent=gap.extent(), falls=falls)
    return wide, gaps


def _falls(survey: Survey, parts: list[tuple[CheckGap, float]], width: float, worlds: int) -> Falls:
    tally = survey.tally("gaps", parts, worlds)
    return Falls(width=width, falls=tally.falls, worlds=tally.worlds)
