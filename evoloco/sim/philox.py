"""Counter-based random numbers: any number of a stream at once, without those before it.

A number depends on a key and a counter alone, so simulations may draw in any order, on any thread.

References:
    Salmon, Moraes, Dror and Shaw, 2011, Parallel random numbers: as easy as 1, 2, 3,
    doi:10.1145/2063384.2063405 (Philox4x32 with 10 rounds).
"""

import math

import numpy as np

from evoloco.sim.native import jit

FACTOR_0, FACTOR_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
"""Multipliers of a round."""

WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
"""Added to the key between rounds: the golden ratio, and the square root of 3 less 1."""

ROUNDS = 10
"""Rounds of mixing."""

LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
"""The lower half of a 64-bit number, and its bits."""


@jit
def philox(counter_0, counter_1, counter_2, counter_3, key_0, key_1):  # type: ignore[no-untyped-def]
    """Four random 32-bit numbers, as uint64, of a counter of four and a key of two of them."""
    c0, c1 = np.uint64(counter_0) & LOW, np.uint64(counter_1) & LOW
    c2, c3 = np.uint64(counter_2) & LOW, np.uint64(counter_3) & LOW
    k0, k1 = np.uint64(key_0) & LOW, np.uint64(key_1) & LOW

    for _ in range(ROUNDS):
        product_0, product_1 = FACTOR_0 * c0, FACTOR_1 * c2
        c0, c1, c2, c3 = (
            (product_1 >> HALF) ^ c1 ^ k0,
            product_1 & LOW,
            (product_0 >> HALF) ^ c3 ^ k1,
            product_0 & LOW,
        )
        k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    return c0, c1, c2, c3


@jit
def uniform(bits):  # type: ignore[no-untyped-def]
    """A number in the open interval (0, 1) from 32 random bits."""
    return (np.float64(bits) + 0.5) / 4294967296.0


@jit
def gaussian(u, v):  # type: ignore[no-untyped-def]
    """A standard Gaussian number from two uniform ones.

    References:
        Box and Muller, 1958, A note on the generation of random normal deviates,
        doi:10.1214/aoms/1177706645.
    """
    return math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)


@jit
def student_t(u, v, freedom):  # type: ignore[no-untyped-def]
    """A Student-t number with so many degrees of freedom from two uniform ones.

    References:
        Bailey, 1994, Polar generation of random variates with the t-distribution,
        doi:10.1090/S0025-5718-1994-1219702-8 (eq. 1.2).
    """
    return math.sqrt(freedom * (u ** (-2.0 / freedom) - 1.0)) * math.cos(2.0 * math.pi * v)
