"""From losses to widths: how wide the baseline must be for the same loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from superscope.laws.formula import Floats

FINE = 64  # points that tabulate a curve between two widths


@dataclass(frozen=True, eq=False)
class Curve:
    """Loss against log width, between the widths that were trained and nowhere else.

    Monotone cubic interpolation (Fritsch & Butland 1984) through the losses. Straight lines would
    lie above a convex curve, and make + 25 % of width up to + 32 %.

    Attributes
    ----------
    log_widths, losses
        The curve, tabulated; losses fall.
    trained
        How many widths were trained.
    """

    log_widths: Floats
    losses: Floats
    trained: int

    @property
    def knots(self) -> Floats:
        """Losses that the curve was drawn through."""
        return self.losses[::FINE]

    @property
    def worst(self) -> float:
        """Loss at the least width."""
        return float(self.losses[0])

    @property
    def best(self) -> float:
        """Loss at the greatest width."""
        return float(self.losses[-1])

    def log_width(self, losses: Floats | float) -> Floats:
        """Return the log width of some losses; NaN beyond the widths that were trained."""
        return np.interp(
            -np.asarray(losses, np.float64), -self.losses, self.log_widths, np.nan, np.nan
        )


def curve(losses: Mapping[int, float]) -> Curve | None:
    """Return the curve through losses by width; None where no wider model is better.

    Neighbouring widths of which the wider is not better are taken together, at their mean loss and
    mean log width (isotonic regression): few seeds do not order widths that are nearly as good.

    Parameters
    ----------
    losses
        By width; one alone makes a curve of one point.
    """
    from scipy.interpolate import PchipInterpolator
    from scipy.optimize import isotonic_regression

    widths = sorted(losses)
    falling = isotonic_regression([losses[m] for m in widths], increasing=False)
    starts = falling.blocks[:-1]
    sizes = np.diff(falling.blocks)
    x, y = np.add.reduceat(np.log(widths), starts) / sizes, falling.x[starts]
    if len(x) < 2:
        return Curve(x, y, 1) if len(widths) == 1 else None
    fine = np.concatenate([
        *(np.linspace(a, b, FINE, endpoint=False) for a, b in pairwise(x)), x[-1:],
    ])  # fmt: skip
    values = PchipInterpolator(x, y)(fine)
    values[::FINE] = y  # to the bit, so that a loss that was measured is within the curve
    return Curve(fine, values, len(widths))


def log_factor(baseline: Curve, width: int, loss: float) -> float:
    """Return the log of the factor by which the baseline is wider at a loss than a width.

    Parameters
    ----------
    baseline
        Its curve.
    width, loss
        Of the variant.

    Returns
    -------
    float
        NaN where no width of the baseline has that loss.
    """
    return float(baseline.log_width(loss)) - math.log(width)


def mean_log_factor(baseline: Curve, variant: Curve) -> float:
    """Return the mean distance of two curves along log width, over the losses that both have.

    The distance is taken at the widths of the curve that has fewer, and is a straight line between
    them: a curve through few widths bends less than one through many, so that between its widths
    they are apart even where they are the same. With equally many it is the mean of both ways.

    It changes its sign where the two are exchanged, is 0 where one has some of the other's widths
    and losses, needs nothing beyond the widths of either, and is the log factor at its loss where
    the variant has one width. (Video coding compares bit rates at equal quality in this way:
    Bjontegaard 2001.)

    Parameters
    ----------
    baseline, variant
        Their curves.

    Returns
    -------
    float
        NaN where they have no loss in common.
    """
    if baseline.trained > variant.trained:
        return _mean_distance(baseline, variant)
    if baseline.trained < variant.trained:
        return -_mean_distance(variant, baseline)
    return (_mean_distance(baseline, variant) - _mean_distance(variant, baseline)) / 2


def _mean_distance(fine: Curve, coarse: Curve) -> float:
    """Return how much wider the fine curve is, known at the knots of the coarse one."""
    low, high = max(fine.best, coarse.best), min(fine.worst, coarse.worst)
    if low > high:
        return math.nan
    inside = coarse.knots[(coarse.knots > low) & (coarse.knots < high)]
    levels = np.array([high, *inside, low])
    of_fine, of_coarse = fine.log_width(levels), coarse.log_width(levels)
    distance = of_fine - of_coarse
    middle = (of_fine + of_coarse) / 2
    span = float(middle[-1] - middle[0])
    if span <= 0:  # one loss
        return float(distance[0])
    return float(np.sum((distance[1:] + distance[:-1]) / 2 * np.diff(middle)) / span)
