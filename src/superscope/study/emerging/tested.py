"""p-values by resampling: as many resamples as tell which tokens are rejected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from superscope.study.emerging.curves import Bools, Int64
from superscope.study.emerging.shapes import Floats

TRIED = 200  # resamples of all tokens; those that may be told get more
CLEAR = 2.0  # times the largest of the first resamples: no more are needed
SMALL = 0.1  # p-value from which on down a token may be told
NEAR = 3.0  # errors of a p-value from the limit of what is rejected: it gets more resamples
MOST = 4  # times `resamples`, for a token near the limit
DRAWS = 200  # of all p-values, for the error of the number rejected

Draw = Callable[[Int64, int], Floats]
"""Draws so many statistics of some tokens, shape (t, count)."""


@dataclass(frozen=True, eq=False)
class Tested:
    """p-values of tokens.

    Attributes
    ----------
    larger
        Resamples that are at least as large as the statistic, shape (T,).
    drawn
        Resamples, shape (T,).
    """

    larger: Int64
    drawn: Int64

    @property
    def p(self) -> Floats:
        """p-values, the statistic itself counted, shape (T,)."""
        return np.asarray((1 + self.larger) / (1 + self.drawn))

    def redrawn(self, rng: np.random.Generator) -> Floats:
        """Return p-values as they might be with other resamples, shape (DRAWS, T)."""
        beta = rng.beta(1 + self.larger, 1 + self.drawn - self.larger, (DRAWS, len(self.larger)))
        return np.asarray(np.where(self.larger == self.drawn, 1.0, beta))


def number_error(first: Tested, then: Tested, rate: float, rng: np.random.Generator) -> float:
    """Return by how much the number of rejected would differ with other resamples (deviation).

    Parameters
    ----------
    first, then
        The tokens that `first` rejects are tested by `then`.
    rate
        False-discovery rate of either.
    rng
        Draws the p-values again.
    """
    pairs = zip(first.redrawn(rng), then.redrawn(rng), strict=True)
    return float(np.std([rejected(b[rejected(a, rate)], rate).sum() for a, b in pairs]))


def tested(
    draw: Draw, value: Floats, resamples: int, rate: float, among: Bools
) -> tuple[Tested, Floats]:
    """Return p-values of statistics, and the first resamples of each, (T, TRIED).

    Parameters
    ----------
    draw
        Resamples under the hypothesis.
    value
        The statistics, large where it is wrong, shape (T,). If one is not above 0, its p-value
        is 1.
    resamples
        For tokens whose p-value is small among the first :data:`TRIED`. Where none of these is as
        large, so many more as can tell those few tokens among all; and where the p-value lies at
        the limit of what is rejected, up to :data:`MOST` times as many.
    rate
        False-discovery rate at which tokens are rejected.
    among
        The tokens that may be, shape (T,).
    """
    first = draw(np.arange(len(value)), TRIED)
    larger = (first >= value[:, None]).sum(axis=1)
    drawn = np.full(len(value), TRIED)
    clear = value > CLEAR * np.abs(first).max(axis=1)
    larger[clear], drawn[clear] = 0, resamples
    fits = value <= 0
    larger[fits] = drawn[fits]

    def more(which: Int64, count: int) -> None:
        larger[which] += (draw(which, count) >= value[which, None]).sum(axis=1)
        drawn[which] += count

    found = Tested(larger, drawn)
    if resamples > TRIED:
        more(np.flatnonzero((found.p < SMALL) & ~clear), resamples)
    few = np.flatnonzero(larger == 0)
    while len(few) and drawn[few].min() < len(value) / (rate * len(few)):
        more(few, resamples)
        few = few[larger[few] == 0]
    while len(near := _near(found, fits, resamples, rate, among)):
        more(near, resamples)
    return found, first


def _near(found: Tested, fits: Bools, resamples: int, rate: float, among: Bools) -> Int64:
    """Return the tokens whose p-values lie at the limit of what is rejected."""
    p = found.p
    if not among.any():
        return np.zeros(0, np.int64)
    told = rejected(p[among], rate)
    limit = p[among][told].max() if told.any() else rate / among.sum()
    error = np.sqrt(p * (1 - p) / found.drawn)
    near = (np.abs(p - limit) < NEAR * error) & among & ~fits
    return np.flatnonzero(near & (found.drawn < MOST * resamples))


def rejected(p: Floats, rate: float) -> Bools:
    """Return which are rejected at a false-discovery rate by the step-up procedure."""
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p) <= rate) if len(p) else np.zeros(0, np.bool_)
