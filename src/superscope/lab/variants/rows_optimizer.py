"""Optimizers of a head's rows: decoupled decay, then a step along a direction."""

from __future__ import annotations

from typing import Any

import torch

BETAS = (0.9, 0.95)  # of Adam, for rows and body alike: variants differ in nothing else


class RowsOptimizer(torch.optim.Optimizer):
    """An optimizer whose subclasses say where a step goes.

    Parameters
    ----------
    rows
        Matrices.
    rate
        Learning rate.
    decay
        Decoupled weight decay.
    """

    def __init__(self, rows: list[torch.nn.Parameter], rate: float, decay: float) -> None:
        super().__init__(rows, {"lr": rate, "weight_decay": decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Make a step."""
        for group in self.param_groups:
            for rows in group["params"]:
                direction = self.direction(rows.grad, self.state[rows])
                rows.mul_(1 - group["lr"] * group["weight_decay"])
                rows.sub_(direction, alpha=group["lr"])

    def direction(self, gradient: torch.Tensor, state: dict[str, Any]) -> torch.Tensor:
        """Return the direction of a step, to be multiplied with the rate; `state` begins empty."""
        raise NotImplementedError
