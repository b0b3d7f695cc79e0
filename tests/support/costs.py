"""What collisions cost, made up: no model is read."""

from __future__ import annotations

import numpy as np
from studies import make_evaluation

from superscope.geometry.row_classes import RowClass
from superscope.lens import (
    Change,
    Estimate,
    GroupCost,
    Intervention,
    MovedPair,
    NeighborCost,
    TokenCosts,
)
from superscope.lens.token import Named

TOKENS = 60


def _group(name: str, tokens: int, difference: float) -> GroupCost:
    nats = (Estimate(3.5, 0.1), Estimate(0.06 + difference, 0.002), Estimate(0.06, 0.002))
    shares = (Estimate(0.1, 0.03), None) if tokens > 50 else (None, None)
    return GroupCost(name, tokens, *nats, Estimate(difference, 0.003), 12, *shares)


def make_intervention() -> Intervention:
    """Make up two pairs that were moved."""
    change = _change(90, 0.2)
    pairs = tuple(
        MovedPair(Named(k, f" t{k}", RowClass.WORD), Named(k + 1, None), 0.4, 11.8, change)
        for k in (0, 2)
    )
    return Intervention(pairs, _change(180, 0.2), "turn", 3, "documents", 500, 500, 12)


def _change(tokens: int, apart: float) -> Change:
    parts = (Estimate(v, 0.05) for v in (apart, 0.1, apart - 0.1, apart / 10, 0.01))
    return Change(tokens, *parts)


def make_cost(difference: float = 0.01, seed: int = 0) -> NeighborCost:
    """Make up what the nearest rows cost on a text, nats for each token."""
    rng = np.random.default_rng(seed)
    read = make_evaluation(64, "lab/m")
    counts = rng.integers(1, 500, TOKENS)
    nats, near = counts * rng.uniform(1, 6, TOKENS), counts * rng.uniform(0.02, 0.2, TOKENS)
    none = np.zeros(TOKENS)
    tokens = TokenCosts(
        np.arange(TOKENS), counts, 10.0 * counts, rng.uniform(0.002, 0.03, TOKENS), nats, near,
        near - difference * counts, np.where(counts > 9, 0.01, np.nan), none, none, none, none,
        none,
    )  # fmt: skip
    return NeighborCost(
        read.model, read.text, read.settings, Estimate(read.loss, read.loss_se), "mean", 10, 5, 0,
        "neighbor", "given", _group("all", 1000, difference), 0.001, 3, 0.1, 0.02, 0.97,
        (_group("word", 900, difference),), (_group("10 to 100", 40, difference),), tokens,
        tuple(f" t{k}" for k in range(TOKENS)), ("word",) * TOKENS, make_intervention(),
        ("a note",),
    )  # fmt: skip
