"""Token frequencies as weights of a head's rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError
from superscope.geometry.unit_rows import Float64, blocks
from superscope.heads import Head


def stored_frequencies(frequencies: npt.ArrayLike, head: Head) -> Float64:
    """Return a frequency for each stored row of a head, 0 for ids beyond those given.

    Raises
    ------
    UsageError
        No list of finite numbers that are not negative, or one longer than the stored rows.
    """
    stored = head.stored.shape[0]
    try:
        given = np.asarray(frequencies, np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"frequencies must be a number for each token: {error}") from None
    if given.ndim != 1:
        raise UsageError(f"frequencies must be a number for each token; got shape {given.shape}")
    given = np.trim_zeros(given, "b")  # ids that never occur need no row
    if len(given) > stored:
        raise UsageError(
            f"{len(given):,} frequencies for the {stored:,} stored rows of "
            f"{head.provenance.model}: they are of another tokenizer"
        )
    bad = np.flatnonzero(~(np.isfinite(given) & (given >= 0)))
    if len(bad):
        raise UsageError(f"frequencies must be finite and not negative; id {bad[0]} is not")
    return np.concatenate([given, np.zeros(stored - len(given))])


def shares(frequencies: Float64, ids: npt.NDArray[np.int64] | None) -> tuple[Float64, float]:
    """Return how a text's tokens are shared out among the rows kept, and how many those cover.

    Parameters
    ----------
    frequencies
        Of the stored rows, on any scale.
    ids
        Ids of the rows kept; None for all.

    Returns
    -------
    tuple
        p_i of each row kept, with sum 1 (or all 0, if no token of the text is kept); and the
        share of all frequencies that falls on rows kept.
    """
    rows = slice(None) if ids is None else ids
    p = frequencies[rows]
    if not p.any():
        return np.zeros(len(p)), 0.0
    p = p / p.max()  # their sum is then finite
    scaled = frequencies / frequencies.max()
    kept = scaled[rows].sum()
    scaled[rows] = 0
    return p / p.sum(), float(kept / (kept + scaled.sum()))


def mean_row(head: Head, frequencies: Float64) -> Float64:
    """Return the mean row weighted by the frequencies of the stored rows, shape (m,).

    Raises
    ------
    UsageError
        None of the rows kept has a frequency above 0.
    """
    weights, _ = shares(frequencies, head.ids)
    if not weights.any():
        raise UsageError("the frequencies of the rows kept add up to 0")
    mean = np.zeros(head.width)
    for start, stop in blocks(head.features, head.width):
        mean += weights[start:stop] @ head.block(start, stop).astype(np.float64)
    return mean
