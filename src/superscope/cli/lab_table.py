"""``superscope lab table``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def lab_table(
    runs: Annotated[Path, Parameter(name="RUNS")],
    *,
    out: Path | None = None,
) -> None:
    """Write one row for each run of a folder: its loss, and how its head is packed.

    Parameters
    ----------
    runs
        Folder that lab train wrote.
    out
        The table, .parquet or .csv; default: CSV on the standard output.
    """
    from superscope.cli.terminal import progress_bar, warn
    from superscope.errors import NotFoundError
    from superscope.lab.results import read_runs
    from superscope.tables import check_suffix, write_table
    from superscope.text import counted

    if out is not None:
        check_suffix(out)
    with progress_bar() as progress:
        found = read_runs(runs, progress=progress)
    for message in found.unreadable:
        warn(message)
    for failure in found.failures:
        warn(f"run {failure.identity} has no loss: {failure.reason}")
    if not (found.runs or found.failures):
        raise NotFoundError(f"{runs} has no finished run; make some with: superscope lab train")
    frame = found.to_frame()
    if out is None:
        print(frame.to_csv(index=False), end="")
    else:
        write_table(frame, out)
        print(f"{counted(len(frame), 'run')} in {out}")
