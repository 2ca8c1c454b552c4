"""Simulations of the hand, each in a world of its own, stepped together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.dexterity.table import LONGEST_DELAY, Array, Kind, World, draw
from evoloco.hand import Hand
from evoloco.morphology import HOME

CONTROL, PHYSICS = 0.08, 0.008
"""Time of a control step and of a physics step [s]."""

BINS = np.linspace(-1, 1, 5)
"""Actions of a joint."""

LARGEST = 0.9
"""How far an action of 1 puts a servo's target from home [rad]."""

SMOOTHING = 0.3
"""Share of the last action in the next one."""

TOLERANCE, FARTHER = 0.4, 0.8
"""How near a goal counts, and how far away the next one is at least [rad]."""

PATIENCE = 100
"""Control steps in which a goal must be reached."""

MOST = 50
"""Goals after which an episode ends."""

DROPPED = 0.05
"""Distance from the middle of the palm where the block counts as dropped [m]."""

REACHED, LOST = 5.0, -20.0
"""Rewards of a goal and of a drop, besides the angle by which the goal came nearer [rad]."""

BLIND = round(1 / CONTROL)
"""Control steps for which a lost tip is not seen."""

FADING = 0.99
"""What is left of a force on the block after a control step."""

See = Callable[[int, mujoco.MjData], Array]
"""Finds x, y [m] and the angle [rad] of the block in a picture of a simulation."""


@dataclass(frozen=True)
class Happened:
    """What came of a control step.

    Attributes:
        reward: (n,).
        ended: Whether the episode is over (n,).
        goals: Goals reached in an episode so far (n,), before a new one begins.
        dropped: Whether it ended by a drop or by diverging (n,).
    """

    reward: Array
    ended: NDArray[np.bool_]
    goals: NDArray[np.int64]
    dropped: NDArray[np.bool_]


