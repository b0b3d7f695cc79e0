"""Matrices that are read by rows, from memory or directly from a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from superscope.arrays import as_float32
from superscope.errors import FormatError
from superscope.heads.encodings import Bytes, Encoding, Float32

Indices = npt.NDArray[np.int64]

_GAP = 1 << 14
"""Bytes between two rows that are read with them: a request of its own costs more."""

_REQUEST = 1 << 22
"""Most bytes of one request."""


class Rows(ABC):
    """A V × m matrix whose rows are read as float32."""

    shape: tuple[int, int]

    @abstractmethod
    def block(self, start: int, stop: int) -> Float32:
        """Return rows `start` to `stop`, float32, shape ``(stop - start, m)``."""

    @abstractmethod
    def take(self, indices: Indices) -> Float32:
        """Return the rows at `indices`, float32, shape ``(len(indices), m)``."""


@dataclass(frozen=True, eq=False)
class ArrayRows(Rows):
    """Rows of an array of any float dtype, in memory or memory-mapped by the caller.

    Attributes
    ----------
    array
        The matrix, shape (V, m).
    """

    array: npt.NDArray[np.floating]

    @property
    def shape(self) -> tuple[int, int]:  # type: ignore[override]
        """V and m."""
        return self.array.shape[0], self.array.shape[1]

    def block(self, start: int, stop: int) -> Float32:
        """Return rows `start` to `stop` as float32."""
        return as_float32(self.array[start:stop])

    def take(self, indices: Indices) -> Float32:
        """Return the rows at `indices` as float32."""
        return as_float32(self.array[indices])


@dataclass(frozen=True, eq=False)
class ChangedRows(Rows):
    """Rows that are made from others, each from the one of its number.

    Attributes
    ----------
    stored
        The rows before the change.
    """

    stored: Rows

    @property
    def shape(self) -> tuple[int, int]:  # type: ignore[override]
        """V and m."""
        return self.stored.shape

    def block(self, start: int, stop: int) -> Float32:
        """Return rows `start` to `stop` as float32."""
        return self._changed(self.stored.block(start, stop), np.arange(start, max(start, stop)))

    def take(self, indices: Indices) -> Float32:
        """Return the rows at `indices` as float32."""
        return self._changed(self.stored.take(indices), indices)

    @abstractmethod
    def _changed(self, rows: Float32, indices: Indices) -> Float32:
        """Return what is made of the stored rows at `indices`."""


@dataclass(frozen=True, eq=False)
class ScaledRows(ChangedRows):
    """Rows that are multiplied by factors, one for each block of the matrix.

    Attributes
    ----------
    stored
        The rows without their factors.
    factors
        float32, shape (R, C): one for each block.
    span
        Rows and columns of a block; the last blocks may be smaller.
    zero
        Zero points, subtracted before the multiplication, of the same shape as `factors`; or
        None.
    """

    factors: Float32
    span: tuple[int, int]
    zero: Float32 | None = None

    def _changed(self, rows: Float32, indices: Indices) -> Float32:
        with np.errstate(over="ignore", invalid="ignore"):  # non-finite rows are refused later
            if self.zero is not None:
                rows = rows - self._spread(self.zero, indices)
            return rows * self._spread(self.factors, indices)

    def _spread(self, table: Float32, indices: Indices) -> Float32:
        """Return the table's entry for each number of the rows at `indices`."""
        of_rows = table[indices // self.span[0]]
        if table.shape[1] == 1:
            return of_rows
        return np.repeat(of_rows, self.span[1], axis=1)[:, : self.shape[1]]


@dataclass(frozen=True, eq=False)
class AdaptedRows(ChangedRows):
    """Rows to which a product of two narrow matrices is added, as LoRA does.

    Attributes
    ----------
    stored
        The rows without the product.
    up, down
        The factors, float32, of shapes (V, r) and (r, m).
    """

    up: Float32
    down: Float32

    def _changed(self, rows: Float32, indices: Indices) -> Float32:
        with np.errstate(over="ignore", invalid="ignore"):  # non-finite rows are found later
            return rows + self.up[indices] @ self.down


@dataclass(frozen=True, eq=False)
class ReplacedRows(ChangedRows):
    """Rows of which some are replaced by others.

    Attributes
    ----------
    stored
        All rows, before the replacement.
    ids
        Ids of the replaced rows, without repetition, shape (k,).
    values
        The new rows, float32, shape (k, m).
    """

    ids: Indices
    values: Float32

    def _changed(self, rows: Float32, indices: Indices) -> Float32:
        order = np.argsort(self.ids)
        at = np.searchsorted(self.ids, indices, sorter=order)
        at = order[np.minimum(at, len(order) - 1)]
        new = self.ids[at] == indices
        if not new.any():
            return rows
        changed = rows.copy()  # they may be a view of the stored matrix
        changed[new] = self.values[at[new]]
        return changed


@dataclass(frozen=True, eq=False)
class FileRows(Rows):
    """Rows that are stored one after another in a file.

    Only the requested rows are in memory, so the head may be larger than the memory.

    Attributes
    ----------
    path
        The file.
    offset
        Where the first row begins, in bytes.
    shape
        V and m.
    encoding
        How a row's numbers are stored.
    """

    path: Path
    offset: int
    shape: tuple[int, int]
    encoding: Encoding

    def block(self, start: int, stop: int) -> Float32:
        """Return rows `start` to `stop` as float32."""
        raw = np.empty((max(0, stop - start), self._row_bytes), np.uint8)
        with self._opened() as file:
            self._fill(raw, file, start)
        return self.encoding.decode(raw)

    def take(self, indices: Indices) -> Float32:
        """Return the rows at `indices` as float32; each row is read and decoded once."""
        wanted, place = np.unique(indices, return_inverse=True)
        raw = np.empty((len(wanted), self._row_bytes), np.uint8)
        with self._opened() as file:
            for run in self._runs(wanted):
                rows = wanted[run] - wanted[run.start]
                read = np.empty((int(rows[-1]) + 1, self._row_bytes), np.uint8)
                self._fill(read, file, int(wanted[run.start]))
                raw[run] = read[rows]
        return self.encoding.decode(raw)[place]

    @property
    def _row_bytes(self) -> int:
        return self.encoding.row_bytes(self.shape[1])

    def _runs(self, wanted: Indices) -> Iterator[slice]:
        """Yield the parts of sorted rows that one request reads, with the few rows between them."""
        near = max(1, _GAP // self._row_bytes)
        block = wanted // max(1, _REQUEST // self._row_bytes)
        breaks = np.flatnonzero((np.diff(wanted) > near) | (np.diff(block) > 0)) + 1
        for start, stop in pairwise((0, *breaks.tolist(), len(wanted))):
            if start < stop:
                yield slice(start, stop)

    @contextmanager
    def _opened(self) -> Iterator[FileIO]:
        # Not memory-mapped: if the file is cut off meanwhile, that would kill the process.
        try:
            with self.path.open("rb", buffering=0) as file:
                yield file
        except OSError as error:
            raise FormatError(f"cannot read rows of {self.path}: {error.strerror}") from error

    def _fill(self, raw: Bytes, file: FileIO, row: int) -> None:
        """Fill the array with the bytes of the rows from `row` on."""
        file.seek(self.offset + row * self._row_bytes)
        view = raw.reshape(-1)
        while view.size:
            count = file.readinto(view.data)
            if not count:
                raise FormatError(
                    f"{self.path} became shorter while it was read: bytes after the start of row "
                    f"{row:,} are missing"
                )
            view = view[count:]
