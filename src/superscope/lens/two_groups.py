"""Tell a group of rows near a point from all others, by their distances from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float64

APART = 3.0  # standard deviations of the group between its center and half of the others
FINEST = 1e-3  # share of the median distance below which distances are not told apart
_STEPS, _SETTLED = 200, 1e-4
_BINS, _MOST_BINS = 5, 20_000  # bins for each standard deviation of the group, and in all


@dataclass(frozen=True, eq=False)
class TwoGroups:
    """A mixture of a near group and of a background.

    Attributes
    ----------
    probability
        Probability that each row is of the near group, float64, shape (V,); it falls with the
        distance.
    center, spread
        Median distance of the near group, and its standard deviation.
    background
        Median distance of all rows; of the others, where many rows are of the group.
    """

    probability: Float64
    center: float
    spread: float
    background: float

    @property
    def apart(self) -> bool:
        """Whether half of the background is clearly farther away than the group."""
        return self.center + APART * self.spread < self.background


def two_groups(distances: Float64, known: npt.NDArray[np.intp], width: int) -> TwoGroups:
    """Fit a near group and a background to distances.

    The distances of the near group are normal. Those of the background have any density that
    grows with the distance, up to its median: the nearer, the fewer trained rows. That is
    all that is assumed of it.

    Parameters
    ----------
    distances
        Distance of each row from the center of the group, shape (V,).
    known
        Positions of rows of the group, from which its distances are first estimated.
    width
        Number of columns, m: independent noise in m columns has a distance that varies by
        1/√(2m) of itself.
    """
    from scipy.optimize import isotonic_regression
    from scipy.special import ndtr

    least = FINEST * float(np.median(distances))
    center = float(np.median(distances[known]))
    spread = max(
        1.4826 * float(np.median(np.abs(distances[known] - center))),
        center / np.sqrt(2 * width),
        least,
    )
    limit = _background(distances, center, spread)
    near = distances < limit
    probability = np.zeros(len(distances))
    if not near.any() or not spread:
        return TwoGroups(probability, center, spread, limit)
    edges = _edges(float(distances[near].min()), limit, spread / _BINS)
    bins = np.searchsorted(edges, distances[near], side="right") - 1
    counts = np.bincount(bins, minlength=len(edges) - 1).astype(np.float64)
    middle = (edges[1:] + edges[:-1]) / 2
    inside = np.exp(-0.5 * np.square(np.maximum(middle - center, 0.0) / spread))
    size = 0.0
    for _ in range(_STEPS):
        held = counts * inside
        before, size = size, float(held.sum())
        if not size or abs(size - before) < _SETTLED * size:
            break
        center, spread = _moments(middle, held, least)
        group = size * np.diff(ndtr((edges - center) / spread))
        total = group + isotonic_regression(counts - held).x
        inside = np.divide(group, total, out=np.zeros_like(total), where=total > 0)
        # A row that is nearer than another is no less a part of the group.
        inside = np.maximum.accumulate(inside[::-1])[::-1]
    probability[near] = inside[bins]
    return TwoGroups(probability, center, spread, limit)


def _background(distances: Float64, center: float, spread: float) -> float:
    """Return the median distance of the background.

    That of all rows will do, as long as the group is small. Where it is not, but the other rows
    are far, with a gap between, theirs is taken.
    """
    edge = center + 4 * spread
    others = distances[distances > edge]
    if 3 * len(others) < 2 * len(distances) and len(others):
        median = float(np.median(others))
        between = int((others < (center + median) / 2).sum())
        if median > center + 8 * spread and between < len(others) / 10:
            return median
    return float(np.median(distances))


def _edges(start: float, limit: float, step: float) -> Float64:
    """Return the edges of equal bins from `start` to `limit`, of about that step."""
    count = min(max(int(np.ceil((limit - start) / step)), 1), _MOST_BINS)
    return np.linspace(start, limit, count + 1)


def _moments(middle: Float64, held: Float64, least: float) -> tuple[float, float]:
    """Return the median of the group, and its spread on the side away from the background."""
    total = np.cumsum(held)
    center = float(middle[np.searchsorted(total, total[-1] / 2)])
    below = middle <= center
    weights = held[below]
    spread = np.sqrt(float(weights @ np.square(middle[below] - center)) / float(weights.sum()))
    return center, max(float(spread), least)


def listed(probability: Float64, rate: float) -> npt.NDArray[np.intp]:
    """Return the positions of the longest list whose expected share of false finds is `rate`.

    No row is on it that is more likely one of the background.
    """
    order = np.argsort(-probability, kind="stable")
    order = order[probability[order] > 0.5]
    false = np.cumsum(1 - probability[order]) / np.arange(1, len(order) + 1)
    within = np.flatnonzero(false <= rate)
    return order[: within[-1] + 1] if len(within) else order[:0]