class Worlds:
    """Hands that act at the same time.

    What a policy sees (n, `inputs`): tips of the fingers, place of the block, cosine and sine of
    its angle, of four times its angle (a square looks the same then), and of the angle to the goal.
    A critic knows the exact state and the world besides.

    Args:
        hand: The hand.
        count: Number of simulations.
        kind: Of worlds.
        seed: Of worlds, goals and noise.
        again: Whether an episode that ended is followed by another one.
        see: Finds the block in pictures, if a policy shall not be told its place.
        first: Number of the first world, so that worlds can be visited a few at a time.

    Attributes:
        strength: Share of a world's differences that episodes which begin will have.
        worlds: Of each simulation.
        over: Which simulations have ended for good (n,).
        goals: Reached in the present episode (n,).
    """

    inputs = 14

    def __init__(
        self,
        hand: Hand,
        count: int,
        kind: Kind,
        seed: int,
        again: bool = True,
        see: See | None = None,
        first: int = 0,
    ) -> None:
        self.count, self.kind, self.seed, self._again, self._see = count, kind, seed, again, see
        self._first, self.strength = first, 1.0
        self._nominal = hand.model
        self._models = [hand.spec.copy().compile() for _ in range(count)]
        self.datas = [mujoco.MjData(model) for model in self._models]
        self.joints = len(hand.joints)
        self._driven = np.array([hand.model.joint(name).qposadr[0] for name in hand.joints])
        names = ("object_x", "object_y", "object_angle")
        self._thing = np.array([hand.model.joint(name).qposadr[0] for name in names])
        self._tips = np.array([hand.model.site(name).id for name in hand.tips])
        self._block = hand.model.body(hand.object).id
        self._home = hand.model.key(HOME).id
        self._rest = hand.model.key(HOME).qpos[self._driven]

        self._noise = np.random.Generator(
            np.random.Philox(np.random.SeedSequence([seed, 1, first]))
        )
        self._episodes = np.zeros(count, np.int64)
        self.worlds: list[World] = [draw(np.random.default_rng(0), "nominal")] * count
        self.over = np.zeros(count, bool)
        self._clear()
        for index in range(count):
            self._begin(index)
        self._look()
        self._seen = self._read()

    def _clear(self) -> None:
        """Makes room for what is kept of every simulation."""
        count, joints, tips = self.count, self.joints, len(self._tips)
        self._angles = np.zeros((count, joints))
        self._pose = np.zeros((count, 3))
        self._places = np.zeros((count, tips, 2))
        self._goal, self._away = np.zeros(count), np.zeros(count)
        self._since, self.goals = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self._queue = np.zeros((LONGEST_DELAY + 1, count, joints))
        self._smooth, self._target = np.zeros((count, joints)), np.zeros((count, joints))
        self._kick = np.zeros((count, 2))
        self._shown, self._blind = np.zeros((count, tips, 2)), np.zeros((count, tips), np.int64)
        self._rngs: list[np.random.Generator] = [np.random.default_rng(0)] * count

    # Episodes

    def _begin(self, index: int) -> None:
        """Begins an episode in a new world."""
        key = np.random.SeedSequence(
            [self.seed, 0, self._first + index, int(self._episodes[index])]
        )
        rng = np.random.Generator(np.random.Philox(key))
        self._episodes[index] += 1
        world = draw(rng, self.kind, self.joints, len(self._tips))
        if self.strength < 1:
            world = world.weaker(self.strength)
        self.worlds[index], self._rngs[index] = world, rng
        model, data = self._models[index], self.datas[index]
        self._build(model, world)

        mujoco.mj_resetDataKeyframe(model, data, self._home)
        data.qpos[self._driven] += rng.normal(0, 0.03, self.joints)
        data.qpos[self._thing] = [*rng.uniform(-0.003, 0.003, 2), rng.uniform(-np.pi, np.pi)]
        mujoco.mj_kinematics(model, data)
        self._queue[:, index], self._smooth[index], self._kick[index] = 0, 0, 0
        self._target[index] = data.qpos[self._driven]
        self._blind[index], self.goals[index] = 0, 0
        self._next_goal(index, float(data.qpos[self._thing[2]]))

    def _build(self, model: mujoco.MjModel, world: World) -> None:
        """Makes a model that of a world."""
        base, block = self._nominal, self._block
        driven = base.actuator_trnid[:, 0]
        dofs, links = base.jnt_dofadr[driven], base.jnt_bodyid[driven]
        shape = base.body_geomadr[block]
        model.geom_size[shape, :2] = base.geom_size[shape, :2] * world.size
        for factor, bodies in ((world.object_mass, block), (world.link_mass, links)):
            model.body_mass[bodies] = base.body_mass[bodies] * factor
            scale = np.asarray(factor)[..., None]
            model.body_inertia[bodies] = base.body_inertia[bodies] * scale
        model.geom_friction[:, 0] = base.geom_friction[:, 0] * world.friction
        model.dof_damping[dofs] = base.dof_damping[dofs] * world.damping
        model.actuator_gainprm[:, 0] = base.actuator_gainprm[:, 0] * world.gain
        model.actuator_biasprm[:, 1] = base.actuator_biasprm[:, 1] * world.gain
        model.jnt_range[driven] = base.jnt_range[driven] + world.limits.T
        model.opt.gravity[:] = base.opt.gravity + world.gravity
        weight = world.object_mass * world.friction * model.opt.gravity[2] / base.opt.gravity[2]
        slides = base.jnt_dofadr[base.body_jntadr[block] : base.body_jntadr[block] + 3]
        model.dof_frictionloss[slides] = base.dof_frictionloss[slides] * weight
        model.dof_frictionloss[slides[2]] *= world.size

    def _next_goal(self, index: int, angle: float) -> None:
        """Draws a goal, at least `FARTHER` away."""
        turn = self._rngs[index].uniform(FARTHER, 2 * np.pi - FARTHER)
        self._goal[index], self._since[index] = angle + turn, 0
        self._away[index] = abs(wrapped(turn))

    # Reading

    def _look(self) -> None:
        """Takes over the exact state of all simulations."""
        for index, data in enumerate(self.datas):
            self._angles[index] = data.qpos[self._driven]
            self._pose[index] = data.qpos[self._thing]
            self._places[index] = data.site_xpos[self._tips, :2]

    def pose(self) -> Array:
        """Place [m] and angle [rad] of the blocks (n, 3)."""
        return self._pose.copy()

    def exact(self) -> Array:
        """What policies would see without noise (n, inputs)."""
        return self._inputs(self._pose[:, :2], self._pose[:, 2], self._places)

    def _inputs(self, place: Array, angle: Array, tips: Array) -> Array:
        """What is seen of places and angles, scaled to about 1 (n, inputs)."""
        left = self._goal - angle
        turns = [np.cos(angle), np.sin(angle), np.cos(4 * angle), np.sin(4 * angle)]
        turns += [np.cos(left), np.sin(left)]
        near, small = tips.reshape(self.count, -1) / 0.05, place / 0.02
        return np.concatenate([near, small, np.stack(turns, 1)], 1)

    def _of(self, name: str) -> Array:
        """A number of all worlds (n, ...)."""
        return np.array([getattr(world, name) for world in self.worlds])

    def _read(self) -> Array:
        """What policies see (n, inputs)."""
        noise = self._noise.standard_normal((self.count, 3 + 2 * len(self._tips)))
        if self._see is None:
            place = self._pose[:, :2] + self._of("place_offset")
            place += self._of("place_noise")[:, None] * noise[:, :2]
            angle = self._pose[:, 2] + self._of("angle_offset")
            angle += self._of("angle_noise") * noise[:, 2]
        else:
            alive = [
                self._pose[i] if self.over[i] else self._see(i, data)
                for i, data in enumerate(self.datas)
            ]
            place, angle = np.array(alive)[:, :2], np.array(alive)[:, 2]

        tips = self._places + self._of("tip_offset")
        tips += self._of("tip_noise")[:, None, None] * noise[:, 3:].reshape(tips.shape)
        missed = self._noise.random(self._blind.shape) < self._of("lost")[:, None]
        blind = np.where(self._blind > 0, self._blind - 1, BLIND * missed)
        blind[self._since_begin() == 0] = 0
        self._blind = blind
        self._shown = np.where(blind[..., None] > 0, self._shown, tips)

        return self._inputs(place, angle, self._shown)

    def _since_begin(self) -> NDArray[np.int64]:
        """0 where an episode has just begun (n,)."""
        return self._since + self.goals

    def seen(self) -> Array:
        """What policies see (n, inputs)."""
        return self._seen

    def known(self) -> Array:
        """What a critic knows (n, m)."""
        left, angle = self._goal - self._pose[:, 2], self._pose[:, 2]
        speeds = np.array([data.qvel for data in self.datas]) / 5
        columns = [self._angles, self._pose[:, :2] / 0.02, speeds, self._smooth]
        columns += [self._places.reshape(self.count, -1) / 0.05]
        turns = [np.cos(angle), np.sin(angle), np.cos(4 * angle), np.sin(4 * angle)]
        turns += [np.cos(left), np.sin(left), np.abs(wrapped(left)), self._since / PATIENCE]
        worlds = np.array([world.numbers() for world in self.worlds])
        return np.concatenate([*columns, np.stack(turns, 1), worlds], 1).clip(-10, 10)

    # Acting

    def step(self, actions: NDArray[Any]) -> Happened:
        """Advances all simulations by a control step.

        Args:
            actions: Indices of `BINS` (n, joints).
        """
        self._act(actions)
        failed = self._advance()
        self._look()

        away = np.abs(wrapped(self._goal - self._pose[:, 2]))
        reward = self._away - away
        self._away, self._since = away, self._since + 1
        reached = (away < TOLERANCE) & ~failed
        dropped = failed | (np.hypot(*self._pose[:, :2].T) > DROPPED)
        self.goals = self.goals + reached
        reward += REACHED * reached
        reward = np.where(dropped, LOST, reward)
        for index in np.flatnonzero(reached).tolist():
            self._next_goal(index, float(self._pose[index, 2]))

        ended = dropped | (self._since >= PATIENCE) | (self.goals >= MOST)
        found = Happened(reward, ended, self.goals.copy(), dropped)
        for index in np.flatnonzero(ended).tolist():
            if self._again:
                self._begin(index)
        if ended.any():
            self._look()
        self.over |= ended & (not self._again)
        self._seen = self._read()
        return found

    def _act(self, actions: NDArray[Any]) -> None:
        """Turns actions into the targets of servos."""
        noise = self._noise.standard_normal((self.count, self.joints))
        wanted = BINS[actions] * self._of("action_gain") + self._of("action_offset")
        wanted = wanted + self._of("action_noise")[:, None] * noise
        self._queue = np.concatenate([wanted[None], self._queue[:-1]])
        late = self._queue[self._of("delay"), np.arange(self.count)]
        self._smooth = SMOOTHING * self._smooth + (1 - SMOOTHING) * late

        target, play = self._rest + LARGEST * self._smooth, self._of("backlash")
        self._target = np.clip(self._target, target - play, target + play)

    def _advance(self) -> NDArray[np.bool_]:
        """Simulates a control step; returns which simulations diverged (n,)."""
        force = self._noise.standard_normal((self.count, 2))
        starts = self._noise.random(self.count) < self._of("kicks")
        mass = self._nominal.body_mass[self._block] * self._of("object_mass")
        self._kick = np.where(starts[:, None], force * mass[:, None], FADING * self._kick)
        late = self._of("late") * self._noise.standard_exponential(self.count)

        failed = np.zeros(self.count, bool)
        for index, (model, data) in enumerate(zip(self._models, self.datas, strict=True)):
            if self.over[index]:
                continue
            model.opt.timestep = PHYSICS + late[index]
            data.ctrl[:] = self._target[index]
            data.qfrc_applied[self._thing[:2]] = self._kick[index]
            mujoco.mj_step(model, data, nstep=round(CONTROL / PHYSICS))
            failed[index] = data.warning[mujoco.mjtWarning.mjWARN_BADQACC].number > 0
        return failed


def wrapped(angle: Any) -> Any:
    """An angle between -π and π."""
    return (angle + np.pi) % (2 * np.pi) - np.pi
