"""The report of a study: its figures as files, and all that is known as one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.study import study_drawings
from superscope.report.files import write_figures
from superscope.report.study.page import render_study

if TYPE_CHECKING:
    from superscope.study import Study


def study_figures(study: Study) -> tuple[tuple[Drawing, ...], tuple[Missing, ...]]:
    """Return the figures of a study, and those for which there is nothing to draw.

    Overlap against width, loss against width, loss against overlap.
    """
    made = study_drawings(study)
    return (
        tuple(figure for figure in made if isinstance(figure, Drawing)),
        tuple(figure for figure in made if isinstance(figure, Missing)),
    )


def write_study_report(study: Study, folder: Path) -> list[Path]:
    """Write what a study says as ``report.html``, and each figure as PNG, PDF and SVG.

    The page has the answers first, then figures, members, laws and how it was done. The same study
    makes the same bytes. The page holds everything it shows, and runs no script.

    Parameters
    ----------
    study
        What :func:`superscope.study.study` returned.
    folder
        Where to write; made if it is missing. Each file appears whole or not at all.

    Returns
    -------
    list of Path
        The page, then the figures in its order.

    Raises
    ------
    UsageError
        The folder cannot be written.
    """
    drawn, missing = study_figures(study)
    return write_figures(drawn, Path(folder), lambda placed: render_study(study, placed, missing))
