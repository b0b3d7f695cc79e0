"""Whether the origin lies in the convex hull of a few vectors, or on which side of it.

Given unit vectors d_j, either some h has d_j·h > 0 for all of them, or a convex combination
Σ λ_j d_j is 0. The nearest point of the hull decides it: it is such an h, or it is 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]


def nearest(vectors: Float64) -> tuple[Float64, Float64] | None:
    """Return the nearest point of the hull to the origin, and the weights that make it.

    It is found by non-negative least squares (LH74, chapter 23).

    Parameters
    ----------
    vectors
        Shape (k, n).

    Returns
    -------
    tuple of numpy.ndarray, or None
        The point, shape (n,), and the weights, of sum 1, shape (k,); None if it was not found.
    """
    from scipy.optimize import nnls

    count, width = vectors.shape
    goal = np.zeros(width + 1)
    goal[-1] = 1.0
    try:
        weights, _ = nnls(np.vstack([vectors.T, np.ones(count)]), goal, maxiter=20 * (count + 10))
    except RuntimeError:
        return None
    total = float(weights.sum())
    if not total:
        return None
    weights = weights / total
    return weights @ vectors, weights


def widest(vectors: Float64) -> tuple[Float64, Float64] | None:
    """Return what :func:`nearest` does, for the greatest margin in a box: a linear program.

    It is max t with vectors·h ≥ t and ‖h‖∞ ≤ 1, solved by HiGHS.
    """
    from scipy.optimize import linprog

    count, width = vectors.shape
    goal = np.zeros(width + 1)
    goal[-1] = -1.0
    found = linprog(
        goal, A_ub=np.hstack([-vectors, np.ones((count, 1))]), b_ub=np.zeros(count),
        bounds=[(-1, 1)] * width + [(None, None)], method="highs",
    )  # fmt: skip
    if found.x is None:
        return None
    weights = np.maximum(0.0, -found.ineqlin.marginals)
    total = float(weights.sum())
    if not total:
        return None
    weights = weights / total
    if found.x[-1] <= 1e-9:  # no h has a margin, so the weights show that the origin is inside
        return weights @ vectors, weights
    return found.x[:-1], weights
