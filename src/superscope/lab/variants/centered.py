"""Rows whose mean is 0."""

from __future__ import annotations

import torch

from superscope.lab.head import LabHead
from superscope.lab.variants.variant import Option, Setting, Variant


class Centered(Variant):
    """The mean row is subtracted after each step; with a number, its logit is penalized instead.

    Subtracting the mean row changes no probability and no gradient, so the loss is the baseline's.
    With `tied` the mean is taken from the input embedding too, and the loss is another; `growth`
    acts after it, and leaves a small mean.

    The penalty is λ E[(w̄·h)²], on the mean logit. That of OEC26 is λ ‖w̄‖², on the mean row alone:
    the same number where E[h hᵀ] is the unit matrix, of which a norm before the head sees to the
    trace alone; and ours acts on the body as well.

    Source: OEC26, arXiv 2601.02031, whose code (github.com/flxst/output-embedding-centering,
    26f4196) was read for both: its centering subtracts the mean row after each step as here, and
    its experiments have λ = 1e-4.
    """

    name = "centered"
    option = Option("λ of the penalty; without it the mean row is subtracted", None, 0.0)
    decides = frozenset({"mean"})

    def refuses(self, other: Variant) -> str | None:
        if other.name == "softmaxes" and self.value is not None:
            return "its penalty is on one mean logit, and each softmax has another"
        return None

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
