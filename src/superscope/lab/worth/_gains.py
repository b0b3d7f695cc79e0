"""Compare variants with a baseline, in nats and in width."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from superscope.arguments import checked
from superscope.lab.results import LabRuns
from superscope.lab.variants.registry import BASELINE
from superscope.lab.worth.blocks import Block, full_block
from superscope.lab.worth.compared import Choice, Compared, Group, compared, named_in
from superscope.lab.worth.equivalent import Curve, curve, log_factor, mean_log_factor
from superscope.lab.worth.joined import table_of
from superscope.lab.worth.lab_gains import Comparison, Factor, LabGains, WidthGain
from superscope.lab.worth.moderated import Mean, holm, moderated, per_seed
from superscope.laws.formula import Floats

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

Losses = dict[int, dict[int, float]]
"""By width, then by seed."""
NO_CURVE = "no wider baseline is better"
NARROW_CURVE = "the baseline has these seeds at one width only"


@dataclass(frozen=True, eq=False)
class AtWidth:
    """A variant and the baseline at one width, before errors are known.

    Attributes
    ----------
    width, seeds
        Of the pairs.
    gains
        One a seed.
    factor
        Its value, or its bound, or why there is none.
    logs
        What each seed says of its log; None without an interval.
    ends
        Log factors at the baseline's least and greatest width.
    """

    width: int
    seeds: tuple[int, ...]
    gains: Floats
    factor: Factor
    logs: Floats | None
    ends: tuple[float, float]


@dataclass(frozen=True)
class Means:
    """Means over seeds: of the gain, and of the log factor; None without."""

    gain: Mean | None
    log: Mean | None

    def as_factor(self, of: AtWidth) -> Factor:
        """Return the factor, without ends of its interval beyond the baseline's widths."""
        if self.log is None:
            return of.factor
        log, (least, most) = self.log.estimate, of.ends
        low = None if log.low is None or log.low < least else math.exp(log.low)
        high = None if log.high is None or log.high > most else math.exp(log.high)
        return Factor(math.exp(log.value), low, high)

    def p(self, of: AtWidth) -> float | None:
        """Return the larger p-value of the gain and of the factor, where it has an interval."""
        factor = self.as_factor(of)
        known = [None if self.gain is None else self.gain.p]
        if self.log is not None and factor.low is not None and factor.high is not None:
            known.append(self.log.p)
        return max((p for p in known if p is not None), default=None)


@checked
def gains(runs: LabRuns | pd.DataFrame, baseline: str = BASELINE) -> LabGains:
    """Compare variants with a baseline at equal width, text and budget, paired by seed.

    Every interval is over seeds, with held-out text as it is. Variances of pairs are moderated
    within a budget (:func:`~superscope.lab.worth.moderated.moderated`).

    Parameters
    ----------
    runs
        Runs, or a table of them with the columns of ``superscope lab table``.
    baseline
        The variant that the others are compared with.

    Returns
    -------
    LabGains
        For each variant and budget the gain in nats at each width, and what it is worth in width.

    Raises
    ------
    FormatError, UsageError
        The table is of another kind, or has no run of the baseline.

    Examples
    --------
    >>> import pandas as pd
    >>> from superscope import lab
    >>> table = pd.DataFrame({
    ...     "run": list("abcd"), "variant": ["adamw", "adamw", "coupled", "coupled"],
    ...     "seed": [0, 1, 0, 1], "loss": [4.0, 4.1, 3.9, 4.02], "width": 64, "tokens": 10**6,
    ...     "dataset": "words", "architecture": "gpt-neox", "depth": 4, "context": 256, "batch": 16,
    ...     "learning_rate": 3e-3, "head_learning_rate": 3e-3, "decay": 0.1,
    ...     "mean_square_overlap": 0.02, "mean_square_overlap_centered": 0.01,
    ... })
    >>> round(lab.gains(table).comparisons[0].gain.value, 2)
    0.09
    """
    found: list[Comparison] = []
    unmatched: list[Choice] = []
    table = table_of(runs)
    baseline = named_in(table, baseline)
    for group in compared(table).values():
        if baseline in group:
            found += _of_budget(group, baseline)
        else:
            unmatched += [one.choice for one in group.values()]
    only = tuple(c.choice for c in found if c.gain is None and c.choice.search)
    found = [c for c in found if c.choice not in only]
    tested = [c for c in found if c.p is not None]
    adjusted = iter(holm([c.p for c in tested if c.p is not None]))
    found = [c if c.p is None else replace(c, adjusted=next(adjusted)) for c in found]
    order = {name: k for k, name in enumerate(dict.fromkeys(c.variant for c in found))}
    benches = {bench: k for k, bench in enumerate(dict.fromkeys(c.bench for c in found))}
    found.sort(key=lambda c: (benches[c.bench], order[c.variant], c.tokens))
    return LabGains(baseline, tuple(found), tuple(unmatched), only)


