"""Shares of the probability that sets of tokens have, from logits, without cancellation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_CERTAIN = math.log(0.99)  # beyond this share, 1 − p is summed from the other tokens
_ROWS = 64  # positions at once that are


def to_set(share: torch.Tensor) -> torch.Tensor:
    """Return −ln(1 − p) from ln p, float64."""
    import torch

    share = share.clamp(max=-1e-15)
    near_one = share > -math.log(2)
    return torch.where(near_one, -torch.log(-torch.expm1(share)), -torch.log1p(-torch.exp(share)))


def complement(logits: torch.Tensor, ids: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """Return −ln(1 − p) of the set of tokens of each position, float64, shape (n,).

    Parameters
    ----------
    logits
        float32, shape (n, V).
    ids
        Tokens of each set, distinct, shape (n, k).
    shares
        ln p of each of them, float64, shape (n, k).
    """
    import torch

    whole = shares.logsumexp(1)
    nats = to_set(whole)
    certain = torch.nonzero(whole > _CERTAIN)[:, 0]
    for start in range(0, len(certain), _ROWS):
        row = certain[start : start + _ROWS]
        wide = logits[row].double()
        total = wide.logsumexp(1)
        nats[row] = total - wide.scatter(1, ids[row], -torch.inf).logsumexp(1)
    return nats
