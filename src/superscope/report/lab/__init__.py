"""The report of lab runs, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from superscope.arguments import checked
from superscope.atomic import write_whole
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.lab import report_drawings
from superscope.report.files import encoded
from superscope.report.lab.page import render_lab

if TYPE_CHECKING:
    from superscope.lab import LabReport


@checked
def write_lab_report(report: LabReport, path: Path) -> None:
    """Write what lab runs say as one self-contained HTML file.

    The page has the verdicts first, then figures and tables. The same report makes the same bytes.
    The page holds everything it shows, and runs no script.

    Parameters
    ----------
    report
        What :func:`superscope.lab.report` returned.
    path
        File to write. It appears whole or not at all.

    Raises
    ------
    UsageError
        The file cannot be written.
    """
    with write_whole(Path(path)) as file:
        made = report_drawings(report)
        placed = [(figure, figure.element()) for figure in made if isinstance(figure, Drawing)]
        missing = [figure for figure in made if isinstance(figure, Missing)]
        file.write(encoded(render_lab(report, placed, missing)))
