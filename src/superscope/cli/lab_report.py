"""``superscope lab report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from superscope.errors import UsageError


def lab_report(
    *runs: Annotated[Path, Parameter(name="RUNS")],
    baseline: str = "adamw",
    json: Annotated[bool, Parameter(negative="")] = False,
    table: Path | None = None,
) -> None:
    """Say what each variant is worth in width, and how overlap, loss and width hang together.

    Parameters
    ----------
    runs
        Folders that lab train wrote, and tables that lab table wrote; several are joined, and the
        same run counts once.
    baseline
        The variant that the others are compared with.
    json
        Print everything as one line of JSON.
    table
        Write the gains to this .csv or .parquet file, and slopes, correlations and narrow heads to
        NAME.slopes, NAME.correlations and NAME.heads beside it.
    """
    from superscope.cli.outputs import check_table
    from superscope.cli.terminal import progress_bar
    from superscope.lab import read_tables, report
    from superscope.tables import write_table

    if not runs:
        raise UsageError("name folders or tables of lab runs; see: superscope lab report --help")
    check_table(table)
    with progress_bar() as progress:
        found = report(read_tables(runs, progress=progress), baseline)
    if table is not None:
        for name, frame in found.frames().items():
            beside = f".{name}" if name else ""
            write_table(frame, table.with_name(f"{table.stem}{beside}{table.suffix}"))
    print(found.to_json() if json else found)
