"""The report of a study, as one page."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.arguments import checked
from superscope.figures.study import study_drawings
from superscope.report.files import write_page
from superscope.report.study.page import render_study

if TYPE_CHECKING:
    from superscope.study import Study


@checked
def write_study_report(study: Study, path: Path) -> None:
    """Write the answers and figures of a study as one self-contained HTML file.

    The page has the answers first, then figures, members, laws and how it was done. The same study
    makes the same bytes. The page holds everything it shows, and runs no script.

    Parameters
    ----------
    study
        What :func:`superscope.study.study` returned.
    path
        File to write. It appears whole or not at all.

    Raises
    ------
    UsageError
        The file cannot be written.
    """
    write_page(Path(path), partial(study_drawings, study), partial(render_study, study))
