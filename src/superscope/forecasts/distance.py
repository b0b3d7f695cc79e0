"""How far a model lies from those a law was fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superscope.laws import Law
from superscope.laws.formula import Floats

CONSTANT = 1e-9  # share of the widest direction's spread, below which a direction has none


@dataclass(frozen=True)
class Distance:
    """A model's distance from the data, in their own standard deviations.

    Attributes
    ----------
    value
        Mahalanobis distance in the logarithms of the inputs; None where it lies in a direction in
        which the data do not vary.
    farthest
        The largest distance among the data themselves.
    """

    value: float | None
    farthest: float

    @property
    def outside(self) -> bool:
        """Whether the model is farther from the data's middle than each of them."""
        return self.value is None or self.value > self.farthest


def distance(law: Law, inputs: Floats) -> Distance:
    """Return how far inputs (1, k), offsets subtracted, are from a law's points.

    Each input alone may lie inside the data and their combination far from it, as a wide model
    with few tokens does where wider models had more.
    """
    logs = np.log(law.points.inputs)
    middle = logs.mean(axis=0)
    _, spread, directions = np.linalg.svd(logs - middle, full_matrices=False)
    seen = spread > CONSTANT * max(float(spread[0]), 1.0)
    scale = spread[seen] / np.sqrt(max(len(logs) - 1, 1))

    def away(at: Floats) -> Floats:
        return np.asarray(np.linalg.norm(at @ directions[seen].T / scale, axis=1), np.float64)

    apart = (np.log(inputs) - middle)[0]
    hidden = apart - apart @ directions[seen].T @ directions[seen]
    unknown = np.abs(hidden).max(initial=0.0) > CONSTANT
    return Distance(
        None if unknown else float(away(apart[None])[0]),
        float(away(logs - middle).max()),
    )
