"""The report of a set of toy runs, as one page."""

from __future__ import annotations

from pathlib import Path

from superscope.arguments import checked
from superscope.atomic import write_whole
from superscope.figures.toy import grouped, sweep_drawings
from superscope.report.files import encoded
from superscope.report.toy.page import render_toy
from superscope.toy import ToyRuns


@checked
def write_toy_report(runs: ToyRuns, path: Path) -> None:
    """Write the figures and exponents of toy runs as one self-contained HTML file.

    The same runs make the same bytes. The page holds everything it shows, and runs no script.

    Parameters
    ----------
    runs
        In any order. Seeds of one setting are points of one group; runs that differ in anything
        else but width, decay and α are panels of their own, named by the difference.
    path
        File to write. It appears whole or not at all.

    Raises
    ------
    UsageError
        There is no finished run, or the file cannot be written.
    """
    found = grouped(runs)
    with write_whole(Path(path)) as file:
        placed = [(drawing, drawing.element()) for drawing in sweep_drawings(found)]
        file.write(encoded(render_toy(found, placed)))
