"""How much an interval's ends hang on which resamples were drawn."""

from __future__ import annotations

import numpy as np

from superscope.laws.formula import Floats
from superscope.laws.intervals import bca, widened

WIDE, WIDEST = 0.5, 1.0  # share of an exponent's value: a wide interval; one that says nothing
NEGLIGIBLE = 1e-6  # share of an exponent by which rounding may move it
REDRAWN = 40  # times, to see how an interval's ends scatter
SURE = 3.0  # Monte Carlo errors between an end and what is asked of it: no more are drawn


def ends_and_errors(
    resampled: Floats, value: float, without: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return a BCa interval's ends, (2,), their Monte Carlo errors, and all redrawn ends, (B, 2).

    Redrawn from the resamples themselves, as they were from their distribution.
    """
    resampled = resampled[np.isfinite(resampled)]
    z = widened(len(without))
    rng = np.random.default_rng(0)

    def ends(some: Floats) -> tuple[float, float]:
        found = bca(some, value, without, z)
        low, high = found.low, found.high
        return np.nan if low is None else low, np.nan if high is None else high

    own = np.array(ends(resampled))
    redrawn = np.array([ends(rng.choice(resampled, len(resampled))) for _ in range(REDRAWN)])
    return own, redrawn.std(axis=0), redrawn


def hangs_on_the_draw(
    resampled: Floats, value: float, without: Floats, asked: Floats, sure: float = SURE
) -> bool:
    """Whether other resamples might change what an exponent's interval says.

    That is whether it is wider than half the value, or than the value, and whether it holds each
    of the values asked about; `sure` says within how many Monte Carlo errors.
    """
    ends, errors, redrawn = ends_and_errors(resampled, value, without)
    if not (np.isfinite(errors).all() and value > 0):
        return False
    widths = (redrawn[:, 1] - redrawn[:, 0]) / value
    width, error = (ends[1] - ends[0]) / value, widths.std()
    if any(abs(width - limit) < sure * error for limit in (WIDE, WIDEST)):
        return True
    asked = asked[np.isfinite(asked) & (np.abs(asked - value) > NEGLIGIBLE * value)]
    return bool((np.abs(asked[:, None] - ends) < sure * errors).any())
