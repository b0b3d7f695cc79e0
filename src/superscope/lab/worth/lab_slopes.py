"""The result of slopes: how overlap and loss fall with width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from superscope.lab.worth.bench import CENTERED, Bench
from superscope.lab.worth.comparison import LEVEL
from superscope.laws import Estimate
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd

LOSS = "loss"
TOLD_WIDTHS = 3  # of a slope that is told in words


@dataclass(frozen=True)
class Difference:
    """How far two slopes are apart, paired by seed.

    Attributes
    ----------
    value, low, high
        The mean, and its 95 % interval; without one for one seed.
    error
        Its standard error; None for one seed.
    p
        Of no difference, two-sided; None for one seed.
    adjusted
        The same after Holm's correction for all that are told in words; None of others.
    """

    value: float
    low: float | None
    high: float | None
    error: float | None
    p: float | None
    adjusted: float | None = None

    @property
    def leaves_out_0(self) -> bool:
        """Whether the interval is there, and all above 0 or all below."""
        return self.low is not None and self.high is not None and self.low * self.high > 0

    @property
    def certain(self) -> bool:
        """Whether it is not 0, counting all comparisons."""
        return self.leaves_out_0 and self.adjusted is not None and self.adjusted <= LEVEL


@dataclass(frozen=True)
class Slope:
    """How one column falls with width: d log y / d log m, over seeds.

    Attributes
    ----------
    column
        Of the table.
    value
        Mean slope, with its interval.
    error
        Its standard error; None for one seed.
    difference
        This slope − that of the baseline; None of the baseline itself.
    """

    column: str
    value: Estimate
    error: float | None
    difference: Difference | None


@dataclass(frozen=True)
class VariantSlopes:
    """The slopes of a variant at a budget.

    Attributes
    ----------
    bench, variant, tokens
        Whose they are.
    widths, seeds
        Of the runs they are fitted to.
    slopes
        Of the mean square overlap of raw and of mean-centered rows, and of the loss, which has no
        floor here.
    apart
        Slope of the raw overlap − that of the centered one.
    ratio
        Raw over centered mean square overlap: geometric mean over these runs; None where there is
        none.
    """

    bench: Bench
    variant: str
    tokens: int
    widths: tuple[int, ...]
    seeds: tuple[int, ...]
    slopes: tuple[Slope, ...]
    apart: Difference | None
    ratio: float | None

    @property
    def told(self) -> bool:
        """Whether it is told in words: a slope of two widths, or of one seed, says too little."""
        return len(self.widths) >= TOLD_WIDTHS and len(self.seeds) > 1

    @property
    def compared(self) -> tuple[Difference, ...]:
        """What is told of it in words."""
        differences = [s.difference for s in self.slopes if s.column != CENTERED]
        return tuple(one for one in (*differences, self.apart) if one is not None and self.told)

    def of(self, column: str) -> Slope | None:
        """Return the slope of a column, if there is one."""
        return next((s for s in self.slopes if s.column == column), None)


@dataclass(frozen=True, repr=False)
class LabSlopes(Result, Pictured):
    """How overlap and loss fall with width.

    Attributes
    ----------
    baseline
        Its name.
    variants
        By bench and budget, the baseline first.
    """

    baseline: str
    variants: tuple[VariantSlopes, ...]

    @property
    def compared(self) -> tuple[Difference, ...]:
        """All differences that are told in words, and corrected for."""
        return tuple(one for variant in self.variants for one in variant.compared)

    @property
    def benches(self) -> tuple[Bench, ...]:
        """Texts and bodies."""
        return tuple(dict.fromkeys(one.bench for one in self.variants))

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each variant, budget and column."""
        import pandas as pd

        rows = [
            {
                "dataset": v.bench.dataset, "architecture": v.bench.architecture,
                "variant": v.variant, "tokens": v.tokens, "widths": len(v.widths),
                "seeds": len(v.seeds), "of": s.column, "slope": s.value.value,
                "slope_se": s.error, "slope_low": s.value.low, "slope_high": s.value.high,
                **_columns("difference", s.difference), **_columns("raw_minus_centered", v.apart),
                "raw_over_centered": v.ratio,
            }
            for v in self.variants
            for s in v.slopes
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=list(FRAME)).astype(FRAME)

    def __repr__(self) -> str:
        return f"LabSlopes({counted(len(self.variants), 'variant and budget')})"


def _names(name: str) -> tuple[str, ...]:
    return name, *(f"{name}_{part}" for part in ("se", "low", "high", "p", "p_adjusted"))


def _columns(name: str, of: Difference | None) -> dict[str, float | None]:
    values = (of.value, of.error, of.low, of.high, of.p, of.adjusted) if of else (None,) * 6
    return dict(zip(_names(name), values, strict=True))


FRAME = {
    **dict.fromkeys(("dataset", "architecture", "variant"), "string"),
    **dict.fromkeys(("tokens", "widths", "seeds"), "Int64"), "of": "string",
    **dict.fromkeys((
        "slope", "slope_se", "slope_low", "slope_high", *_names("difference"),
        *_names("raw_minus_centered"), "raw_over_centered",
    ), "Float64"),
}  # fmt: skip
"""Of the table of slopes, with their types."""
