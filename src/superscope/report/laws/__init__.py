"""The figures of a law, as files and as one page."""

from __future__ import annotations

from pathlib import Path

from superscope.arguments import checked
from superscope.atomic import write_file
from superscope.figures.draw.drawing import Drawing
from superscope.figures.forecasts import plan_frontier
from superscope.figures.laws import law_drawings
from superscope.forecasts import Plan
from superscope.laws import Law
from superscope.report.files import encoded, write_figures
from superscope.report.laws.page import render_law


def law_figures(law: Law, plan: Plan | None = None) -> tuple[Drawing, ...]:
    """Return the figures that a law has.

    Loss against the input (laws of one input), each part by itself, residuals, parts, profiles
    (of free exponents), exclusion (where several were tried), and the frontier of a plan.
    """
    made = [*law_drawings(law)]
    if plan is not None:
        made.append(plan_frontier(plan, law=law))
    return tuple(figure for figure in made if isinstance(figure, Drawing))


@checked
def write_law_figures(law: Law, folder: Path, *, plan: Plan | None = None) -> list[Path]:
    """Write each figure of a law as PNG, PDF and SVG.

    The same law makes the same bytes.

    Parameters
    ----------
    law
        A fitted law.
    folder
        Where to write; made if it is missing. Each file appears whole or not at all.
    plan
        The best use of a budget under this law; its frontier is drawn, too.

    Returns
    -------
    list of Path
        The figures in the order of the law's page.

    Raises
    ------
    UsageError
        The folder cannot be written.
    """
    return write_figures(law_figures(law, plan), Path(folder))


@checked
def write_law_report(law: Law, path: Path, *, plan: Plan | None = None) -> None:
    """Write a law and its figures as one self-contained HTML file, which runs no script.

    Parameters
    ----------
    law
        A fitted law.
    path
        File to write. It appears whole or not at all.
    plan
        The best use of a budget under this law, to be shown with it.

    Raises
    ------
    UsageError
        The file cannot be written.
    """
    placed = [(f, f.element()) for f in law_figures(law, plan)]
    write_file(Path(path), encoded(render_law(law, placed, plan)))
