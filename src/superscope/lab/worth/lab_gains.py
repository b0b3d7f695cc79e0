"""The result of a comparison: what each variant is worth at each budget."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from superscope.lab.worth.bench import Bench
from superscope.lab.worth.compared import Choice
from superscope.laws import Estimate
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.05  # of an adjusted p-value

Standing = Literal["better", "worse", "same", "open"]
"""Whether the interval is above 0, below 0, or holds 0 and is narrow or wide."""


@dataclass(frozen=True)
class Factor:
    """The factor by which the baseline's width would have to grow for the same loss.

    Attributes
    ----------
    value
        The factor; None where the loss is beyond the baseline's widths, or there is no curve.
    low, high
        Its 95 % interval; None where an end is beyond the baseline's widths, or nothing is known.
    above, below
        Without a value, the bound that is known: it is more than `above`, or less than `below`.
    missing
        Why there is nothing at all; empty if there is.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    missing: str = ""


@dataclass(frozen=True)
class WidthGain:
    """The gain at one width.

    Attributes
    ----------
    width
        m.
    seeds
        Of the pairs of runs.
    loss, baseline_loss
        Means over these seeds, nats per token.
    gain
        Loss of the baseline − loss of the variant, with its interval over seeds.
    error, degrees_of_freedom
        Standard error of the gain, and those of its Student's t; None and 0 for one seed.
    factor
        The same in width.
    """

    width: int
    seeds: tuple[int, ...]
    loss: float
    baseline_loss: float
    gain: Estimate
    error: float | None
    degrees_of_freedom: float
    factor: Factor


@dataclass(frozen=True)
class Comparison:
    """A variant against the baseline at one budget.

    Attributes
    ----------
    choice, baseline
        Which runs of the variant, and of the baseline.
    widths
        The gain at each width that both have.
    gain
        Mean gain over widths, nats per token; None without pairs of runs.
    factor
        Mean factor over widths: of the distance of the two curves along log width.
    p
        The larger of those of the factor and of the gain, since both are to be told from 0; that
        of the gain where the factor has no interval; None with one seed.
    adjusted
        The same after Holm's correction for all comparisons of the result.
    missing
        Why there is no gain; empty if there is.
    unpaired
        Widths of the variant at which the baseline has no run of the same seed.
    """

    choice: Choice
    baseline: Choice
    widths: tuple[WidthGain, ...]
    gain: Estimate | None
    factor: Factor
    p: float | None
    adjusted: float | None
    missing: str = ""
    unpaired: tuple[int, ...] = ()

    DERIVED = ("standing", "identical")

    @property
    def variant(self) -> str:
        """The variant."""
        return self.choice.variant

    @property
    def bench(self) -> Bench:
        """What both have in common."""
        return self.choice.bench

    @property
    def tokens(self) -> int:
        """The budget."""
        return self.choice.tokens

    @property
    def identical(self) -> bool:
        """Whether every run has the very loss of the baseline's, and so is the baseline."""
        gains = [w.gain for w in self.widths]
        return bool(gains) and all(g.value == 0 and g.low in (None, 0.0) for g in gains)

    @property
    def log_factor(self) -> Estimate | None:
        """Log of the mean factor, if it has an interval."""
        f = self.factor
        if f.value is None or f.low is None or f.high is None:
            return None
        return Estimate(math.log(f.value), math.log(f.low), math.log(f.high))

    @property
    def decides(self) -> Estimate | None:
        """What says by how much: the factor's log, or else the gain."""
        return self.log_factor or self.gain

    @property
    def _sides(self) -> set[Standing]:
        return {_side(of) for of in (self.log_factor, self.gain) if of is not None}

    @property
    def disagree(self) -> bool:
        """Whether one interval leaves out 0 and the other does not, of width and of nats."""
        return len(self._sides) > 1

    @property
    def standing(self) -> Standing:
        """What can be said at this budget: where width and nats disagree, nothing."""
        sides = self._sides
        if len(sides) == 1 and "open" not in sides:
            return next(iter(sides))
        log = self.log_factor
        if log is None or log.low is None or log.high is None or _side(log) != "open":
            return "open"
        return "same" if max(-log.low, log.high) < NARROW else "open"


def _side(of: Estimate) -> Standing:
    """Return on which side of 0 an interval lies."""
    if of.low is None or of.high is None:
        return "open"
    return "better" if of.low > 0 else "worse" if of.high < 0 else "open"


NARROW = math.log(1.1)  # a tenth of the width: within it, a variant is worth nothing


