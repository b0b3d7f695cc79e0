"""What collisions cost on a text: every number of it, as values."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from superscope.evaluation.evaluation import EvaluatedModel, LossSettings, TextRead
from superscope.lens.decades import decades_of
from superscope.lens.estimate import Estimate
from superscope.lens.intervention import Intervention
from superscope.plotting import Pictured
from superscope.result import Result

if TYPE_CHECKING:
    import pandas as pd

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GroupCost:
    """What closeness costs the tokens of a group, nats for each of them.

    Attributes
    ----------
    name
        Of the group.
    tokens
        Scored tokens that are compared with controls.
    loss
        Their mean loss.
    neighbors
        Mean of −ln(1 − p(N)), N the k nearest rows of the target: what they take of the loss.
    controls
        The same for as many random rows of the same frequency.
    difference
        The two subtracted: what closeness costs.
    confident
        Errors in which another token has more than half of the probability.
    on_neighbors, on_controls
        Share of these that fall on one of the neighbors, and of the controls; None without any.
    """

    name: str
    tokens: int
    loss: Estimate
    neighbors: Estimate
    controls: Estimate
    difference: Estimate
    confident: int
    on_neighbors: Estimate | None
    on_controls: Estimate | None


@dataclass(frozen=True, eq=False)
class TokenCosts:
    """What closeness costs each token that was a target; arrays of shape (t,).

    Attributes
    ----------
    ids
        Ascending, int64.
    counts
        How often each was scored, int64.
    frequencies
        Of each, as they were given, or as counted in the text, float64.
    interference
        Mean of c² with every other centered row, float64.
    nats
        Sum of its losses, float64.
    neighbors, controls
        What its neighbors take of that, and as many random rows of their frequencies, float64.
    difference_se
        Standard error of the mean difference, clustered by document, float64; NaN for a token of a
        single document.
    confident, on_neighbors, on_controls
        Confident errors, and how many fall on a neighbor and on a control, float64.
    on_neighbors_se, on_controls_se
        Standard errors of their shares of the confident errors, as `difference_se`.
    """

    ids: Int64
    counts: Int64
    frequencies: Float64
    interference: Float64
    nats: Float64
    neighbors: Float64
    controls: Float64
    difference_se: Float64
    confident: Float64
    on_neighbors: Float64
    on_controls: Float64
    on_neighbors_se: Float64
    on_controls_se: Float64


@dataclass(frozen=True, eq=False)
class NeighborCost(Result, Pictured):
    """What the nearest rows cost a language model on a text.

    Attributes
    ----------
    model, text, settings
        What was evaluated, on what, how.
    loss
        Mean loss of all scored tokens, as :func:`superscope.evaluation.evaluate` gives it.
    center
        What was subtracted from every row before rows are near.
    nearest
        k, the number of nearest rows.
    draws, seed
        How often controls are drawn, and the seed of their generator.
    like
        Whose frequency they have: of the ``neighbor`` that each stands for, or of the ``token``.
    counted
        Where the frequencies come from: ``text`` or ``given``.
    total
        Over all tokens that are compared.
    drawing_se
        Standard error of the controls' nats that comes from drawing them.
    left_out
        Scored tokens without neighbors or controls.
    unseen
        Share of the neighbors, over scored tokens, that the counts have never.
    widened
        Share of the controls for which too few rows are as frequent as they should be: these are
        of the nearest frequencies, at most 8 times as frequent, or less.
    as_frequent
        How many times as frequent as they should be controls are, geometric mean over those that
        should occur; None if none should.
    classes, decades
        By class of the row, and by decade of the token's frequency.
    token_costs
        By token; ``tokens`` in JSON.
    texts, row_classes
        Text and class of each of these tokens, None where unknown.
    intervention
        What happens if the worst pairs are moved apart, or None if it was not asked.
    notes
        What the user should know.
    """

    DERIVED = ("verdict",)

    model: EvaluatedModel
    text: TextRead
    settings: LossSettings
    loss: Estimate
    center: str
    nearest: int
    draws: int
    seed: int
    like: str
    counted: str
    total: GroupCost
    drawing_se: float
    left_out: int
    unseen: float
    widened: float
    as_frequent: float | None
    classes: tuple[GroupCost, ...]
    decades: tuple[GroupCost, ...]
    token_costs: TokenCosts
    texts: tuple[str | None, ...]
    row_classes: tuple[str | None, ...]
    intervention: Intervention | None = None
    notes: tuple[str, ...] = ()

    @property
    def difference_se(self) -> float | None:
        """Error of what closeness costs: clustered by document, and of drawing controls."""
        error = self.total.difference.error
        return None if error is None else math.hypot(error, self.drawing_se)

    @property
    def verdict(self) -> str:
        """``cost``, ``none``, ``gain`` or ``unknown``: the difference against twice its error."""
        if self.difference_se is None:
            return "unknown"
        if abs(self.total.difference.value) < 2 * self.difference_se:
            return "none"
        return "cost" if self.total.difference.value > 0 else "gain"

    def noting(self, notes: Iterable[str]) -> NeighborCost:
        """Return it with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def tokens(self) -> pd.DataFrame:
        """Return a row for each token that was compared; nats are means of that token.

        Columns: id, token, and those of :data:`superscope.lens.token_columns.COST`, which says
        what they mean.
        """
        import pandas as pd

        t = self.token_costs
        with np.errstate(invalid="ignore"):
            on_neighbors, on_controls = t.on_neighbors / t.confident, t.on_controls / t.confident
        return pd.DataFrame({
            "id": t.ids,
            "token": pd.array(list(self.texts), dtype="string"),
            "class": pd.array(list(self.row_classes), dtype="string"),
            "count": t.counts,
            "frequency": t.frequencies,
            "decade": pd.Series(decades_of(t.frequencies)).astype("Int64"),
            "interference": t.interference,
            "loss": t.nats / t.counts,
            "to_neighbors": t.neighbors / t.counts,
            "to_controls": t.controls / t.counts,
            "difference": (t.neighbors - t.controls) / t.counts,
            "difference_se": pd.array(t.difference_se, dtype="Float64"),
            "confident": t.confident.astype(np.int64),
            "on_neighbors": pd.array(on_neighbors, dtype="Float64"),
            "on_neighbors_se": pd.array(t.on_neighbors_se, dtype="Float64"),
            "on_controls": pd.array(on_controls, dtype="Float64"),
            "on_controls_se": pd.array(t.on_controls_se, dtype="Float64"),
        })  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """Return a row for all tokens, each class and each decade: nats for each token."""
        import pandas as pd

        rows = [("all", self.total), *(("class", g) for g in self.classes),
                *(("decade", g) for g in self.decades)]  # fmt: skip
        return pd.DataFrame([
            {
                "by": by, "group": g.name, "tokens": g.tokens,
                "loss": g.loss.value, "loss_se": g.loss.error,
                "to_neighbors": g.neighbors.value, "to_neighbors_se": g.neighbors.error,
                "to_controls": g.controls.value, "to_controls_se": g.controls.error,
                "difference": g.difference.value, "difference_se": g.difference.error,
                "confident": g.confident,
                **_share("on_neighbors", g.on_neighbors),
                **_share("on_controls", g.on_controls),
            }
            for by, g in rows
        ])  # fmt: skip

    def __repr__(self) -> str:
        d = self.total.difference.value
        return f"<NeighborCost {self.model.name!r} on {self.text.name!r}: {d:.4g} nats a token>"


def _share(name: str, share: Estimate | None) -> dict[str, float | None]:
    return {
        name: None if share is None else share.value,
        f"{name}_se": None if share is None else share.error,
    }
