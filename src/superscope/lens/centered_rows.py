"""The rows of a head less their mean, in units of their spread, for the search of hidden states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import blocks, refuse_non_finite, row_norms
from superscope.heads import Head

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

KEPT = 1 << 29
"""Bytes of a head that is kept in memory; a larger one is read again for each pass."""

_RIDGE = 1e-3  # of the mean eigenvalue, added to the covariance: some heads have a lower rank


@dataclass(frozen=True, eq=False)
class CenteredRows:
    """Rows y_i = (w_i − w̄)/s of a head, where s² is their mean square norm.

    Attributes
    ----------
    head
        The head, shape (V, m).
    mean
        w̄, float64, shape (m,).
    size
        s; 1 if all rows are equal.
    longest
        The greatest ‖y_i‖.
    whitening
        S = (C + ε)^−½ for the covariance C of the y_i, symmetric, float64, shape (m, m).
    kept
        All y_i, if they are few; else None.
    """

    head: Head
    mean: Float64
    size: float
    longest: float
    whitening: Float64
    kept: Float32 | None = None

    @classmethod
    def of(cls, head: Head) -> CenteredRows:
        """Return the rows of a head.

        Raises
        ------
        HeadDataError
            A row has numbers that are not finite.
        """
        count, width = head.features, head.width
        mean, norms = np.zeros(width), np.empty(count)
        for start, stop in blocks(count, width):
            rows = head.block(start, stop)
            norms[start:stop] = row_norms(rows)
            with np.errstate(invalid="ignore"):  # refused below
                mean += rows.sum(axis=0, dtype=np.float64) / count
        refuse_non_finite(head, norms)
        covariance, longest = np.zeros((width, width)), 0.0
        for start, stop in blocks(count, width):
            wide = head.block(start, stop) - mean
            covariance += wide.T @ wide / count
            longest = max(longest, float(row_norms(wide).max()))
        size = float(np.sqrt(np.trace(covariance))) or 1.0
        values, vectors = np.linalg.eigh(covariance / size**2)
        whitening = (vectors / np.sqrt(np.maximum(values, 0.0) + _RIDGE / width)) @ vectors.T
        rows_of = cls(head, mean, size, longest / size, whitening)
        if 4 * count * width > KEPT:
            return rows_of
        kept = np.concatenate([rows for _, rows in rows_of.blocks()])
        return cls(head, mean, size, longest / size, whitening, kept)

    def blocks(self) -> Iterator[tuple[int, Float32]]:
        """Yield the y_i in blocks, float32, each with the position of its first row."""
        for start, stop in blocks(self.head.features, self.head.width):
            yield start, self.block(start, stop)

    def block(self, start: int, stop: int) -> Float32:
        """Return y_i from `start` to `stop`, float32."""
        if self.kept is not None:
            return self.kept[start:stop]
        return ((self.head.block(start, stop) - self.mean) / self.size).astype(np.float32)

    def take(self, positions: Int64) -> Float64:
        """Return the y_i at `positions`, float64."""
        wide: Float64 = (self.head.take(positions) - self.mean) / self.size
        return wide

    def gathered(self, positions: Int64) -> Float32:
        """Return the y_i at `positions`, float32, without a copy of all in float64."""
        if self.kept is not None:
            return self.kept[positions]
        rows = np.empty((len(positions), self.head.width), np.float32)
        for start, stop in blocks(len(positions), self.head.width):
            rows[start:stop] = self.take(positions[start:stop])
        return rows

    def whitened(self, start: int, stop: int) -> Float32:
        """Return z_i = S y_i from `start` to `stop`, float32."""
        wide = (self.head.block(start, stop) - self.mean) / self.size
        return (wide @ self.whitening).astype(np.float32)