@dataclass(frozen=True, eq=False, repr=False)
class LabGains(Result, Pictured):
    """What variants are worth, against a baseline.

    Attributes
    ----------
    baseline
        Its name.
    comparisons
        By bench, in the order of the table; then by variant and budget.
    unmatched
        Variants and budgets where the baseline has no run.
    only_searched
        Variants and budgets that have no run beside those of a search.
    """

    baseline: str
    comparisons: tuple[Comparison, ...]
    unmatched: tuple[Choice, ...]
    only_searched: tuple[Choice, ...] = ()

    @property
    def benches(self) -> tuple[Bench, ...]:
        """Texts and bodies."""
        return tuple(dict.fromkeys(c.bench for c in self.comparisons))

    @property
    def tested(self) -> int:
        """How many comparisons have a p-value, and are corrected for."""
        return sum(c.p is not None for c in self.comparisons)

    def of(self, variant: str, bench: Bench | None = None) -> tuple[Comparison, ...]:
        """Return a variant's comparisons by budget.

        Parameters
        ----------
        variant
            Its name.
        bench
            Of which text and body; default: of all.

        Returns
        -------
        tuple of Comparison
            Budgets ascending.
        """
        found = [c for c in self.comparisons if c.variant == variant and bench in (None, c.bench)]
        return tuple(sorted(found, key=lambda c: c.tokens))

    def persists(self, variant: str, bench: Bench) -> bool | None:
        """Return whether a variant is better at every budget; None with fewer than two.

        Parameters
        ----------
        variant
            Its name.
        bench
            Of which text and body.

        Returns
        -------
        bool or None
            Whether every interval is above 0.
        """
        found = self.of(variant, bench)
        return None if len(found) < 2 else all(c.standing == "better" for c in found)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each variant, budget and width, and one without a width for their mean.

        Factors are of width: 1.18 is worth + 18 %. What is not known is null.
        """
        import pandas as pd

        rows = []
        for c in self.comparisons:
            s, f = c.choice.setting, c.factor
            common = {
                "dataset": c.bench.dataset, "architecture": c.bench.architecture,
                "text": c.bench.text,
                "depth": c.bench.depth, "context": c.bench.context,
                "attention_width": c.bench.attention_width, "vocabulary": c.bench.vocabulary,
                "variant": c.variant, "baseline": self.baseline, "tokens": c.tokens,
                "learning_rate": s.learning_rate, "head_learning_rate": s.head_learning_rate,
                "decay": s.decay, "batch": s.batch, "tries": c.choice.tries,
            }  # fmt: skip
            for w in c.widths:
                rows.append(
                    common
                    | {"width": w.width, "seeds": len(w.seeds), "loss": w.loss,
                       "baseline_loss": w.baseline_loss, "gain_se": w.error}
                    | _columns(w.gain, w.factor)
                )  # fmt: skip
            rows.append(
                common | _columns(c.gain, f)
                | {"p": c.p, "p_adjusted": c.adjusted, "standing": c.standing}
            )  # fmt: skip
        return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)

    def __repr__(self) -> str:
        variants = len({c.variant for c in self.comparisons})
        return (
            f"LabGains({counted(variants, 'variant')} against {self.baseline}, "
            f"{counted(len(self.comparisons), 'comparison')})"
        )


def _columns(gain: Estimate | None, factor: Factor) -> dict[str, float | None]:
    value, low, high = (None, None, None) if gain is None else (gain.value, gain.low, gain.high)
    return {
        "gain": value, "gain_low": low, "gain_high": high,
        "factor": factor.value, "factor_low": factor.low, "factor_high": factor.high,
        "factor_above": factor.above, "factor_below": factor.below,
    }  # fmt: skip


COLUMNS = {
    **dict.fromkeys(("dataset", "architecture", "text"), "string"),
    **dict.fromkeys(("depth", "context", "attention_width", "vocabulary"), "Int64"),
    **dict.fromkeys(("variant", "baseline"), "string"), "tokens": "Int64",
    **dict.fromkeys(("learning_rate", "head_learning_rate", "decay"), "Float64"),
    **dict.fromkeys(("batch", "tries", "width", "seeds"), "Int64"),
    **dict.fromkeys((
        "loss", "baseline_loss", "gain", "gain_low", "gain_high", "gain_se", "factor",
        "factor_low", "factor_high", "factor_above", "factor_below", "p", "p_adjusted",
    ), "Float64"),
    "standing": "string",
}  # fmt: skip
"""Of the table of gains, with their types."""
