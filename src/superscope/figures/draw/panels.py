"""Panels of one kind side by side; a single panel can also be drawn in the user's axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.canvas import Key, alone, grid

Draw = Callable[[Axes], None]


def side_by_side(
    draws: Sequence[Draw],
    titles: Sequence[str],
    key: Key,
    *,
    x: str,
    y: str,
    beside: Sequence[Draw] = (),
    **layout: Any,
) -> tuple[Callable[[], Figure], Draw | None]:
    """Return the functions that paint a picture: as a figure, or in a user's axes if possible.

    Parameters
    ----------
    draws
        What draws each panel, limits included; all panels have the same axes.
    titles
        Of the panels.
    key
        What stands above them.
    x, y
        What the axes show.
    beside
        What writes to the right of each panel of the figure; the user's axes have no room there.
    **layout
        Of :func:`~superscope.figures.draw.canvas.grid`.
    """

    def paint() -> Figure:
        figure, panels = grid(titles, key, x=x, y=y, **layout)
        for panel, draw in zip(panels, draws, strict=True):
            draw(panel)
        for panel, write in zip(panels, beside, strict=False):
            write(panel)
        return figure

    def labelled(panel: Axes) -> None:
        draws[0](panel)
        panel.set_xlabel(x)
        panel.set_ylabel(y)

    return paint, alone(labelled, key) if len(draws) == 1 else None
