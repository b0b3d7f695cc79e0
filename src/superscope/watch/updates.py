"""What happened to each row of a head between two observations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.errors import HeadDataError
from superscope.geometry.shards import WHOLE, Shards
from superscope.geometry.unit_rows import Float32, blocks, row_norms
from superscope.heads import ArrayRows, Head, Provenance
from superscope.lens import undertrained

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Update:
    """The change of a head, split into what all rows share and what each did beyond it.

    Attributes
    ----------
    drift, own
        Norm of the mean change, and root mean square of the rest, over the root-mean-square norm
        that the rows had. The sum of their squares is the mean square change.
    still
        Ids of rows in which no number changed.
    together
        Ids of rows that moved as a group does of which nothing is learned. None if the rows are
        spread over processes: the group shows among all rows only.
    """

    drift: float
    own: float
    still: Ids
    together: Ids | None


def update(before: Float32, after: Head, shards: Shards = WHOLE) -> Update:
    """Return what changed from some rows to those of the same head later.

    The rows of tokens that do not occur are pushed the same way at every step, but not the way in
    which the mean of all rows goes. So their changes are found as rows that were never
    trained are found in a head (:func:`superscope.lens.undertrained`): as a dense group.

    Parameters
    ----------
    before
        The earlier rows, float32, shape (V, m).
    after
        The head later.
    shards
        How the rows are spread over processes.

    Returns
    -------
    Update
        The change.
    """
    count, width = before.shape
    change = np.empty_like(before)
    total, square = np.zeros(width), 0.0
    for start, stop in blocks(count, width):
        np.subtract(after.block(start, stop), before[start:stop], out=change[start:stop])
        total += change[start:stop].sum(axis=0, dtype=np.float64)
        square += float(np.square(row_norms(before[start:stop])).sum())
    everywhere = shards.sum(np.array([count, square]))
    mean = shards.sum(total) / everywhere[0]
    rest, still = 0.0, np.zeros(count, np.bool_)
    for start, stop in blocks(count, width):
        rest += float(np.square(row_norms(change[start:stop] - mean)).sum())
        still[start:stop] = ~change[start:stop].any(axis=1)
    usual = np.sqrt(everywhere[1] / everywhere[0])
    own = np.sqrt(shards.sum(np.array([rest]))[0] / everywhere[0])
    return Update(
        drift=float(np.linalg.norm(mean) / usual) if usual else 0.0,
        own=float(own / usual) if usual else 0.0,
        still=shards.join(np.flatnonzero(still).astype(np.int64) + shards.first),
        together=_together(change) if shards is WHOLE else None,
    )


def _together(change: Float32) -> Ids:
    """Return the positions of rows that changed alike, as those do that were not trained."""
    try:
        found = undertrained(Head(ArrayRows(change), Provenance("update"))).found
    except HeadDataError:  # too few rows, or rows that did not change
        found = ()
    return np.array(sorted(found), np.int64)
