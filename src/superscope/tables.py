"""Read and write tables (delimited text, Parquet, JSON) and lists of numbers.

This is the only reader and writer of tables. Each room defines what its columns mean.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from superscope.arguments import checked
from superscope.atomic import write_whole
from superscope.delimited import inert, read_delimited
from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.numerals import NOT_NUMBERS, shows_comma
from superscope.records import read_records
from superscope.text import listed

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

READ = (".csv", ".tsv", ".parquet", ".jsonl", ".json")
WRITTEN = (".parquet", ".csv")
NOTES = "superscope.notes"  # where a frame's attrs keep how it was read


def read_table(
    path: Path,
    types: Mapping[str, str] | None = None,
    what: str = "table",
    optional: Sequence[str] = (),
    *,
    separator: str | None = None,
    decimal: str | None = None,
) -> pd.DataFrame:
    """Read a table; the file's suffix says its format.

    :func:`notes_of` returns remarks, such as an unusual separator or lines above the header.

    Parameters
    ----------
    path
        A .csv, .tsv, .parquet, .jsonl or .json file.
    types
        Columns that the table must have, with pandas' nullable type of each; other columns are
        then dropped. Without it, a column is numeric if every cell is a number.
    what
        What error messages call the table, such as ``table of observations``.
    optional
        Columns of `types` that are null where the table lacks them.
    separator
        Separator of cells in delimited text; None takes the one with which all rows are equally
        long.
    decimal
        The decimal sign of its numbers, ``.`` or ``,``; None takes what its cells show.

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
        raise UsageError(f"{path} does not have the suffix of a table: {', '.join(READ)}")
    return parse_table(
        read_bytes(path), suffix, str(path), types, what, optional=optional, separator=separator,
        decimal=decimal,
    )  # fmt: skip


def notes_of(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return remarks on how a table was read."""
    return tuple(frame.attrs.get(NOTES, ()))


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
    separator: str | None = None,
    decimal: str | None = None,
) -> pd.DataFrame:
    """Return the table in a file's bytes; the other arguments are those of :func:`read_table`.

    Raises
    ------
    FormatError
        The bytes do not hold such a table.
    """
    import pandas as pd

    notes: tuple[str, ...] = ()
    try:
        if suffix == ".parquet":
            frame = pd.read_parquet(io.BytesIO(data), dtype_backend="numpy_nullable")
        elif suffix in (".jsonl", ".json"):
            frame = read_records(data, lines=suffix == ".jsonl")
        else:
            # Only an empty cell is missing: a model may be called "null".
            frame, notes = read_delimited(data, separator, tabs=suffix == ".tsv")
            if types is None:
                frame = _typed(frame, decimal)
        if types is not None:
            return _with_columns(frame, types, optional)
    except (ValueError, KeyError, TypeError, OSError, OverflowError, RecursionError) as error:
        raise FormatError(f"{name} is not a {what}: {' '.join(str(error).split())}") from None
    if frame.empty:
        raise FormatError(f"{name} has no rows")
    frame.attrs[NOTES] = notes
    return frame


def _with_columns(
    frame: pd.DataFrame, types: Mapping[str, str], optional: Sequence[str]
) -> pd.DataFrame:
    """Return these columns with their types; the optional ones are null where they lack."""
    missing = [column for column in types if column not in frame and column not in optional]
    if missing:
        raise ValueError(f"it has no column {listed(missing)}")
    known = frame.reindex(columns=list(types))
    whole = {
        name: _whole(known[name])
        for name, kind in types.items()
        if kind == "Int64" and not _numeric(known[name].dtype)
    }
    return known.assign(**whole).astype(dict(types))


def _whole(texts: pd.Series) -> pd.Series:
    """Return whole numbers without the decimals and the NaN that a column of floats gives them."""
    cells = texts.astype("string").str.strip().str.replace(r"\.0*$", "", regex=True)
    return cells.mask(cells.str.lower() == "nan")


@checked
def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet or CSV, depending on the suffix.

    Spreadsheets run cells that begin with ``=``, ``+``, ``-`` or ``@``. In CSV such texts get a
    ``'`` in front, which :func:`read_table` removes.

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
            cells = _inert(frame)
            # Python before 3.13 quotes a carriage return only where lines end in one.
            end = "\r\n" if _has_return(cells) else "\n"
            written = cells.to_csv(index=False, lineterminator=end)
            file.write(written.encode("utf-8", "surrogatepass"))


def check_suffix(path: Path, suffixes: Sequence[str] = WRITTEN) -> None:
    """Raise UsageError if a table cannot be written in the format of the path's suffix."""
    if path.suffix.lower() not in suffixes:
        kinds = " or ".join(suffixes)
        raise UsageError(f"{path} must end in {kinds}, to say in which format it is written")


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


def _inert(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts are safe to open in a spreadsheet."""
    changed = frame.copy(deep=False)
    for i, kind in enumerate(frame.dtypes):
        if not _numeric(kind):
            cells = frame.iloc[:, i].astype(object)
            changed.isetitem(i, [inert(v) if isinstance(v, str) else v for v in cells])
    return changed


def _has_return(frame: pd.DataFrame) -> bool:
    texts = (frame.iloc[:, i] for i, kind in enumerate(frame.dtypes) if not _numeric(kind))
    return any(isinstance(cell, str) and "\r" in cell for cells in texts for cell in cells)


def _numeric(kind: Any) -> bool:
    """Whether a column has numbers; categories of numbers may be given as texts."""
    import pandas as pd

    return not isinstance(kind, pd.CategoricalDtype) and pd.api.types.is_numeric_dtype(kind)


def _typed(frame: pd.DataFrame, decimal: str | None) -> pd.DataFrame:
    """Return texts as numbers, column by column, where every filled cell is a plain number.

    Where decimals have commas, a point may stand between thousands: such columns stay text, and
    whoever needs their numbers reads them (:mod:`superscope.numerals`). ``nan`` is not missing.
    """
    import numpy as np
    import pandas as pd

    comma = decimal == "," or (
        decimal is None and any(shows_comma(frame[c].dropna()) for c in frame)
    )

    def typed(values: pd.Series) -> pd.Series:
        if comma and values.str.contains(".", regex=False).any():
            return values
        # From the text: the fast parser of some versions of pandas loses digits.
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        absent = values.isna().to_numpy(np.bool_)
        words = values.str.strip().str.lower().isin(NOT_NUMBERS)
        if (np.isnan(numbers) & ~absent & ~words.to_numpy(np.bool_, na_value=False)).any():
            return values
        return pd.Series(pd.arrays.FloatingArray(numbers, absent), index=values.index)

    return frame.apply(typed)
