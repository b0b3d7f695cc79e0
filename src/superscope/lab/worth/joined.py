"""Tables of lab runs, read and joined: each run once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.arguments import checked
from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.lab.results import LabRuns, read_runs
from superscope.lab.table import COLUMN_TYPES, KIND, NEWER
from superscope.progress import ProgressChoice
from superscope.tables import NOTES, read_table
from superscope.text import listed

if TYPE_CHECKING:
    import pandas as pd

TYPES = {
    name: COLUMN_TYPES[name]
    for name in (
        "run", "dataset", "architecture", "variant", "width", "depth", "tokens", "context", "batch",
        "seed", "learning_rate", "head_learning_rate", "decay", "loss", "mean_square_overlap",
        "mean_square_overlap_centered", *NEWER,
    )
}  # fmt: skip
"""Columns that are needed; ``superscope lab table`` writes them, and more."""
FILLED = [
    name for name in TYPES
    if name not in ("loss", "dataset", *NEWER) and "overlap" not in name
]  # fmt: skip


@checked
def read_tables(paths: Iterable[str | Path], *, progress: ProgressChoice = "auto") -> pd.DataFrame:
    """Read folders of lab runs and tables of such, and join them.

    :func:`superscope.tables.notes_of` returns which files of folders could not be read.

    Parameters
    ----------
    paths
        Folders that ``superscope lab train`` wrote, and tables that ``superscope lab table`` wrote.
    progress
        As in :func:`superscope.lab.read_runs`.

    Returns
    -------
    DataFrame
        One row for each run, with the columns that a comparison needs. A run that diverged has no
        loss.

    Raises
    ------
    NotFoundError, FormatError
        There is no such folder or file, or it is another kind of table.
    UsageError
        Two tables have different numbers of one run.
    """
    found: dict[str, pd.DataFrame] = {}
    unreadable: list[str] = []
    for path in map(Path, paths):
        if path.is_dir():
            runs = read_runs(path, progress=progress)
            found[str(path)] = runs.to_frame()
            unreadable += runs.unreadable
        elif not path.exists():
            raise NotFoundError(
                f"there is no folder or table {path}; name folders that superscope lab train "
                "wrote, or tables that superscope lab table wrote"
            )
        else:
            found[str(path)] = read_table(path, TYPES, KIND, [*NEWER])
    table = joined(found)
    table.attrs[NOTES] = tuple(unreadable)
    return table


def table_of(runs: LabRuns | pd.DataFrame) -> pd.DataFrame:
    """Return the columns that a comparison needs, each run once.

    Parameters
    ----------
    runs
        Runs, or a table of them.

    Raises
    ------
    FormatError, UsageError
        It is another kind of table, or one run has different numbers in it.
    """
    return joined({"the table": runs.to_frame() if isinstance(runs, LabRuns) else runs})


def joined(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return tables as one, each run once.

    Parameters
    ----------
    tables
        By what messages call them.

    Raises
    ------
    FormatError
        A table is of another kind.
    UsageError
        There is no run, or one run has different numbers in two rows.
    """
    import pandas as pd

    rows = pd.concat([_typed(table, name) for name, table in tables.items()], ignore_index=True)
    if rows.empty:
        raise UsageError(
            f"there is no finished run in {listed([*tables]) or 'no table'}; make some with: "
            "superscope lab train"
        )
    # the name of a run holds its text, so that an older table's run has that of its equal
    texts = rows[rows["text"] != ""].drop_duplicates("run").set_index("run")["text"]
    known = rows["run"].map(texts.to_dict()).astype("string").fillna("")
    rows["text"] = rows["text"].where(rows["text"] != "", known).astype("string")
    once = rows.drop_duplicates(list(TYPES), ignore_index=True)
    twice = once[once["run"].duplicated(keep=False)]
    if len(twice):
        twice = twice[twice["run"] == twice["run"].iloc[0]][:2]
        first, second = twice.iloc[0], twice.iloc[1]
        column = next(c for c in TYPES if twice[c].nunique(dropna=False) > 1)
        raise UsageError(
            f"run {first['run']} ({first['variant']}, width {first['width']}, seed "
            f"{first['seed']}) has {column} {first[column]} in {first['of_table']} and "
            f"{second[column]} in {second['of_table']}; leave one of them out"
        )
    return once.drop(columns="of_table")


def _typed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the columns of a table that are needed, with their types."""
    missing = [column for column in TYPES if column not in table and column not in NEWER]
    if missing:
        raise FormatError(f"{name} is not a {KIND}: it has no column {listed(missing)}")
    try:
        rows = table.reindex(columns=list(TYPES)).astype(TYPES)
    except (ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise FormatError(f"{name} is not a {KIND}: {reason}") from None
    empty = [column for column in FILLED if rows[column].isna().any()]
    if empty:
        raise FormatError(f"{name} is not a {KIND}: {empty[0]} is missing in a row")
    rows["loss"] = rows["loss"].where(rows["loss"].abs() < float("inf"))
    for column in ("dataset", "text"):
        rows[column] = rows[column].fillna("")
    return rows.assign(of_table=name)
