"""Taxels that an object slips over: elastic bristles with dry friction, 12 x 12 of them.

Every taxel has a bristle, whose foot is fixed and whose tip rests on the object. The tip sticks to
the object while the bristle's force stays within friction, which falls with speed from static to
kinetic (Coulomb and Stribeck). A taxel feels the pressure on its bristle, modulated by the height
of the object's surface below the tip: a tip that sticks rides on one point, one that slips hears
the texture pass.

The spectra are thus synthetic. The model is not fitted to a real sensor.
"""

import math

import numpy as np

from evoloco.fields import Array
from evoloco.sim.native import jit

SIDE = 12
"""Taxels on a side of the array."""

TAXELS = SIDE * SIDE

PITCH = 0.0025
"""Distance between neighbouring taxels [m]."""

RATE = 1900.0
"""Readings per second, as of the piezo-resistive array of Meier et al."""

SUBSTEPS = 5
"""Steps of the bristles per reading."""

GRAVITY, MIDDLE = slice(0, 2), slice(2, 4)
"""Places of vectors among the numbers of an object."""

MASS, INERTIA, STATIC, KINETIC, STRIBECK, STIFFNESS, DAMPING, CELL, ROUGHNESS = range(4, 13)
"""Places of numbers: of the object [kg], [kg m^2]; of its friction [1], [1], [m/s]; of a bristle
[N/m], [N s/m]; of the texture, its cell [m] and its standard deviation over the pressure [1]."""

OBJECT = 13
"""Numbers of an object: gravity in the plane of the array [m/s^2] (2), its middle [m] (2), and
those above."""

VX, VY, SPIN = range(3)
"""Components of a motion in the plane of the array: [m/s], [m/s], [rad/s]."""

LOST = 0.012
"""Way along the array after which an object counts as dropped [m], and the patch's radius [m], by
which a turn [rad] counts."""


def feet() -> Array:
    """Places of the bristles' feet in the array's frame [m] (144, 2), row by row."""
    rows, columns = np.divmod(np.arange(TAXELS), SIDE)
    return (np.stack([columns, rows], 1) - (SIDE - 1) / 2) * PITCH


@jit
def drag(bends, tips, one, vx, vy, pressure, thing, dt):  # type: ignore[no-untyped-def]
    """Advances a bristle by one step, while the object moves past it.

    Args:
        bends: How far each tip is from its foot [m] (144, 2), changed.
        tips: Where each tip is on the object [m] (144, 2), changed.
        one: The bristle.
        vx: Speed of the object where the bristle is [m/s].
        vy: Likewise.
        pressure: On the bristle [N].
        thing: Numbers of the object (see `OBJECT`).
        dt: Duration [s].

    Returns:
        Its force on the object [N], [N].
    """
    if pressure == 0.0:
        tips[one, 0] -= vx * dt
        tips[one, 1] -= vy * dt
        return 0.0, 0.0

    bx, by = bends[one, 0] + vx * dt, bends[one, 1] + vy * dt
    limit = pressure / thing[STIFFNESS]
    if bx * bx + by * by > (thing[KINETIC] * limit) ** 2:  # below, it sticks at any speed
        length, speed = math.sqrt(bx * bx + by * by), math.sqrt(vx * vx + vy * vy)
        share = math.exp(-speed / thing[STRIBECK])
        longest = (thing[KINETIC] + (thing[STATIC] - thing[KINETIC]) * share) * limit
        if length > longest:
            kept = longest / length
            tips[one, 0] -= bx * (1.0 - kept)
            tips[one, 1] -= by * (1.0 - kept)
            bx, by, vx, vy = bx * kept, by * kept, 0.0, 0.0

    bends[one, 0], bends[one, 1] = bx, by
    stiffness, damping = thing[STIFFNESS], thing[DAMPING]
    return -stiffness * bx - damping * vx, -stiffness * by - damping * vy


