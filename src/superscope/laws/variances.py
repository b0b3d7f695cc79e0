"""Variances of few values each, which many like them make surer (Smyth 2004)."""

from __future__ import annotations

import math

import numpy as np

from superscope.laws.formula import Floats

LEAST = 6  # variances; fewer do not tell how far they agree
PRIOR_SHARE = 0.5  # degrees of freedom that a further variance gives at most
STEADY = 1000.0  # degrees of freedom from which on a variance counts as known


def drawn(own: Floats, freedom: Floats | float, common: Floats | float, extra: float) -> Floats:
    """Return variances drawn to what is common: (d₀ s₀² + d s²) / (d₀ + d).

    Parameters
    ----------
    own, freedom
        s² and its degrees of freedom d, of each.
    common, extra
        s₀², and the degrees of freedom d₀ that it counts for.
    """
    return np.asarray((extra * common + freedom * own) / (extra + freedom))


def prior_by_logarithms(variances: Floats, freedom: Floats) -> tuple[float, float]:
    """Return d₀ and s₀² by the moments of the logarithms, as limma does.

    Parameters
    ----------
    variances, freedom
        Of each, above 0. d₀ is held to half of their number − 1 at most, because few do not tell;
        below 6 it is 0.
    """
    from scipy.special import digamma, polygamma

    if len(variances) < LEAST:
        return 0.0, 0.0
    half = freedom / 2
    logs = np.log(variances) - digamma(half) + np.log(half)
    spread = float(logs.var(ddof=1) - polygamma(1, half).mean())
    most = PRIOR_SHARE * (len(logs) - 1)
    found = min(most, 2 * _inverse_trigamma(spread)) if spread > 0 else most
    return found, float(np.exp(logs.mean() + digamma(found / 2) - np.log(found / 2)))


def prior_by_ratios(ratios: Floats, freedom: float) -> float:
    """Return d₀ by the moments of variances over their means, where single ones may be negative.

    Parameters
    ----------
    ratios
        Of each, of mean 1.
    freedom
        Of each.

    Returns
    -------
    float
        Above 4; infinite if they differ by no more than chance has it. The mean of an inverse
        gamma prior counts for d₀ − 2.
    """
    beyond = (1 + float(np.var(ratios))) / (1 + 2 / freedom) - 1
    return 4 + 2 / beyond if beyond > 2 / STEADY else math.inf


def _inverse_trigamma(y: float) -> float:
    from scipy.optimize import brentq
    from scipy.special import polygamma

    # Between the bounds 1/y and 1/y + 1/√y of the inverse.
    low, high = 0.5 / y, 1 / y + 1 / math.sqrt(y)
    return float(brentq(lambda x: polygamma(1, x) - y, low, high))
