"""A robot whose numbers nobody can read: a process that only answers commands with measurements.

Its body is the biped with hips that yaw, and other masses. Its servos are none of the models of
`evoloco identify`: LuGre friction, a current that lags, backlash with an elastic gear behind the
encoder, and a delayed command. The numbers are drawn in the process, from its seed.

    python benchmarks/hidden_body.py SEED {hung|standing}

reads lines of JSON and answers each with one. `Hidden` is the other end, and what stands behind an
emulated bus (`evoloco.bus.plant.Plant`).
"""

import json
import math
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

STEP = 0.001
"""Physics step of the hidden robot [s]."""

ENCODER = 2 * math.pi / 4096
"""Step of the servos' encoders [rad]."""

TACHOMETER = 0.229 * 2 * math.pi / 60
"""Step of the servos' velocities [rad/s]."""

RANGES = {
    "gain": (0.5, 1.1),  # over the data sheet's
    "armature": (0.75, 1.4),  # over the identified one
    "coulomb": (0.06, 0.2),  # [N m], level of LuGre's friction at speed
    "static": (1.4, 2.2),  # over that, LuGre's friction at rest
    "stribeck": (0.1, 0.4),  # [rad/s]
    "bristle": (30.0, 80.0),  # [N m/rad], their stiffness
    "viscous": (0.02, 0.15),  # [N m s/rad]
    "play": (0.003, 0.009),  # [rad], a quarter to half a degree
    "gear": (25.0, 45.0),  # [Hz], at which a link would swing on its elastic gear
    "mass": (0.9, 1.1),  # of links, over the model's
}
"""What differs from joint to joint."""

DELAY, LAG = (0.02, 0.055), (0.003, 0.010)
"""Of all servos: from a command to the controller, and time constant of the current [s]."""


def main() -> None:
    """The hidden process: answers until its input ends."""
    from evoloco.errors import EvolocoError

    seed, mount = int(sys.argv[1]), sys.argv[2]
    robot = Robot(seed, hung=mount == "hung")
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = robot.answer(asked)
        except EvolocoError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


