"""``superscope toy figures``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def toy_figures(
    runs: Annotated[Path, Parameter(name="RUNS")],
    *,
    report: Path | None = None,
    figures: Path | None = None,
) -> None:
    """Draw what the runs of a folder show, beside theory.

    Parameters
    ----------
    runs
        Folder that toy sweep wrote.
    report
        Write a self-contained HTML report to this file; default: RUNS/report.html.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG; default: RUNS/figures.
    """
    from superscope.cli.figures import check_folder, write_figures
    from superscope.cli.outputs import check_page
    from superscope.cli.written import finished_runs
    from superscope.report import write_toy_report

    report, figures = report or runs / "report.html", figures or runs / "figures"
    found = finished_runs(runs)
    check_page(report)
    check_folder(figures)
    write_toy_report(found, report)
    write_figures(figures, "toy", lambda room: room.sweep_drawings(room.grouped(found)))
    print(f"report: {report}\nfigures: {figures}")
