"""The output head of a model: a matrix with one row for each token, and its provenance."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.arrays import as_numpy
from superscope.errors import HeadDataError
from superscope.heads.encodings import Float32
from superscope.heads.kinds import Vocabulary
from superscope.heads.rows import ArrayRows, Indices, Rows
from superscope.heads.scales import missing

NAMED = "named by the user"
"""The reason why a tensor is read that the user named."""


@dataclass(frozen=True)
class Provenance:
    """Where a head came from and what was done to it.

    Attributes
    ----------
    model
        Hub id, path or URI; for an array, the name that the user gave.
    family
        Family of the model, or None.
    revision
        Commit of a hub repository, version tag of a remote file, or None.
    file, format
        File that holds the tensor, relative to the model, and its format.
    tensor, reason
        The tensor's name, and why it was chosen as the head.
    dtype
        Stored number format, as safetensors or ggml name it.
    quantized
        Whether the stored numbers are a lossy quantization, which adds noise to every overlap.
    scale_known
        Whether the scale of the numbers is known. Without their scale, fp8 and int8 numbers have
        meaningless norms.
    rows
        ``all``; ``tokenizer``: only ids that the tokenizer can produce; ``trained``: without rows
        near zero.
    folded_norm
        Name of the final norm's gain that was multiplied into the columns, or None.
    depth, parameters
        Number of layers and of parameters, if the checkpoint gives them.
    notes
        Remarks for the user.
    features
        What the rows are: ``tokens`` of a vocabulary, or other ``directions``.
    """

    model: str
    family: str | None = None
    revision: str | None = None
    file: str | None = None
    format: str = "array"
    tensor: str | None = None
    reason: str | None = None
    dtype: str = "F32"
    quantized: bool = False
    scale_known: bool = True
    rows: str = "all"
    folded_norm: str | None = None
    depth: int | None = None
    parameters: int | None = None
    notes: tuple[str, ...] = ()
    features: str = "tokens"

    @property
    def matrix(self) -> str | None:
        """Model and tensor, where the user named the tensor or its rows are no tokens."""
        if self.reason != NAMED and self.features == "tokens":
            return None
        return f"{self.model}: {self.tensor}"


@dataclass(frozen=True, eq=False)
class Head:
    """An output head W of shape (V, m), read as float32 by rows.

    Attributes
    ----------
    stored
        All rows of the checkpoint.
    provenance
        Where they came from.
    tokens
        Text of each id, with None for ids that the tokenizer lacks; None if not known. For
        directions, their names.
    ids
        Ids of the rows that were kept, ascending, int64; None for all rows.
    gain
        Factor for each column, shape (m,), float32; or None.
    copy
        The file of the cache that the head was read from, or None.
    bias
        What is added to the logit of each stored row, float32; or None.
    tokenizer
        What its tokenizer says of each id, or None.
    rates
        How often each stored direction is active, float32, if a file beside it says so; or None.
    """

    stored: Rows
    provenance: Provenance
    tokens: tuple[str | None, ...] | None = None
    ids: Indices | None = field(default=None)
    gain: Float32 | None = None
    copy: Path | None = None
    bias: Float32 | None = None
    tokenizer: Vocabulary | None = None
    rates: Float32 | None = None

    @classmethod
    def from_array(
        cls,
        matrix: Any,
        *,
        model: str = "array",
        tokens: tuple[str | None, ...] | None = None,
    ) -> Head:
        """Make a head from a matrix in memory, such as a numpy array or a torch tensor.

        Parameters
        ----------
        matrix
            Matrix of shape (V, m) and of any floating-point type.
        model
            Name of the matrix in outputs and messages.
        tokens
            Text of each id.

        Returns
        -------
        Head
            A head whose rows are those of the matrix.

        Raises
        ------
        HeadDataError
            It is not a 2-D matrix of floating-point numbers with at least one row and column.

        Examples
        --------
        >>> import numpy as np
        >>> from superscope import Head
        >>> head = Head.from_array(np.eye(3), tokens=("a", "b", "c"))
        >>> head.width, head.token(1)
        (3, 'b')
        """
        array, dtype = as_numpy(matrix, model)
        check_shape(array.shape, model)
        provenance = Provenance(model, dtype=dtype)
        if dtype.startswith("float8"):
            provenance = replace(
                provenance, quantized=True, scale_known=False, notes=missing(dtype)
            )
        return cls(ArrayRows(array), provenance, tokens)

    @property
    def features(self) -> int:
        """Number of rows kept."""
        return self.stored.shape[0] if self.ids is None else len(self.ids)

    @property
    def width(self) -> int:
        """Number of columns, m."""
        return self.stored.shape[1]

    def block(self, start: int, stop: int) -> Float32:
        """Return kept rows `start` to `stop`, float32, shape ``(stop - start, m)``."""
        if self.ids is None:
            return self._scaled(self.stored.block(start, stop))
        wanted = self.ids[start:stop]
        if not len(wanted):
            return self._scaled(self.stored.block(0, 0))
        first, last = int(wanted[0]), int(wanted[-1])
        if last - first >= 2 * len(wanted):  # wide gaps: reading single rows is faster
            return self._scaled(self.stored.take(wanted))
        return self._scaled(self.stored.block(first, last + 1)[wanted - first])

    def take(self, positions: Indices) -> Float32:
        """Return the kept rows at `positions`, float32."""
        wanted = positions if self.ids is None else self.ids[positions]
        return self._scaled(self.stored.take(wanted))

    def _scaled(self, rows: Float32) -> Float32:
        with np.errstate(over="ignore", invalid="ignore"):  # non-finite rows are refused later
            return rows if self.gain is None else rows * self.gain

    @property
    def kept_bias(self) -> Float32 | None:
        """What is added to the logit of each kept row, float32, shape (V,); or None."""
        return self.bias if self.bias is None or self.ids is None else self.bias[self.ids]

    @property
    def kept_ids(self) -> Indices:
        """Ids of the kept rows, ascending, int64, shape (V,)."""
        return np.arange(self.features) if self.ids is None else self.ids

    def position_of(self, index: int) -> int | None:
        """Return the position of vocabulary id `index` among the kept rows; None if it is none."""
        if self.ids is None:
            return index if 0 <= index < self.features else None
        position = int(np.searchsorted(self.ids, index))
        return position if position < len(self.ids) and self.ids[position] == index else None

    def id_of(self, position: int) -> int:
        """Return the vocabulary id of the kept row at `position`."""
        return int(position if self.ids is None else self.ids[position])

    def token(self, index: int) -> str | None:
        """Return the text of vocabulary id `index`, or None if unknown."""
        if self.tokens is None or index >= len(self.tokens):
            return None
        return self.tokens[index]

    def in_memory(self, most: int) -> Head:
        """Return the head with its stored rows read and decoded, if they take no more bytes."""
        rows, width = self.stored.shape
        if self.resident or 4 * rows * width > most:
            return self
        return replace(self, stored=ArrayRows(self.stored.block(0, rows)))

    @property
    def resident(self) -> bool:
        """Whether its rows are in memory, where several threads may read them."""
        return isinstance(self.stored, ArrayRows)

    def keeping(self, ids: npt.NDArray[np.int64], rows: str) -> Head:
        """Return the head with only the rows of these ids."""
        return replace(self, ids=ids, provenance=replace(self.provenance, rows=rows))


def check_shape(shape: tuple[int, ...], name: str, way_out: str = "") -> None:
    """Raise unless the shape is that of a matrix with at least one number.

    Raises
    ------
    HeadDataError
        The message gives the name and the shape.
    """
    if len(shape) != 2:
        raise HeadDataError(f"{name} has shape {shape}, but a head is a 2-D matrix (V, m){way_out}")
    if 0 in shape:
        raise HeadDataError(f"{name} is empty: it has shape {shape}")
