"""Muon on the rows."""

from __future__ import annotations

import math
from typing import Any

import torch

from superscope.lab.variants.rows_optimizer import RowsOptimizer
from superscope.lab.variants.variant import Variant

MOMENTUM = 0.95
RMS = 0.2  # of an update, about that of AdamW
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ROUNDS = 5


class Muon(Variant):
    """The rows learn by Muon, the body by AdamW: each update has singular values near 1.

    The rows of a gradient sum to 0, and those of its update still do. Updates have the size of
    AdamW's, as in L25, so that AdamW's rates serve. Source: J24, kellerjordan.github.io/posts/muon.
    """

    name = "muon"
    decides = frozenset({"optimizer"})

    def optimizer(
        self, rows: list[torch.nn.Parameter], rate: float, decay: float
    ) -> torch.optim.Optimizer:
        return MuonOptimizer(rows, rate, decay)


class MuonOptimizer(RowsOptimizer):
    """Nesterov momentum, made orthogonal by a polynomial."""

    def direction(self, gradient: torch.Tensor, state: dict[str, Any]) -> torch.Tensor:
        if not state:
            state["mean"] = torch.zeros_like(gradient)
        mean: torch.Tensor = state["mean"].lerp_(gradient, 1 - MOMENTUM)
        size = RMS * math.sqrt(max(gradient.shape))
        return orthogonal(gradient.lerp(mean, MOMENTUM)) * size


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """Return about U Vᵀ of a matrix U S Vᵀ: five rounds of a polynomial of odd degree.

    Singular values end between 0.7 and 1.2, where they were not below a few thousandths of the
    largest.
    """
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x: torch.Tensor = (matrix.T if tall else matrix) / (matrix.norm() + 1e-7)
    for _ in range(ROUNDS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x
