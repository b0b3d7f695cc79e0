"""Stochastic gradient descent on the rows."""

from __future__ import annotations

from typing import Any

import torch

from superscope.lab.variants.rows_optimizer import RowsOptimizer
from superscope.lab.variants.variant import Variant

MOMENTUM = 0.9


class SGD(Variant):
    """The rows learn by gradient descent with momentum, the body by AdamW.

    The gradients of all rows sum to 0, so the mean row moves by decay alone. Without a division by
    the size of gradients, rows of rare tokens learn slowly; the rate is another than AdamW's.
    """

    name = "sgd"
    decides = frozenset({"optimizer"})
    rate = 0.3

    def optimizer(
        self, rows: list[torch.nn.Parameter], rate: float, decay: float
    ) -> torch.optim.Optimizer:
        return MomentumSGD(rows, rate, decay)


class MomentumSGD(RowsOptimizer):
    """Gradient descent with momentum."""

    def direction(self, gradient: torch.Tensor, state: dict[str, Any]) -> torch.Tensor:
        if not state:
            state["mean"] = torch.zeros_like(gradient)
        mean: torch.Tensor = state["mean"].mul_(MOMENTUM).add_(gradient)
        return mean
