"""The gap between a log and a simulation, joint by joint, in time and in frequency."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import welch

from evoloco.genome import Array
from evoloco.identify.recording import Recording

WINDOW = 2.0
"""Length of the pieces that a spectrum is the mean of [s]."""


@dataclass(frozen=True, eq=False)
class Gap:
    """Measured and simulated angles in the held-out part of a log.

    Attributes:
        joints: Names of the joints.
        time: Of the samples [s] (s,).
        measured: [rad] (s, joints).
        before: Of the body as it was believed to be [rad] (s, joints).
        after: Of the fitted body [rad] (s, joints).
    """

    joints: tuple[str, ...]
    time: Array
    measured: Array
    before: Array
    after: Array

    @classmethod
    def of(cls, joints: tuple[str, ...], one: Recording, before: Array, after: Array) -> "Gap":
        """The gap of simulated angles of all physics steps (T + 1, joints)."""
        part = one.held_out
        return cls(
            joints,
            one.time[part],
            one.position[part],
            one.sampled(before, part),
            one.sampled(after, part),
        )

    @property
    def worst(self) -> int:
        """Place of the joint with the largest error after the fit."""
        return int(np.argmax(np.mean((self.after - self.measured) ** 2, axis=0)))

    def spectrum(self, values: Array, joint: int) -> tuple[Array, Array]:
        """Frequencies [Hz] and amplitude density [rad/sqrt(Hz)] of a signal of a joint.

        Args:
            values: The signal (s, joints).
            joint: Place of the joint.

        References:
            Welch, 1967, The use of fast Fourier transform for the estimation of power spectra,
            doi:10.1109/TAU.1967.1161901.
        """
        rate = 1.0 / float(np.median(np.diff(self.time)))
        even = np.arange(self.time[0], self.time[-1], 1.0 / rate)
        signal = np.interp(even, self.time, values[:, joint])
        piece = min(round(WINDOW * rate), len(signal))
        frequency, power = welch(signal, rate, nperseg=piece, detrend="constant")
        return frequency[1:], np.sqrt(power[1:])
