"""What the keys of these figures have in common."""

from __future__ import annotations

from matplotlib.lines import Line2D

from superscope.figures.draw.canvas import line
from superscope.figures.draw.colors import LIGHT, OF_CENTER
from superscope.geometry import Geometry
from superscope.geometry.stages import CENTERINGS

WIDEST_PANEL = 3.6  # inches, of a panel


def center_lines(geometry: Geometry) -> list[Line2D]:
    """Return an entry of a key for each centering."""
    return [
        line(CENTERINGS[o.center], "-", LIGHT[OF_CENTER[o.center]], 1.6) for o in geometry.overlaps
    ]
