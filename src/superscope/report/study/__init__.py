"""The report of a study, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from superscope.arguments import checked
from superscope.atomic import write_whole
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.study import study_drawings
from superscope.report.files import encoded
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
    with write_whole(Path(path)) as file:
        made = study_drawings(study)
        placed = [(figure, figure.element()) for figure in made if isinstance(figure, Drawing)]
        missing = [figure for figure in made if isinstance(figure, Missing)]
        file.write(encoded(render_study(study, placed, missing)))
