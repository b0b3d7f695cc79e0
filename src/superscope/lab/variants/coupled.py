"""Adam with one second moment for all rows."""

from __future__ import annotations

from typing import Any

import torch

from superscope.lab.variants.rows_optimizer import BETAS, RowsOptimizer
from superscope.lab.variants.variant import Variant

EPSILON = 1e-8


class Coupled(Variant):
    """Adam whose second moment is averaged over the vocabulary, so that the mean row cannot drift.

    The gradients of all rows sum to 0. Adam divides each by a root of its own, and the sum is 0 no
    more; divided by the same, it still is. Source: CA25, arXiv 2502.08441.
    """

    name = "coupled"
    decides = frozenset({"optimizer"})

    def optimizer(
        self, rows: list[torch.nn.Parameter], rate: float, decay: float
    ) -> torch.optim.Optimizer:
        return CoupledAdam(rows, rate, decay)


class CoupledAdam(RowsOptimizer):
    """Adam whose second moment is the mean over rows of each column's."""

    def direction(self, gradient: torch.Tensor, state: dict[str, Any]) -> torch.Tensor:
        first, second = BETAS
        if not state:
            state["step"] = torch.tensor(0.0)
            state["mean"] = torch.zeros_like(gradient)
            state["square"] = torch.zeros_like(gradient[:1])
        state["step"] += 1
        count = float(state["step"])
        mean: torch.Tensor = state["mean"].lerp_(gradient, 1 - first)
        square = state["square"].lerp_(gradient.square().mean(0, keepdim=True), 1 - second)
        root = (square / (1 - second**count)).sqrt_().add_(EPSILON)
        direction: torch.Tensor = mean / root / (1 - first**count)
        return direction