@jit
def feel(tips, pressure, texture, thing, told):  # type: ignore[no-untyped-def]
    """Writes what each taxel feels [N] (144,).

    Args:
        tips: Where each tip is on the object [m] (144, 2).
        pressure: On each bristle [N] (144,).
        texture: Heights on a square grid that repeats, with a standard deviation of 1 (n, n).
        thing: Numbers of the object.
        told: Written (144,).
    """
    size = texture.shape[0]
    for one in range(TAXELS):
        a, b = tips[one, 0] / thing[CELL], tips[one, 1] / thing[CELL]
        i, j = math.floor(a), math.floor(b)
        right, up = a - i, b - j
        i, j = int(i) % size, int(j) % size
        after, above = (i + 1) % size, (j + 1) % size
        low = texture[i, j] * (1.0 - right) + texture[after, j] * right
        high = texture[i, above] * (1.0 - right) + texture[after, above] * right
        height = low * (1.0 - up) + high * up
        told[one] = pressure[one] * max(0.0, 1.0 + thing[ROUGHNESS] * height)


@jit
def hang(thing, share, grip, texture, places, told, motion):  # type: ignore[no-untyped-def]
    """Lets an object hang on the array until it is dropped.

    Args:
        thing: Numbers of the object.
        share: Of the grip that each taxel bears (144,), 1 in all.
        grip: Force of the grip [N] (T,).
        texture: See `feel`.
        places: Of the feet [m] (144, 2).
        told: Written: what the taxels feel [N] (T, 144).
        motion: Written: of the object (T, 3).

    Returns:
        Number of readings until it is dropped.
    """
    dt = 1.0 / (RATE * SUBSTEPS)
    bends, tips = np.zeros((TAXELS, 2)), places.copy()
    pressure = np.empty(TAXELS)
    vx = vy = spin = x = y = angle = 0.0
    gx, gy, cx, cy = thing[0], thing[1], thing[2], thing[3]
    weight_torque = thing[MASS] * (cx * gy - cy * gx)

    for row in range(grip.size):
        for one in range(TAXELS):
            pressure[one] = share[one] * grip[row]
        for _ in range(SUBSTEPS):
            fx = fy = torque = 0.0
            for one in range(TAXELS):
                x_foot, y_foot = places[one, 0], places[one, 1]
                ux, uy = vx - spin * y_foot, vy + spin * x_foot
                px, py = drag(bends, tips, one, ux, uy, pressure[one], thing, dt)
                fx, fy, torque = fx + px, fy + py, torque + x_foot * py - y_foot * px
            vx += dt * (fx / thing[MASS] + gx)
            vy += dt * (fy / thing[MASS] + gy)
            spin += dt * (torque + weight_torque) / thing[INERTIA]
            x, y, angle = x + dt * vx, y + dt * vy, angle + dt * spin

        feel(tips, pressure, texture, thing, told[row])
        motion[row, VX], motion[row, VY], motion[row, SPIN] = vx, vy, spin
        if math.hypot(x, y) + LOST * abs(angle) > LOST:
            return row + 1
    return grip.size


@jit
def follow(thing, pressure, motion, texture, places, told):  # type: ignore[no-untyped-def]
    """What the taxels feel while an object moves past them in a known way.

    Args:
        thing: Numbers of the object; only those of friction, bristles and texture count.
        pressure: On each taxel [N] (T, 144).
        motion: Of the object past the array's middle (T, 3).
        texture: See `feel`.
        places: Of the feet [m] (144, 2).
        told: Written: what the taxels feel [N] (T, 144).
    """
    dt = 1.0 / (RATE * SUBSTEPS)
    bends, tips = np.zeros((TAXELS, 2)), places.copy()
    for row in range(pressure.shape[0]):
        vx, vy, spin = motion[row, VX], motion[row, VY], motion[row, SPIN]
        for _ in range(SUBSTEPS):
            for one in range(TAXELS):
                ux, uy = vx - spin * places[one, 1], vy + spin * places[one, 0]
                drag(bends, tips, one, ux, uy, pressure[row, one], thing, dt)
        feel(tips, pressure[row], texture, thing, told[row])
