"""The structure that observers hold together: by majority, or by STAPLE.

Comes in: bodies of one structure. Goes out: a `Consensus`: a body whose border is made of pieces of what
they drew, exactly. Both rules are a vote with weights: in STAPLE the log odds that a point belongs to the
structure are a sum over the observers, so its surface is where that sum passes nought.

Source: Warfield, Zou and Wells, IEEE Trans Med Imaging 23 (2004) 903: expectation and maximisation (binary,
no field), here over cells instead of voxels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.contours.cells import cells_of, layers
from planbank.dose.derived.bodies import Body
from planbank.dose.derived.overlay import vote
from planbank.dose.derived.prisms import Prism

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_ROUNDS = 500
SETTLED = 1e-9
"""Change of every rate at which STAPLE ends."""

SURE = 1e-6
"""Rates stay this far from 0 and 1: nobody is right for certain."""

MARGIN = 1.25
"""The space that is judged: the box about all bodies, larger by this factor in volume."""


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """What observers hold together.

    Attributes:
        body: in their axes.
        sensitivity, specificity: (n,) of each observer as STAPLE rates them; None by majority.
        rounds: of STAPLE until it settled.
    """

    body: Body
    sensitivity: NDArray[np.float64] | None = None
    specificity: NDArray[np.float64] | None = None
    rounds: int = 0


def majority(bodies: Sequence[Body]) -> Consensus:
    """What more than half of the bodies hold; one of two holds no majority."""
    return Consensus(_held_by_vote(bodies, np.ones(len(bodies)), 0.5 * len(bodies)))


def staple(bodies: Sequence[Body]) -> Consensus:
    """Simultaneous truth and performance level estimation.

    The chance that a point belongs to the structure is, before anybody is heard, the mean volume over the
    space that is judged (MARGIN). How large that space is sways the result little unless observers disagree
    about most of it.
    """
    cells = cells_of(bodies)
    if not len(cells.volumes):
        return Consensus(_held_by_vote(bodies, np.ones(len(bodies)), np.inf))
    said = np.vstack((cells.members(), np.zeros(len(bodies), bool)))
    space = MARGIN * cells.box
    volumes = np.append(cells.volumes, space - cells.volumes.sum())
    prior = float(np.clip((volumes @ said).mean() / space, SURE, 1.0 - SURE))
    sensitivity = np.full(len(bodies), 0.95)
    specificity = np.full(len(bodies), 0.95)
    rounds = 0
    for rounds in range(1, MOST_ROUNDS + 1):  # noqa: B007
        weights, threshold = _odds(sensitivity, specificity, prior)
        chance = 1.0 / (1.0 + np.exp(-np.clip(said @ weights - threshold, -700, 700)))
        inside, outside = volumes * chance, volumes * (1.0 - chance)
        new = _rate(inside @ said, inside.sum()), _rate(outside @ ~said, outside.sum())
        change = max(np.abs(new[0] - sensitivity).max(), np.abs(new[1] - specificity).max())
        sensitivity, specificity = new
        if change < SETTLED:
            break
    weights, threshold = _odds(sensitivity, specificity, prior)
    # Observers who hardly meet come out so unreliable that not even all of them together pass.
    # What all hold is in.
    if weights.sum() > 0.0:
        threshold = min(threshold, float(weights.sum()) * (1.0 - 1e-9))
    return Consensus(_held_by_vote(bodies, weights, threshold), sensitivity, specificity, rounds)


def _rate(right: NDArray[np.float64], of: float) -> NDArray[np.float64]:
    return np.asarray(np.clip(right / max(of, 1e-12), SURE, 1.0 - SURE))


def _odds(
    sensitivity: NDArray[np.float64], specificity: NDArray[np.float64], prior: float
) -> tuple[NDArray[np.float64], float]:
    """Weights of the observers' yes, and what their sum must pass for even odds."""
    yes = np.log(sensitivity / (1.0 - specificity))
    no = np.log((1.0 - sensitivity) / specificity)
    return yes - no, float(-np.log(prior / (1.0 - prior)) - no.sum())


def _held_by_vote(bodies: Sequence[Body], weights: NDArray[np.float64], threshold: float) -> Body:
    drawn = [body for body in bodies if body.prisms]
    if not drawn:
        return Body(bodies[0].axes, (), 0.0, ("empty",), "slab")
    prisms = []
    for low, high, borders in layers(bodies):
        edges = vote(borders, weights, threshold)
        if len(edges):
            prisms.append(Prism(low, high, 0.5 * (low + high), edges))
    spacing = min(body.spacing for body in drawn)
    return Body(drawn[0].axes, tuple(prisms), spacing, () if prisms else ("empty",), "slab")
