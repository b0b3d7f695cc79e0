"""What a variant is worth at one budget, in nats and in width."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from superscope.lab.worth.bench import Bench
from superscope.lab.worth.blocks import Block
from superscope.lab.worth.compared import Choice
from superscope.laws import Estimate

LEVEL = 0.05  # of an adjusted p-value
NARROW = math.log(1.1)  # a tenth of the width: within it, a variant is worth nothing

Standing = Literal["better", "worse", "same", "open"]
"""Whether the interval is above 0, below 0, or holds 0 and is narrow or wide."""
Beyond = Literal["", "narrowest", "widest"]
"""Beyond which model of the baseline an end of an interval lies; empty if beyond none."""


@dataclass(frozen=True)
class Factor:
    """The factor by which the baseline's width would have to grow for the same loss.

    Attributes
    ----------
    value
        The factor; None where the loss is beyond the baseline's widths, or there is no curve.
    low, high
        Its 95 % interval; None where an end is beyond the baseline's widths, or there is one seed.
    above, below
        Without a value, the bound that is known: it is more than `above`, or less than `below`.
    low_beyond, high_beyond
        Where an end is beyond the baseline's widths: beyond its narrowest or its widest model.
    missing
        Why there is nothing at all; empty if there is.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    low_beyond: Beyond = ""
    high_beyond: Beyond = ""
    missing: str = ""

    @property
    def has_interval(self) -> bool:
        """Whether something is known of where the interval lies."""
        return self.low is not None or bool(self.low_beyond)

    @property
    def ends(self) -> tuple[float, float] | None:
        """The interval, with all that is beyond the baseline's widths; None without one."""
        if not self.has_interval:
            return None
        low = self.above if self.low_beyond == "widest" else self.low
        high = self.below if self.high_beyond == "narrowest" else self.high
        return low or 0.0, high or math.inf


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
    over
        Widths and seeds that the means are over.
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
    over: Block
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
    def rank(self) -> float:
        """What variants are put in order by: log of the factor or its bound, or else the gain."""
        f = self.factor
        known = next((x for x in (f.value, f.above, f.below) if x is not None), None)
        if known is not None:
            return math.log(known)
        return 0.0 if self.gain is None else self.gain.value

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
