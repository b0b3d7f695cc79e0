"""The output head of a model that is being trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from superscope.arrays import as_numpy
from superscope.errors import HeadDataError, UsageError
from superscope.geometry.shards import WHOLE, Shards
from superscope.heads import ArrayRows, Head, Provenance, head_of
from superscope.heads.dictionaries import choose
from superscope.heads.objects import of_model, output_layer, with_tokens
from superscope.watch.ranks import Ranks, is_spread, local_part, processes

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
    chosen
        Whether this is the process that writes, and that observes if each has the whole head.
    """

    head: Head
    shards: Shards
    chosen: bool

    @property
    def shape(self) -> tuple[int, int]:
        """Rows of all processes, and columns."""
        rows = self.shards.sum(np.array([float(self.head.features)]))
        return int(rows[0]), self.head.width

    @property
    def observes(self) -> bool:
        """Whether this process takes part: all do that have some of the rows each."""
        return self.chosen or self.shards is not WHOLE

    @property
    def writes(self) -> bool:
        """Whether this process writes the file: one of all, as groups may have copies."""
        return self.chosen


def unwrapped(model: Any) -> Any:
    """Return the model within the wrappers of torch.compile, DDP, accelerate and the like.

    A wrapper has nothing else: a module with more parts, or with parameters, is a model itself.
    """
    parts = getattr(model, "_modules", {})
    if len(parts) != 1 or any(own is not None for own in model._parameters.values()):
        return model
    name, inner = next(iter(parts.items()))
    return unwrapped(inner) if name in _WRAPPED else model


def live_head(model: Any, tokens: Any = None, group: Any = None, rank: int = 0) -> Live:
    """Return the head of an unwrapped model.

    Parameters
    ----------
    model
        The model, its output layer, or a matrix.
    tokens
        Text of each row, of all processes.
    group
        The process group over which the rows are spread, unless the weight knows it.
    rank
        The process that writes.

    Returns
    -------
    Live
        The head as it is now.

    Raises
    ------
    SuperscopeError
        The model has no output head, or it is split otherwise than by rows.
    """
    chosen = _is_chosen(rank)
    layer = _layer(model)
    weight: Any = layer if hasattr(layer, "shape") else getattr(layer, "weight", None)
    part, group = local_part(weight) or (weight, group)
    if part is weight and group is None:
        return Live(head_of(model, tokens=tokens), WHOLE, chosen)
    rows = as_numpy(part, "the head")[0]
    described = Provenance(type(model).__name__, dtype=str(weight.dtype).removeprefix("torch."))
    if hasattr(model, "get_output_embeddings"):
        described = of_model(described, model)
    head = Head(ArrayRows(rows), described)
    if group is None:
        return Live(with_tokens(head, tokens, len(rows)), WHOLE, chosen)
    ranks = Ranks(group, len(rows))
    count = int(ranks.sum(np.array([float(len(rows))]))[0])
    return Live(with_tokens(head, tokens, count), ranks, chosen)


def _layer(model: Any) -> Any:
    """Return the layer that has the head, or the weight itself if only its name tells it."""
    if hasattr(model, "get_output_embeddings"):
        try:
            return output_layer(model)
        except HeadDataError as error:
            if processes()[1] == 1:
                raise
            raise HeadDataError(
                f"{error}; with pipeline parallelism, watch in the process that has the head, with "
                "rank= its rank"
            ) from None
    if hasattr(model, "weight") or not hasattr(model, "named_parameters"):
        return model
    weights = dict(model.named_parameters())
    if not any(map(is_spread, weights.values())):
        return model
    shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
    return weights[choose(shapes, {}, None, shapes).tensor]


def _is_chosen(rank: int) -> bool:
    own, count = processes()
    if not 0 <= rank < count:
        raise UsageError(f"rank={rank}; the ranks of this training are 0 to {count - 1}")
    return own == rank
