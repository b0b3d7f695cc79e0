"""Rows that were never trained, told by norms that are next to nothing.

Checkpoints hold ids that no text has: reserved tokens, whose rows some trainers leave near zero
(1e-24 in the base models of Llama 3). They have a direction, but it says nothing.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError
from superscope.heads.head import Head

NEAR_ZERO = 1e-3
"""A norm below this share of the rms norm is near zero."""

_ASIDE = 0.01  # share of the largest rows that the rms norm leaves aside: a few may be huge


def near_zero(norms: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which rows are near zero, but not zero.

    Parameters
    ----------
    norms
        Norms of the rows, shape (V,).

    Returns
    -------
    numpy.ndarray
        True for norms below a thousandth of the root mean square of the other norms, of which the
        largest hundredth is left aside; bool, shape (V,).
    """
    some = np.sort(norms[(norms > 0) & np.isfinite(norms)])
    some = some[: math.ceil((1 - _ASIDE) * len(some))]
    if not len(some):
        return np.zeros(len(norms), np.bool_)
    usual = some[-1] * math.sqrt(np.mean(np.square(some / some[-1])))  # squares could overflow
    below: npt.NDArray[np.bool_] = (norms > 0) & (norms < NEAR_ZERO * usual)
    return below


def trained_rows(head: Head) -> Head:
    """Return the head without the rows that are near zero.

    Parameters
    ----------
    head
        With all its rows.

    Returns
    -------
    Head
        Its rows are called ``trained``.

    Raises
    ------
    UsageError
        Rows were left out of the head before.
    """
    if head.ids is not None:
        raise UsageError(
            f"{head.provenance.model}: rows were left out before; "
            "rows='trained' needs a head with all its rows"
        )
    norms = np.empty(head.features)
    step = max((3 << 19) // head.width, 1)  # a few MB at once
    for start in range(0, head.features, step):
        rows = head.block(start, min(start + step, head.features))
        with np.errstate(invalid="ignore", over="ignore"):  # non-finite rows are refused later
            squares = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
        norms[start : start + len(rows)] = np.sqrt(squares)
    return head.keeping(np.flatnonzero(~near_zero(norms)).astype(np.int64), "trained")
