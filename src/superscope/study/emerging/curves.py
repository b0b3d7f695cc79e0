"""The losses of many tokens over the widths of a family, with their errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError
from superscope.study.emerging.shapes import Floats

Int64 = npt.NDArray[np.int64]

LEAST_WIDTHS = 4
LEAST_PARTS = 5


@dataclass(frozen=True, eq=False)
class Curves:
    """Sums of losses by token, width and part of the text.

    Every model of a family reads the same text, so the errors at its widths are correlated; parts
    of the text are what is resampled.

    Attributes
    ----------
    ids
        Of the tokens, or features of a toy model, shape (T,).
    names
        Text of each, None where there is none.
    widths
        m, ascending, each once, shape (K,).
    counts
        Occurrences in each part of the text, float64, shape (T, G).
    nats
        Sums of their losses, shape (T, K, G): means over the models of each width.
    seeds
        Models of each width, int64, shape (K,).
    scatter
        Standard deviation between models of one width, relative to the loss, after that of the
        text is taken off; None if no width has two models.
    """

    ids: Int64
    names: tuple[str | None, ...]
    widths: Floats
    counts: Floats
    nats: Floats
    seeds: Int64
    scatter: float | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def occurrences(self) -> Floats:
        """Of each token, shape (T,)."""
        return np.asarray(self.counts.sum(axis=1))

    @cached_property
    def losses(self) -> Floats:
        """Mean loss of each token at each width, nats, shape (T, K)."""
        return np.asarray(self.nats.sum(axis=2) / self.occurrences[:, None])

    @cached_property
    def errors(self) -> Floats:
        """Influence of each part on each loss, shape (T, G, K): their squares add to variances.

        A loss is a ratio of sums over parts; its error is the linearized one.
        """
        groups = self.counts.shape[1]
        away = self.nats - self.losses[:, :, None] * self.counts[:, None]
        scaled = away / self.occurrences[:, None, None] * np.sqrt(groups / (groups - 1))
        return np.asarray(scaled.transpose(0, 2, 1))

    def chosen(self, which: npt.NDArray[np.bool_]) -> Self:
        """Return some of the tokens."""
        names = tuple(name for name, kept in zip(self.names, which.tolist(), strict=True) if kept)
        return type(self)(
            self.ids[which], names, self.widths, self.counts[which], self.nats[which],
            self.seeds, self.scatter,
        )  # fmt: skip

    def summed(self, member: npt.NDArray[np.bool_], names: tuple[str, ...]) -> Self:
        """Return classes of tokens: each a row of `member`, shape (C, T)."""
        added = member.astype(np.float64)
        return type(self)(
            np.arange(len(names)), names, self.widths, added @ self.counts,
            np.einsum("ct,tkg->ckg", added, self.nats), self.seeds, self.scatter,
        )  # fmt: skip


def merged(
    ids: Int64, names: tuple[str | None, ...], widths: Int64, counts: Floats, nats: Floats
) -> Curves:
    """Return curves from models of any widths, several of which may be equal.

    Parameters
    ----------
    ids, names
        Of the tokens, (T,).
    widths
        Of each model, shape (M,).
    counts
        Shape (T, G).
    nats
        Sums of losses, shape (T, M, G).

    Raises
    ------
    UsageError
        Fewer than four widths, or fewer than five parts of the text.
    """
    different, place, seeds = np.unique(widths, return_inverse=True, return_counts=True)
    if len(different) < LEAST_WIDTHS:
        have = ", ".join(f"{m:,}" for m in different.tolist()) or "none"
        raise UsageError(
            f"emergence takes {LEAST_WIDTHS} different widths or more, and these are {have}"
        )
    used = (counts > 0).any(axis=0)
    if used.sum() < LEAST_PARTS:
        raise UsageError(
            f"the text has {int(used.sum())} documents; emergence takes {LEAST_PARTS} or more, "
            "because errors come from them (split='paragraph' makes several of plain text)"
        )
    counts, nats = counts[:, used], nats[:, :, used]
    mean = np.stack([nats[:, place == k].mean(axis=1) for k in range(len(different))], axis=1)
    scatter = _scatter(place, counts, nats) if (seeds > 1).any() else None
    return Curves(ids, names, different.astype(np.float64), counts, mean, seeds, scatter)


def _scatter(place: Int64, counts: Floats, nats: Floats) -> float:
    """Return the relative deviation between models of one width, beyond the text's share."""
    total, groups = counts.sum(axis=1), counts.shape[1]
    excess, freedom = np.zeros(len(counts)), 0
    for k in np.unique(place):
        these = nats[:, place == k]
        if these.shape[1] < 2:
            continue
        losses = these.sum(axis=2) / total[:, None]
        of_parts = (these - losses[:, :, None] * counts[:, None]) / total[:, None, None]
        apart = of_parts - of_parts.mean(axis=1, keepdims=True)
        of_text = np.square(apart).sum((1, 2)) * groups / (groups - 1)
        level = np.maximum(losses.mean(axis=1), np.finfo(float).tiny)
        excess += (losses.var(axis=1) * losses.shape[1] - of_text) / level**2
        freedom += losses.shape[1] - 1
    return math.sqrt(max(0.0, float(excess.mean()) / freedom))
