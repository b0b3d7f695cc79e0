"""The mean cross-entropy of a linear head, without all logits at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.nn import functional

CHUNK = 1 << 20  # logits at once: 4 MB, which a processor's cache holds


class LinearCrossEntropy(torch.autograd.Function):
    """Mean nats of targets under softmax(W h + b), with its gradients taken in the same pass.

    The logits of a step are many times what states and rows are. Made, used and forgotten in parts,
    they stay in the cache, and are read three times instead of a dozen.
    """

    @staticmethod
    def forward(
        context: Any,
        states: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        targets: torch.Tensor,
    ) -> torch.Tensor:
        """Return the mean loss, nats; b gets no gradient.

        Parameters
        ----------
        context
            Of autograd.
        states, weight
            h and W, shapes (n, k) and (V, k).
        bias
            b, shape (V,); or None.
        targets
            Ids, shape (n,).
        """
        total = states.new_zeros((), dtype=torch.float64)
        of_states, of_weight = torch.empty_like(states), torch.zeros_like(weight)
        for part in _parts(len(states), weight):
            some, ids = states[part], targets[part]
            logs = functional.linear(some, weight, bias).log_softmax(1)
            total -= logs.gather(1, ids[:, None]).sum(dtype=torch.float64)
            errors = logs.exp_()
            errors.scatter_add_(1, ids[:, None], errors.new_full((len(ids), 1), -1.0))
            torch.mm(errors, weight, out=of_states[part])
            of_weight.addmm_(errors.T, some)
        context.save_for_backward(of_states, of_weight)
        return (total / len(states)).to(states.dtype)

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return the gradients of states and rows."""
        of_states, of_weight = context.saved_tensors
        scale = gradients[0] / len(of_states)
        return of_states * scale, of_weight * scale, None, None


def mean_nats(
    states: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, targets: torch.Tensor
) -> torch.Tensor:
    """Return the mean loss of targets (n,) under a linear head, a scalar with gradients."""
    found: torch.Tensor = LinearCrossEntropy.apply(states, weight, bias, targets)  # type: ignore[no-untyped-call]
    return found


def nats(
    states: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, targets: torch.Tensor
) -> torch.Tensor:
    """Return the loss of each target (n,), without gradients."""
    parts = []
    for part in _parts(len(states), weight):
        logits = functional.linear(states[part], weight, bias)
        parts.append(functional.cross_entropy(logits, targets[part], reduction="none"))
    return torch.cat(parts)


def _parts(count: int, weight: torch.Tensor) -> Iterator[slice]:
    """Yield the states whose logits are made at once."""
    size = max(16, CHUNK // len(weight))
    for start in range(0, count, size):
        yield slice(start, start + size)
