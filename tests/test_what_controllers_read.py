"""Controllers of servos read what a robot has: joint angles, tilt and rate; loads on request."""

import numpy as np
import pytest
from native import Native

from evoloco import fields
from evoloco.members import member
from evoloco.morphologies import biped
from evoloco.sim.compile import CompiledController

OSCILLATORS = ("hopf", "matsuoka", "phase", "rulkov", "sine", "vanderpol")
PACED = ("hopf", "phase", "rulkov", "vanderpol")
BLIND = [
    ("feet", {}),
    *((name, {"drive": drive}) for name in OSCILLATORS for drive in ("joints", "feet")),
    *((name, {"answers": True}) for name in OSCILLATORS),
    *((name, {"feedback": ("tilt",)}) for name in PACED),
    ("matsuoka", {"feedback": ("joint", "tilt")}),
    ("matsuoka", {"topology": "ring"}),
]
"""Without loads of feet."""

LOADED = [
    ("feet", {"load": True}),
    *((name, {"load": True}) for name in OSCILLATORS),
    *((name, {"phase_reset": True}) for name in (*PACED, "matsuoka")),
    *((name, {"feedback": ("load",)}) for name in (*PACED, "matsuoka")),
]


@pytest.mark.slow  # compiles every controller once more
@pytest.mark.parametrize(("name", "options"), BLIND)
def test_a_controller_needs_no_more_than_joint_angles_tilt_and_rate(name, options):
    controller = member("controllers", name).Controller(biped.build(), **options)
    CompiledController(
        controller, fields.layout({"joint_angle": (10,), "tilt": (2,), "rate": (3,)})
    )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options"), LOADED)
def test_with_loads_it_needs_those_too_and_nothing_else(name, options):
    controller = member("controllers", name).Controller(biped.build(), **options)
    has = {"joint_angle": (10,), "tilt": (2,), "rate": (3,), "foot_load": (2,)}
    CompiledController(controller, fields.layout(has))


@pytest.mark.parametrize(("name", "options"), [*BLIND, *LOADED])
def test_loads_are_read_where_an_option_says_so_and_only_there(name, options):
    native = Native(member("controllers", name).Controller(biped.build(), **options), biped.build())
    space = native.controller.space
    values = space.decode(np.full(len(space), 0.7))

    def commands(load):
        params = native.params(values)
        return native.run(params, 1.6, lambda time: native.see(foot_load=load(time)))[1]

    def steps(time):
        return (1.0, 0.0) if time % 0.5 < 0.25 else (0.0, 1.0)

    changed = not np.array_equal(commands(steps), commands(lambda time: (0.5, 0.5)))
    assert changed == ((name, options) in LOADED)
