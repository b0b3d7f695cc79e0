"""The loss of a head against its rank: what a rank costs, and which rank costs so much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from superscope.lens.estimate import Estimate


@dataclass(frozen=True)
class RankAt:
    """The rank at which a head costs so much, between the ranks that were tried.

    Attributes
    ----------
    cost
        Loss over that of the full head, nats per token.
    rank
        Interpolated; None where it lies beyond the ranks tried.
    low, high
        The ranks tried on both sides of it; None where there is none on that side.
    """

    cost: float
    rank: Estimate | None
    low: int | None
    high: int | None


def rank_at(cost: float, ranks: Sequence[int], excess: Sequence[Estimate]) -> RankAt:
    """Return the rank from which on a head costs no more, from its curve.

    Between two ranks the curve is a straight line in logarithms, or as it is where a value is not
    positive. The error is that of the excess there, over the slope.

    Parameters
    ----------
    cost
        Nats per token, above 0.
    ranks
        Ascending.
    excess
        Loss over that of the full head, at each rank.
    """
    above = [k for k, e in enumerate(excess) if e.value > cost]
    if not above:
        return RankAt(cost, None, None, ranks[0])
    k = above[-1]
    if k == len(ranks) - 1:
        return RankAt(cost, None, ranks[-1], None)
    (a, first), (b, second) = (ranks[k], excess[k]), (ranks[k + 1], excess[k + 1])
    if second.value > 0:
        steepness = math.log(first.value / second.value) / math.log(b / a)
        rank = a * (first.value / cost) ** (1 / steepness)
        slope = steepness * cost / rank
    else:
        slope = (first.value - second.value) / (b - a)
        rank = a + (first.value - cost) / slope
    share = (rank - a) / (b - a)
    error = None
    if first.error is not None and second.error is not None:
        error = ((1 - share) * first.error + share * second.error) / slope
    return RankAt(cost, Estimate(rank, error), a, b)
