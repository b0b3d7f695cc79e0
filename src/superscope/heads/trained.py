"""Find rows that were never trained, by their norms near zero.

Vocabularies have reserved tokens that occur in no text. Some trainers leave their rows near zero
(1e-24 in the base models of Llama 3). The directions of such rows mean nothing.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError
from superscope.heads.head import Head

NEAR_ZERO = 1e-3
"""A norm below this share of the rms norm counts as near zero."""

_ASIDE = 0.01  # the largest 1 % of the norms is left out of the rms, since a few may be huge


def near_zero(norms: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which rows are near zero, but not zero.

    Parameters
    ----------
    norms
        Norms of the rows, shape (V,).

    Returns
    -------
    numpy.ndarray
        True for norms below a thousandth of the root mean square of the norms, which leaves out
        the largest hundredth; bool, shape (V,).
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
        A head with all its rows.

    Returns
    -------
    Head
        The remaining rows; ``provenance.rows`` is ``trained``.

    Raises
    ------
    UsageError
        The head lacks some rows already.
    """
    if head.ids is not None:
        raise UsageError(
            f"{head.provenance.model}: rows='trained' needs a head with all its rows, and "
            f"this head has only the rows {head.provenance.rows!r}"
        )
    norms = np.empty(head.features)
    step = max((3 << 19) // head.width, 1)  # a few MB at once
    for start in range(0, head.features, step):
        rows = head.block(start, min(start + step, head.features))
        with np.errstate(invalid="ignore", over="ignore"):  # non-finite rows are refused later
            squares = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
        norms[start : start + len(rows)] = np.sqrt(squares)
    return head.keeping(np.flatnonzero(~near_zero(norms)).astype(np.int64), "trained")
