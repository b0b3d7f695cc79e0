"""Tables as files: CSV, Parquet, JSON lines; and lists of numbers.

This is the only reader and writer of tables. Each room defines what its columns mean.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.atomic import write_whole
from superscope.errors import FormatError, NotFoundError, UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

READ = (".csv", ".parquet", ".jsonl")
WRITTEN = (".parquet", ".csv")
NOT_NUMBERS = ("nan", "inf", "-inf", "+inf", "infinity", "-infinity")
"""Spellings of a failed number: such a cell is neither missing nor text."""


def read_table(
    path: Path,
    types: Mapping[str, str] | None = None,
    what: str = "table",
    optional: Sequence[str] = (),
) -> pd.DataFrame:
    """Read a table; the file's suffix says its format.

    Parameters
    ----------
    path
        A .csv, .parquet or .jsonl file.
    types
        Columns that the table must have, with pandas' nullable type of each; other columns are
        then dropped. Without it, a column is numeric if every cell is a number.
    what
        What error messages call the table, such as ``table of observations``.
    optional
        Columns of `types` that are null where the table lacks them.

    Raises
    ------
    NotFoundError
        There is no such file.
    FormatError
        The file does not hold such a table.
    UsageError
        The suffix is none of these.
    """
    suffix = path.suffix.lower()
    if suffix not in READ:
        raise UsageError(f"{path}: a table is read from {', '.join(READ)}")
    return parse_table(read_bytes(path), suffix, str(path), types, what, optional=optional)


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes.

    Raises
    ------
    NotFoundError
        The file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFoundError(f"cannot read {path}: {error.strerror or error}") from error


def parse_table(
    data: bytes,
    suffix: str,
    name: str,
    types: Mapping[str, str] | None = None,
    what: str = "table",
    *,
    optional: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the table in a file's bytes; the other arguments are those of :func:`read_table`.

    Raises
    ------
    FormatError
        The bytes do not hold such a table.
    """
    import pandas as pd

    file = io.BytesIO(data)
    try:
        if suffix == ".parquet":
            frame = pd.read_parquet(file, dtype_backend="numpy_nullable")
        elif suffix == ".jsonl":
            lines = [line for line in data.decode("utf-8").splitlines() if line.strip()]
            records = [json.loads(line, parse_constant=_refuse) for line in lines]
            if not all(isinstance(record, dict) for record in records):
                raise ValueError("one of its lines is not an object")
            frame = pd.DataFrame(records).convert_dtypes()
        else:
            # Only an empty cell is missing: a model may be called "null". Numbers are converted
            # from their text below: the fast parser of some versions of pandas loses digits.
            frame = pd.read_csv(file, dtype="string", keep_default_na=False, na_values=[""])
            if not isinstance(frame.index, pd.RangeIndex):
                raise ValueError("its rows are longer than its header")
            if types is None:
                frame = frame.apply(_typed)
        if types is not None:
            return _with_columns(frame, types, optional)
    except (ValueError, KeyError, TypeError, OSError, OverflowError, RecursionError) as error:
        raise FormatError(f"{name} is not a {what}: {' '.join(str(error).split())}") from None
    if suffix == ".csv" and len(frame.columns) == 1 and any(c in frame.columns[0] for c in ";\t"):
        raise FormatError(f"{name} has one column, {frame.columns[0]!r}: separate with commas")
    if frame.empty:
        raise FormatError(f"{name} has no rows")
    return frame


def _with_columns(
    frame: pd.DataFrame, types: Mapping[str, str], optional: Sequence[str]
) -> pd.DataFrame:
    """Return these columns with their types; the optional ones are null where they lack."""
    missing = [column for column in types if column not in frame and column not in optional]
    if missing:
        raise ValueError(f"it has no column {', '.join(missing)}")
    return frame.reindex(columns=list(types)).astype(dict(types))


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet or CSV, as the suffix says; whole or not at all.

    Parameters
    ----------
    frame
        The table; its index is not written.
    path
        A .csv or .parquet file.

    Raises
    ------
    UsageError
        The suffix is neither of these, or the file cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> write_table(pd.DataFrame({"width": [256, 512], "loss": [3.9, 3.5]}), Path("runs.csv"))
    >>> print(Path("runs.csv").read_text(), end="")
    width,loss
    256,3.9
    512,3.5
    """
    check_suffix(path)
    with write_whole(path) as file:
        if path.suffix.lower() == ".parquet":
            frame.to_parquet(file, index=False)
        else:
            file.write(frame.to_csv(index=False).encode())


def check_suffix(path: Path, suffixes: Sequence[str] = WRITTEN) -> None:
    """Raise UsageError unless the path has a suffix of a format that the table is written in."""
    if path.suffix.lower() not in suffixes:
        raise UsageError(f"{path}: a table is written as {' or '.join(suffixes)}")


def read_numbers(path: Path) -> npt.NDArray[np.float64]:
    """Read a list of numbers: a one-dimensional .npy array, or text with one number per line.

    Returns
    -------
    numpy.ndarray
        Shape (count,), at least one number.

    Raises
    ------
    NotFoundError
        There is no such file.
    FormatError
        The file does not hold such a list.
    """
    import numpy as np

    data = read_bytes(path)
    try:
        if path.suffix.lower() == ".npy":
            values = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
        else:
            lines = data.decode("utf-8").splitlines()
            values = np.array([float(line) for line in lines if line.strip()])
        if values.dtype.kind not in "uif" or values.ndim != 1 or not values.size:
            raise ValueError(f"it holds {values.dtype} of shape {values.shape}")
    except (ValueError, EOFError, OverflowError, MemoryError) as error:
        reason = " ".join(str(error).split())
        raise FormatError(f"{path} is not a list of numbers: {reason}") from None
    return values.astype(np.float64)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _typed(values: pd.Series) -> pd.Series:
    """Return a CSV column as numbers if every filled cell is a number; ``nan`` is not missing."""
    import numpy as np
    import pandas as pd

    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    absent = values.isna().to_numpy(np.bool_)
    words = values.str.strip().str.lower().isin(NOT_NUMBERS)
    if (np.isnan(numbers) & ~absent & ~words.to_numpy(np.bool_, na_value=False)).any():
        return values
    return pd.Series(pd.arrays.FloatingArray(numbers, absent), index=values.index)
