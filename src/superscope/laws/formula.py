"""What a law says: its loss by parts, and how that changes with each parameter.

Parameters are in the order of their names: each term's amplitude and exponent, then the floors.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def parts(inputs: Floats, group: npt.NDArray[np.int64], parameters: Floats) -> Floats:
    """Return the loss by its terms and the floor: a last axis of k + 1.

    Parameters
    ----------
    inputs
        Offsets subtracted, shape (N, k).
    group
        Each input's floor, shape (N,).
    parameters
        Shape (P,) or (R, P): the result is (N, k + 1) or (R, N, k + 1).
    """
    k = inputs.shape[1]
    logs = np.log(inputs)
    powers = parameters[..., None, 0 : 2 * k : 2] * np.exp(
        -parameters[..., None, 1 : 2 * k : 2] * logs
    )
    return np.concatenate([powers, parameters[..., 2 * k + group, None]], axis=-1)


def slopes(
    inputs: Floats, group: npt.NDArray[np.int64], parameters: Floats, *, log: bool
) -> Floats:
    """Return derivatives of the loss, or of its logarithm, by the parameters (P,): (N, P)."""
    k = inputs.shape[1]
    logs = np.log(inputs)
    powers = np.exp(-parameters[1 : 2 * k : 2] * logs)
    result = np.zeros((len(inputs), len(parameters)))
    result[:, 0 : 2 * k : 2] = powers
    result[:, 1 : 2 * k : 2] = -parameters[0 : 2 * k : 2] * logs * powers
    result[np.arange(len(inputs)), 2 * k + group] = 1
    if log:
        result /= parts(inputs, group, parameters).sum(axis=1)[:, None]
    return result
