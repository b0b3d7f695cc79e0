"""Rows of norm 1, with a learned scale of each."""

from __future__ import annotations

import torch
from torch import nn

from superscope.lab.head import LabHead
from superscope.lab.variants.variant import Setting, Variant


class Unit(Variant):
    """Rows are brought to norm 1 after each step, and each logit has a learned scale.

    What nGPT does with its output embedding and s_z; the body stays as it is. The scales begin as
    the norms of the untrained rows, so that the first logits are those of the baseline. Unit rows
    do not decay. Source: nGPT, arXiv 2410.01131.
    """

    name = "unit"
    decides = frozenset({"norms", "mean"})

    def added_weights(self, width: int, vocabulary: int) -> int:
        return vocabulary

    def prepare(self, head: LabHead, setting: Setting) -> None:
        head.scale = nn.Parameter(head.rows.detach().square().mean(1).sqrt())
        self.after_step(head, 0.0)

    def decay(self, decay: float) -> float:
        return 0.0

    @torch.no_grad()
    def after_step(self, head: LabHead, rate: float) -> None:
        head.rows.div_(head.rows.norm(dim=1, keepdim=True))
