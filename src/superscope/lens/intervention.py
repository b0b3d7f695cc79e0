"""Move colliding rows of the head apart, and score again: does the collision cost anything?"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope.errors import EvaluationError
from superscope.evaluation.scoring import OtherRows, Piece, Scored
from superscope.lens.clusters import Clusters, Whole
from superscope.lens.estimate import Estimate, estimates
from superscope.lens.probability import complement
from superscope.lens.token import Named
from superscope.result import Result

if TYPE_CHECKING:
    import pandas as pd
    import torch

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

_QUANTITIES = ("all", "text", "count", "change")


@dataclass(frozen=True)
class MovedPair:
    """Two tokens whose rows were turned away from each other in the head.

    Attributes
    ----------
    first, second
        Which.
    overlap
        c of their centered rows before.
    degrees
        By how much each of the two was turned, in the plane of both.
    tokens
        Scored tokens that are one of the two.
    change
        Change of their mean loss, nats for each of them.
    on_text
        Change of the mean loss of the text, nats for each scored token.
    """

    first: Named
    second: Named
    overlap: float
    degrees: float
    tokens: int
    change: Estimate
    on_text: Estimate


@dataclass(frozen=True)
class Together:
    """What moving several pairs at once changes.

    Attributes
    ----------
    pairs
        How many.
    tokens
        Scored tokens that are in one of them.
    change
        Change of their mean loss, nats for each of them.
    on_text
        Change of the mean loss of the text, nats for each scored token.
    """

    pairs: int
    tokens: int
    change: Estimate
    on_text: Estimate


@dataclass(frozen=True)
class Intervention(Result):
    """Pairs of rows moved apart in the head, beside random pairs that are turned as far.

    Attributes
    ----------
    pairs
        Those that cost most, worst first: turned until their centered rows are at right angles.
    controls
        For each a random pair of the same frequencies, whose rows are turned away from each other
        by the same angle.
    pairs_together, controls_together
        All of them at once.
    equal
        Pairs left out because their rows are equal, so that there is no direction to move them in.
    """

    pairs: tuple[MovedPair, ...]
    controls: tuple[MovedPair, ...]
    pairs_together: Together
    controls_together: Together | None
    equal: int = 0

    DERIVED = ("verdict",)

    @property
    def difference(self) -> Estimate | None:
        """Change for the pairs less that for the controls, nats for each token of theirs.

        Its error takes the two as independent.
        """
        if self.controls_together is None:
            return None
        ours, theirs = self.pairs_together.change, self.controls_together.change
        errors = ours.error, theirs.error
        error = None if None in errors else math.hypot(*(e or 0.0 for e in errors))
        return Estimate(ours.value - theirs.value, error)

    @property
    def verdict(self) -> str:
        """What the change says, if it is more than two errors from 0 and from the controls'.

        ``cost`` if the loss falls, ``meaning`` if it rises, ``turn`` if it changes as that of the
        controls does; else ``none``, and ``unknown`` without an error.
        """
        change, difference = self.pairs_together.change, self.difference
        if change.error is None:
            return "unknown"
        if abs(change.value) < 2 * change.error:
            return "none"
        if difference is not None and difference.value * change.value < 2 * abs(change.value) * (
            difference.error or 0.0
        ):
            return "turn"
        return "cost" if change.value < 0 else "meaning"

    def __repr__(self) -> str:
        change = self.pairs_together.change.value
        return (
            f"<Intervention: {self.pairs_together.pairs} pairs apart, {change:+.4g} nats a token>"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each pair and each control."""
        import pandas as pd

        both = [("pair", p) for p in self.pairs] + [("control", p) for p in self.controls]
        return pd.DataFrame([
            {
                "kind": kind, "first": p.first.id, "second": p.second.id,
                "first_token": p.first.text, "second_token": p.second.text,
                "overlap": p.overlap, "degrees": p.degrees, "tokens": p.tokens,
                "change": p.change.value, "change_se": p.change.error,
                "on_text": p.on_text.value, "on_text_se": p.on_text.error,
            }
            for kind, p in both
        ])  # fmt: skip


def turned(first: Float64, second: Float64, angle: float) -> tuple[Float64, Float64]:
    """Turn two vectors away from each other in their plane, each by an angle; norms stay.

    By asin(c)/2, c being the cosine between them, they end at right angles: of all ways to that
    the one that moves them least.
    """
    norms = np.linalg.norm(first), np.linalg.norm(second)
    a, b = first / norms[0], second / norms[1]

    def away(u: Float64, v: Float64) -> Float64:
        across = v - (u @ v) * u
        across /= np.linalg.norm(across)
        made: Float64 = math.cos(angle) * u - math.sin(angle) * across
        return made

    return norms[0] * away(a, b), norms[1] * away(b, a)


