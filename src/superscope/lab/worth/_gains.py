"""Compare variants with a baseline, in nats and in width."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from superscope.arguments import checked
from superscope.lab.results import LabRuns
from superscope.lab.variants.registry import BASELINE
from superscope.lab.worth._head_or_body import HeadOrBody, head_or_body
from superscope.lab.worth.blocks import Block
from superscope.lab.worth.compared import Choice, Compared, Group, compared, named_in
from superscope.lab.worth.comparison import Comparison, Factor, WidthGain
from superscope.lab.worth.joined import table_of
from superscope.lab.worth.lab_gains import LabGains
from superscope.lab.worth.moderated import Mean, holm, moderated
from superscope.lab.worth.paired import Losses, Pairs, at_widths, mean_loss, over_widths
from superscope.laws import Estimate
from superscope.laws.formula import Floats

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


@dataclass(frozen=True)
class Means:
    """Means over seeds: of the gain, of the log factor, and of how far a bound is; None without."""

    gain: Mean | None
    log: Mean | None
    apart: Mean | None

    def as_factor(self, of: Pairs) -> Factor:
        """Return the factor, without ends of its interval beyond the baseline's widths."""
        if of.bound is not None:
            found = of.bound.as_factor(self.apart)
            return found if self.gain is None else _no_further(found, self.gain.estimate)
        if of.log is None:
            return Factor(missing=of.missing)
        value = math.exp(of.log)
        if self.log is None:  # a hair of a seed's weight leads beyond
            return Factor(value, low_beyond="narrowest", high_beyond="widest")
        log = self.log.estimate
        if log.low is None or log.high is None:
            return Factor(value)
        below, above = log.low < of.ends[0], log.high > of.ends[1]
        return Factor(
            value, None if below else math.exp(log.low), None if above else math.exp(log.high),
            low_beyond="narrowest" if below else "", high_beyond="widest" if above else "",
        )  # fmt: skip

    def p(self, of: Pairs) -> float | None:
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
    table = table_of(runs)
    baseline = named_in(table, baseline)
    return gains_beside(table, baseline, head_or_body(table, baseline))


def gains_beside(table: pd.DataFrame, baseline: str, heads: Sequence[HeadOrBody]) -> LabGains:
    """Compare variants with a baseline, but for the narrow heads that are compared with bodies.

    Parameters
    ----------
    table, baseline
        Joined, and as the table names it.
    heads
        Whose ranks are another question.
    """
    found: list[Comparison] = []
    unmatched: list[Choice] = []
    if baseline != BASELINE and BASELINE in set(table["variant"]):  # whose bodies they narrow
        heads = (*heads, *head_or_body(table, BASELINE))
    narrow = {(one.bench, one.tokens, name): None for one in heads for name in one.variants}
    groups = compared(table)
    for (bench, tokens), group in groups.items():
        rest = {
            name: one
            for name, one in group.items()
            if name == baseline or (bench, tokens, name) not in narrow
        }
        if baseline in rest:
            found += _of_budget(rest, baseline)
        else:
            unmatched += [one.choice for one in rest.values()]
    only = tuple(c.choice for c in found if c.gain is None and c.choice.search)
    found = [c for c in found if c.choice not in only]
    tested = [c for c in found if c.p is not None]
    adjusted = iter(holm([c.p for c in tested if c.p is not None]))
    found = [c if c.p is None else replace(c, adjusted=next(adjusted)) for c in found]
    order = {name: k for k, name in enumerate(dict.fromkeys(c.variant for c in found))}
    benches = {bench: k for k, bench in enumerate(dict.fromkeys(c.bench for c in found))}
    found.sort(key=lambda c: (benches[c.bench], order[c.variant], c.tokens))
    ranks = tuple(groups[bench, tokens][name].choice for bench, tokens, name in narrow)
    return LabGains(baseline, tuple(found), tuple(unmatched), only, ranks)


def _of_budget(group: Group, baseline: str) -> list[Comparison]:
    """Return the comparisons of one bench and budget, whose variances are moderated together."""
    others = [one for name, one in group.items() if name != baseline]
    base = group[baseline]
    reference = base.values("loss")
    losses = [one.values("loss") for one in others]
    pairs = [at_widths(of, reference) for of in losses]
    overall = [over_widths(of, reference) for of in losses]
    at_each = iter(_means([one for of_variant in pairs for one in of_variant]))
    found = []
    whole = zip(overall, _means(overall), strict=True)
    for one, of, at, of_all in zip(others, losses, pairs, whole, strict=True):
        means = [next(at_each) for _ in at]
        widths = tuple(_width_gain(*each, of, reference) for each in zip(at, means, strict=True))
        # Its mean over one width is what it is there.
        over, mean = of_all if len(widths) != 1 else (at[0], means[0])
        alone = of.keys() - {w.width for w in widths} if widths else ()
        found.append(
            Comparison(
                one.choice, base.choice, widths, Block(over.widths, over.seeds),
                None if mean.gain is None else mean.gain.estimate, mean.as_factor(over),
                mean.p(over), None, _missing(one, base, widths), tuple(sorted(alone)),
            )
        )  # fmt: skip
    return found


def _means(of: Sequence[Pairs]) -> list[Means]:
    """Return the means of some pairs, each kind moderated together."""
    kinds = (
        [one.gains if len(one.gains) else None for one in of],
        [one.logs for one in of],
        [None if one.bound is None else one.bound.apart for one in of],
    )
    return [Means(*means) for means in zip(*map(_known_means, kinds), strict=True)]


def _no_further(bound: Factor, gain: Estimate) -> Factor:
    """Return a bound whose interval holds no factor 1 where the gain's holds no 0, and only there.

    Both come of other pairs of runs: the bound of those at another width of the baseline.
    """
    if bound.ends is None or gain.low is None or gain.high is None:
        return bound
    low, high = bound.ends
    if bound.above is not None and (gain.low > 0) != (low >= 1):
        return replace(bound, low=1.0, low_beyond="")
    if bound.below is not None and (gain.high < 0) != (high <= 1):
        return replace(bound, high=1.0, high_beyond="")
    return bound


def _known_means(cells: Sequence[Floats | None]) -> list[Mean | None]:
    known = iter(moderated([cell for cell in cells if cell is not None]))
    return [None if cell is None else next(known) for cell in cells]


def _missing(one: Compared, base: Compared, widths: Sequence[WidthGain]) -> str:
    if widths:
        return ""
    for side in (one, base):
        if not len(side.rows):
            return f"no run of {side.choice.variant} that is compared has a loss"
    return f"{one.choice.variant} and {base.choice.variant} have no width and seed in common"


def _width_gain(at: Pairs, means: Means, of: Losses, reference: Losses) -> WidthGain:
    gain, (width,), seeds = means.gain, at.widths, at.seeds
    assert gain is not None
    return WidthGain(
        width, seeds, mean_loss(of[width], seeds), mean_loss(reference[width], seeds),
        gain.estimate, gain.error, gain.degrees_of_freedom, means.as_factor(at),
    )  # fmt: skip
