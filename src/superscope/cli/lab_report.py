"""``superscope lab report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from superscope.errors import UsageError


def lab_report(
    *runs: Annotated[Path, Parameter(name="RUNS")],
    baseline: str = "adamw",
    out: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    table: Path | None = None,
    figures: Path | None = None,
) -> None:
    """Say what each variant is worth in width, and how overlap, loss and width hang together.

    Parameters
    ----------
    runs
        Folders that lab train wrote, and tables that lab table wrote; several are joined, and the
        same run counts once.
    baseline
        The variant that the others are compared with.
    out
        Write a self-contained HTML report to this file.
    json
        Print everything as one line of JSON.
    table
        Write the gains to this .csv or .parquet file, and slopes, correlations and narrow heads to
        NAME.slopes, NAME.correlations and NAME.heads beside it.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG.
    """
    from superscope.cli.figures import check_folder, write_figures
    from superscope.cli.outputs import check_page, check_table
    from superscope.cli.terminal import progress_bar, warn
    from superscope.lab import read_tables, report
    from superscope.tables import notes_of, write_table

    if not runs:
        raise UsageError("name folders or tables of lab runs; see: superscope lab report --help")
    check_table(table)
    check_page(out)
    check_folder(figures)
    with progress_bar() as progress:
        frame = read_tables(runs, progress=progress)
    for note in notes_of(frame):
        warn(note)
    found = report(frame, baseline)
    if table is not None:
        for name, frame in found.frames().items():
            beside = f".{name}" if name else ""
            write_table(frame, table.with_name(f"{table.stem}{beside}{table.suffix}"))
    write_figures(figures, "lab", lambda room: room.report_drawings(found))
    if out is not None:
        from superscope.report import write_lab_report

        write_lab_report(found, out)
    print(found.to_json() if json else found)
