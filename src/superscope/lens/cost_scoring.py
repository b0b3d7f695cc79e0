"""What the nearest rows and random rows take of each scored position."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope.evaluation.scoring import Piece, Scored
from superscope.lens.clusters import Clusters, Whole
from superscope.lens.halves import Halves
from superscope.lens.probability import complement, to_set

if TYPE_CHECKING:
    import torch

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

QUANTITIES = (
    "count", "loss", "neighbors", "controls", "confident", "on_neighbors", "on_controls",
)  # fmt: skip
"""Summed over positions: 1, nats, nats to the neighbors, nats to a mean draw of controls,
confident errors, and how many of them fall on a neighbor and on a control."""

CONFIDENT = 0.5  # an error is confident if its token has a greater probability


class CostScoring:
    """The nats that go to sets of rows, by document and token.

    Parameters
    ----------
    targets
        Tokens that have neighbors and controls, ascending, shape (t,).
    sets
        For each token its k neighbors, and as many controls in each draw, shape (t, 1 + R, k).
    rows
        Rows of the head.
    labels
        Groupings of all ids: a group's number by id, shape (V,), and how many groups there are.
    halves
        Of the text. The nats by token and neighbor are those of the half that chooses pairs.
    """

    what = "cost of neighbors"
    other_rows = None

    def __init__(
        self,
        targets: Int64,
        sets: Int64,
        rows: int,
        labels: Mapping[str, tuple[Int64, int]],
        halves: Halves,
    ):
        self._targets, self._sets, self._halves = targets, sets, halves
        self._row_of = np.full(rows, -1, np.int64)
        self._row_of[targets] = np.arange(len(targets))
        self._on: dict[Any, tuple[torch.Tensor, torch.Tensor]] = {}
        self._labels = labels
        self.groups = {name: Clusters(count, QUANTITIES) for name, (_, count) in labels.items()}
        self.tokens = Clusters(len(targets), QUANTITIES)
        self.slots = np.zeros((len(targets), sets.shape[2]))
        self.draws = np.zeros(sets.shape[1] - 1)
        self.left_out = 0
        self._whole = Whole()

    @property
    def settings(self) -> Mapping[str, object]:
        """The sets of rows, as a digest, and the halves."""
        digest = hashlib.sha256(self._targets.tobytes() + self._sets.tobytes())
        return {"sets": digest.hexdigest(), "shape": list(self._sets.shape),
                "chooses": self._halves.settings}  # fmt: skip

    def piece(self, piece: Piece) -> Mapping[str, torch.Tensor]:
        """Return the nats that each set of rows takes, and whether an error falls on one."""
        import torch

        row_of, sets = self._tensors(piece.logits.device)
        at = row_of[piece.targets]
        ids = sets[at.clamp(min=0)]  # (n, 1 + R, k)
        count, several, _ = ids.shape
        total = piece.logits.logsumexp(1).double()
        gathered = piece.logits.gather(1, ids.view(count, -1)).double().view(ids.shape)
        shares = gathered - total[:, None, None]
        nats = torch.stack(
            [complement(piece.logits, ids[:, s], shares[:, s]) for s in range(several)], dim=1
        )
        # A row and the target share the probability, so a row cannot take more than the loss.
        loss = piece.losses.double()[:, None]
        nats = torch.minimum(nats, loss)
        slots = torch.minimum(to_set(shares[:, 0]), loss)
        best, winner = piece.logits.max(1)
        confident = (best.double() - total).exp() > CONFIDENT
        confident &= winner != piece.targets
        hit = (ids == winner[:, None, None]).any(2) & confident[:, None]
        return {
            "compared": at >= 0,
            "neighbors": nats[:, 0],
            "draws": nats[:, 1:],
            "slots": slots,
            "confident": confident,
            "on_neighbors": hit[:, 0],
            "on_controls": hit[:, 1:].double().mean(1),
        }

    def kept(self, scored: Scored) -> Mapping[str, npt.NDArray[Any]]:
        """Return the sums of a block by document and token, and by token and neighbor."""
        v, use = scored.values, scored.values["compared"]
        documents, tokens = scored.documents[use].astype(np.int64), scored.tokens[use]
        values = np.stack([
            np.ones(len(tokens)), scored.nats[use], v["neighbors"][use], v["draws"][use].mean(1),
            v["confident"][use], v["on_neighbors"][use], v["on_controls"][use],
        ], axis=1)  # fmt: skip
        rows = len(self._row_of)
        keys, place = np.unique(documents * rows + tokens, return_inverse=True)
        sums = np.zeros((len(keys), len(QUANTITIES)))
        np.add.at(sums, place, values)
        choosing = use & self._halves.choosing(scored.documents)
        named, place = np.unique(scored.tokens[choosing], return_inverse=True)
        slots = np.zeros((len(named), self.slots.shape[1]))
        np.add.at(slots, place, v["slots"][choosing])
        return {
            "documents": keys // rows, "tokens": keys % rows, "sums": sums,
            "named": named.astype(np.int64), "slots": slots, "draws": v["draws"][use].sum(0),
            "left_out": np.int64((~use).sum()),
        }  # fmt: skip

    def add(self, kept: Mapping[str, npt.NDArray[Any]]) -> None:
        """Add a block; its last document may go on in the next one."""
        self.slots[self._row_of[kept["named"]]] += kept["slots"]
        self.draws += kept["draws"]
        self.left_out += int(kept["left_out"])
        self._fold(*self._whole.closed(kept["documents"], kept["tokens"], kept["sums"]))

    def finish(self) -> None:
        """Add the last document."""
        self._fold(*self._whole.rest())

    def _fold(self, documents: Int64, tokens: Int64, sums: Float64) -> None:
        self.tokens.add(documents, self._row_of[tokens], sums)
        for name, (label, _) in self._labels.items():
            self.groups[name].add(documents, label[tokens], sums)

    def _tensors(self, device: Any) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        if device not in self._on:
            row_of, sets = torch.from_numpy(self._row_of), torch.from_numpy(self._sets)
            self._on = {device: (row_of.to(device), sets.to(device))}
        return self._on[device]
