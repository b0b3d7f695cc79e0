"""``superscope toy figures``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def toy_figures(
    runs: Annotated[Path, Parameter(name="RUNS")],
    *,
    out: Path | None = None,
) -> None:
    """Draw what the runs of a folder show, beside theory: PNG, PDF, SVG and one HTML report.

    Parameters
    ----------
    runs
        Folder that toy sweep wrote.
    out
        Folder of the figures; default: RUNS/figures.
    """
    from superscope.cli.written import finished_runs
    from superscope.report import write_toy_figures

    for file in write_toy_figures(finished_runs(runs), out or runs / "figures"):
        print(file)
