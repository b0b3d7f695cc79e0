"""An output head of lower rank: factors in place of a matrix."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]

ROWS = 1 << 14  # of an array that are copied at once to be hashed


@dataclass(frozen=True, eq=False)
class Block:
    """Rows of a head that share a rank: their products with a state h are rows @ (columns @ h).

    Attributes
    ----------
    rows
        float32, shape (b, r).
    columns
        float32, shape (r, m).
    ids
        Which rows of the head, ascending, int64, shape (b,); None for all in order.
    """

    rows: Float32
    columns: Float32
    ids: Int64 | None = None

    @property
    def rank(self) -> int:
        """The rank r."""
        return len(self.columns)


@dataclass(frozen=True, eq=False)
class NarrowHead:
    """A head W_r of rank r, as factors: one block for all rows, or blocks of rows.

    Attributes
    ----------
    blocks
        They hold each row once.
    bias
        Added to the products, float32, shape (V,); or None.
    shift
        A row that may be added to all rows, float32, shape (m,): that adds the same to all logits
        of a position and changes no probability, but brings the rows closer to the head's own. None
        where there is none, or where what comes after the head would tell.
    """

    blocks: tuple[Block, ...]
    bias: Float32 | None = None
    shift: Float32 | None = None

    @property
    def vocabulary(self) -> int:
        """Rows V."""
        return sum(len(block.rows) for block in self.blocks)

    @property
    def width(self) -> int:
        """Columns m of the head it stands for."""
        return int(self.blocks[0].columns.shape[1])

    @property
    def weights(self) -> int:
        """Numbers in its factors; a bias is the head's own and not counted."""
        return sum(block.rows.size + block.columns.size for block in self.blocks)

    def matrix(self) -> Float32:
        """Return W_r, with the shift, float32, shape (V, m)."""
        return self.take(np.arange(self.vocabulary))

    def take(self, indices: Int64) -> Float32:
        """Return rows of W_r, with the shift, float32, shape (len(indices), m)."""
        made = np.empty((len(indices), self.width), np.float32)
        for block in self.blocks:
            if block.ids is None:
                made[:] = block.rows[indices] @ block.columns
            else:
                at = np.searchsorted(block.ids, indices).clip(max=len(block.ids) - 1)
                own = block.ids[at] == indices
                made[own] = block.rows[at[own]] @ block.columns
        if self.shift is not None:
            made += self.shift
        return made

    def on(self, device: torch.device) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return a function from states (n, m) to products (n, V), on a device.

        The shift is left out.
        """
        import torch

        def there(array: npt.NDArray[np.generic]) -> torch.Tensor:
            return torch.from_numpy(array).to(device)

        parts = [
            (there(b.rows), there(b.columns), None if b.ids is None else there(b.ids))
            for b in self.blocks
        ]
        bias = None if self.bias is None else there(self.bias)

        def products(states: torch.Tensor) -> torch.Tensor:
            if len(parts) == 1 and parts[0][2] is None:
                made = states @ parts[0][1].T @ parts[0][0].T
            else:
                made = states.new_empty(len(states), self.vocabulary)
                for rows, columns, ids in parts:
                    made[:, ids] = states @ columns.T @ rows.T
            return made if bias is None else made + bias

        return products

    @cached_property
    def fingerprint(self) -> str:
        """Changes when a number of the head does; the shift is no part of it."""
        digest = hashlib.sha256()
        for block in self.blocks:
            for array in (block.rows, block.columns, block.ids):
                for part in () if array is None else np.array_split(array, len(array) // ROWS + 1):
                    digest.update(np.ascontiguousarray(part).data)
                digest.update(b"-")
        digest.update(b"-" if self.bias is None else self.bias.tobytes())
        return digest.hexdigest()[:16]

    @property
    def fingerprint_with_shift(self) -> str:
        """Changes when a number of the head or its shift does."""
        shift = b"-" if self.shift is None else self.shift.tobytes()
        return hashlib.sha256(self.fingerprint.encode() + shift).hexdigest()[:16]
