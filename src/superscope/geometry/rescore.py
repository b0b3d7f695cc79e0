"""Compare the candidates from low-precision tiles again, by overlaps in float32."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float32, UnitRows, blocks

_TOGETHER = 512  # number of rows searched at once
_TAKEN = 1 << 22


def overlaps_of(
    rows: UnitRows, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]
) -> Float32:
    """Return the overlaps c of pairs of positions, float32."""
    overlaps = np.empty(len(first), np.float32)
    step = max(1, _TAKEN // rows.width)
    for at in range(0, len(first), step):
        part = slice(at, at + step)
        overlaps[part] = np.einsum("ij,ij->i", rows.take(first[part]), rows.take(second[part]))
    return overlaps


def rescored(
    rows: UnitRows,
    near: Float32,
    positions: npt.NDArray[np.int32],
    keep: int,
    error: float,
) -> tuple[Float32, npt.NDArray[np.int32]]:
    """Return the `keep` nearest rows of every row, exact in float32.

    Parameters
    ----------
    rows
        V unit rows.
    near, positions
        Overlaps and positions of the candidates in low precision, nearest first, shape
        (V, > keep), or all V − 1 other rows.
    keep
        How many nearest rows to return for each row.
    error
        Largest error of a candidate's overlap.
    """
    count, listed = near.shape
    bar = near[:, -1].astype(np.float64)  # no row outside the list exceeds it
    exact = np.empty_like(near)
    step = max(1, _TAKEN // (rows.width * listed))
    for start in range(0, count, step):
        unit = rows.block(start, min(start + step, count))
        others = positions[start : start + step].reshape(-1).astype(np.int64)
        candidates = rows.take(others).reshape(len(unit), listed, rows.width)
        exact[start : start + step] = np.einsum("ikm,im->ik", candidates, unit)
    order = np.argsort(-exact, axis=1, kind="stable")[:, :keep]
    exact = np.take_along_axis(exact, order, 1)
    positions = np.take_along_axis(positions, order, 1)
    if listed < count - 1:
        unsure = np.flatnonzero(exact[:, -1] < bar + error)
        for at in range(0, len(unsure), _TOGETHER):
            part = unsure[at : at + _TOGETHER]
            exact[part], positions[part] = _search(rows, part, keep)
    return exact, positions


def _search(
    rows: UnitRows, wanted: npt.NDArray[np.int64], keep: int
) -> tuple[Float32, npt.NDArray[np.int32]]:
    """Return the nearest rows of the `wanted` rows, among all rows."""
    unit = rows.take(wanted)
    near = np.empty((len(wanted), 0), np.float32)
    positions = np.empty((len(wanted), 0), np.int32)
    for start, stop in blocks(rows.features, rows.width):
        tile = unit @ rows.block(start, stop).T
        itself = np.flatnonzero((wanted >= start) & (wanted < stop))
        tile[itself, wanted[itself] - start] = -2
        here = np.broadcast_to(np.arange(start, stop, dtype=np.int32), tile.shape)
        near, positions = np.hstack((near, tile)), np.hstack((positions, here))
        order = np.argsort(-near, axis=1, kind="stable")[:, :keep]
        near = np.take_along_axis(near, order, 1)
        positions = np.take_along_axis(positions, order, 1)
    return near, positions