def _of_budget(group: Group, baseline: str) -> list[Comparison]:
    """Return the comparisons of one bench and budget, whose variances are moderated together."""
    others = [one for name, one in group.items() if name != baseline]
    base = group[baseline]
    reference = base.values("loss")
    losses = [one.values("loss") for one in others]
    pairs = [_at_widths(of, reference) for of in losses]
    overall = [_over_widths(of, reference) for of in losses]
    flat = [one for of_variant in pairs for one in of_variant]
    gain_means = iter(moderated([one.gains for one in flat]))
    factor_means = iter(moderated([one.logs for one in flat if one.logs is not None]))
    mean_gains = iter(moderated([one.gains for one in overall if len(one.gains)]))
    mean_factors = iter(moderated([one.logs for one in overall if one.logs is not None]))
    found = []
    for one, of, of_variant, over in zip(others, losses, pairs, overall, strict=True):
        means = [
            Means(next(gain_means), None if at.logs is None else next(factor_means))
            for at in of_variant
        ]
        mean = Means(
            next(mean_gains) if len(over.gains) else None,
            next(mean_factors) if over.logs is not None else None,
        )
        whole = over
        if len(of_variant) == 1:  # its mean over widths is what it is there
            mean, whole = means[0], of_variant[0]
        widths = tuple(
            _width_gain(at, of, reference, at_width)
            for at, at_width in zip(of_variant, means, strict=True)
        )
        found.append(
            Comparison(
                one.choice, base.choice, widths, None if mean.gain is None else mean.gain.estimate,
                mean.as_factor(whole), mean.p(whole), None, _missing(one, base, widths),
                tuple(sorted(of.keys() - {at.width for at in of_variant})) if of_variant else (),
            )
        )  # fmt: skip
    return found


def _missing(one: Compared, base: Compared, widths: Sequence[WidthGain]) -> str:
    if widths:
        return ""
    for side in (one, base):
        if not len(side.rows):
            return f"no run of {side.choice.variant} that is compared has a loss"
    return f"{one.choice.variant} and {base.choice.variant} have no width and seed in common"


def _at_widths(of: Losses, reference: Losses) -> list[AtWidth]:
    """Return the pairs at each width."""
    found = []
    for width in sorted(of.keys() & reference.keys()):
        seeds = sorted(of[width].keys() & reference[width].keys())
        if seeds:
            paired = np.array([reference[width][s] - of[width][s] for s in seeds])
            factor, logs, ends = _factor_at(width, of[width], reference, seeds)
            found.append(AtWidth(width, tuple(seeds), paired, factor, logs, ends))
    return found


