"""Places of rows in a plane, and how much of their neighborhoods is left there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.geometry.gram import gram
from superscope.geometry.unit_rows import Float32, UnitRows, blocks

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Principal:
    """Rows in the plane in which they spread most.

    Attributes
    ----------
    points
        Coordinates, float32, shape (V, 2).
    shares
        Of the spread of the rows, along each axis.
    """

    points: Float32
    shares: tuple[float, float]


def principal(rows: UnitRows) -> Principal:
    """Return the first two principal components of unit rows: O(V m²), by their Gram matrix.

    Distances between unit rows are those of their overlaps: ‖ŵ_i − ŵ_j‖² = 2 − 2c. The greatest
    part of each axis is positive.
    """
    found = gram(rows)
    mean = found.total / rows.features
    values, vectors = np.linalg.eigh(found.matrix / rows.features - np.outer(mean, mean))
    spread = float(np.maximum(values, 0).sum()) or 1.0
    axes = np.zeros((rows.width, 2))
    kept = min(2, rows.width)
    axes[:, :kept] = vectors[:, ::-1][:, :kept]
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1, 1)
    points = np.empty((rows.features, 2), np.float32)
    for start, stop in blocks(rows.features, rows.width):
        points[start:stop] = (rows.block(start, stop) - mean) @ axes
    first, second = [*np.maximum(values[::-1], 0)[:2], 0.0][:2]
    return Principal(points, (float(first) / spread, float(second) / spread))


@dataclass(frozen=True)
class Preserved:
    """How much of the neighborhoods of rows a layout keeps.

    Attributes
    ----------
    share
        Of the k rows nearest to a row, those that are among the k nearest in the plane, on average.
    error
        Its standard error; 0 if every row was looked at.
    rows
        How many rows were looked at.
    chance
        What a random layout has: k / (V − 1).
    """

    share: float
    error: float
    rows: int
    chance: float


def preserved(points: npt.NDArray[np.floating], of: Int64, near: Int64) -> Preserved:
    """Return how many of the rows nearest to some rows are nearest to them in the plane.

    Parameters
    ----------
    points
        Places of all rows, shape (V, 2).
    of
        Positions of the rows that are looked at, shape (t,), drawn at random if not all.
    near
        Positions of the k rows nearest to each, itself not among them, shape (t, k).
    """
    from scipy.spatial import cKDTree

    count, k = len(points), near.shape[1]
    _, found = cKDTree(points).query(points[of], k + 1)
    others = found != of[:, None]
    others[others.all(axis=1), -1] = False  # rows at one point may crowd the row itself out
    kept = (found[:, :, None] == near[:, None, :]).any(axis=2) & others
    shares = kept.sum(axis=1) / k
    looked = len(of)
    error = 0.0
    if looked < count:
        error = float(shares.std(ddof=1)) * math.sqrt((1 - looked / count) / looked)
    return Preserved(float(shares.mean()), error, looked, k / (count - 1))
