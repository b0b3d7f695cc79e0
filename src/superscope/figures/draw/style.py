"""How all figures look: margins, lines, letters, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib

from superscope.errors import UsageError
from superscope.figures.draw.colors import THEMES

FULL_WIDTH = 8.4  # inches: what a page shows at its full width
NARROW = 4.0  # inches: on a telephone's page of 400 pixels, letters are then 11 pixels high
SINGLE = 5.06  # inches: the width up to which figures look the same on a telephone
LEFT, RIGHT, BOTTOM = 0.74, 0.27, 0.44  # inches: margins
FONT_SIZE = 8.5  # points
DASHED = (0, (4, 2))
DOTTED = (0, (1, 1.6))


@contextmanager
def styled(theme: str = "light", width: float = FULL_WIDTH) -> Iterator[None]:
    """Draw in the style of superscope, whatever the user's settings are.

    Parameters
    ----------
    theme
        ``light`` or ``dark``.
    width
        Of the page, in inches: figures made within are no wider.

    Raises
    ------
    UsageError
        There is no such theme.
    """
    style = _style(theme, width)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(style)
        yield


def page_width() -> float:
    """Return the width of the page that is drawn for, in inches."""
    return float(matplotlib.rcParams["figure.figsize"][0])


def _style(theme: str, width: float) -> dict[Any, Any]:
    if theme not in THEMES:
        raise UsageError(f"there is no theme {theme!r}; choose one of: {', '.join(THEMES)}")
    colors = THEMES[theme]
    return {
        "axes.axisbelow": True,
        "axes.edgecolor": colors["muted"],
        "axes.facecolor": "none",
        "axes.grid": True,
        "axes.labelcolor": colors["ink"],
        "axes.linewidth": 0.7,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "figure.facecolor": colors["paper"],
        "figure.figsize": (width, width),
        "font.size": FONT_SIZE,
        "grid.color": colors["grid"],
        "grid.linewidth": 0.6,
        "lines.linewidth": 1.4,
        "pdf.fonttype": 42,
        "svg.fonttype": "path",
        "svg.hashsalt": "superscope",  # the same figure has the same ids
        "text.color": colors["ink"],
        "xtick.color": colors["muted"],
        "xtick.labelcolor": colors["ink"],
        "ytick.color": colors["muted"],
        "ytick.labelcolor": colors["ink"],
    }