class Robot:
    """The hidden robot.

    Args:
        seed: Of its numbers.
        hung: Whether it hangs by its torso; else it stands at home.
    """

    def __init__(self, seed: int, hung: bool) -> None:
        import mujoco

        from evoloco.identify.hanging import hang
        from evoloco.morphologies import biped

        rng = np.random.default_rng([seed, 20261128])
        body = biped.build(hip_yaw=True, timestep=STEP)
        body = hang(body) if hung else body
        self.names = [joint.name for joint in body.joints]
        self.drawn = {
            what: rng.uniform(*bounds, len(self.names)) for what, bounds in RANGES.items()
        }
        self.delay, self.lag = float(rng.uniform(*DELAY)), float(rng.uniform(*LAG))

        spec = body.spec.copy()
        self._home = self._rebuild(spec, body)
        self._body, self._model = body, spec.compile()
        self._data = mujoco.MjData(self._model)
        self._begin()

    def _rebuild(self, spec: Any, body: Any) -> np.ndarray:
        """Puts the hidden servos into a spec; returns the commands at home."""
        import mujoco

        from evoloco.servo import XM430

        for place, joint in enumerate(body.joints):
            number = {what: float(values[place]) for what, values in self.drawn.items()}
            shaft = spec.joint(joint.name)
            shaft.armature = number["armature"] * XM430.armature
            shaft.frictionloss, shaft.damping = 0.0, [number["viscous"], 0, 0]
            motor = spec.actuator(joint.name)
            friction = number["coulomb"]
            motor.set_to_dcmotor(
                motorconst=[0, 0],
                resistance=0,
                nominal=[XM430.voltage, XM430.stall_torque, XM430.no_load_speed],
                controller=[number["gain"] * XM430.stiffness, 0, XM430.damping, 0, 0, 12.0],
                ctrlspec=int(mujoco.mjtCtrlInput.mjINPUT_POS),
                inductance=[0, self.lag],
                lugre=[
                    *(number["bristle"], 0.3, friction, friction * number["static"]),
                    number["stribeck"],
                ],
            )
            motor.delay, motor.nsample = self.delay, math.ceil(self.delay / STEP)

        self._add_play(spec, body)
        for link in spec.bodies:
            for geom in link.geoms:
                if link.name.startswith(("thigh", "shank", "foot")) and geom.mass > 0:
                    geom.mass *= self.drawn["mass"][hash_of(link.name) % len(self.names)]

        return np.array([joint.home for joint in body.joints])

    def _add_play(self, spec: Any, body: Any) -> None:
        """Gives every driven joint a second hinge behind the encoder, with play and a spring."""
        import mujoco

        key = spec.key("home")
        ctrl, before = list(key.ctrl), list(key.qpos)
        spec.delete(key)
        for link in spec.bodies:
            for joint in [one for one in link.joints if one.name in self.names]:
                place = self.names.index(joint.name)
                half = float(self.drawn["play"][place]) / 2
                omega = 2 * math.pi * float(self.drawn["gear"][place])
                link.add_joint(
                    name=f"{joint.name}.play",
                    type=mujoco.mjtJoint.mjJNT_HINGE,
                    axis=joint.axis,
                    pos=joint.pos,
                    range=[-half, half],
                    limited=mujoco.mjtLimited.mjLIMITED_TRUE,
                    armature=2e-4,
                    damping=[0.01, 0, 0],
                    solref_limit=[-(omega**2), -2 * 0.3 * omega],  # a damping ratio of 0.3
                )

        model = spec.compile()
        qpos = np.zeros(model.nq)
        floating = model.nq - 2 * len(self.names)
        qpos[:floating] = before[:floating]
        for joint in body.joints:
            qpos[model.joint(joint.name).qposadr[0]] = joint.home
        spec.add_key(name="home", qpos=qpos, ctrl=ctrl)

    def _begin(self) -> None:
        """The home posture, at rest, the command held for long."""
        import mujoco

        from evoloco.delay import fill_histories
        from evoloco.morphology import HOME

        model, data = self._model, self._data
        mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
        fill_histories(model, data)
        mujoco.mj_forward(model, data)
        self._places = [int(model.joint(name).qposadr[0]) for name in self.names]
        self._dofs = [int(model.joint(name).dofadr[0]) for name in self.names]
        self._plays = [model.joint(f"{name}.play").id for name in self.names]

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What one line asks for."""
        if asked["do"] == "describe":
            return {"joints": self.names, "feet": self._body.feet, "home": self._home.tolist()}
        if asked["do"] == "advance":
            self._advance(np.array(asked["targets"]), np.array(asked["driven"]), asked["duration"])
            return self._read()
        if asked["do"] == "read":
            return self._read()
        if asked["do"] == "push":
            free = self._model.body_dofadr[self._model.body(self._body.torso).id]
            self._data.qvel[free : free + 3] += asked["velocity"]
            return {}
        if asked["do"] == "reveal":  # after everything is fitted
            return {"delay": self.delay, "lag": self.lag}
        torso = self._data.body(self._body.torso_frame)
        x, y, z = torso.xpos
        lean = math.acos(min(max(float(torso.xmat[8]), -1.0), 1.0))
        return {"x [m]": float(x), "y [m]": float(y), "z [m]": float(z), "lean [rad]": lean}

    def _advance(self, targets: np.ndarray, driven: np.ndarray, duration: float) -> None:
        import mujoco

        count, model = len(self.names), self._model
        model.actuator_forcelimited[:count] = ~driven
        model.actuator_forcerange[:count] = 0.0
        self._data.ctrl[:count] = targets
        for _ in range(round(duration / STEP)):
            mujoco.mj_step(model, self._data)

    def _read(self) -> dict[str, Any]:
        data, body = self._data, self._body

        def sensor(name: str) -> list[float]:
            return np.array(data.sensor(name).data).tolist()

        return {
            "angle": data.qpos[self._places].tolist(),
            "velocity": data.qvel[self._dofs].tolist(),
            "torque": self._on_links().tolist(),
            "orientation": sensor("torso.orientation"),
            "rate": sensor("torso.rate"),
            "acceleration": sensor("torso.acceleration"),
            "load": [sensor(f"foot.{foot}.ground")[2] for foot in body.feet],
        }

    def _on_links(self) -> np.ndarray:
        """Torque of each gear on its link [N m]: what stops at the end of the play."""
        import mujoco

        data, model = self._data, self._model
        found = np.zeros(len(self.names))
        limit = int(mujoco.mjtConstraint.mjCNSTR_LIMIT_JOINT)
        for row in np.flatnonzero(data.efc_type[: data.nefc] == limit):
            if (joint := int(data.efc_id[row])) in self._plays:
                angle = data.qpos[model.jnt_qposadr[joint]]
                found[self._plays.index(joint)] -= math.copysign(data.efc_force[row], angle)
        return found


def hash_of(name: str) -> int:
    """A number of a name that does not change from process to process."""
    return sum(name.encode())


class Hidden:
    """The other end of the pipe: a plant whose numbers cannot be read.

    Args:
        seed: Of its numbers.
        hung: Whether it hangs by its torso.
    """

    def __init__(self, seed: int, hung: bool = False) -> None:
        mount = "hung" if hung else "standing"
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), str(seed), mount],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        told = self.ask(do="describe")
        self.joints, self.feet = tuple(told["joints"]), tuple(told["feet"])
        self.home = np.array(told["home"])
        self._last = self.ask(do="read")

    def ask(self, **what: Any) -> dict[str, Any]:
        """One line there, one line back."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(what) + "\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def read(self) -> Any:
        """What is felt now."""
        from evoloco.bus.plant import Readings

        return Readings(**{name: np.array(values) for name, values in self._last.items()})

    def advance(self, targets: np.ndarray, driven: np.ndarray, duration: float) -> None:
        """Lets time pass."""
        self._last = self.ask(
            do="advance", targets=targets.tolist(), driven=driven.tolist(), duration=duration
        )

    def push(self, velocity: np.ndarray) -> None:
        """Changes the velocity of the torso, in the world [m/s] (3,)."""
        self.ask(do="push", velocity=velocity.tolist())

    def truth(self) -> Mapping[str, float]:
        """Where the torso is, and how far it leans."""
        return self.ask(do="truth")

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


if __name__ == "__main__":
    main()
