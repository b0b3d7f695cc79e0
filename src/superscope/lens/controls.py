"""Random rows of the frequency of given ones: what neighbors are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

NEVER = -10_000  # the bin of rows that never occur
WIDEST = 3  # bins to each side, of a factor of 2 each, from which a control may come
_TRIES = 1000


def bins_of(frequencies: Float64) -> Int64:
    """Return the bin of each frequency: its log2, rounded down; ``NEVER`` for 0."""
    bins = np.full(len(frequencies), NEVER, np.int64)
    seen = frequencies > 0
    bins[seen] = np.floor(np.log2(frequencies[seen])).astype(np.int64)
    return bins


@dataclass(frozen=True, eq=False)
class Controls:
    """Rows drawn as controls of the neighbors of some tokens.

    Attributes
    ----------
    ids
        int64, shape (t, draws, k): in each draw, a row for each of the k neighbors.
    drawn
        Which tokens have controls; of the others too few rows have a frequency that is wanted.
    widened
        Share of each token's neighbors whose control is from other bins than the wanted one, (t,).
    """

    ids: Int64
    drawn: npt.NDArray[np.bool_]
    widened: Float64


def draw(  # noqa: PLR0917 - what is drawn for what, from where, how often
    targets: Int64,
    neighbors: Int64,
    wanted: Int64,
    bins: Int64,
    allowed: Int64,
    draws: int,
    seed: int,
) -> Controls:
    """Draw controls: for each neighbor, a random row of the frequency that is wanted.

    A draw has no row twice, and none that is the token or one of its neighbors. A bin with too few
    rows for that is widened by a bin to each side, up to ``WIDEST``.

    Parameters
    ----------
    targets
        Tokens, shape (t,).
    neighbors
        Ids of the rows nearest to each, shape (t, k).
    wanted
        Bin of the control for each of them, shape (t, k).
    bins
        Bin of each id (:func:`bins_of`), shape (V,).
    allowed
        Ids that may be drawn.
    draws
        How often.
    seed
        Of the generator.
    """
    generator = np.random.default_rng(seed)
    count, k = neighbors.shape
    pools = _Pools(bins[allowed], allowed, 2 * k + 1)
    ids = np.zeros((count, draws, k), np.int64)
    drawn = np.ones(count, bool)
    widened = np.zeros((count, k))
    for t in range(count):
        near = neighbors[t]
        found = [pools.of(int(b)) for b in wanted[t]]
        if any(pool is None for pool, _ in found):
            drawn[t] = False
            continue
        widened[t] = [wider for _, wider in found]
        ids[t] = _distinct([pool for pool, _ in found if pool is not None],
                           {int(targets[t]), *near.tolist()}, draws, generator)  # fmt: skip
    return Controls(ids, drawn, widened.mean(axis=1))


class _Pools:
    """The rows of each bin, widened where they are too few."""

    def __init__(self, bins: Int64, ids: Int64, least: int):
        self._bins, self._ids, self._least = bins, ids, least
        self._found: dict[int, tuple[Int64 | None, bool]] = {}

    def of(self, wanted: int) -> tuple[Int64 | None, bool]:
        """Return the rows of a bin, and whether it was widened; None if there are too few."""
        if wanted not in self._found:
            self._found[wanted] = self._widened(wanted)
        return self._found[wanted]

    def _widened(self, wanted: int) -> tuple[Int64 | None, bool]:
        for reach in range(WIDEST + 1):
            pool = self._ids[np.abs(self._bins - wanted) <= reach]
            if len(pool) >= self._least:
                return pool, reach > 0
        return None, True


def _distinct(
    pools: list[Int64], left_out: set[int], draws: int, generator: np.random.Generator
) -> Int64:
    """Draw one row from each pool, all distinct and none that is left out, several times."""
    out = np.fromiter(left_out, np.int64)
    sizes = np.array([len(pool) for pool in pools])
    made = np.empty((draws, len(pools)), np.int64)
    again = np.ones((draws, len(pools)), bool)
    for _ in range(_TRIES):
        where = generator.integers(sizes, size=made.shape)
        for slot, pool in enumerate(pools):
            made[again[:, slot], slot] = pool[where[again[:, slot], slot]]
        again = np.isin(made, out)
        order = np.argsort(made, axis=1, kind="stable")
        ranked = np.take_along_axis(made, order, axis=1)
        repeated = np.zeros_like(again)
        np.put_along_axis(repeated, order[:, 1:], ranked[:, 1:] == ranked[:, :-1], axis=1)
        again |= repeated
        if not again.any():
            break
    return made
