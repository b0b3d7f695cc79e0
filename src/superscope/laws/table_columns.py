"""A table's columns under their names here, and as numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from superscope.errors import UsageError
from superscope.laws.options import FitOptions
from superscope.laws.rows import known, rows_named
from superscope.numerals import as_numbers, parsed_number
from superscope.text import visible

_FACTOR = re.compile(r"(\d+(?:\.\d+)?(?:e\d+)?)?\s*\*?\s*([^\d\W]\w*)?")
_WIDE = re.compile(r"(.+) - (.+)")  # RUN - METRIC, as W&B exports it
_ENDS = ("__MIN", "__MAX")  # of a smoothed curve's band there


def renamed(table: pd.DataFrame, options: FitOptions) -> pd.DataFrame:
    """Return the table with the columns that the options map under their names here.

    Raises
    ------
    UsageError
        A column that the table lacks or has twice, or one that can be read in two ways.
    """
    frame = table.copy(deep=False)
    frame.columns = [str(c) for c in frame.columns]
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise UsageError(
            f"the table has the column {twice[0]} more than once; rename or remove one of them"
        )
    if options.wide is not None:
        frame = lengthened(frame, options.wide)
    mapped: dict[str, pd.Series] = {}
    for name, column in options.columns.items():
        purpose = f"columns {name}={column}"
        if column not in frame and re.search("[/*]", column):
            mapped[name] = _computed(frame.assign(**mapped), column, purpose, options.decimal)
        else:
            mapped[name] = frame[known(frame, column, purpose)]
    return frame.assign(**mapped)


def lengthened(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return a table with a row for each run and step, from one with a column for each run.

    Columns ``RUN - METRIC`` are runs, as W&B exports them; where none is called so, every column
    but the first. A table that is long already stays as it is. Absent cells are left out.

    Raises
    ------
    UsageError
        No column is a run's.
    """
    named = {name: found for name in frame.columns if (found := _WIDE.fullmatch(name))}
    runs = {name: found[1] for name, found in named.items() if found[2] == metric}
    if not runs and "run" in frame and "loss" in frame:
        return frame
    others = sorted({found[2] for name, found in named.items() if not name.endswith(_ENDS)})
    if not runs and named:
        raise UsageError(f"no column is called RUN - {metric}; metrics: {', '.join(others)}")
    if not runs:
        runs = {name: name for name in frame.columns[1:]}
    kept = [n for n in frame.columns if n not in named and n not in runs]
    if not runs:
        raise UsageError(f"the table has one column, {frame.columns[0]}, and none of a run")
    parts = [
        frame[kept].assign(run=run, loss=frame[name])[frame[name].notna().to_numpy(np.bool_)]
        for name, run in runs.items()
    ]
    return pd.concat(parts, ignore_index=True)


def numeric_columns(
    frame: pd.DataFrame, names: Sequence[str], decimal: str | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the table with these columns as numbers, and notes of how their text was read.

    Absent stays absent.

    Raises
    ------
    UsageError
        A column holds something else, or can be read in two ways.
    """
    found: dict[str, pd.Series] = {}
    texts: dict[str, pd.Series] = {}
    for name in dict.fromkeys(names):
        values = frame[name]
        kind = values.dtype
        if pd.api.types.is_complex_dtype(kind):
            raise UsageError(f"{name} holds complex numbers; give real ones")
        if isinstance(kind, pd.SparseDtype):
            raise UsageError(f"{name} is sparse; give it dense ({name}.sparse.to_dense())")
        if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
            plain = isinstance(values.dtype, np.dtype)
            found[name] = values.astype("float64" if plain else "Float64")
        elif kind.kind in "mM":
            raise UsageError(f"{name} holds dates or durations ({kind}), and no numbers")
        else:
            texts[name] = values.map(str, na_action="ignore").astype("string")
    try:
        read, notes = as_numbers(texts, decimal)
    except ValueError as error:
        raise UsageError(str(error)) from None
    for name, cells in texts.items():
        if name not in read:
            wrong = [c is not pd.NA and parsed_number(c, decimal or ".") is None for c in cells]
            first = next((c for c, w in zip(cells, wrong, strict=True) if w), "")
            rows = rows_named(frame, np.array(wrong, np.bool_))
            raise UsageError(
                f"{name} holds no number in {rows}, such as {visible(str(first), quote=chr(39))}"
            )
    return frame.assign(**found, **read), notes


def _computed(frame: pd.DataFrame, text: str, purpose: str, decimal: str | None) -> pd.Series:
    """Return a column computed from others: products and quotients, such as C/6N."""
    result = pd.Series(np.ones(len(frame)), index=frame.index)
    for i, part in enumerate(text.split("/")):
        for factor in part.split("*"):
            found = _FACTOR.fullmatch(factor.strip())
            if found is None or not (found[1] or found[2]):
                raise UsageError(f"{purpose}: write a column, or columns as in C/6N")
            value: pd.Series | float = float(found[1] or 1)
            if found[2]:
                name = known(frame, found[2], purpose)
                numbers, _ = numeric_columns(frame, (name,), decimal)
                value = numbers[name] * value
            result = result / value if i else result * value
    return result
