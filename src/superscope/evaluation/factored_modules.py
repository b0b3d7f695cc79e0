"""Modules of torch that stand for an output head or an input embedding, as factors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from superscope.heads.narrow_head import Block, NarrowHead


class FactoredHead(nn.Module):
    """An output head as two linear maps: its products are ``rows(columns(states))``.

    Parameters
    ----------
    head
        The factors, of one block.
    dtype, device
        Of the module.

    Attributes
    ----------
    in_features, out_features
        Columns m and rows V of the head that it stands for.
    columns, rows
        From m to r numbers, and from r to V with the bias.
    shift
        A row that is added to all rows, shape (m,); or None.
    """

    @property
    def blocks(self) -> tuple[FactoredHead, ...]:
        """Itself: the only pair of linear maps, as :class:`BlockHead` has several."""
        return (self,)

    def __init__(self, head: NarrowHead, dtype: torch.dtype, device: Any = "cpu") -> None:
        super().__init__()
        (block,) = head.blocks
        self.in_features, self.out_features = head.width, head.vocabulary
        self.columns = _linear(block.columns, None, dtype, device)
        self.rows = _linear(block.rows, head.bias, dtype, device)
        self.shift = _parameter(head.shift, dtype, device)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return the products of states (…, m), of shape (…, V)."""
        products: torch.Tensor = self.rows(self.columns(states))
        return products if self.shift is None else products + (states @ self.shift)[..., None]

    @property
    def weight(self) -> torch.Tensor:
        """The matrix that it stands for, made when asked for, shape (V, m)."""
        made = self.rows.weight @ self.columns.weight
        return made if self.shift is None else made + self.shift

    @property
    def bias(self) -> torch.Tensor | None:
        """What it adds to its products, shape (V,); or None."""
        return self.rows.bias

    @property
    def factors(self) -> NarrowHead:
        """Its numbers."""
        block = Block(_array(self.rows.weight), _array(self.columns.weight))
        return NarrowHead((block,), _optional(self.bias), _optional(self.shift))


class BlockHead(nn.Module):
    """An output head of blocks of rows, each of a rank of its own.

    Parameters
    ----------
    head
        The factors.
    dtype, device
        Of the module.

    Attributes
    ----------
    in_features, out_features
        Columns m and rows V of the head that it stands for.
    blocks
        A pair of linear maps each, ``columns`` and ``rows``.
    bias, shift
        As of :class:`FactoredHead`.
    """

    order: torch.Tensor

    def __init__(self, head: NarrowHead, dtype: torch.dtype, device: Any = "cpu") -> None:
        super().__init__()
        self.in_features, self.out_features = head.width, head.vocabulary
        parts = [NarrowHead((Block(block.rows, block.columns),)) for block in head.blocks]
        self.blocks = nn.ModuleList(FactoredHead(part, dtype, device) for part in parts)
        self._ids = [b.ids if b.ids is not None else np.arange(len(b.rows)) for b in head.blocks]
        order = np.argsort(np.concatenate(self._ids), kind="stable")  # of the rows of all blocks
        self.register_buffer("order", torch.from_numpy(order).to(device), persistent=False)
        self.bias = _parameter(head.bias, dtype, device)
        self.shift = _parameter(head.shift, dtype, device)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return the products of states (…, m), of shape (…, V)."""
        products = torch.cat([block(states) for block in self.blocks], -1)
        made = products.index_select(-1, self.order)
        made = made if self.bias is None else made + self.bias
        return made if self.shift is None else made + (states @ self.shift)[..., None]

    @property
    def weight(self) -> torch.Tensor:
        """The matrix that it stands for, made when asked for, shape (V, m)."""
        made = torch.cat([block.weight for block in self.blocks])[self.order]  # type: ignore[misc]
        return made if self.shift is None else made + self.shift

    @property
    def factors(self) -> NarrowHead:
        """Its numbers."""
        blocks = tuple(
            Block(_array(part.rows.weight), _array(part.columns.weight), ids)  # type: ignore[union-attr, arg-type]
            for part, ids in zip(self.blocks, self._ids, strict=True)
        )
        return NarrowHead(blocks, _optional(self.bias), _optional(self.shift))


class FactoredEmbedding(nn.Module):
    """An input embedding as a narrower one and a linear map.

    Parameters
    ----------
    head
        The factors, of one block; its shift is added to every row.
    scale
        What the model multiplies its rows with in its embedding.
    dtype, device
        Of the module.

    Attributes
    ----------
    num_embeddings, embedding_dim
        Rows and columns of the embedding that it stands for.
    rows, columns
        The narrower embedding, and the map from r to m numbers, with the shift.
    """

    def __init__(
        self, head: NarrowHead, scale: float, dtype: torch.dtype, device: Any = "cpu"
    ) -> None:
        super().__init__()
        (block,) = head.blocks
        self.num_embeddings, self.embedding_dim = head.vocabulary, head.width
        self.scale = scale
        self.rows = nn.Embedding(len(block.rows), block.rank, dtype=dtype, device="meta")
        self.rows.weight = nn.Parameter(_tensor(block.rows, dtype, device))
        shift = np.zeros(head.width, np.float32) if head.shift is None else head.shift
        self.columns = _linear(block.columns.T, shift, dtype, device)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the rows of tokens (…), of shape (…, m)."""
        found: torch.Tensor = self.columns(self.rows(ids))
        return found if self.scale == 1 else found * torch.tensor(self.scale).to(found)

    @property
    def weight(self) -> torch.Tensor:
        """The matrix that it stands for, made when asked for, shape (V, m)."""
        made: torch.Tensor = self.columns(self.rows.weight)
        return made

    @property
    def factors(self) -> NarrowHead:
        """Its numbers."""
        block = Block(_array(self.rows.weight), _array(self.columns.weight.T))
        return NarrowHead((block,), None, _optional(self.columns.bias))


FACTORED = (FactoredHead, BlockHead)


def module_of(head: NarrowHead, dtype: torch.dtype, device: Any = "cpu") -> nn.Module:
    """Return the module that stands for a head."""
    single = len(head.blocks) == 1 and head.blocks[0].ids is None
    return (FactoredHead if single else BlockHead)(head, dtype, device)


def _linear(weight: Any, bias: Any, dtype: torch.dtype, device: Any) -> nn.Linear:
    rows, columns = weight.shape
    made = nn.Linear(columns, rows, bias=bias is not None, dtype=dtype, device="meta")
    made.weight = nn.Parameter(_tensor(weight, dtype, device))
    if bias is not None:
        made.bias = nn.Parameter(_tensor(bias, dtype, device))
    return made


def _parameter(array: Any, dtype: torch.dtype, device: Any) -> nn.Parameter | None:
    return None if array is None else nn.Parameter(_tensor(array, dtype, device))


def _tensor(array: Any, dtype: torch.dtype, device: Any) -> torch.Tensor:
    return torch.tensor(np.ascontiguousarray(array), dtype=dtype, device=device)  # a copy


def _array(tensor: torch.Tensor) -> Any:
    return tensor.detach().float().cpu().contiguous().numpy()


def _optional(tensor: torch.Tensor | None) -> Any:
    return None if tensor is None else _array(tensor)
