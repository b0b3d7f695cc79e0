"""How overlap and loss fall with width, for each variant and against the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from superscope.arguments import checked
from superscope.lab.results import LabRuns
from superscope.lab.variants.registry import BASELINE
from superscope.lab.worth.bench import CENTERED, RAW
from superscope.lab.worth.blocks import ENOUGH, Block, full_block
from superscope.lab.worth.compared import Compared, Group, compared, named_in
from superscope.lab.worth.joined import table_of
from superscope.lab.worth.lab_slopes import LOSS, Difference, LabSlopes, Slope, VariantSlopes
from superscope.lab.worth.moderated import Mean, holm, moderated
from superscope.laws import fit_exponent
from superscope.laws.formula import Floats

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (RAW, CENTERED, LOSS)
LEAST_WIDTHS = 2

Values = Mapping[int, Mapping[int, float]]
"""By width, then by seed."""


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
    return LabSlopes(baseline, _adjusted(found))


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


def _adjusted(found: Sequence[VariantSlopes]) -> tuple[VariantSlopes, ...]:
    """Return slopes of which the differences that are told are corrected for their number."""
    told = [one for variant in found for one in variant.compared if one.p is not None]
    known = dict(zip(told, holm([one.p for one in told if one.p is not None]), strict=True))

    def corrected(one: Difference | None) -> Difference | None:
        return one if one is None else replace(one, adjusted=known.get(one))

    return tuple(
        replace(
            of, apart=corrected(of.apart),
            slopes=tuple(
                s if s.column == CENTERED else replace(s, difference=corrected(s.difference))
                for s in of.slopes
            ),
        ) if of.told else of
        for of in found
    )  # fmt: skip


def _difference_of(mean: Mean | None) -> Difference | None:
    if mean is None:
        return None
    of = mean.estimate
    return Difference(of.value, of.low, of.high, mean.error, mean.p)


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
    return Slope(column, mean.estimate, mean.error, _difference_of(difference))


def _variant(of: Compared, block: Block, found: list[Slope], apart: Mean | None) -> VariantSlopes:
    overlaps = of.rows[of.rows["width"].isin(block.widths)][[RAW, CENTERED]].to_numpy(
        np.float64, na_value=np.nan
    )
    known = overlaps[(overlaps > 0).all(axis=1)]
    ratio = float(np.exp(np.diff(np.log(known[:, ::-1])).mean())) if len(known) else None
    choice = of.choice
    return VariantSlopes(
        choice.bench, choice.variant, choice.tokens, block.widths, block.seeds, tuple(found),
        _difference_of(apart), ratio,
    )  # fmt: skip


def _block(values: Values) -> Block:
    return full_block({m: of.keys() for m, of in values.items()}, enough=ENOUGH)


def _per_seed(values: Values, block: Block) -> Floats:
    """Return the slope of each seed; none with one width, or where a value has no logarithm."""
    if len(block.widths) < LEAST_WIDTHS:
        return np.empty(0)
    fits = [fit_exponent(block.widths, [values[m][s] for m in block.widths]) for s in block.seeds]
    known = [f for f in fits if f is not None and f.points == len(block.widths)]
    return np.array([-f.value for f in known]) if len(known) == len(fits) else np.empty(0)


def _difference(values: Values, reference: Values) -> Floats:
    shared = {m: values[m].keys() & reference[m].keys() for m in values.keys() & reference.keys()}
    block = full_block(shared, enough=ENOUGH)
    sides = [_per_seed(of, block) for of in (values, reference)]
    return sides[0] - sides[1] if all(len(side) for side in sides) else np.empty(0)
