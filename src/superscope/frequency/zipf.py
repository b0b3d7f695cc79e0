"""The exponent of Zipf's law, from counts that are shared out among groups of documents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.progress import Progress, silent

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

FIRST_RANK = 100  # where the tail begins: the ranks before it seldom follow its law
MIN_COUNT = 20  # independent occurrences that a rank needs: 10 in each half of the text
GROUPS = 32
QUARTERS = 4
HALF_SAMPLES = 200
DOUBT = 0.3  # of the bias taken off: standard error of what its first order leaves
LEVEL = 0.95

_STEEPEST = 30.0  # exponents are sought between this and its negative


@dataclass(frozen=True)
class ZipfExponent:
    """α of p ∝ rank^(−α) over some ranks; rank 1 is the most frequent id.

    Attributes
    ----------
    first, last
        The ranks, both included.
    value, se
        Estimate and its standard error.
    interval
        95 % interval, of Student's t.
    """

    first: int
    last: int
    value: float
    se: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Bend:
    """How much larger α is in the second half of the tail's ranks than in the first.

    Attributes
    ----------
    middle
        Last rank of the first half: the halves are equal in log rank.
    value, se
        Difference of the two exponents and its standard error.
    interval
        95 % interval; where 0 lies outside it, the tail is not one power law.
    """

    middle: int
    value: float
    se: float
    interval: tuple[float, float]


@dataclass
class ZipfFit:
    """What :func:`fit_zipf` finds."""

    dispersion: float | None = None
    tail: ZipfExponent | None = None
    decades: tuple[ZipfExponent, ...] = ()
    bend: Bend | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()


def fit_zipf(groups: Int64, first: int | None, last: int | None, progress: Progress) -> ZipfFit:
    """Fit the tail, the decades, and the halves of the tail to counts by group, shape (32, V)."""
    groups = groups[:, groups.any(axis=0)]
    counts = groups.sum(axis=0)
    fitted = ZipfFit(dispersion=_dispersion(groups))
    least = MIN_COUNT * (fitted.dispersion or 1.0)
    reliable = int((counts >= least).sum())  # the last rank that is more than chance
    begin, end = first or FIRST_RANK, last or reliable
    decades = [(10**k, min(10 ** (k + 1) - 1, reliable)) for k in range(9)]
    decades = [(a, b) for a, b in decades if b >= 2 * a]
    wanted = list(decades)
    middle = round((begin * end) ** 0.5)
    if end < 2 * begin and last is None:
        fitted.reason = (
            f"the text is too short: only {reliable:,} ids occur {least:.3g} times or more, "
            f"and the tail begins at rank {begin:,}"
        )
    else:
        wanted.append((begin, end))
        if end >= 4 * begin:
            wanted += [(begin, middle), (middle + 1, end)]
    if not wanted:
        return fitted
    found = _exponents(groups, wanted, progress)
    fitted.decades = tuple(e for k in range(len(decades)) if (e := found.exponent(k)) is not None)
    if len(wanted) > len(decades):
        fitted.tail = found.exponent(len(decades))
        if fitted.tail is None:
            fitted.reason = f"too few tokens in ranks {begin:,} to {end:,}"
        elif end > reliable:
            fitted.notes = (
                f"ids beyond rank {reliable:,} occur fewer than {least:.3g} times: "
                "their order is in part chance, and the exponent may be biased",
            )
    if fitted.tail is not None and len(wanted) > len(decades) + 1:
        fitted.bend = found.bend(len(decades) + 1, len(decades) + 2, middle)
    return fitted


def _dispersion(groups: Int64) -> float | None:
    """Return the variance of counts between quarters in units of chance's, at least 1.

    It is measured on ids that decide how far ranks go: those seen 20 to 200 times.
    """
    quarters = _quarters(groups)
    share = quarters.sum(axis=1) / quarters.sum()
    counts = quarters.sum(axis=0)
    chosen = (counts >= MIN_COUNT) & (counts < 10 * MIN_COUNT)
    if not chosen.any():
        return None
    expected = share[:, None] * counts[chosen]
    squares = (quarters[:, chosen] - expected) ** 2 / expected
    return max(1.0, float(squares.sum(axis=0).mean()) / (QUARTERS - 1))


def _quarters(groups: Int64) -> Int64:
    return np.stack([groups[k::QUARTERS].sum(axis=0) for k in range(QUARTERS)])


@dataclass(frozen=True, eq=False)
class _Exponents:
    """Exponents of several ranges of rank: `values`, not a number where there is none.

    `draws`, shape (half-samples, ranges), are linearized deviations from them; `taken_off` is the
    bias of noisy ranks that they are without.
    """

    ranges: list[tuple[int, int]]
    values: Float64
    draws: Float64
    taken_off: Float64

    def exponent(self, k: int) -> ZipfExponent | None:
        """Return that of a range, None if there is none."""
        found = self._estimate(self.values[k], self.draws[:, k], self.taken_off[k])
        if found is None:
            return None
        return ZipfExponent(*self.ranges[k], *found, interval=_interval(*found))

    def bend(self, first: int, second: int, middle: int) -> Bend | None:
        """Return the difference of two."""
        found = self._estimate(
            self.values[second] - self.values[first],
            self.draws[:, second] - self.draws[:, first],
            self.taken_off[second] - self.taken_off[first],
        )
        return None if found is None else Bend(middle, *found, interval=_interval(*found))

    @staticmethod
    def _estimate(value: float, draws: Float64, taken_off: float) -> tuple[float, float] | None:
        se = float(np.hypot(draws.std(ddof=1), DOUBT * taken_off))
        return (float(value), se) if np.isfinite([value, se]).all() else None


def _interval(value: float, se: float) -> tuple[float, float]:
    from scipy.special import stdtrit

    half = float(stdtrit(GROUPS - 1, (1 + LEVEL) / 2)) * se
    return value - half, value + half


def _exponents(
    groups: Int64, ranges: list[tuple[int, int]], progress: Progress = silent
) -> _Exponents:
    """Return the exponents of ranges of rank; every id of the groups, shape (32, ids), occurs.

    A half-sample leaves out every other group of each quarter, drawn at random; the variance over
    half-samples estimates that of the whole without a factor (McCarthy 1969).
    """
    random = np.random.default_rng(0)
    # Ties rank by place, but ids are themselves in order of frequency, as their tokenizer saw it.
    groups = np.ascontiguousarray(groups[:, random.permutation(groups.shape[1])])
    means, taken_off = _mean_log_ranks(_quarters(groups), ranges)
    drawn = np.empty((HALF_SAMPLES, len(ranges)))
    for k in range(HALF_SAMPLES):
        half = np.stack([
            sum(groups[g] for g in random.permutation(np.arange(q, GROUPS, QUARTERS))[::2])
            for q in range(QUARTERS)
        ])  # fmt: skip
        drawn[k] = _mean_log_ranks(half, ranges)[0]
        progress("exponent", k + 1, HALF_SAMPLES)
    fits = [_zeta(mean, a, b) for mean, (a, b) in zip(means, ranges, strict=True)]
    values, slopes = np.array(fits).T
    return _Exponents(ranges, values, (drawn - means) * slopes, taken_off * slopes)


def _mean_log_ranks(quarters: Int64, ranges: list[tuple[int, int]]) -> tuple[Float64, Float64]:
    """Return the mean log rank of the tokens in each range, and the bias of it taken off.

    Each quarter is counted by the ranks of the other three, and by those of each other one. Ranks
    of n tokens bias the mean in proportion to 1/n, to first order; the two tell it at 1/n = 0.
    """
    whole = quarters.sum(axis=0)
    last = max(b for _, b in ranges)
    by_three, by_one = np.zeros(last), np.zeros(last)
    for quarter in quarters:
        rest = whole - quarter
        by_three += quarter[_order(rest, last)]
        by_one += rest[_order(quarter, last)]
    ends = np.array(ranges)
    with np.errstate(divide="ignore", invalid="ignore"):  # none in a range: not a number
        sizes = quarters.sum(axis=1)
        three, one = (1 / (sizes.sum() - sizes)).mean(), (1 / sizes).mean()
        logs = np.log(np.arange(1, last + 1))
        means = [
            _between(counts * logs, ends) / _between(counts, ends) for counts in (by_three, by_one)
        ]
        bias = (means[1] - means[0]) * three / (one - three)
    return means[0] - bias, bias


def _between(values: Float64, ends: Int64) -> Float64:
    """Return the sums over ranges of rank."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    between: Float64 = sums[ends[:, 1]] - sums[ends[:, 0] - 1]
    return between


