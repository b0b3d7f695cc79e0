"""The output head of a model that is being trained."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from superscope.geometry.shards import WHOLE, Shards
from superscope.heads import Head, head_of

_WRAPPERS = ("_orig_mod", "module")
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
        """Whether this process writes the file."""
        return self.shards.first == 0 and self.observes


def unwrapped(model: Any) -> Any:
    """Return the model within the wrappers of torch.compile, DDP, accelerate and the like."""
    parts = getattr(model, "_modules", {})
    inner = next((parts[name] for name in _WRAPPERS if name in parts), None)
    return model if inner is None else unwrapped(inner)


def live_head(model: Any, tokens: Any = None, group: Any = None) -> Live:
    """Return the head of an unwrapped model.

    Raises
    ------
    SuperscopeError
        The model has no output head.
    """
    return Live(head_of(model, tokens=tokens), WHOLE)


def _rank() -> int:
    """Return the number of this process among those of a training."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return 0
    rank: int = distributed.get_rank()
    return rank
