"""The output head of a lab model: rows, and what variants put around them."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from superscope.lab.cross_entropy import mean_nats, nats
from superscope.lab.drawing import drawn_from


class LabHead(nn.Module):
    """An output head whose parts variants may replace.

    Parameters
    ----------
    rows
        W, shape (V, k); k is the body's width unless a variant maps states to another space.

    Attributes
    ----------
    rows
        W, a parameter.
    scale
        What each row is multiplied with, over √k, a parameter of shape (V,); or None. A step of the
        optimizer then lengthens a row as much as a step along it does without a scale.
    bias
        What is added to logits, shape (V,), not trained; or None.
    states
        Maps what the body gives, (…, m), to what rows are multiplied with, (…, k); or None.
    mixture
        Makes several softmaxes of one state; or None.
    """

    bias: torch.Tensor | None

    def __init__(self, rows: nn.Parameter) -> None:
        super().__init__()
        self.rows = rows
        self.scale: nn.Parameter | None = None
        self.register_buffer("bias", None)
        self.states: nn.Module | None = None
        self.mixture: nn.Module | None = None

    @property
    def weight(self) -> torch.Tensor:
        """The rows as logits see them, shape (V, k)."""
        if self.scale is None:
            return self.rows
        return self.rows * (self.scale * math.sqrt(self.rows.shape[1]))[:, None]

    @property
    def linear(self) -> bool:
        """Whether logits are a linear map of what the body gives, so that one matrix says all."""
        plain = self.states is None or isinstance(self.states, nn.Linear)
        return plain and self.mixture is None

    def matrix(self) -> torch.Tensor:
        """Return the matrix that stands for the head, shape (V, m).

        A head that is not linear has none; its rows are returned, shape (V, k).
        """
        with torch.no_grad():
            if self.linear and isinstance(self.states, nn.Linear):
                return self.weight @ self.states.weight
            return self.weight.detach().clone()

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """Return logits (…, V) of states (…, m); those of a mixture are log probabilities."""
        inner = self._inner(states)
        if self.mixture is not None:
            found: torch.Tensor = self.mixture(inner, self)
            return found
        return functional.linear(inner, self.weight, self.bias)

    def loss(self, states: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of targets (n,) after states (n, m), nats, with gradients."""
        if self.mixture is not None:
            return functional.cross_entropy(self.logits(states), targets)
        return mean_nats(self._inner(states), self.weight, self.bias, targets)

    def nats(self, states: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the loss of each target (n,) after states (n, m), without gradients."""
        if self.mixture is not None:
            return functional.cross_entropy(self.logits(states), targets, reduction="none")
        return nats(self._inner(states), self.weight, self.bias, targets)

    def _inner(self, states: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = states if self.states is None else self.states(states)
        return found


def first_rows(vocabulary: int, width: int, std: float, seed: int) -> nn.Parameter:
    """Return untrained rows: normal, of one standard deviation."""
    generator = torch.Generator().manual_seed(seed)
    return nn.Parameter(torch.randn(vocabulary, width, generator=generator) * std)


def first_map(inner: int, width: int, generator: torch.Generator, bias: bool) -> nn.Linear:
    """Return an untrained linear map that keeps the size of normal numbers."""
    with drawn_from(0):  # and thrown away
        made = nn.Linear(width, inner, bias=bias)
    with torch.no_grad():
        made.weight.copy_(torch.randn(inner, width, generator=generator) / math.sqrt(width))
        if bias:
            made.bias.zero_()
    return made
