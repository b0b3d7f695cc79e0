"""The head of a loaded model, and whether a shift of all its logits changes anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from superscope.errors import EvaluationError
from superscope.evaluation.model import LanguageModel
from superscope.heads.narrow_head import Block, NarrowHead

if TYPE_CHECKING:
    import torch

Float32 = npt.NDArray[np.float32]

PIECE = 1 << 24  # numbers of rows that are in float64 at once: 128 MB
_SHIFTS = (1.0, -7.0)
_SAME = 1e-4  # nats between two probabilities that are one, for logits of at most 100


@dataclass(frozen=True, eq=False)
class FullHead:
    """An output head as it is.

    Attributes
    ----------
    rows
        W, float32, shape (V, m).
    bias
        float32, shape (V,); or None.
    shift_free
        Whether the same number added to all products changes no probability: not so where the
        logits are capped.
    """

    rows: Float32
    bias: Float32 | None
    shift_free: bool

    @property
    def width(self) -> int:
        """Columns m."""
        return int(self.rows.shape[1])

    @property
    def as_narrow(self) -> NarrowHead:
        """Itself, as a head of rank m."""
        return NarrowHead((Block(self.rows, np.eye(self.width, dtype=np.float32)),), self.bias)


def full_head(model: LanguageModel) -> FullHead:
    """Return the output head of a loaded model.

    Raises
    ------
    EvaluationError
        An adapter adds to it, or the model gives its logits whole.
    """
    import torch

    if not model.head.plain:
        raise EvaluationError(
            f"{model.name}: an adapter adds to its output head; merge it into the model first"
        )
    rows = model.head.rows(np.arange(model.rows))
    bias = model.head.bias
    with model.head.last_steps() as finished, torch.inference_mode():
        products = torch.randn(8, model.rows, generator=torch.Generator().manual_seed(0))
        products = (products * 10).to(model.head.device)
        plain = finished(products)
        shift_free = all(_are_one(plain, finished(products + by)) for by in _SHIFTS)
    return FullHead(rows, bias, shift_free)


def _are_one(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Return whether logits give the same probabilities, but for their rounding."""
    size = max(float(first.abs().max()), float(second.abs().max()))
    apart = first.double().log_softmax(-1) - second.double().log_softmax(-1)
    return float(apart.abs().max()) < _SAME * max(1.0, size / 100)
