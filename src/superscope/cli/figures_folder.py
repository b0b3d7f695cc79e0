"""What ``--figures`` writes, the same for every command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from superscope.figures.draw.drawing import Drawing, Missing


def write_figures(drawings: Sequence[Drawing | Missing], folder: Path) -> None:
    """Write the figures of a result to a folder, and say which there are not, and why."""
    from superscope.cli.terminal import warn
    from superscope.figures.draw.drawing import Missing
    from superscope.report.files import write_figures as write

    write(drawings, folder)
    for drawing in drawings:
        if isinstance(drawing, Missing):
            warn(drawing.reason)
