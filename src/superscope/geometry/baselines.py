"""What untrained rows give, which are random directions, and the lower bound of overlaps."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt


def random_mean_square(width: int) -> float:
    """Return E c² of isotropic random directions in `width` dimensions: exactly 1/m."""
    return 1.0 / width


def random_mean_square_sd(features: int, width: int) -> float:
    """Return the standard deviation of the mean c² over the pairs of V random rows.

    c² has the variance 2(m − 1)/(m²(m + 2)), and the c² of different pairs are uncorrelated,
    even of pairs that share a row.
    """
    pairs = features * (features - 1) / 2
    return math.sqrt(2 * (width - 1) / (width + 2) / pairs) / width


def clear_deviation(features: int, width: int, chance: float = 1e-6) -> float:
    """Return the standard deviations of the mean c² that random rows exceed with this `chance`.

    Many random rows have a ‖G − (V/m) I‖_F² that is distributed as χ² with (m − 1)(m + 2)/2 degrees
    of freedom; few rows, as χ² with one for each pair. Hence 4.8 in wide heads, more in narrow.
    """
    from scipy.special import chdtri

    freedom = min(features * (features - 1), (width - 1) * (width + 2)) / 2
    return float(chdtri(freedom, chance) - freedom) / math.sqrt(2 * freedom)


def centered_mean_square(features: int, width: int) -> float:
    """Return E c² of V random rows after subtracting their mean, a little above 1/m.

    The rows are then Gaussian with the correlation ρ = −1/(V − 1), and c is their uncentered
    sample correlation: E c² = 1 − (1 − 1/m)(1 − ρ²) ₂F₁(1, 1; 1 + m/2; ρ²).
    """
    from scipy.special import hyp2f1

    if features == 2:  # opposite rows
        return 1.0
    square = 1 / (features - 1) ** 2
    return 1 - (1 - 1 / width) * (1 - square) * float(hyp2f1(1, 1, 1 + width / 2, square))


def random_effective_width(features: int, width: int) -> float:
    """Return the effective width of V random rows: V/(1 + (V − 1)/m), which is below m."""
    return features / (1 + (features - 1) / width)


def marchenko_pastur_edges(features: int, width: int) -> tuple[float, float]:
    """Return the bounds of the eigenvalues of G = ŴᵀŴ of V random rows, other than 0.

    The edges (√V ± √m)²/m of Marchenko and Pastur (1967), moved apart by 4 times the scale of
    Tracy and Widom's law, by which the outermost eigenvalues of a finite matrix scatter
    (Johnstone 2001).
    """
    rows, columns = math.sqrt(features), math.sqrt(width)
    scale = (rows + columns) * (1 / rows + 1 / columns) ** (1 / 3)
    low, high = (rows - columns) ** 2 - 4 * scale, (rows + columns) ** 2 + 4 * scale
    return max(0.0, low) / width, high / width


def random_norm_variation(width: int) -> float:
    """Return the standard deviation over the mean of Gaussian rows' norms, about 1/√(2m)."""
    mean = math.sqrt(2) * math.exp(math.lgamma((width + 1) / 2) - math.lgamma(width / 2))
    return math.sqrt(max(0.0, width / mean**2 - 1))


def random_represented_fraction(width: int, threshold: float) -> float:
    """Return the share of Gaussian rows whose norm exceeds `threshold` times the rms norm."""
    from scipy.special import chdtrc

    return float(chdtrc(width, width * threshold**2))


def random_mean_absolute(width: int) -> float:
    """Return E|c| of isotropic random directions.

    Exactly Γ(m/2) / (√π Γ((m+1)/2)), which tends to √(2/(πm)).
    """
    return math.exp(math.lgamma(width / 2) - math.lgamma((width + 1) / 2)) / math.sqrt(math.pi)


def random_share(edges: npt.ArrayLike, width: int) -> npt.NDArray[np.float64]:
    """Return the share of random overlaps between consecutive `edges`, including the last edge.

    c² of two isotropic directions is Beta(1/2, (m−1)/2) distributed.
    """
    from scipy.special import betainc

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
