"""Overlaps of a few vectors with every row: one product with all rows, no pass over all pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from superscope.geometry.unit_rows import Float32, UnitRows, of_blocks
from superscope.heads import Head
from superscope.progress import Progress, silent


def overlaps(rows: UnitRows, wanted: Float32, progress: Progress = silent) -> Float32:
    """Return the overlaps of some unit vectors with every row, float32, shape (t, V).

    Unit rows are not formed, because that takes longer than the product. An overlap is off by
    1e-7 times the share of a row that is left after centering.

    Parameters
    ----------
    rows
        V unit rows.
    wanted
        Unit vectors, float32, shape (t, m).
    progress
        Called with the rows that are done.
    """
    found = np.empty((len(wanted), rows.features), np.float32)
    for start, stop, c in products_of(rows, wanted):
        found[:, start:stop] = c.T
        progress("overlaps", stop, rows.features)
    return np.clip(found, -1, 1, out=found)


def overlaps_of(asked: Sequence[tuple[UnitRows, int]]) -> list[Float32]:
    """Return the overlaps of one row with all, under several centerings, each of shape (V,).

    Where the centerings leave the same rows, one product with them serves all.

    Parameters
    ----------
    asked
        The unit rows under a centering, and the position of the row among them.
    """
    units = [rows.take(np.array([place])) for rows, place in asked]
    if any(rows.head is not asked[0][0].head or not _safe(rows) for rows, _ in asked):
        return [overlaps(rows, u)[0] for (rows, _), u in zip(asked, units, strict=True)]
    turned = np.ascontiguousarray(np.concatenate(units).T)
    shifts = np.array(
        [
            0.0 if rows.center is None else float(rows.center @ turned[:, k])
            for k, (rows, _) in enumerate(asked)
        ],
        np.float32,
    )
    scales = np.stack([rows.inverse_norms for rows, _ in asked], axis=1).astype(np.float32)

    found = np.concatenate([c for _, _, c in _scaled(asked[0][0].head, turned, shifts, scales)])
    return [np.clip(found[:, k], -1, 1) for k in range(len(asked))]


def _safe(rows: UnitRows) -> bool:
    """Return whether products with rows as they are stay in float32's normal range."""
    return bool(rows.inverse_norms.min() > 1e-15 and rows.inverse_norms.max() < 1e15)


def products_of(rows: UnitRows, wanted: Float32) -> Iterator[tuple[int, int, Float32]]:
    """Yield the bounds of blocks of rows, and their overlaps with unit vectors, shape (rows, t)."""
    turned = np.ascontiguousarray(wanted.T)
    if not _safe(rows):
        yield from of_blocks(rows.head, lambda start, stop, _: rows.block(start, stop) @ turned)
        return
    shift = np.float32(0) if rows.center is None else rows.center @ turned
    yield from _scaled(rows.head, turned, shift, rows.inverse_norms[:, None].astype(np.float32))


def _scaled(
    head: Head, turned: Float32, shifts: Float32 | np.float32, scales: Float32
) -> Iterator[tuple[int, int, Float32]]:
    """Yield (rows @ turned − shifts) times the scales of the rows, in blocks of rows."""

    def products(start: int, stop: int, some: Float32) -> Float32:
        c: Float32 = some @ turned
        c -= shifts
        c *= scales[start:stop]
        return c

    yield from of_blocks(head, products)
