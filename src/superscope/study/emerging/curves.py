"""The losses of many tokens over the widths of a family, with their errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress
from typing import Self

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError
from superscope.study.emerging.shapes import Floats
from superscope.text import counted

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LEAST_WIDTHS = 4
LEAST_PARTS = 5
TINY = 1e-100  # nats; its square is above 0


@dataclass(frozen=True, eq=False)
class Curves:
    """Sums of losses by token, model and part of the text.

    Every model of a family reads the same text, so the errors at its widths are correlated; parts
    of the text are what is resampled.

    Attributes
    ----------
    ids
        Of the tokens, or features of a toy model, shape (T,).
    names
        Text of each, None where there is none.
    of_models
        Width of each model, several of which may be equal, int64, shape (M,).
    counts
        Occurrences in each part of the text, float64, shape (T, G).
    nats
        Sums of their losses, shape (T, M, G).
    rows
        Class of each token's row in the head, empty where it is not known; None if none is.
    overlaps
        Mean square overlap of each token's row with the others in the narrowest model, NaN where
        it has none, shape (T,); or None.

    Raises
    ------
    UsageError
        Fewer than four widths, or fewer than five parts of the text.
    """

    ids: Int64
    names: tuple[str | None, ...]
    of_models: Int64
    counts: Floats
    nats: Floats
    rows: tuple[str, ...] | None = None
    overlaps: Floats | None = None

    def __post_init__(self) -> None:
        if len(self.widths) < LEAST_WIDTHS:
            have = ", ".join(f"{m:.0f}" for m in self.widths.tolist()) or "none"
            raise UsageError(
                f"emergence takes {LEAST_WIDTHS} different widths or more, and these are {have}"
            )
        used = int((self.counts > 0).any(axis=0).sum())
        if used < LEAST_PARTS:
            raise UsageError(
                f"the text has {counted(used, 'document')}; emergence takes {LEAST_PARTS} or "
                "more, because errors come from them (split='paragraph' makes several of plain "
                "text)"
            )

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def widths(self) -> Floats:
        """m, ascending, each once, shape (K,)."""
        return np.unique(self.of_models).astype(np.float64)

    @cached_property
    def models(self) -> Int64:
        """Models of each width, shape (K,)."""
        return np.unique(self.of_models, return_counts=True)[1]

    @cached_property
    def occurrences(self) -> Floats:
        """Of each token, shape (T,)."""
        return np.asarray(self.counts.sum(axis=1))

    @cached_property
    def by_model(self) -> Floats:
        """Mean loss of each token in each model, nats, shape (T, M)."""
        return np.asarray(self.nats.sum(axis=2) / self.occurrences[:, None])

    @cached_property
    def losses(self) -> Floats:
        """Mean loss of each token at each width, over its models, nats, shape (T, K)."""
        return np.asarray(self.by_model @ self._mean.T)

    @cached_property
    def _mean(self) -> Floats:
        """What averages models of one width, shape (K, M)."""
        same = self.widths[:, None] == self.of_models
        return np.asarray(same / same.sum(axis=1, keepdims=True))

    @cached_property
    def influence(self) -> Floats:
        """Influence of each part on the loss of each model, shape (T, G, M).

        A loss is a ratio of sums over parts; its error is the linearized one.
        """
        groups = int((self.counts > 0).any(axis=0).sum())
        away = self.nats - self.by_model[:, :, None] * self.counts[:, None]
        scaled = away / self.occurrences[:, None, None] * np.sqrt(groups / (groups - 1))
        return np.asarray(scaled.transpose(0, 2, 1))

    @cached_property
    def errors(self) -> Floats:
        """Influence of each part on each loss, shape (T, G, K): their squares add to variances."""
        return np.asarray(self.influence @ self._mean.T)

    @cached_property
    def between(self) -> tuple[Floats, int]:
        """Relative variance between models of one width, beyond the text's, and its freedom.

        Shape (T,); single values may be negative, since the text's share is estimated, too. The
        freedom is that of the models, 0 if no width has two.
        """
        excess, freedom = np.zeros(len(self)), 0
        for width in self.widths.tolist():
            these = self.of_models == width
            if these.sum() < 2:
                continue
            losses, parts = self.by_model[:, these], self.influence[:, :, these]
            of_text = np.square(parts - parts.mean(axis=2, keepdims=True)).sum((1, 2))
            level = np.maximum(losses.mean(axis=1), TINY)
            excess += (losses.var(axis=1) * losses.shape[1] - of_text) / level**2
            freedom += losses.shape[1] - 1
        return excess / max(1, freedom), freedom

    def corrected(self, errors: Floats) -> Self:
        """Return the curves without relative errors of models, shape (M,)."""
        return replace(self, nats=self.nats / (1 + errors)[:, None])

    def chosen(self, which: Bools) -> Self:
        """Return some of the tokens."""
        kept = which.tolist()
        return type(self)(
            self.ids[which], tuple(compress(self.names, kept)), self.of_models,
            self.counts[which], self.nats[which],
            None if self.rows is None else tuple(compress(self.rows, kept)),
            None if self.overlaps is None else self.overlaps[which],
        )  # fmt: skip

    def below(self, width: float) -> Self:
        """Return the same tokens in the models up to a width.

        Raises
        ------
        UsageError
            Fewer than four widths are left.
        """
        kept = self.of_models <= width
        return replace(self, of_models=self.of_models[kept], nats=self.nats[:, kept])

    def summed(self, member: Bools, names: tuple[str, ...]) -> Self:
        """Return classes of tokens: each a row of `member`, shape (C, T)."""
        added = member.astype(np.float64)
        return type(self)(
            np.arange(len(names)), names, self.of_models, added @ self.counts,
            np.einsum("ct,tmg->cmg", added, self.nats),
        )  # fmt: skip
