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
    """Draw what the runs of a folder show, beside theory: PNG, PDF and one HTML report.

    Parameters
    ----------
    runs
        Folder that toy sweep wrote.
    out
        Folder of the figures; default: RUNS/figures.
    """
    from superscope.cli.terminal import progress_bar
    from superscope.cli.toy_runs import warn_of_others
    from superscope.report import write_toy_figures
    from superscope.toy import read_runs

    with progress_bar() as progress:
        content = read_runs(runs, progress=progress)
    warn_of_others(content)
    for file in write_toy_figures(content.points, out or runs / "figures"):
        print(file)
