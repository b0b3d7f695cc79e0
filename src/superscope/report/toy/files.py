"""The figures of a set of toy runs, as files and as one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from superscope.errors import UsageError
from superscope.figures.draw.drawing import Drawing
from superscope.figures.toy import sweep_drawings
from superscope.figures.toy.groups import group_runs
from superscope.report.files import write_figures
from superscope.report.toy.page import render_toy
from superscope.toy.point import ToyPoint


def toy_figures(points: Sequence[ToyPoint]) -> tuple[Drawing, ...]:
    """Return the seven figures of a set of runs.

    Parameters
    ----------
    points
        Runs, in any order. Seeds of one setting are points of one group; runs that differ in
        anything else but width, decay and α are panels of their own, named by the difference.

    Raises
    ------
    UsageError
        No runs.
    """
    if not points:
        raise UsageError("figures need at least one toy run")
    return sweep_drawings(group_runs(points))


def write_toy_figures(points: Sequence[ToyPoint], folder: Path) -> list[Path]:
    """Write each figure as PNG, PDF and SVG, and all of them as ``report.html``.

    The same runs make the same bytes. The page holds everything it shows, and runs no script.

    Parameters
    ----------
    points
        Runs, in any order.
    folder
        Where to write; made if it is missing. Each file appears whole or not at all.

    Returns
    -------
    list of Path
        The page, then the figures in its order.

    Raises
    ------
    UsageError
        No runs, or the folder cannot be written.
    """
    folder = Path(folder)
    if not points:
        raise UsageError(f"{folder}: figures need at least one toy run")
    runs = group_runs(points)
    return write_figures(sweep_drawings(runs), folder, lambda placed: render_toy(runs, placed))
