"""Which rows of a head are zero, and which are equal."""

from __future__ import annotations

import numpy as np

from superscope.geometry.unit_rows import blocks
from superscope.heads import Head
from superscope.heads.rows import Indices


def repeated_rows(head: Head) -> tuple[Indices, tuple[tuple[int, ...], ...]]:
    """Return the positions of zero rows, and those of other rows in groups of equal ones."""
    found: dict[bytes, list[int]] = {}
    zero: list[int] = []
    for start, stop in blocks(head.features, head.width):
        rows = head.block(start, stop) + np.float32(0)  # −0 becomes 0
        for position, row in enumerate(rows, start=start):
            if row.any():
                found.setdefault(row.tobytes(), []).append(position)
            else:
                zero.append(position)
    groups = tuple(tuple(group) for group in found.values() if len(group) > 1)
    return np.array(zero, np.int64), groups
