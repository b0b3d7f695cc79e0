"""How these figures show the ways to make a head narrower."""

from __future__ import annotations

from collections.abc import Iterable

from matplotlib.lines import Line2D

from superscope.figures.draw.axes import limits
from superscope.figures.draw.colors import Style, series
from superscope.repack import Repacking

WIDEST = 6.4  # inches, of a single panel
RANK = "rank r"


def styles(found: Repacking) -> dict[str, Style]:
    """Return a look for each way, in their order."""
    return series(found.ways)


def way_marks(found: Repacking) -> list[Line2D]:
    """Return an entry of the key for each way."""
    return [Line2D([], [], label=way, **style.line()) for way, style in styles(found).items()]


def room_above(values: Iterable[float], margin: float = 0.08) -> tuple[float, float]:
    """Return the limits of a logarithmic axis of these values."""
    return limits(values, margin, 2.0)
