"""What the compiled kernels take and fill, and what numba calls it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import float64, int64, types

from superscope.laws.formula import Floats

VECTOR, MATRIX, CUBE = float64[::1], float64[:, ::1], types.Array(float64, 3, "C")


class Target(NamedTuple):
    """What is fitted, all but the points' weights.

    Attributes
    ----------
    x, group, y
        Inputs in logarithm, (n, k); each point's floor, (n,); losses or their logarithms, (n,).
    log, delta
        Whether y is a logarithm; the bend of Huber's function.
    low, high
        Bounds of the p linear parameters, then of the k exponents.
    leader
        The number of the parameter that each equals: its own, or that of the first of a tie.
    """

    x: Floats
    group: npt.NDArray[np.int64]
    y: Floats
    log: bool
    delta: float
    low: Floats
    high: Floats
    leader: npt.NDArray[np.int64]


class System(NamedTuple):
    """Room for the equations of a Newton step, over all parameters or the linear ones.

    Attributes
    ----------
    gradient, newton, gauss
        The objective's gradient, its Hessian, and the reweighted Gauss-Newton matrix.
    free, step
        Which parameters may move, and by how much they do.
    """

    gradient: Floats
    newton: Floats
    gauss: Floats
    free: npt.NDArray[np.bool_]
    step: Floats


class Found(NamedTuple):
    """Where results go, a row for each row of weights.

    Attributes
    ----------
    theta, c
        The best exponents, (B, k), and linear parameters, (B, p).
    searches
        Of each start: the objective, the steps, 1 if it converged, and the exponents where it
        ended; (B, S, 3 + k).
    """

    theta: Floats
    c: Floats
    searches: Floats


TARGET = types.NamedTuple(
    (MATRIX, int64[::1], VECTOR, types.boolean, float64, VECTOR, VECTOR, int64[::1]), Target
)
SYSTEM = types.NamedTuple((VECTOR, MATRIX, MATRIX, types.boolean[::1], VECTOR), System)
FOUND = types.NamedTuple((MATRIX, MATRIX, CUBE), Found)
