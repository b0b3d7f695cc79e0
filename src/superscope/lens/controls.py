"""Random rows of the frequency of given ones: what neighbors are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

WIDEST = 8.0  # times more or less frequent than it should be that a control may be


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
        Share of each token's neighbors whose control may have another log2 of the frequency,
        rounded down, than the wanted one, (t,).
    ratio
        log2 of how many times as frequent as wanted the controls of each token are, mean over
        those whose wanted frequency is not 0; NaN without any, (t,).
    """

    ids: Int64
    drawn: npt.NDArray[np.bool_]
    widened: Float64
    ratio: Float64


def draw(  # noqa: PLR0917 - what is drawn for what, from where, how often
    targets: Int64,
    neighbors: Int64,
    wanted: Float64,
    frequencies: Float64,
    allowed: Int64,
    draws: int,
    seed: int,
) -> Controls:
    """Draw controls: for each neighbor, a random row of the frequency that is wanted.

    It has the same log2 of the frequency, rounded down. Where fewer than 2k + 1 rows have that, it
    is one of the 2k + 1 rows nearest in frequency, which are at most ``WIDEST`` times as frequent,
    or less. So a draw always finds rows that are neither the token, nor a neighbor of it, nor in
    the draw already.

    Parameters
    ----------
    targets
        Tokens, shape (t,).
    neighbors
        Ids of the rows nearest to each, shape (t, k).
    wanted
        Frequency of the control for each of them, shape (t, k).
    frequencies
        Of each id, shape (V,).
    allowed
        Ids that may be drawn.
    draws
        How often.
    seed
        Of the generator.
    """
    generator = np.random.default_rng(seed)
    count, k = neighbors.shape
    pools = _Pools(frequencies, allowed, 2 * k + 1)
    ids = np.zeros((count, draws, k), np.int64)
    drawn = np.ones(count, bool)
    widened, ratio = np.zeros((count, k)), np.full(count, np.nan)
    taken = np.zeros(len(frequencies), bool)
    for t in range(count):
        found = [pools.of(float(f)) for f in wanted[t]]
        if any(pool is None for pool, _ in found):
            drawn[t] = False
            continue
        widened[t] = [wider for _, wider in found]
        out = np.append(neighbors[t], targets[t])
        for slot, (pool, _) in enumerate(found):
            assert pool is not None
            ids[t, :, slot] = _drawn(pool, out, ids[t, :, :slot], taken, generator)
        seen = wanted[t] > 0
        if seen.any():
            ratio[t] = np.log2(frequencies[ids[t][:, seen]] / wanted[t][seen]).mean()
    return Controls(ids, drawn, widened.mean(axis=1), ratio)


class _Pools:
    """The rows of each frequency, or nearest to it where these are too few."""

    def __init__(self, frequencies: Float64, ids: Int64, least: int):
        order = np.argsort(frequencies[ids], kind="stable")
        self._ids, self._least = ids[order], least
        self._sorted = frequencies[self._ids]
        self._found: dict[float, tuple[Int64 | None, bool]] = {}

    def of(self, wanted: float) -> tuple[Int64 | None, bool]:
        """Return the rows of a frequency, and whether others are among them; None if too few."""
        if wanted not in self._found:
            self._found[wanted] = self._near(wanted)
        return self._found[wanted]

    def _near(self, wanted: float) -> tuple[Int64 | None, bool]:
        if wanted == 0:
            never = self._ids[: np.searchsorted(self._sorted, 0, side="right")]
            return (never if len(never) >= self._least else None), False
        low = 2.0 ** np.floor(np.log2(wanted))
        start, stop = np.searchsorted(self._sorted, (low, 2 * low))
        if stop - start >= self._least:
            return self._ids[start:stop], False
        start = np.searchsorted(self._sorted, wanted / WIDEST)
        stop = np.searchsorted(self._sorted, wanted * WIDEST, side="right")
        if stop - start < self._least:
            return None, True
        away = np.abs(np.log2(self._sorted[start:stop] / wanted))
        farthest = np.partition(away, self._least - 1)[self._least - 1]
        return self._ids[start:stop][away <= farthest], True


def _drawn(
    pool: Int64,
    out: Int64,
    earlier: Int64,
    taken: npt.NDArray[np.bool_],
    generator: np.random.Generator,
) -> Int64:
    """Return a random row of a pool for each draw: none of `out`, none of its earlier rows.

    `taken` is all false, shape (V,), and is so again afterwards.
    """
    made: Int64 = pool[generator.integers(len(pool), size=len(earlier))]
    clashes = np.isin(made, out) | (earlier == made[:, None]).any(axis=1)
    for k in np.flatnonzero(clashes).tolist():
        left_out = np.append(out, earlier[k])
        taken[left_out] = True
        free = pool[~taken[pool]]
        taken[left_out] = False
        made[k] = generator.choice(free)
    return made
