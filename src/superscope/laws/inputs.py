"""The inputs of a law, from numbers by name, arrays, mappings and data frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from superscope.arrays import real_numbers
from superscope.errors import UsageError, did_you_mean
from superscope.laws.exclusion import group_rows
from superscope.laws.formula import Floats, Form

Inputs = pd.DataFrame | Mapping[str, npt.ArrayLike] | npt.ArrayLike


def inputs_of(form: Form, values: Mapping[str, npt.ArrayLike]) -> Floats:
    """Return inputs (N, k) from values by column, as :meth:`Law.inputs_of`."""
    unused = [c for c in values if values[c] is not None and c not in form.columns]
    if unused:
        hint = did_you_mean(unused[0], form.columns, 0.7)
        raise UsageError(
            f"the law {form.name} has no {', '.join(unused)}; {hint}it has "
            + ", ".join(form.columns)
        )
    missing = [c for c in form.columns if values.get(c) is None]
    if missing:
        needs = ", ".join(f"{name}=NUMBER" for name in missing)
        raise UsageError(f"the law {form.name} needs {needs}")
    columns = []
    for term in form.terms:
        column = np.atleast_1d(real_numbers(values[term.column], term.column)) - term.offset
        if not (np.isfinite(column).all() and (column > 0).all()):
            raise UsageError(f"{term.column} must be a number above {term.offset:g}")
        columns.append(column)
    lengths = {len(c) for c in columns} - {1}
    if len(lengths) > 1:
        raise UsageError("give each input one value, or all the same number of values")
    return np.column_stack(np.broadcast_arrays(*columns))


def by_column(form: Form, x: Inputs) -> dict[str, npt.ArrayLike]:
    """Return inputs by column from a frame, a mapping, or an array in the law's order.

    Raises
    ------
    UsageError
        An array of another shape, or a value that is not a number.
    """
    if isinstance(x, pd.DataFrame):
        return {c: real_numbers(x[c], c) for c in form.columns if c in x}
    if isinstance(x, Mapping):
        return dict(x)
    array = real_numbers(x, "x")
    if array.ndim < 2 and len(form.terms) == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2 or array.shape[1] != len(form.terms):
        expected = f"(N, {len(form.terms)}), a column each for {', '.join(form.columns)}"
        raise UsageError(f"x has the shape {array.shape}, not {expected}")
    return dict(zip(form.columns, array.T, strict=True))


def groups_of(frame: pd.DataFrame, columns: Sequence[str]) -> list[str] | None:
    """Return each row's group, where a frame has the columns that make groups."""
    if not columns or not set(columns) <= set(frame.columns):
        return None
    labels = np.empty(len(frame), object)
    for label, rows in group_rows(frame, columns).items():
        labels[rows] = label
    return list(labels)


def number_of(group: str | None, groups: Sequence[str], grouped_by: Sequence[str]) -> int:
    """Return the number of a group by its label, as :meth:`Law.group_number`."""
    if group is None:
        if len(groups) == 1:
            return 0
        raise UsageError(
            f"the law has a floor for each {' and '.join(grouped_by)}; name a group: "
            + ", ".join(groups)
        )
    if group not in groups:
        if tuple(groups) == ("",):
            raise UsageError(f"the law has one floor and no groups; {group!r} is none")
        hint = did_you_mean(group, groups)
        raise UsageError(f"no group {group!r}; {hint}groups: {', '.join(groups)}")
    return groups.index(group)
