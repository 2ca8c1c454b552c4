"""Curves over time: joint angles with their targets, and outputs of the controller."""

from collections.abc import Mapping

import numpy as np

from evoloco.episode import Episode
from evoloco.genome import Array
from evoloco.report.curves import Curve
from evoloco.report.sides import stem_and_side
from evoloco.report.span import Span, within


def joint_curves(episode: Episode, span: Span) -> list[Curve]:
    """Returns the angle of every driven joint over a span [°], and a servo's target.

    Both are at the physics steps; a target holds until the next control step.
    """
    morphology = episode.morphology
    shown = within(episode.physics_time, span)
    time = episode.physics_time[shown]
    target = np.repeat(episode["ctrl"], episode.substeps, axis=0)
    has_targets = not (morphology.muscles or morphology.torques)

    curves = []
    for column, joint in enumerate(morphology.joints):
        angles = {"": episode.joint_angle[shown, column]}
        if has_targets:
            angles["target"] = target[shown, column]
        curves += [
            Curve(joint.stem, joint.side, time, np.degrees(angle), what=what)
            for what, angle in angles.items()
        ]
    return curves


def output_curves(episode: Episode, outputs: Mapping[str, Array], span: Span) -> list[Curve]:
    """Returns the outputs of the controller over a span, one panel per pair.

    Args:
        episode: The episode.
        outputs: Outputs by name (T,).
        span: Time to show.
    """
    time = episode.time
    shown = within(time, span)
    return [
        Curve(*stem_and_side(episode.morphology, name), time[shown], np.asarray(output)[shown])
        for name, output in outputs.items()
    ]