def _order(counts: Int64, last: int) -> Int64:
    """Return the places of the ranks 1 to `last`."""
    bits = len(counts).bit_length()
    # Sorting count and place as one number is several times as fast as sorting places by count.
    keys = counts << bits | np.arange(len(counts))
    top = np.partition(keys, len(keys) - last)[len(keys) - last :]
    top.sort()
    order: Int64 = top[::-1] & ((1 << bits) - 1)
    return order


def _zeta(mean: float, first: int, last: int) -> tuple[float, float]:
    """Return the α at which the zeta distribution of some ranks has a mean log rank.

    With it comes dα/d(mean); both are not a number if no α between −30 and 30 has it.
    """
    from scipy.optimize import brentq

    logs = np.log(np.arange(first, last + 1))

    def moments(alpha: float) -> tuple[float, float]:
        weights = np.exp(-alpha * (logs - logs[0 if alpha > 0 else -1]))
        weights /= weights.sum()
        center = float(weights @ logs)
        return center, float(weights @ (logs - center) ** 2)

    low, high = moments(_STEEPEST)[0], moments(-_STEEPEST)[0]
    if not low < mean < high:
        return np.nan, np.nan
    alpha = float(brentq(lambda a: moments(a)[0] - mean, -_STEEPEST, _STEEPEST))
    return alpha, -1 / moments(alpha)[1]
