"""The report of lab runs, as one page."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.arguments import checked
from superscope.figures.lab import report_drawings
from superscope.report.files import write_page
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
    write_page(Path(path), partial(report_drawings, report), partial(render_lab, report))
