"""Exported C answers as the compiled Python does, and what C cannot have is refused."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from evoloco.bundled import runs
from evoloco.errors import EvolocoError
from evoloco.experiment import Experiment
from evoloco.export.c.compiled import STRICT, Compiled
from evoloco.export.c.folder import in_c
from evoloco.export.c.folder import write as write_folder
from evoloco.export.c.interface import sources
from evoloco.export.exported import Exported, ExportError
from evoloco.export.felt import felt_in, stepped
from evoloco.members import members
from evoloco.spec import read

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")

STEPS = 200

BODIES = {
    "feet": ("biped", []),
    "hopf": ("biped_hopf", []),
    "matsuoka": ("biped_fast", []),
    "muscle_fsm": ("muscle_biped_fsm", []),
    "phase": ("biped_phase", []),
    "policy": ("biped_neuro", []),
    "reflex": ("muscle_biped", []),
    "reflex3d": ("muscle_biped3d", []),
    "rulkov": ("biped_fast", ["controller.name=rulkov"]),
    "simbicon": ("muscle_biped_simbicon", []),
    "sine": ("biped_sine", []),
    "vanderpol": ("biped_fast", ["controller.name=vanderpol"]),
}
"""A run of each bundled controller."""


def exported(run, *settings):
    """A genome of a run near the middle, as something to export."""
    experiment = Experiment(read(run, settings))
    genome = np.random.default_rng(0).uniform(0.4, 0.6, len(experiment.space))
    return Exported(experiment, genome, "0" * 64, {})


def test_every_bundled_controller_is_tried():
    # What `steering` reads of the ball is computed in the simulation, so it is not exported.
    assert sorted(BODIES) == sorted(set(members("controllers")) - {"steering"})


@pytest.mark.parametrize("name", BODIES)
def test_every_bundled_controller_answers_alike_in_c(name, tmp_path):
    run, settings = BODIES[name]
    one = exported(runs()[run], *settings)
    made = sources(one, "one", {})
    felt = felt_in(one, STEPS, seed=1)
    wanted = stepped(one, felt)

    double = Compiled(made, tmp_path)
    np.testing.assert_array_equal([double.step(row) for row in felt], wanted)
    assert np.ptp(wanted, axis=0).max() > 0.01

    if name == "rulkov":
        return  # a chaotic map: what float rounds otherwise grows within a second
    single = Compiled(made, tmp_path, single=True)
    got = np.array([single.step(row) for row in felt[:50]])
    assert np.abs(got - wanted[:50]).max() < 1e-3 * np.ptp(wanted, axis=0).max()


OWN = '''
"""A controller as a user writes it: without annotations, with what Python offers."""

import math
from typing import NamedTuple

import numba
import numpy as np

from evoloco.genome import Gene, Space

GAINS = 3
WEIGHTS = np.array([0.5, -0.25, 2.0])
LEVELS = (0.1, 0.2)


class Memory(NamedTuple):
    row: np.ndarray
    table: np.ndarray


@numba.njit
def memory(n):
    return Memory(np.empty(n), np.empty((n, n)))


@numba.njit
def wave(phase, shift):
    """Even ones go up, odd ones down."""
    if shift % 2 == 0:
        return math.sin(phase)
    return -math.cos(phase) ** 2


@numba.njit
def doubled(values):
    made = np.empty(values.size)
    for i in range(values.size):
        made[i] = 2.0 * values[i]
    return made


@numba.njit
def add_up(part):
    total = 0.0
    for i in range(part.size):
        total += part[i]
    return total


def reset(params, state, dt):
    state.phase = math.pi
    state.old[:] = 0.25


def step(params, state, obs, time, dt, ctrl):
    """Advances the phase, faster the more the torso leans forward."""
    lean = obs.tilt[-1]
    last = np.zeros(GAINS)
    last[-1] = lean
    count = 0
    while count < 2:
        count += 1
        if count == 3:
            continue
        state.phase += (math.pi * params.frequency + last[-1] / 2) * dt
    a, b = state.phase, 1.0
    a, b = b, a
    scratch = memory(GAINS)
    scratch.row[:] = WEIGHTS * state.old + lean
    for i in range(GAINS):
        for k in range(GAINS - 1, -1, -1):
            scratch.table[i, k] = scratch.row[i] * (k + 1) // 1
    twice = doubled(scratch.row)
    n = int(abs(math.floor(lean))) % GAINS
    rest = add_up(twice[:n]) + add_up(twice[1:])
    bounded = max(-0.1, min(rest, 0.1)) if not math.isnan(rest) else 0.0
    state.old[:] = np.clip(state.old, -1.0, 1.0)
    state.old += dt * np.tanh(scratch.row - state.old)
    for level in LEVELS:
        bounded += 0.001 * level if level > 0.15 or lean < 0.0 else -0.001 * level
    for j in range(ctrl.size):
        ctrl[j] = params.middle[j] + params.swing[j] * wave(b, j) + bounded
        ctrl[j] += 0.01 * min(a, 0.5, scratch.table[1, j % GAINS]) + 0.001 * (-7 // 2) * (j > 0)


class Controller:
    """Waves. */ This ends no comment."""

    def __init__(self, morphology):
        self.nu = len(morphology.joints)
        self.home = [joint.home for joint in morphology.joints]
        self.space = Space([Gene("frequency", 0.5, 4.0, "Hz", "of the wave")])
        self.state = {"phase": (), "old": (3,)}

    reset = staticmethod(reset)
    step = staticmethod(step)

    def parameters(self, values):
        return {
            "frequency": values["frequency"],
            "middle": self.home,
            "swing": np.linspace(0.05, 0.1, self.nu),
        }
'''


def own(hop, code):
    """The run of a controller of one's own."""
    path = hop.with_name("own.py")
    path.write_text(code, encoding="utf-8")
    text = hop.read_text(encoding="utf-8").replace('name = "sine"', f'name = "{path}"')
    hop.write_text(text, encoding="utf-8")
    return exported(hop)


