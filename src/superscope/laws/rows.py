"""Name the columns and the rows of a table in messages.

Within this room the index of a table counts its rows from 0, so that a part of a table still knows
which rows its own are; people count from 1, without the header.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt
import pandas as pd

from superscope.errors import UsageError


def numbered(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose index counts its rows from 0."""
    return table.reset_index(drop=True)


def row_numbers(table: pd.DataFrame | pd.Series, chosen: npt.NDArray[np.bool_]) -> tuple[int, ...]:
    """Return which rows of the whole table these are, counted from 1."""
    return tuple(int(i) + 1 for i in table.index[chosen])


def rows_named(table: pd.DataFrame | pd.Series, wrong: npt.NDArray[np.bool_]) -> str:
    """Return rows in words: ``rows 1, 2 and 40 more``."""
    return listed(row_numbers(table, wrong))


def listed(rows: Sequence[int]) -> str:
    """Return row numbers in words: ``rows 1, 2 and 40 more``."""
    shown = ", ".join(map(str, rows[:10]))
    more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"


def known(frame: pd.DataFrame, name: str, purpose: str) -> str:
    """Return a column's name; UsageError that names the nearest if the table has none such."""
    if name in frame:
        return name
    columns = [str(c) for c in frame.columns]
    lower = {c.lower(): c for c in columns}
    near = get_close_matches(name.lower(), lower, 1, 0.5)
    hint = f"did you mean {lower[near[0]]}? " if near else ""
    raise UsageError(f"{purpose}: no column {name!r}; {hint}columns: {', '.join(columns)}")
