"""Choose the pairs of rows that cost most, move them apart, and score again."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from superscope.evaluation import Pass
from superscope.lens.change_scoring import ChangeScoring, away, turned
from superscope.lens.cost_options import CostOptions
from superscope.lens.cost_scoring import CostScoring
from superscope.lens.halves import Halves
from superscope.lens.intervention import Intervention, MovedPair
from superscope.lens.lensed_head import LensedHead

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

DRAWS = 3  # of random rows to turn away from: each is a further product with the head
_EQUAL = 1 - 1e-9  # cosine beyond which two rows have no direction between them


def intervention(  # noqa: PLR0917 - what the first pass found
    lens: LensedHead,
    read: Pass,
    scoring: CostScoring,
    targets: Int64,
    sets: Int64,
    halves: Halves,
    options: CostOptions,
) -> Intervention | None:
    """Return what happens if the pairs of tokens that cost most are moved apart in the head.

    One half of the text chooses the pairs, and the other is scored. For comparison both rows of a
    pair are turned as far away from one and the same random row, so that they stay near to each
    other: the tokens and their frequencies are the same on both sides, and only the collision
    is not.

    Parameters
    ----------
    lens, read
        Head; model and text.
    scoring
        What the neighbors cost.
    targets, sets
        Tokens that were compared, shape (t,), and of each its neighbors and, in each draw, its
        controls, shape (t, 1 + R, k). The random rows are among these controls.
    halves
        Of the text.
    options
        How many pairs, how they are moved, and the seed of the generator.
    """
    if not options.pairs:
        return None
    rows = _Rows(lens, read)
    pairs, equal = _worst(scoring.slots, targets, sets, rows, options.pairs)
    if not pairs:
        return None
    generator = np.random.default_rng(options.seed)
    angles, apart, random = [], [], []
    for i, j in pairs:
        angle = math.asin(rows.cosine(i, j)) / (2 if options.apart == "turn" else 1)
        others = _others(i, j, targets, sets, rows)
        drawn = generator.choice(others, DRAWS, replace=len(others) < DRAWS).tolist()
        angles.append(angle)
        apart.append(turned(rows[i], rows[j], angle))
        random.append([[away(rows[k], rows[r], angle) for k in (i, j)] for r in drawn])
    change = ChangeScoring(
        np.array(pairs, np.int64),
        (np.array(apart) + rows.center).astype(np.float32),
        (np.array(random).swapaxes(0, 1) + rows.center).astype(np.float32),
        halves,
    )
    read.evaluation(change)
    change.finish()
    *each, together = change.found()
    tokens, documents = change.scored
    return Intervention(
        pairs=tuple(
            MovedPair(lens.named(i), lens.named(j), rows.cosine(i, j), math.degrees(angle), changed)
            for (i, j), angle, changed in zip(pairs, angles, each, strict=True)
        ),
        together=together,
        way=options.apart,
        draws=DRAWS,
        halves=halves.by,
        chose_tokens=change.chose,
        scored_tokens=tokens,
        scored_documents=documents,
        equal=equal,
    )


class _Rows:
    """Rows of the model's own head, less the mean row."""

    def __init__(self, lens: LensedHead, read: Pass):
        self._model = read.model
        center = lens.views.rows("mean").center
        assert center is not None
        self.center = center.astype(np.float64)
        self._kept: dict[int, Float64] = {}

    def __getitem__(self, index: int) -> Float64:
        """Return a centered row."""
        if index not in self._kept:
            row = self._model.head.rows(np.array([index]))[0].astype(np.float64)
            self._kept[index] = row - self.center
        return self._kept[index]

    def cosine(self, first: int, second: int) -> float:
        """Return the overlap c of two centered rows."""
        a, b = self[first], self[second]
        return float(np.clip(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), -1, 1))


def _others(i: int, j: int, targets: Int64, sets: Int64, rows: _Rows) -> list[int]:
    """Return the controls of two rows that both can be turned away from."""
    controls = np.unique(sets[np.searchsorted(targets, (i, j)), 1:])
    return [
        k
        for k in controls.tolist()
        if k not in (i, j) and max(abs(rows.cosine(i, k)), abs(rows.cosine(j, k))) < _EQUAL
    ]


def _worst(
    cost_of: Float64, targets: Int64, sets: Int64, rows: _Rows, pairs: int
) -> tuple[list[tuple[int, int]], int]:
    """Return the pairs that cost most, no token in two, and how many had equal rows.

    `cost_of` is the nats that go to each neighbor of each token in the half that chooses, (t, k).
    """
    neighbors = sets[:, 0]
    at, slot = np.nonzero(np.isin(neighbors, targets) & (cost_of > 0))
    both = np.stack([targets[at], neighbors[at, slot]], axis=1)
    both.sort(axis=1)
    named, place = np.unique(both, axis=0, return_inverse=True)
    cost = np.bincount(place.ravel(), cost_of[at, slot], len(named))
    chosen: list[tuple[int, int]] = []
    used: set[int] = set()
    equal = 0
    for i, j in named[np.argsort(-cost, kind="stable")].tolist():
        if len(chosen) == pairs:
            break
        if used & {i, j}:
            continue
        c = rows.cosine(i, j)
        if c > _EQUAL:
            equal += 1
        elif c > 0 and _others(i, j, targets, sets, rows):
            chosen.append((i, j))
            used |= {i, j}
    return chosen, equal