def test_controller_of_ones_own_answers_alike_in_c(hop, tmp_path):
    one = own(hop, OWN.replace("for level in LEVELS", "for level in (0.1, 0.2)"))
    made, felt = sources(one, "own", {}), felt_in(one, STEPS, seed=2)

    double = Compiled(made, tmp_path)
    np.testing.assert_array_equal([double.step(row) for row in felt], stepped(one, felt))
    for name in ("own_params", "frequency", "phase", "WEIGHTS", "Even ones go up"):
        assert name in made.source


def test_example_of_a_controller_answers_alike_in_c(tmp_path):
    example = Path(__file__).parents[1] / "examples" / "own_controller.py"
    one = exported(runs()["hopper"], f'controller.name="{example}"')
    felt = felt_in(one, STEPS, seed=4)

    double = Compiled(sources(one, "own", {}), tmp_path)
    np.testing.assert_array_equal([double.step(row) for row in felt], stepped(one, felt))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("    state.phase = sum([1.0])", "`sum()` is not translated"),
        ("    x = {}", "`{}` is not translated"),
        ("    with open('x'): pass", "`with open('x'):` is not translated"),
        ("    params.frequency = 2.0", "`params.frequency` is given to be read only"),
        ("    obs.tilt[0] = 2.0", "`obs.tilt[0]` is given to be read only"),
        ("    state.nothing = 2.0", "there is no field 'nothing'"),
        ("    x = np.empty(int(time))", "`int(time)` is not known at export"),
        ("    x = obs.tilt[::2]", "a slice with a step"),
        ("    x = state.old + obs.tilt", "arrays of different shapes"),
        ("    x = state.phase ** 5", "powers 2 and 3"),
        ("    for x in state.old: pass", "only loops over range() or a tuple"),
        ("    ctrl[0] = dt + moved(state)", "moved() writes into what it gets"),
        ("    import os", "`import os` is not translated"),
        ("    raise ValueError", "`raise ValueError` is not translated"),
    ],
)
def test_what_c_cannot_have_is_refused_with_file_and_line(hop, line, told):
    code = "@numba.njit\ndef moved(state):\n    state.phase += 1.0\n    return 1.0\n\n\ndef step("
    lean = "    lean = obs.tilt[-1]\n"
    code = OWN.replace("def step(", code, 1).replace(lean, f"{line}\n{lean}")
    number = code.partition(line)[0].count("\n") + 1
    one = own(hop, code)

    with pytest.raises(ExportError) as raised:
        sources(one, "own", {})
    assert told in str(raised.value)
    assert f"own.py, line {number}: " in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_commands_fade_in_stay_within_limits_and_hold_after_nan(tmp_path):
    one = exported(runs()["biped_fast"], "scenario.ramp=0.5")
    host, felt = one.host(), felt_in(one, 60, seed=3)
    controller = Compiled(sources(one, "one", {}), tmp_path)

    np.testing.assert_array_equal(controller.step(felt[0]), np.clip(host.home, host.low, host.high))
    commands = np.array([controller.step(100.0 * row) for row in felt])
    assert (commands >= host.low).all()
    assert (commands <= host.high).all()
    assert (commands == host.high).any()
    assert (commands == host.low).any()

    felt[0, 3] = np.nan
    for row in felt[:2]:  # the second row is finite: it holds until it is reset
        with pytest.raises(EvolocoError, match="not finite"):
            controller.step(row)
        np.testing.assert_array_equal(controller.command, commands[-1])
    controller.reset()
    np.testing.assert_array_equal(controller.step(felt[1]), np.clip(host.home, host.low, host.high))


@pytest.mark.parametrize("options", [[], ["-DBIPED_FAST_FLOAT"]])
def test_test_beside_the_exported_source_passes(options, tmp_path):
    folder = tmp_path / "out"
    assert write_folder(exported(runs()["biped_fast"]), folder, {}) == "biped_fast"

    files = sorted(folder.glob("*.c"))
    subprocess.run(["cc", *STRICT, *options, "-o", folder / "test", *files, "-lm"], check=True)
    ended = subprocess.run([folder / "test"], capture_output=True, text=True, check=True)
    assert "50 steps, largest difference" in ended.stdout

    source = folder / "biped_fast.c"
    source.write_text(source.read_text().replace("R(0.35)", "R(0.45)", 1))
    subprocess.run(["cc", *STRICT, *options, "-o", folder / "test", *files, "-lm"], check=True)
    assert subprocess.run([folder / "test"], capture_output=True, check=False).returncode == 1


def test_names_of_runs_become_names_in_c():
    assert in_c("my run-2.5") == "my_run_2_5"
    assert in_c("2d") == "run_2d"
