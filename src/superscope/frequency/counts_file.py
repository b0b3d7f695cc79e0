"""Reading a file of token frequencies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from superscope.arguments import checked
from superscope.errors import FormatError, UsageError
from superscope.geometry.frequencies import Frequencies
from superscope.tables import read_numbers, read_table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

LARGEST_ID = 1 << 24  # far beyond any vocabulary; a mistaken id must not fill the memory


@checked
def read_frequencies(path: Path) -> Frequencies:
    """Return the frequencies in a file, by token id, and the texts of its tokens.

    Parameters
    ----------
    path
        ``.npy``: an array of shape (ids,). ``.parquet``, ``.csv`` or ``.jsonl``: a table with the
        columns ``id`` and ``count``; ids it does not have count as 0. A column ``token`` has
        their texts; other columns are ignored.

    Returns
    -------
    Frequencies
        How often each token occurs, and its text, None if the file has no texts.

    Raises
    ------
    NotFoundError, FormatError, UsageError
        No such file, not such an array or table, or another suffix.
    """
    import numpy as np

    if path.suffix.lower() not in (".npy", ".parquet", ".csv", ".jsonl"):
        raise UsageError(f"{path}: frequencies are read from a .npy, .parquet, .csv or .jsonl file")
    try:
        if path.suffix.lower() == ".npy":
            found = Frequencies(read_numbers(path))
        else:
            found = _by_id(read_table(path))
        frequencies = found.counts
        bad = np.flatnonzero(~(np.isfinite(frequencies) & (frequencies >= 0)))
        if len(bad):
            raise FormatError(
                f"id {bad[0]} has {frequencies[bad[0]]}; they must be finite and not negative"
            )
    except FormatError as error:
        raise FormatError(f"{path} is not a file of frequencies: {error}") from None
    return found


def _by_id(table: pd.DataFrame) -> Frequencies:
    import numpy as np
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    missing = [name for name in ("id", "count") if name not in table]
    if missing:
        raise FormatError(f"it has no column {' and no column '.join(missing)}")
    for name in ("id", "count"):
        column = table[name]
        if not is_numeric_dtype(column) or is_bool_dtype(column) or column.isna().any():
            raise FormatError(f"its column {name} has something else than numbers")
    ids = table["id"].to_numpy(np.float64)
    if (ids != np.floor(ids)).any():
        raise FormatError("its column id has something else than whole numbers")
    if ids.min() < 0 or ids.max() > LARGEST_ID:
        wrong = ids.min() if ids.min() < 0 else ids.max()
        raise FormatError(f"its id {wrong:.0f} is none of a vocabulary")
    values, times = np.unique(ids, return_counts=True)
    if (times > 1).any():
        raise FormatError(f"it has id {values[times > 1][0]:.0f} twice")
    places = ids.astype(np.int64)
    frequencies = np.zeros(int(ids.max()) + 1)
    frequencies[places] = table["count"].to_numpy(np.float64)
    return Frequencies(frequencies, _texts(table, places, len(frequencies)))


def _texts(
    table: pd.DataFrame, places: npt.NDArray[np.int64], count: int
) -> tuple[str | None, ...] | None:
    """Return the text of each id; None without a column of texts."""
    from pandas.api.types import is_numeric_dtype

    if "token" not in table or is_numeric_dtype(table["token"]):
        return None
    texts: list[str | None] = [None] * count
    for place, text in zip(places.tolist(), table["token"], strict=True):
        texts[place] = text if isinstance(text, str) else None
    return tuple(texts)
