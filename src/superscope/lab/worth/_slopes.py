"""How overlap and loss fall with width, for each variant and against the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from superscope.arguments import checked
from superscope.lab.results import LabRuns
from superscope.lab.variants.registry import BASELINE
from superscope.lab.worth.bench import Bench
from superscope.lab.worth.blocks import Block, full_block
from superscope.lab.worth.compared import Compared, Group, compared, named_in
from superscope.lab.worth.joined import table_of
from superscope.lab.worth.moderated import Mean, moderated
from superscope.laws import Estimate, fit_exponent
from superscope.laws.formula import Floats
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd

RAW, CENTERED, LOSS = "mean_square_overlap", "mean_square_overlap_centered", "loss"
COLUMNS = (RAW, CENTERED, LOSS)
LEAST_WIDTHS = 2
TOLD_WIDTHS = 3  # of a slope that is told in words

Values = Mapping[int, Mapping[int, float]]
"""By width, then by seed."""


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
        This slope − that of the baseline, paired by seed; None of the baseline itself.
    difference_error
        Its standard error.
    """

    column: str
    value: Estimate
    error: float | None
    difference: Estimate | None
    difference_error: float | None


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
        Slope of the raw overlap − that of the centered one, paired by seed.
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
    apart: Estimate | None
    ratio: float | None

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
                "difference": None if s.difference is None else s.difference.value,
                "difference_se": s.difference_error,
                "difference_low": None if s.difference is None else s.difference.low,
                "difference_high": None if s.difference is None else s.difference.high,
                "raw_minus_centered": None if v.apart is None else v.apart.value,
                "raw_over_centered": v.ratio,
            }
            for v in self.variants
            for s in v.slopes
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=list(FRAME)).astype(FRAME)

    def __repr__(self) -> str:
        return f"LabSlopes({counted(len(self.variants), 'variant and budget')})"


FRAME = {
    **dict.fromkeys(("dataset", "architecture", "variant"), "string"),
    **dict.fromkeys(("tokens", "widths", "seeds"), "Int64"), "of": "string",
    **dict.fromkeys((
        "slope", "slope_se", "slope_low", "slope_high", "difference", "difference_se",
        "difference_low", "difference_high", "raw_minus_centered", "raw_over_centered",
    ), "Float64"),
}  # fmt: skip


@checked
def slopes(runs: LabRuns | pd.DataFrame, baseline: str = BASELINE) -> LabSlopes:
    """Fit how overlap and loss fall with width, and compare with the baseline.

    A straight line through the logarithms for each seed; means and intervals are over seeds, with
    variances moderated within a budget.

    Parameters
    ----------
    runs
        Runs, or a table of them.
    baseline
        The variant that the others are compared with.

    Returns
    -------
    LabSlopes
        For each variant and budget with two widths or more.

    Raises
    ------
    FormatError, UsageError
        The table is of another kind, or has no run of the baseline.
    """
    found: list[VariantSlopes] = []
    table = table_of(runs)
    baseline = named_in(table, baseline)
    for group in compared(table).values():
        first = [baseline] if baseline in group else []
        found += _of_budget(group, baseline, [*first, *(n for n in group if n != baseline)])
    return LabSlopes(baseline, tuple(found))


def _of_budget(group: Group, baseline: str, names: list[str]) -> list[VariantSlopes]:
    slopes_of: dict[str, list[Slope]] = {name: [] for name in names}
    shared = _widths(group, baseline)
    values: dict[str, dict[str, Values]] = {}
    for column in COLUMNS:
        of_column: dict[str, Values] = {n: group[n].values(column) for n in names}
        if shared and baseline in of_column:
            of_column[baseline] = {m: v for m, v in of_column[baseline].items() if m in shared}
        values[column] = of_column
        own = _means({name: _per_seed(of, _block(of)) for name, of in of_column.items()})
        against = _means({
            name: _difference(of_column[name], of_column[baseline])
            for name in own
            if name != baseline and baseline in own
        })  # fmt: skip
        for name, mean in own.items():
            slopes_of[name].append(_slope(column, mean, against.get(name)))
    apart = _means({n: _difference(values[RAW][n], values[CENTERED][n]) for n in names})
    return [
        _variant(group[name], _block(values[LOSS][name]), of, apart.get(name))
        for name, of in slopes_of.items()
        if of
    ]


def _means(values: dict[str, Floats]) -> dict[str, Mean]:
    """Return the moderated mean of each that has values."""
    known = {name: of for name, of in values.items() if len(of)}
    return dict(zip(known, moderated(list(known.values())), strict=True))


def _widths(group: Group, baseline: str) -> set[int]:
    """Return the widths of variants that have several: the baseline's slope is that over these."""
    found: set[int] = set()
    for name, of in group.items():
        widths = set(of.rows["width"].astype(int))
        if name != baseline and len(widths) >= LEAST_WIDTHS:
            found |= widths
    return found


def _slope(column: str, mean: Mean, difference: Mean | None) -> Slope:
    return Slope(
        column, mean.estimate, mean.error, None if difference is None else difference.estimate,
        None if difference is None else difference.error,
    )  # fmt: skip


def _variant(of: Compared, block: Block, found: list[Slope], apart: Mean | None) -> VariantSlopes:
    overlaps = of.rows[of.rows["width"].isin(block.widths)][[RAW, CENTERED]].to_numpy(
        np.float64, na_value=np.nan
    )
    known = overlaps[(overlaps > 0).all(axis=1)]
    ratio = float(np.exp(np.diff(np.log(known[:, ::-1])).mean())) if len(known) else None
    choice = of.choice
    return VariantSlopes(
        choice.bench, choice.variant, choice.tokens, block.widths, block.seeds, tuple(found),
        None if apart is None else apart.estimate, ratio,
    )  # fmt: skip


def _block(values: Values) -> Block:
    return full_block({m: of.keys() for m, of in values.items()}, enough=TOLD_WIDTHS)


def _per_seed(values: Values, block: Block) -> Floats:
    """Return the slope of each seed; none with one width, or where a value has no logarithm."""
    if len(block.widths) < LEAST_WIDTHS:
        return np.empty(0)
    fits = [fit_exponent(block.widths, [values[m][s] for m in block.widths]) for s in block.seeds]
    known = [f for f in fits if f is not None and f.points == len(block.widths)]
    return np.array([-f.value for f in known]) if len(known) == len(fits) else np.empty(0)


def _difference(values: Values, reference: Values) -> Floats:
    shared = {m: values[m].keys() & reference[m].keys() for m in values.keys() & reference.keys()}
    block = full_block(shared, enough=TOLD_WIDTHS)
    sides = [_per_seed(of, block) for of in (values, reference)]
    return sides[0] - sides[1] if all(len(side) for side in sides) else np.empty(0)
