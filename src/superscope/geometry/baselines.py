"""Overlaps of random directions, and the lower bound of overlaps."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import betainc


def random_mean_square(width: int) -> float:
    """Return E c² of isotropic random directions in `width` dimensions: exactly 1/m."""
    return 1.0 / width


def random_mean_absolute(width: int) -> float:
    """Return E|c| of isotropic random directions.

    Exactly Γ(m/2) / (√π Γ((m+1)/2)), which tends to √(2/(πm)).
    """
    return math.exp(math.lgamma(width / 2) - math.lgamma((width + 1) / 2)) / math.sqrt(math.pi)


def random_share(edges: npt.ArrayLike, width: int) -> npt.NDArray[np.float64]:
    """Return the share of random overlaps between consecutive `edges`, including the last edge.

    c² of two isotropic directions is Beta(1/2, (m−1)/2) distributed.
    """
    c = np.clip(np.asarray(edges, np.float64), -1, 1)
    if width == 1:  # overlaps are −1 or 1
        below = np.where(c <= -1, 0.0, np.where(c < 1, 0.5, 1.0))
    else:
        below = 0.5 + 0.5 * np.sign(c) * betainc(0.5, (width - 1) / 2, c * c)
    return np.diff(below)


def welch_floor(features: int, width: int) -> float:
    """Return the lowest possible mean c² of `features` unit vectors in `width` dimensions.

    (V − m) / (m (V − 1)) for V > m, reached only by unit-norm tight frames; 0 for
    V ≤ m (Welch 1974).
    """
    if features <= width:
        return 0.0
    return (features - width) / (width * (features - 1))
