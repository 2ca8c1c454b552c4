"""The time of control steps, in real time or step by step."""

import time


class Clock:
    """The time of control steps.

    Args:
        control_dt: Time between control steps [s].
        real_time: Whether steps follow the clock; else each follows the last one at once.

    Attributes:
        time: Of the control step [s].
        took: Time from its reading to its command, of the step before [s].
        late: How many steps took longer than they may, in a row.
    """

    def __init__(self, control_dt: float, real_time: bool) -> None:
        self._dt, self._real_time = control_dt, real_time
        self._begin = self._now = self._due = time.monotonic()
        self._step = 0
        self.time, self.took, self.late = 0.0, 0.0, 0

    def tick(self) -> None:
        """Ends a control step: waits for the next one, in real time."""
        now = time.monotonic()
        self.took, self._step = now - self._now, self._step + 1
        if not self._real_time:
            self._now, self.time = now, self._step * self._dt
            return

        self._due += self._dt
        self.late = self.late + 1 if now > self._due else 0
        self._due = max(now, self._due)
        time.sleep(self._due - now)
        self._now = time.monotonic()
        self.time = self._now - self._begin