def _factor_at(
    width: int, of: dict[int, float], reference: Losses, seeds: Sequence[int]
) -> tuple[Factor, Floats | None, tuple[float, float]]:
    """Return the factor at a width without its interval, what seeds say of it, and its ends."""
    paired = set(seeds)
    block = full_block({m: paired & known.keys() for m, known in reference.items()}, width)
    ends = (math.log(block.widths[0] / width), math.log(block.widths[-1] / width))
    if len(block.widths) < 2:
        return Factor(missing=NARROW_CURVE), None, ends

    def statistic(weights: Floats) -> float:
        known = _curve(reference, block, weights)
        loss = _mean(of, block.seeds, weights)
        return math.nan if known is None else log_factor(known, width, loss)

    known = _curve(reference, block)
    if known is None:
        return Factor(missing=NO_CURVE), None, ends
    loss = _mean(of, block.seeds)
    if loss < known.best:
        return Factor(above=block.widths[-1] / width), None, ends
    if loss > known.worst:
        return Factor(below=block.widths[0] / width), None, ends
    logs = per_seed(statistic, len(block.seeds))
    return Factor(value=math.exp(log_factor(known, width, loss))), logs, ends


def _over_widths(of: Losses, reference: Losses) -> AtWidth:
    """Return the mean over widths: of the gains, and of the distance of the curves."""
    shared = full_block({
        m: of[m].keys() & reference[m].keys() for m in of.keys() & reference.keys()
    })  # fmt: skip
    per_seed = np.array([
        np.mean([reference[m][s] - of[m][s] for m in shared.widths]) for s in shared.seeds
    ])  # fmt: skip
    if not len(per_seed):
        return AtWidth(0, shared.seeds, per_seed, Factor(), None, (-math.inf, math.inf))
    factor, logs = _mean_factor(of, reference, shared.seeds)
    ours, theirs = _block(of, shared.seeds).widths, _block(reference, shared.seeds).widths
    # The narrowest variant as good as the widest baseline, and the widest as the narrowest.
    ends = math.log(theirs[0] / ours[-1]), math.log(theirs[-1] / ours[0])
    return AtWidth(0, shared.seeds, per_seed, factor, logs, ends)


def _mean_factor(
    of: Losses, reference: Losses, seeds: tuple[int, ...]
) -> tuple[Factor, Floats | None]:
    """Return the mean factor of all widths that each side has those seeds at."""
    ours, theirs = _block(of, seeds), _block(reference, seeds)
    if len(theirs.widths) < 2:
        return Factor(missing=NARROW_CURVE), None

    def statistic(weights: Floats) -> float:
        variant, baseline = _curve(of, ours, weights), _curve(reference, theirs, weights)
        if variant is None or baseline is None:
            return math.nan
        return mean_log_factor(baseline, variant)

    variant, baseline = _curve(of, ours), _curve(reference, theirs)
    if variant is None or baseline is None:
        return Factor(missing=NO_CURVE if baseline is None else "no wider one is better"), None
    if variant.worst < baseline.best:
        return Factor(above=theirs.widths[-1] / ours.widths[0]), None
    if variant.best > baseline.worst:
        return Factor(below=theirs.widths[0] / ours.widths[-1]), None
    factor = Factor(value=math.exp(mean_log_factor(baseline, variant)))
    return factor, per_seed(statistic, len(seeds))


def _block(losses: Losses, seeds: tuple[int, ...]) -> Block:
    widths = sorted(m for m, known in losses.items() if known.keys() >= set(seeds))
    return Block(tuple(widths), seeds)


def _curve(losses: Losses, block: Block, weights: Floats | None = None) -> Curve | None:
    return curve({m: _mean(losses[m], block.seeds, weights) for m in block.widths})


def _mean(losses: dict[int, float], seeds: Sequence[int], weights: Floats | None = None) -> float:
    return float(np.average([losses[s] for s in seeds], weights=weights))


def _width_gain(at: AtWidth, of: Losses, reference: Losses, means: Means) -> WidthGain:
    gain = means.gain
    assert gain is not None
    return WidthGain(
        at.width, at.seeds, _mean(of[at.width], at.seeds),
        _mean(reference[at.width], at.seeds), gain.estimate, gain.error, gain.degrees_of_freedom,
        means.as_factor(at),
    )  # fmt: skip
