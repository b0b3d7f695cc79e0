"""Choose the pairs that cost most and random pairs like them, move them, and score again."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from superscope.evaluation import Pass
from superscope.lens.controls import WIDEST
from superscope.lens.cost_options import CostOptions
from superscope.lens.cost_scoring import CostScoring
from superscope.lens.intervention import (
    ChangeScoring,
    Intervention,
    MovedPair,
    Together,
    turned,
)
from superscope.lens.looked import Looked
from superscope.lens.near import Near

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

_EQUAL = 1 - 1e-9  # cosine beyond which two rows have no direction between them
_TRIES = 200


def intervention(  # noqa: PLR0917 - what the first pass found
    looked: Looked,
    read: Pass,
    scoring: CostScoring,
    found: Near,
    has: Bool,
    bins: Int64,
    options: CostOptions,
) -> Intervention | None:
    """Return what happens if the pairs of tokens that cost most are moved apart in the head.

    Parameters
    ----------
    looked, read
        Head; model and text.
    scoring
        What the neighbors cost.
    found
        Neighbors of the tokens, of which `has` says which ones were compared.
    bins
        Bin of the frequency of each id.
    options
        How many pairs, and the seed of the generator of random ones.
    """
    pairs = options.pairs
    if not pairs:
        return None
    rows = _Rows(looked, read)
    worst, equal = _worst(scoring, found, has, rows, pairs)
    if not worst:
        return None
    random = _random(worst, found, bins, options.seed)
    chosen = [*worst, *(pair for pair in random if pair is not None)]
    angles = [math.asin(rows.cosine(*pair)) / 2 for pair in worst]
    angles += [a for a, pair in zip(angles, random, strict=True) if pair is not None]
    moved = [rows.turned(pair, angle) for pair, angle in zip(chosen, angles, strict=True)]
    count = len(worst)
    parts = ((0, count), *([(count, len(chosen))] if len(chosen) > count else []))
    change = ChangeScoring(np.array(chosen, np.int64), np.array(moved, np.float32), parts)
    read.evaluation(change)
    change.finish()
    results = change.found()

    made = tuple(
        MovedPair(
            looked.named(i),
            looked.named(j),
            rows.cosine(i, j),
            math.degrees(angle),
            tokens,
            changed,
            on_text,
        )
        for (i, j), angle, (tokens, changed, on_text) in zip(
            chosen, angles, results[: len(chosen)], strict=True
        )
    )
    together = [
        Together(stop - start, *result)
        for (start, stop), result in zip(parts, results[len(chosen) :], strict=True)
    ]
    return Intervention(
        made[:count], made[count:], together[0], together[1] if len(together) > 1 else None, equal
    )


class _Rows:
    """Rows of the model's own head, less the mean row that the lens subtracts."""

    def __init__(self, looked: Looked, read: Pass):
        self._model = read.model
        center = looked.views.rows("mean").center
        assert center is not None
        self._center = center.astype(np.float64)
        self._kept: dict[int, Float64] = {}

    def __getitem__(self, index: int) -> Float64:
        """Return a centered row."""
        if index not in self._kept:
            row = self._model.head.rows(np.array([index]))[0].astype(np.float64)
            self._kept[index] = row - self._center
        return self._kept[index]

    def cosine(self, first: int, second: int) -> float:
        """Return the overlap c of two centered rows."""
        a, b = self[first], self[second]
        return float(np.clip(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), -1, 1))

    def turned(self, pair: tuple[int, int], angle: float) -> Float64:
        """Return two rows of the head, turned away from each other."""
        return np.stack(turned(self[pair[0]], self[pair[1]], angle)) + self._center


def _worst(
    scoring: CostScoring, found: Near, has: Bool, rows: _Rows, pairs: int
) -> tuple[list[tuple[int, int]], int]:
    """Return the pairs that cost most, no token in two, and how many had equal rows."""
    targets, neighbors = found.targets[has], found.neighbors[has]
    occurs = np.isin(neighbors, targets)
    at, slot = np.nonzero(occurs)
    both = np.stack([targets[at], neighbors[at, slot]], axis=1)
    both.sort(axis=1)
    named, place = np.unique(both, axis=0, return_inverse=True)
    cost = np.bincount(place.ravel(), scoring.slots[at, slot], len(named))
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
        elif c > 0:
            chosen.append((i, j))
            used |= {i, j}
    return chosen, equal


def _random(
    worst: list[tuple[int, int]], found: Near, bins: Int64, seed: int
) -> list[tuple[int, int] | None]:
    """Return for each pair a random one of the same frequencies, of tokens that occur; or None."""
    generator = np.random.default_rng(seed)
    used = {index for pair in worst for index in pair}
    near_of = {int(t): set(found.neighbors[k].tolist()) for k, t in enumerate(found.targets)}

    def one(like: int) -> int | None:
        for reach in range(WIDEST + 1):
            pool = found.targets[np.abs(bins[found.targets] - bins[like]) <= reach]
            pool = pool[~np.isin(pool, list(used))]
            if len(pool) > 1:
                return int(generator.choice(pool))
        return None

    made: list[tuple[int, int] | None] = []
    for first, second in worst:
        pair = None
        for _ in range(_TRIES):
            i, j = one(first), one(second)
            if i is None or j is None:
                break
            if i != j and j not in near_of[i] and i not in near_of[j]:
                pair = (i, j)
                used |= {i, j}
                break
        made.append(pair)
    return made
