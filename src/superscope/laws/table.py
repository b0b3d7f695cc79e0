"""Any table of losses: a data frame, a file, or a public table by its name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from superscope.errors import NotFoundError
from superscope.laws.public import PUBLIC, load_public
from superscope.tables import READ, read_table


def load_table(table: pd.DataFrame | Path | str, data_dir: Path | None = None) -> pd.DataFrame:
    """Return a table as a data frame.

    Parameters
    ----------
    table
        A data frame, a .csv, .parquet or .jsonl file, or a public table's name.
    data_dir
        Folder that holds public tables, where they are not to be fetched.

    Returns
    -------
    DataFrame
        The table as it is; its columns are not renamed.

    Raises
    ------
    NotFoundError, FormatError, UsageError
        No such file or name, a file that is no table, or another suffix.
    """
    if isinstance(table, pd.DataFrame):
        return table
    if str(table) in PUBLIC:
        return load_public(str(table), data_dir)
    path = Path(table)
    if path.suffix.lower() not in READ and not path.exists():
        raise NotFoundError(
            f"no table is called {str(table)!r}; give a file ({', '.join(READ)}) or one of "
            + ", ".join(PUBLIC)
        )
    return read_table(path)
