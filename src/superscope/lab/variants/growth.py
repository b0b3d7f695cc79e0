"""Norms of rows pulled to 1."""

from __future__ import annotations

import torch

from superscope.lab.head import LabHead
from superscope.lab.variants.variant import Option, Variant

EPSILON = 1e-12


class Growth(Variant):
    """The decay of rows is replaced by a pull to norm 1: the toy's decay γ < 0, here |γ|.

    W_i ← W_i − η |γ| (1 − 1/‖W_i‖) W_i, after each step of the optimizer; in the toy model
    (definitions.md §4) before it. Source: LLG25, arXiv 2505.10465.
    """

    name = "growth"
    option = Option("|γ|, the strength of the pull", 0.1, 0.0)
    decides = frozenset({"norms"})

    def decay(self, decay: float) -> float:
        return 0.0

    @torch.no_grad()
    def after_step(self, head: LabHead, rate: float) -> None:
        if self.value:
            norms = head.rows.norm(dim=1, keepdim=True)
            head.rows.mul_(1 - rate * self.value * (1 - 1 / (norms + EPSILON)))
