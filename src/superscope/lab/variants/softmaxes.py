"""A mixture of softmaxes."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from superscope.lab.head import LabHead, first_map
from superscope.lab.variants.variant import Option, Setting, Variant


class Softmaxes(Variant):
    """Probabilities are a mixture of several softmaxes over the same rows: no head of low rank.

    p = Σ_k π_k softmax(W tanh(A_k h)) with π = softmax(B h). Source: Y18, arXiv 1711.03953.
    """

    name = "softmaxes"
    option = Option("how many", 2, 2, 16, whole=True)
    decides = frozenset({"logits"})

    def added_weights(self, width: int, vocabulary: int) -> int:
        assert self.value is not None
        return int(self.value) * (width + 1) ** 2

    def prepare(self, head: LabHead, setting: Setting) -> None:
        assert self.value is not None
        head.mixture = Mixture(int(self.value), head.rows.shape[1], setting.generator)


class Mixture(nn.Module):
    """Several states and their shares, made of one.

    Parameters
    ----------
    count
        How many.
    width
        Numbers of a state.
    generator
        Draws the first weights.
    """

    def __init__(self, count: int, width: int, generator: torch.Generator) -> None:
        super().__init__()
        maps = [first_map(width, width, generator, True) for _ in range(count)]
        self.maps = nn.ModuleList(maps)
        self.shares = first_map(count, width, generator, True)

    def forward(self, states: torch.Tensor, head: LabHead) -> torch.Tensor:
        """Return log probabilities (…, V) of states (…, k)."""
        shares = functional.log_softmax(self.shares(states), -1)
        parts = []
        for k, one in enumerate(self.maps):
            logits = functional.linear(torch.tanh(one(states)), head.weight, head.bias)
            parts.append(functional.log_softmax(logits, -1) + shares[..., k : k + 1])
        return torch.logsumexp(torch.stack(parts), 0)
