"""Columns of tables of tokens, as a page keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from superscope.explorer.shown import Shown
from superscope.lens.token_columns import Column
from superscope.text import visible

KNOWN = {
    "id", "token", "class", "equal_to", "norm", "represented", "interference",
    "interference_centered",
}  # fmt: skip
"""What the page has of every token anyway."""
MOST = 250  # values of a column that is no number


def columns_of(shown: Shown) -> tuple[list[Mapping[str, Any]], dict[str, npt.NDArray[Any]]]:
    """Return the description and the values of each column, by position of the row.

    Numbers are kept as float32, with NaN for what is missing; ids of tokens as int32, with −1. Of
    other columns each value has a code, with 255 for what is missing; a column of more than 250
    values is left out.
    """
    if shown.columns is None:
        return [], {}
    table = shown.columns.set_index("id").reindex(shown.lens.head.kept_ids)
    described: list[Mapping[str, Any]] = []
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name in table.columns:
        values = table[name]
        if name in KNOWN or values.isna().all():
            continue
        meaning = shown.meanings.get(name, Column(""))
        found = _numbers(values, meaning.ids) if _numeric(values) else _codes(values)
        if found is None:
            continue
        arrays[f"column_{len(described)}"], known = found
        described.append(
            {
                "name": visible(str(name), quote=""),
                "values": known,
                "meaning": meaning.meaning,
                "unit": meaning.unit,
                "ids": meaning.ids and known is None,
            }
        )
    return described, arrays


def _numeric(values: pd.Series[Any]) -> bool:
    kind = values.dtype
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


def _numbers(values: pd.Series[Any], ids: bool) -> tuple[npt.NDArray[Any], None]:
    wide = values.to_numpy(np.float64, na_value=np.nan)
    if ids:
        return np.where(np.isfinite(wide), wide, -1).astype(np.int32), None
    with np.errstate(over="ignore"):  # what float32 cannot hold is shown as missing
        return wide.astype(np.float32), None


def _codes(values: pd.Series[Any]) -> tuple[npt.NDArray[Any], list[str]] | None:
    codes, known = pd.factorize(values.astype("string"))
    if len(known) > MOST:
        return None
    return (
        np.where(codes < 0, 255, codes).astype(np.uint8),
        [visible(str(value), quote="") for value in known],
    )
