"""Which rows training moved, where the initialization of a head is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superscope.errors import UsageError
from superscope.geometry.unit_rows import blocks, row_norms
from superscope.heads import Head
from superscope.result import Result

_ROUNDING = {"BF16": 2.0**-7, "BFLOAT16": 2.0**-7, "F16": 2.0**-10, "FLOAT16": 2.0**-10}
_SINGLE, _LOSSY = 2.0**-22, 2.0**-3


@dataclass(frozen=True)
class Moved(Result):
    """How many rows of a head differ from those of its initialization by more than rounding.

    Attributes
    ----------
    initial
        What the initialization is called.
    rows
        Number of rows compared: those with the same id in both.
    moved
        Share of them with ‖w − w⁰‖ above the rounding of the coarser of both number formats.
    turned
        Share of them whose direction differs by as much. Weight decay moves a row that was never
        trained, but does not turn it.
    """

    initial: str
    rows: int
    moved: float
    turned: float


def moved_rows(head: Head, initial: Head) -> Moved:
    """Compare the kept rows of a head with the rows of the same ids of its initialization.

    Parameters
    ----------
    head
        The head, without its zero rows.
    initial
        The same head before training.

    Returns
    -------
    Moved
        The shares of rows that moved and that turned.

    Raises
    ------
    UsageError
        The initialization has another width, none of the rows, or one that is not finite.
    """
    name = initial.provenance.model
    if initial.width != head.width:
        raise UsageError(
            f"the initialization {name} has {initial.width:,} columns and the head "
            f"{head.width:,}: give the initialization of the same model"
        )
    stored = initial.stored.shape[0]
    ids = head.kept_ids
    ids = ids[ids < stored]  # ascending; tokens may have been added since
    if not len(ids):
        raise UsageError(f"the initialization {name} has none of the rows of the head")
    before = initial.keeping(ids, initial.provenance.rows)
    rounding = max(_rounding(head), _rounding(initial))
    moved = turned = 0
    for start, stop in blocks(len(ids), head.width):
        old = before.block(start, stop).astype(np.float64)
        new = head.block(start, stop).astype(np.float64)
        lengths = row_norms(old), row_norms(new)
        if not np.isfinite(lengths[0]).all():
            raise UsageError(f"the initialization {name} has numbers that are not finite")
        differs = row_norms(new - old) > rounding * np.maximum(*lengths)
        unit = new / lengths[1][:, None] - old / np.where(lengths[0] > 0, lengths[0], 1)[:, None]
        moved += int(differs.sum())
        turned += int((differs & (row_norms(unit) > rounding)).sum())
    return Moved(name, len(ids), moved / len(ids), turned / len(ids))


def _rounding(head: Head) -> float:
    """Return how far rounding may move a row, relative to its norm."""
    if head.provenance.quantized or head.provenance.dtype.upper().startswith("F8"):
        return _LOSSY
    return _ROUNDING.get(head.provenance.dtype.upper(), _SINGLE)
