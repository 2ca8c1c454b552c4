"""Play between a servo's gear and its joint."""

from evoloco.fields import Array, Fields, Record, Shapes


def actuate(
    params: Record, state: Record, angle: Array, velocity: Array, dt: float, ctrl: Array
) -> None:
    """Moves each joint's target only as far as the play's end follows the command.

        y(t) = min(max(y(t - dt), u(t) - width / 2), u(t) + width / 2)

    with the command u and the target y. It begins at the first command.

    References:
        Krasnosel'skii and Pokrovskii, 1989, Systems with hysteresis,
        doi:10.1007/978-3-642-61302-9 (the play operator).
    """
    for j in range(ctrl.size):
        if state.begun == 0.0:
            state.target[j] = ctrl[j]
        half = params.width[j] / 2
        state.target[j] = min(max(state.target[j], ctrl[j] - half), ctrl[j] + half)
        ctrl[j] = state.target[j]
    state.begun = 1.0


class Backlash:
    """Actuators with play.

    Args:
        width: Of each joint's play, from end to end [rad] (nu,).
    """

    actuate = staticmethod(actuate)

    def __init__(self, width: Array) -> None:
        self._width = width
        self.state: Shapes = {"begun": (), "target": (len(width),)}

    def parameters(self) -> Fields:
        """Widths of the play [rad]."""
        return {"width": self._width}
