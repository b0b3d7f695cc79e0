"""Reading a file of token frequencies."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.errors import FormatError, NotFoundError, UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LARGEST_ID = 1 << 24  # far beyond any vocabulary; a mistaken id must not fill the memory


def read_frequencies(path: Path) -> npt.NDArray[np.float64]:
    """Return the frequencies in a file, by token id.

    Parameters
    ----------
    path
        ``.npy``: an array of shape (ids,). ``.parquet`` or ``.csv``: a table with the columns
        ``id`` and ``count``; ids it does not have count as 0, other columns are ignored.

    Raises
    ------
    NotFoundError, FormatError, UsageError
        No such file, not such an array or table, or another suffix.
    """
    import numpy as np

    kind = path.suffix.lower()
    if kind not in (".npy", ".parquet", ".csv"):
        raise UsageError(f"{path}: frequencies are read from a .npy, .parquet or .csv file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFoundError(
            f"cannot read frequencies from {path}: {error.strerror or error}"
        ) from error
    try:
        frequencies = _array(data) if kind == ".npy" else _of_table(data, kind)
        bad = np.flatnonzero(~(np.isfinite(frequencies) & (frequencies >= 0)))
        if len(bad):
            raise ValueError(
                f"id {bad[0]} has {frequencies[bad[0]]}; they must be finite and not negative"
            )
    except (
        ValueError, TypeError, OSError, EOFError, OverflowError, MemoryError, NotImplementedError,
        Warning,
    ) as error:  # fmt: skip
        reason = " ".join(str(error).split())  # of pandas, over several lines
        raise FormatError(f"{path} is no file of frequencies: {reason}") from None
    return frequencies


def _array(data: bytes) -> npt.NDArray[np.float64]:
    import numpy as np

    array = np.load(io.BytesIO(data), allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "uif" or array.ndim != 1:
        raise ValueError("it is no one-dimensional array of numbers")
    return array.astype(np.float64)


def _of_table(data: bytes, kind: str) -> npt.NDArray[np.float64]:
    import numpy as np
    import pandas as pd
    from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

    file = io.BytesIO(data)
    with warnings.catch_warnings():
        # Of rows longer than the header, whose columns would be taken for others.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        frame = (
            pd.read_parquet(file)
            if kind == ".parquet"
            else pd.read_csv(file, index_col=False, low_memory=False)
        )
    missing = [name for name in ("id", "count") if name not in frame]
    if missing:
        raise ValueError(f"it has no column {' and no column '.join(missing)}")
    ids, counts = frame["id"], frame["count"]
    if frame.empty:
        raise ValueError("it has no rows")
    if not is_integer_dtype(ids) or ids.isna().any():
        raise ValueError("its column id has something else than whole numbers")
    if not is_numeric_dtype(counts) or is_bool_dtype(counts) or counts.isna().any():
        raise ValueError("its column count has something else than numbers")
    if ids.min() < 0 or ids.max() > LARGEST_ID:
        wrong = ids.min() if ids.min() < 0 else ids.max()
        raise ValueError(f"its id {wrong} is none of a vocabulary")
    if ids.duplicated().any():
        raise ValueError(f"it has id {ids[ids.duplicated()].iloc[0]} twice")
    frequencies = np.zeros(int(ids.max()) + 1)
    frequencies[ids.to_numpy(np.int64)] = counts.to_numpy(np.float64)
    return frequencies
