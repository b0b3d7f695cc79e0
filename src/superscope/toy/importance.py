"""How much the error of each feature counts in the loss."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from superscope.errors import UsageError
from superscope.toy.features import Float64

Importance: TypeAlias = float | tuple[float, ...]


def importance_weights(n: int, importance: Importance) -> Float64:
    """Return the weight of each feature's squared error (E22), shape (n,).

    Parameters
    ----------
    n
        Number of features.
    importance
        r of I_i = r^(i − 1) over rank i, or n weights.

    Returns
    -------
    ndarray of float64
        The weights, shape (n,).

    Raises
    ------
    UsageError
        The weights are not n finite numbers of at least 0, all are 0, or float32 cannot hold one.
    """
    if isinstance(importance, tuple):
        weights = np.asarray(importance, np.float64)
        if weights.shape != (n,):
            raise UsageError(f"importance: {weights.size} weights for n = {n} features")
        outside = np.flatnonzero(~(weights >= 0))
        if len(outside):
            first = outside[0]
            raise UsageError(f"importance: weight {weights[first]:g} of feature {first} is below 0")
        if not weights.any():
            raise UsageError("importance: every weight is 0")
    else:
        with np.errstate(over="ignore", under="ignore"):
            weights = importance ** np.arange(n, dtype=np.float64)
    if not weights.max() <= np.finfo(np.float32).max:
        raise UsageError(f"importance: the largest weight is {weights.max():.3g}, above 3.4e+38")
    weights.flags.writeable = False  # configs share it
    return weights
