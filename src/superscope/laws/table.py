"""Any table of losses: a data frame, a file, or a public table by its name."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd

from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.laws.points import NOT_NUMBERS

SUFFIXES = (".csv", ".parquet", ".jsonl")


def load_table(table: pd.DataFrame | Path | str, data_dir: Path | None = None) -> pd.DataFrame:
    """Return a table as a data frame.

    Parameters
    ----------
    table
        A data frame, a .csv, .parquet or .jsonl file, or a public table's name.
    data_dir
        Folder that holds public tables, where they are not to be fetched.

    Raises
    ------
    NotFoundError, FormatError, UsageError
        No such file or name, a file that is no table, or another suffix.
    """
    from superscope.laws.public import PUBLIC, load_public

    if isinstance(table, pd.DataFrame):
        return table
    if str(table) in PUBLIC:
        return load_public(str(table), data_dir)
    path = Path(table)
    if path.suffix.lower() not in SUFFIXES:
        if path.exists():
            raise UsageError(f"{path}: a table is read from {', '.join(SUFFIXES)}")
        raise NotFoundError(
            f"no table is called {str(table)!r}; give a file ({', '.join(SUFFIXES)}) or one of "
            + ", ".join(PUBLIC)
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFoundError(f"cannot read {path}: {error.strerror or error}") from error
    return parse_table(data, path.suffix.lower(), str(path))


def parse_table(data: bytes, suffix: str, name: str) -> pd.DataFrame:
    """Return the table in a file's bytes.

    Raises
    ------
    FormatError
        They hold none.
    """
    file = io.BytesIO(data)
    try:
        if suffix == ".parquet":
            frame = pd.read_parquet(file, dtype_backend="numpy_nullable")
        elif suffix == ".jsonl":
            lines = [line for line in data.decode("utf-8").splitlines() if line.strip()]
            records = [json.loads(line, parse_constant=_refuse) for line in lines]
            if not all(isinstance(record, dict) for record in records):
                raise ValueError("a line of it is no object")
            frame = pd.DataFrame(records).convert_dtypes()
        else:
            # Only an empty cell is absent: "nan" and "inf" are numbers gone wrong.
            frame = pd.read_csv(file, dtype="string", keep_default_na=False, na_values=[""])
            if not isinstance(frame.index, pd.RangeIndex):
                raise ValueError("its rows are longer than its header")
            frame = frame.apply(_typed)
    except (ValueError, KeyError, TypeError, OSError, OverflowError, RecursionError) as error:
        raise FormatError(f"{name} is no table: {error}") from None
    if suffix == ".csv" and len(frame.columns) == 1 and any(c in frame.columns[0] for c in ";\t"):
        raise FormatError(f"{name} has one column, {frame.columns[0]!r}: separate with commas")
    if frame.empty:
        raise FormatError(f"{name} has no rows")
    return frame


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _typed(values: pd.Series) -> pd.Series:
    """Return a column of a CSV as numbers if all that is there is one; ``nan`` is not absent."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    absent = values.isna().to_numpy(np.bool_)
    words = values.str.strip().str.lower().isin(NOT_NUMBERS)
    if (np.isnan(numbers) & ~absent & ~words.to_numpy(np.bool_, na_value=False)).any():
        return values
    return pd.Series(pd.arrays.FloatingArray(numbers, absent), index=values.index)
