"""Theory of the toy model's loss, for comparison with measurements.

Sources: Liu, Liu & Gore 2025, "Superposition yields robust neural scaling" (LLG25,
arXiv 2505.10465); Welch 1974 for the floor.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from superscope.geometry.baselines import random_mean_square, welch_floor
from superscope.toy.features import Float64

__all__ = [
    "MEAN_SQUARE_VALUE",
    "importance_exponent",
    "random_mean_square",
    "strong_loss",
    "unrepresented_loss",
    "weak_exponent",
    "weak_loss",
    "welch_floor",
]

MEAN_SQUARE_VALUE = 4 / 3
"""E[v²] of v ~ Uniform(0, 2)."""


def unrepresented_loss(probabilities: Float64, represented: npt.NDArray[np.bool_]) -> float:
    """Return the expected loss of the features that are not represented, Σ p_i E[v²].

    A feature that is not represented is reconstructed as 0 (LLG25, weak superposition).

    Parameters
    ----------
    probabilities
        p, shape (n,).
    represented
        Which features have a norm above ½, shape (n,).
    """
    return float(MEAN_SQUARE_VALUE * probabilities[~represented].sum())


def weak_loss(probabilities: Float64, width: int) -> float:
    """Return the loss of ideal weak superposition: the m most frequent features, without overlap.

    Σ p_i E[v²] over all but the m largest p (LLG25).
    """
    return unrepresented_loss(np.sort(probabilities)[::-1], np.arange(len(probabilities)) < width)


def weak_exponent(alpha: npt.ArrayLike) -> Float64:
    """Return the exponent of the weak loss in 1/m, α − 1, for p ∝ i^(−α); NaN for α ≤ 1.

    The tail sum of i^(−α) beyond m falls as m^(1 − α) for n ≫ m (LLG25). For α ≤ 1 the sum
    does not converge, and there is no power law.
    """
    a = np.asarray(alpha, np.float64)
    return np.where(a > 1, a - 1, np.nan)


def importance_exponent(alpha: npt.ArrayLike) -> Float64:
    """Return 2(α − 1), the limit of exponents in strong superposition for α near 2 (LLG25).

    Frequent features take dimensions of their own, and the interference among the other
    features falls faster than 1/m.
    """
    return 2 * (np.asarray(alpha, np.float64) - 1)


def strong_loss(width: npt.ArrayLike, n: int, at_width: int, loss: float) -> Float64:
    """Return the strong loss at other widths, predicted from one width, including the law's end.

    The loss is proportional to the mean square overlap, which is 1/m for m ≪ n. Its lower bound,
    Welch's floor (n − m)/(m(n − 1)), shows where the law ends: at m = n all features fit without
    overlap, and there is no interference.

    Parameters
    ----------
    width
        m, one or many.
    n
        Number of features.
    at_width, loss
        A width below n, and the loss there.
    """
    floors = np.array([welch_floor(n, int(m)) for m in np.atleast_1d(width)])
    return (loss / welch_floor(n, at_width) * floors).reshape(np.shape(width))
