"""The cross-entropy that is taken in parts."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from superscope.lab import cross_entropy


@pytest.mark.parametrize("bias", [False, True])
def test_it_is_that_of_torch_with_its_gradients(
    bias: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_entropy, "CHUNK", 16 * 40)  # three parts
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    states, weight = normal(37, 6).requires_grad_(), normal(40, 6).requires_grad_()
    added = normal(40) if bias else None
    targets = torch.randint(40, (37,), generator=generator)
    expected = functional.cross_entropy(functional.linear(states, weight, added), targets)
    found = cross_entropy.mean_nats(states, weight, added, targets)
    assert found.item() == pytest.approx(expected.item(), rel=1e-12)
    for ours, theirs in zip(
        torch.autograd.grad(3 * found, (states, weight)),
        torch.autograd.grad(3 * expected, (states, weight)),
        strict=True,
    ):
        assert torch.allclose(ours, theirs, rtol=1e-10, atol=1e-14)
    each = cross_entropy.nats(states, weight, added, targets)
    assert each.mean().item() == pytest.approx(expected.item(), rel=1e-12)
