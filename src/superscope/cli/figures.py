"""The option ``--figures`` of every command: a folder, and what is drawn into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from superscope.figures.draw.drawing import Drawing, Missing


def check_folder(folder: Path | None) -> None:
    """Make the folder before the work starts, if one was named.

    Raises
    ------
    UsageError
        It cannot be written.
    """
    if folder is not None:
        from superscope.atomic import make_folder

        make_folder(folder)


def write_figures(
    folder: Path | None, room: str, drawings: Callable[[Any], Sequence[Drawing | Missing]]
) -> None:
    """Write figures to the folder, if one was named, and say why some are missing.

    Parameters
    ----------
    folder
        What the option gave.
    room
        Name of a package of ``superscope.figures``. Only a named folder loads it and matplotlib.
    drawings
        Makes the drawings with that package.
    """
    if folder is None:
        return
    from superscope.cli.terminal import warn
    from superscope.figures.draw.drawing import Missing
    from superscope.report.files import write_figures as write

    made = drawings(import_module(f"superscope.figures.{room}"))
    write(made, folder)
    for drawing in made:
        if isinstance(drawing, Missing):
            warn(drawing.reason)
