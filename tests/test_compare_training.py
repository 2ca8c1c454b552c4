"""A policy that is trained takes part in a comparison as any contender."""

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("stable_baselines3", reason="needs the extra rl: pip install 'evoloco[rl]'")

from faults.injection import SHORT, Ended
from learners import run_file

from evoloco.compare.result import read
from evoloco.compare.searching import SPENT
from evoloco.run import Run

Command = Callable[..., Ended]

FILE = """
seeds = "0"
simulated_time = 9.0
worlds = 2
gap_worlds = 0

[tasks.hop]
run = "short.toml"

[contenders.sine]

[contenders.ppo]
run = "hop.toml"
"""


@pytest.mark.slow
def test_a_policy_is_trained_for_as_long_as_others_are_evolved(
    evoloco: Command, tmp_path: Path
) -> None:
    (tmp_path / "short.toml").write_text(SHORT, encoding="utf-8")
    run_file(tmp_path)
    file, out = tmp_path / "two.toml", tmp_path / "out"
    file.write_text(FILE, encoding="utf-8")

    assert evoloco("compare", file, "--out", out).code == 0
    sine, ppo = read(out / "comparison.json").runs
    assert (sine.reason, ppo.reason) == (SPENT, SPENT)
    run = Run(out / "hop" / "ppo" / "seed0")
    each = 2 * 4 * 32 * run.spec.scenario.control_dt
    assert ppo.simulated_time == pytest.approx((len(run.journal) - 1) * each)
    assert 9.0 <= ppo.simulated_time < 9.0 + each

    file.write_text(FILE.replace("9.0", "14.0"), encoding="utf-8")
    assert evoloco("compare", file, "--out", out).code == 0
    sine, ppo = read(out / "comparison.json").runs
    assert ppo.simulated_time >= 14.0
