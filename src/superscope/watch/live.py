"""The output head of a model that is being trained."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from superscope.arrays import as_numpy
from superscope.geometry.shards import WHOLE, Shards
from superscope.heads import ArrayRows, Head, Provenance, head_of
from superscope.heads.objects import of_model, output_layer, with_tokens
from superscope.watch.ranks import Ranks, local_part

_WRAPPED = ("_orig_mod", "module", "_fsdp_wrapped_module")
"""Where torch.compile, and parallelism of any kind, keep the model that they wrap."""


@dataclass(frozen=True, eq=False)
class Live:
    """A head as it is now; its rows may be the very memory that is trained.

    Attributes
    ----------
    head
        The rows of this process.
    shards
        How to reach those of the others.
    """

    head: Head
    shards: Shards

    @property
    def shape(self) -> tuple[int, int]:
        """Rows of all processes, and columns."""
        rows = self.shards.sum(np.array([float(self.head.features)]))
        return int(rows[0]), self.head.width

    @property
    def observes(self) -> bool:
        """Whether this process takes part: the first of those that have the whole head, or all."""
        return self.shards is not WHOLE or _rank() == 0

    @property
    def writes(self) -> bool:
        """Whether this process writes the file: the first of all, as groups may have copies."""
        return _rank() == 0


def unwrapped(model: Any) -> Any:
    """Return the model within the wrappers of torch.compile, DDP, accelerate and the like.

    A wrapper has nothing else: a module with more parts, or with parameters, is a model itself.
    """
    parts = getattr(model, "_modules", {})
    if len(parts) != 1 or any(own is not None for own in model._parameters.values()):
        return model
    name, inner = next(iter(parts.items()))
    return unwrapped(inner) if name in _WRAPPED else model


def live_head(model: Any, tokens: Any = None, group: Any = None) -> Live:
    """Return the head of an unwrapped model.

    Parameters
    ----------
    model
        The model, its output layer, or a matrix.
    tokens
        Text of each row, of all processes.
    group
        The process group over which the rows are spread, unless the weight knows it.

    Returns
    -------
    Live
        The head as it is now.

    Raises
    ------
    SuperscopeError
        The model has no output head, or it is split otherwise than by rows.
    """
    layer = output_layer(model) if hasattr(model, "get_output_embeddings") else model
    weight: Any = layer if hasattr(layer, "shape") else getattr(layer, "weight", None)
    part, group = local_part(weight) or (weight, group)
    if part is weight and group is None:
        return Live(head_of(model, tokens=tokens), WHOLE)
    rows = as_numpy(part, "the head")[0]
    described = Provenance(type(model).__name__, dtype=str(weight.dtype).removeprefix("torch."))
    if layer is not model:
        described = of_model(described, model)
    head = Head(ArrayRows(rows), described)
    if group is None:
        return Live(with_tokens(head, tokens, len(rows)), WHOLE)
    ranks = Ranks(group, len(rows))
    count = int(ranks.sum(np.array([float(len(rows))]))[0])
    return Live(with_tokens(head, tokens, count), ranks)


def _rank() -> int:
    """Return the number of this process among those of a training."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return 0
    rank: int = distributed.get_rank()
    return rank
