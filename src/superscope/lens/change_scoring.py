"""The change of each position's loss if pairs of rows of the head are others."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope.errors import EvaluationError
from superscope.evaluation.scoring import OtherRows, Piece, Scored
from superscope.lens.clusters import Clusters, Whole
from superscope.lens.estimate import Estimate, estimates
from superscope.lens.halves import Halves
from superscope.lens.intervention import Change
from superscope.lens.probability import complement

if TYPE_CHECKING:
    import torch

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]

_QUANTITIES = ("all", "tokens", "apart", "random", "apart_on_text", "random_on_text")


def turned(first: Float64, second: Float64, angle: float) -> tuple[Float64, Float64]:
    """Turn two vectors away from each other in their plane, each by an angle; norms stay.

    By asin(c)/2, c being the cosine between them, they end at right angles: of all ways to that
    the one that moves them least. By asin(c) each loses its component along the other, and c
    becomes −c.
    """
    return away(first, second, angle), away(second, first, angle)


def away(row: Float64, other: Float64, angle: float) -> Float64:
    """Turn a vector by an angle away from another, in the plane of both; its norm stays."""
    norm = np.linalg.norm(row)
    u = row / norm
    across = other - (u @ other) * u
    across /= np.linalg.norm(across)
    made: Float64 = norm * (math.cos(angle) * u - math.sin(angle) * across)
    return made


class ChangeScoring:
    """The change of the loss if rows are others: each pair of them alone, and all together.

    Parameters
    ----------
    pairs
        Ids of the rows of each pair, all distinct, int64, shape (p, 2).
    apart
        What they are instead, float32, shape (p, 2, m).
    random
        What they are for comparison, in each of several draws, float32, shape (r, p, 2, m).
    halves
        Of the text: the half that did not choose the pairs is scored.
    """

    what = "change of the loss"

    def __init__(self, pairs: Int64, apart: Float32, random: Float32, halves: Halves):
        self._pairs, self._halves = pairs, halves
        looks = np.concatenate([apart[None], random])
        self.other_rows = OtherRows(
            np.tile(pairs.ravel(), len(looks)), looks.reshape(-1, looks.shape[3]), len(looks)
        )
        self.sets = Clusters(len(pairs) + 1, _QUANTITIES)
        self.draws = np.zeros((len(pairs) + 1, len(random)))
        self.chose = 0
        self._whole = Whole()

    @property
    def settings(self) -> Mapping[str, object]:
        """The rows, as a digest, and the halves."""
        rows = self.other_rows
        digest = hashlib.sha256(rows.ids.tobytes() + rows.rows.tobytes())
        return {"rows": digest.hexdigest(), "looks": rows.looks, "chooses": self._halves.settings}

    def piece(self, piece: Piece) -> Mapping[str, torch.Tensor]:
        """Return the changes of each loss, and whether the target is moved, by set of pairs."""
        import torch

        assert piece.others is not None
        ids = torch.from_numpy(self._pairs.ravel()).to(piece.logits.device)
        before = piece.logits[:, ids]
        others = piece.others.view(len(before), -1, len(ids))
        if torch.equal(before, others[:, 0]):
            raise EvaluationError(
                "other rows of the output head do not change the logits: this architecture "
                "makes them in another way"
            )
        total = piece.logits.logsumexp(1, keepdim=True).double()
        shares, others = before.double() - total, others.double() - total[:, None]
        here = piece.targets[:, None] == ids
        # Of the target's logit, by look and pair.
        own = (others - shares[:, None]) * here[:, None]
        own = own.view(*own.shape[:2], -1, 2).sum(3)
        of_pair = here.view(len(here), -1, 2).any(2)
        changes, within = [], []
        count = len(self._pairs)
        for start, stop in (*((k, k + 1) for k in range(count)), (0, count)):
            part = slice(2 * start, 2 * stop)
            rest = -complement(piece.logits, ids[part].expand(len(here), -1), shares[:, part])
            normalizer = torch.logaddexp(rest[:, None], others[:, :, part].logsumexp(2))
            changes.append(normalizer - own[:, :, start:stop].sum(2))
            within.append(of_pair[:, start:stop].any(1))
        return {"changes": torch.stack(changes, 1), "within": torch.stack(within, 1)}

    def kept(self, scored: Scored) -> Mapping[str, npt.NDArray[Any]]:
        """Return the sums of a block by document, for each set of pairs, where none was chosen."""
        use = ~self._halves.choosing(scored.documents)
        documents, place = np.unique(scored.documents[use].astype(np.int64), return_inverse=True)
        changes, within = scored.values["changes"][use], scored.values["within"][use]
        apart, random = changes[:, :, 0], changes[:, :, 1:].mean(2)
        each = np.stack(
            [np.ones_like(apart), within, apart * within, random * within, apart, random], axis=2
        )
        sums = np.zeros((len(documents), *each.shape[1:]))
        np.add.at(sums, place, each)
        draws = (changes[:, :, 1:] * within[:, :, None]).sum(0)
        return {"documents": documents, "sums": sums, "draws": draws,
                "chose": np.int64((~use).sum())}  # fmt: skip

    def add(self, kept: Mapping[str, npt.NDArray[Any]]) -> None:
        """Add a block; its last document may go on in the next one."""
        documents = kept["documents"]
        self.draws += kept["draws"]
        self.chose += int(kept["chose"])
        self._fold(*self._whole.closed(documents, np.zeros_like(documents), kept["sums"]))

    def finish(self) -> None:
        """Add the last document."""
        self._fold(*self._whole.rest())

    def _fold(self, documents: Int64, _: Int64, sums: Float64) -> None:
        count = len(self.sets.sums)
        groups = np.tile(np.arange(count), len(documents))
        self.sets.add(np.repeat(documents, count), groups, sums.reshape(-1, len(_QUANTITIES)))

    @property
    def scored(self) -> tuple[int, int]:
        """Tokens and documents of the half that is scored."""
        return round(self.sets.sums[-1, 0]), int(self.sets.documents[-1])

    def found(self) -> list[Change]:
        """Return what moving each pair changes, and what moving all does."""
        sets = self.sets
        apart, random, difference = (
            estimates(sets, above, "tokens")
            for above in ({"apart": 1.0}, {"random": 1.0}, {"apart": 1.0, "random": -1.0})
        )
        texts = [estimates(sets, {name: 1.0}, "all") for name in _QUANTITIES[-2:]]
        nothing = Estimate(0.0, None)

        def of(k: int) -> Change:
            tokens = round(sets.sums[k, _QUANTITIES.index("tokens")])
            away = difference[k] or nothing
            if away.error is not None:
                draws = self.draws[k] / tokens
                drawing = float(draws.std(ddof=1)) / math.sqrt(len(draws))
                away = Estimate(away.value, math.hypot(away.error, drawing))
            return Change(
                tokens, apart[k] or nothing, random[k] or nothing, away,
                texts[0][k] or nothing, texts[1][k] or nothing,
            )  # fmt: skip

        return [of(k) for k in range(len(sets.sums))]