class ChangeScoring:
    """The change of each position's loss if pairs of rows are others, each pair alone and together.

    Parameters
    ----------
    pairs
        Ids of the rows of each pair, all distinct, int64, shape (p, 2).
    rows
        What they are instead, float32, shape (p, 2, m).
    alike
        Bounds of the pairs that are also taken together: ``(start, stop)`` each.
    """

    what = "change of the loss"

    def __init__(
        self, pairs: Int64, rows: npt.NDArray[np.float32], alike: tuple[tuple[int, int], ...]
    ):
        self._pairs, self._alike = pairs, alike
        self.other_rows = OtherRows(pairs.ravel(), rows.reshape(-1, rows.shape[2]))
        self.sets = Clusters(len(pairs) + len(alike), _QUANTITIES)
        self._whole = Whole()

    @property
    def settings(self) -> Mapping[str, object]:
        """The rows, as a digest."""
        rows = self.other_rows
        return {"rows": hashlib.sha256(rows.ids.tobytes() + rows.rows.tobytes()).hexdigest(),
                "alike": [list(bounds) for bounds in self._alike]}  # fmt: skip

    def piece(self, piece: Piece) -> Mapping[str, torch.Tensor]:
        """Return the change of each loss, and whether the target is in the set, by set of pairs."""
        import torch

        assert piece.others is not None
        device = piece.logits.device
        ids = torch.from_numpy(self.other_rows.ids).to(device)
        before = piece.logits[:, ids]
        if len(ids) and torch.equal(before, piece.others):
            raise EvaluationError(
                "other rows of the output head do not change the logits: this architecture "
                "makes them in another way"
            )
        total = piece.logits.logsumexp(1, keepdim=True).double()
        shares, others = before.double() - total, piece.others.double() - total
        here = piece.targets[:, None] == ids
        own = ((others - shares) * here).view(len(here), -1, 2).sum(2)  # of the target's logit
        of_pair = here.view(len(here), -1, 2).any(2)
        changes, within = [], []
        for start, stop in (*((k, k + 1) for k in range(len(self._pairs))), *self._alike):
            part = slice(2 * start, 2 * stop)
            rest = -complement(piece.logits, ids[part].expand(len(here), -1), shares[:, part])
            normalizer = torch.logaddexp(rest, others[:, part].logsumexp(1))
            changes.append(normalizer - own[:, start:stop].sum(1))
            within.append(of_pair[:, start:stop].any(1))
        return {"changes": torch.stack(changes, 1), "within": torch.stack(within, 1)}

    def kept(self, scored: Scored) -> Mapping[str, npt.NDArray[Any]]:
        """Return the sums of a block by document, for each set of pairs."""
        documents, place = np.unique(scored.documents.astype(np.int64), return_inverse=True)
        changes, within = scored.values["changes"], scored.values["within"]
        each = np.stack([np.ones_like(changes), changes, within, changes * within], axis=2)
        sums = np.zeros((len(documents), *each.shape[1:]))
        np.add.at(sums, place, each)
        return {"documents": documents, "sums": sums}

    def add(self, kept: Mapping[str, npt.NDArray[Any]]) -> None:
        """Add a block; its last document may go on in the next one."""
        self._fold(*self._whole.closed(kept["documents"], kept["sums"]))

    def finish(self) -> None:
        """Add the last document."""
        self._fold(*self._whole.rest())

    def _fold(self, documents: Int64, sums: Float64) -> None:
        count = len(self.sets.sums)
        groups = np.tile(np.arange(count), len(documents))
        self.sets.add(np.repeat(documents, count), groups, sums.reshape(-1, len(_QUANTITIES)))

    def found(self) -> list[tuple[int, Estimate, Estimate]]:
        """Return of each set its tokens, the change on them, and the change on the text."""
        nothing = Estimate(0.0, None)
        changes = estimates(self.sets, {"change": 1}, "count")
        on_text = estimates(self.sets, {"text": 1}, "all")
        counts = self.sets.sums[:, _QUANTITIES.index("count")]
        return [
            (round(n), change or nothing, text or nothing)
            for n, change, text in zip(counts, changes, on_text, strict=True)
        ]
