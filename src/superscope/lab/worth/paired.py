"""A variant and the baseline in pairs of runs: what each seed says, before errors are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from superscope.lab.worth.blocks import ENOUGH, Block, full_block
from superscope.lab.worth.comparison import Beyond, Factor
from superscope.lab.worth.equivalent import Curve, curve, log_factor, mean_log_factor
from superscope.lab.worth.moderated import Mean, per_seed
from superscope.laws.formula import Floats

Losses = dict[int, dict[int, float]]
"""By width, then by seed."""
NO_CURVE = "no wider baseline is better"
NARROW_CURVE = "the baseline has these seeds at one width only"


@dataclass(frozen=True, eq=False)
class Bound:
    """A loss that no width of the baseline has.

    Attributes
    ----------
    better
        Whether it is below all of them; else it is above.
    factor
        At the baseline's widest model, or else at its narrowest.
    apart
        Loss of that model − loss of the variant, one a seed; None without an interval.
    baseline
        The curve.
    width, loss
        Of the variant.
    """

    better: bool
    factor: float
    apart: Floats | None
    baseline: Curve
    width: int
    loss: float

    def as_factor(self, apart: Mean | None) -> Factor:
        """Return the bound, with the end of its interval that the baseline has a width for.

        The interval of the loss is read off the baseline's curve.

        Parameters
        ----------
        apart
            The mean over seeds.
        """
        found = Factor(above=self.factor) if self.better else Factor(below=self.factor)
        if apart is None or apart.estimate.high is None:
            return found
        half = apart.estimate.high - apart.value
        loss = self.loss + (half if self.better else -half)
        near = log_factor(self.baseline, self.width, loss)
        known = None if math.isnan(near) else math.exp(near)
        beyond: Beyond = ""
        if known is None:
            beyond = "widest" if loss < self.baseline.best else "narrowest"
        if self.better:
            return Factor(above=self.factor, low=known, low_beyond=beyond, high_beyond="widest")
        return Factor(below=self.factor, high=known, low_beyond="narrowest", high_beyond=beyond)


@dataclass(frozen=True, eq=False)
class Pairs:
    """A variant and the baseline at one width, or over widths.

    Attributes
    ----------
    widths, seeds
        Of the pairs.
    gains
        One a seed.
    log
        Log of the factor; None without.
    logs
        What each seed says of it; None without an interval.
    ends
        Log factors at the baseline's least and greatest width.
    bound
        Where there is no factor because no width of the baseline has that loss.
    missing
        Why there is neither.
    """

    widths: tuple[int, ...]
    seeds: tuple[int, ...]
    gains: Floats
    log: float | None = None
    logs: Floats | None = None
    ends: tuple[float, float] = (-math.inf, math.inf)
    bound: Bound | None = None
    missing: str = ""


def at_widths(of: Losses, reference: Losses) -> list[Pairs]:
    """Return the pairs at each width.

    Parameters
    ----------
    of, reference
        Losses of the variant and of the baseline.
    """
    found = []
    for width in sorted(of.keys() & reference.keys()):
        seeds = sorted(of[width].keys() & reference[width].keys())
        if seeds:
            gains = np.array([reference[width][s] - of[width][s] for s in seeds])
            theirs = full_block({m: set(seeds) & at.keys() for m, at in reference.items()}, width)
            ours = Block((width,), theirs.seeds)
            found.append(
                _with_factor((width,), tuple(seeds), gains, (of, ours), (reference, theirs))
            )
    return found


def over_widths(of: Losses, reference: Losses) -> Pairs:
    """Return the means over widths: of the gains, and of the distance of the curves.

    Parameters
    ----------
    of, reference
        Losses of the variant and of the baseline.
    """
    pairs = {m: of[m].keys() & reference[m].keys() for m in of.keys() & reference.keys()}
    shared = full_block(pairs, enough=ENOUGH)
    gains = np.array([
        np.mean([reference[m][s] - of[m][s] for m in shared.widths]) for s in shared.seeds
    ])  # fmt: skip
    if not len(gains):
        return Pairs((), (), gains)
    sides = [(losses, _with_seeds(losses, shared.seeds)) for losses in (of, reference)]
    return _with_factor(shared.widths, shared.seeds, gains, *sides)


def mean_loss(
    losses: dict[int, float], seeds: Sequence[int], weights: Floats | None = None
) -> float:
    """Return the mean loss over some seeds.

    Parameters
    ----------
    losses
        By seed.
    seeds, weights
        Which, and how much each counts; default: all alike.
    """
    return float(np.average([losses[s] for s in seeds], weights=weights))


def _with_seeds(losses: Losses, seeds: tuple[int, ...]) -> Block:
    widths = sorted(m for m, known in losses.items() if known.keys() >= set(seeds))
    return Block(tuple(widths), seeds)


def _with_factor(
    widths: tuple[int, ...], seeds: tuple[int, ...], gains: Floats,
    of: tuple[Losses, Block], reference: tuple[Losses, Block],
) -> Pairs:  # fmt: skip
    """Return pairs with the distance of the curves through two blocks of the same seeds."""
    ours, theirs = of[1], reference[1]
    variant, baseline = _curve(*of), _curve(*reference)
    if len(theirs.widths) < 2:
        return Pairs(widths, seeds, gains, missing=NARROW_CURVE)
    if variant is None or baseline is None:
        why = NO_CURVE if baseline is None else "no wider one is better"
        return Pairs(widths, seeds, gains, missing=why)

    def of_seeds(statistic: Callable[[Curve, Curve], float]) -> Floats | None:
        def weighted(weights: Floats) -> float:
            known, other = _curve(*reference, weights), _curve(*of, weights)
            return math.nan if known is None or other is None else statistic(known, other)

        return per_seed(weighted, len(theirs.seeds))

    if variant.worst < baseline.best:
        apart = of_seeds(lambda known, other: known.best - other.worst)
        factor = theirs.widths[-1] / ours.widths[0]
        bound = Bound(True, factor, apart, baseline, ours.widths[0], variant.worst)
        return Pairs(widths, seeds, gains, bound=bound)
    if variant.best > baseline.worst:
        apart = of_seeds(lambda known, other: known.worst - other.best)
        factor = theirs.widths[0] / ours.widths[-1]
        bound = Bound(False, factor, apart, baseline, ours.widths[-1], variant.best)
        return Pairs(widths, seeds, gains, bound=bound)
    # The narrowest variant as good as the widest baseline, and the widest as the narrowest.
    ends = theirs.widths[0] / ours.widths[-1], theirs.widths[-1] / ours.widths[0]
    return Pairs(
        widths, seeds, gains, mean_log_factor(baseline, variant), of_seeds(mean_log_factor),
        (math.log(ends[0]), math.log(ends[1])),
    )  # fmt: skip


def _curve(losses: Losses, block: Block, weights: Floats | None = None) -> Curve | None:
    return curve({m: mean_loss(losses[m], block.seeds, weights) for m in block.widths})
