"""Rows whose mean is 0."""

from __future__ import annotations

import torch

from superscope.lab.head import LabHead
from superscope.lab.variants.variant import Option, Setting, Variant


class Centered(Variant):
    """The mean row is subtracted after each step; with a number, its logit is penalized instead.

    The penalty is λ E[(w̄·h)²]. Subtracting the mean row changes no probability and no gradient, so
    the loss is the baseline's; the penalty does act on the body. Source: OEC26, arXiv 2601.02031,
    with λ = 1e-4.
    """

    name = "centered"
    option = Option("λ of the penalty; without it the mean row is subtracted", None, 0.0)
    decides = frozenset({"mean"})

    def prepare(self, head: LabHead, setting: Setting) -> None:
        self.after_step(head, 0.0)

    def penalty(self, head: LabHead, states: torch.Tensor) -> torch.Tensor | None:
        if not self.value:
            return None
        inner = states if head.states is None else head.states(states)
        return self.value * (inner @ head.weight.mean(0)).square().mean()

    @torch.no_grad()
    def after_step(self, head: LabHead, rate: float) -> None:
        if self.value is None:
            head.rows.sub_(head.rows.mean(0))
