"""From what makes a drawing to the function that a user calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.drawing import Drawing, Missing

OPTIONS = """

    Parameters
    ----------
    result
        What is drawn.
    ax
        Axes to draw in, for a figure of one panel.
    theme
        ``light`` or ``dark``.
    **options
        Of this figure alone.

    Raises
    ------
    UsageError
        There is nothing to draw, there is no such theme, or the figure has several panels and
        axes were given.
    """


def picture(name: str, make: Callable[..., Drawing | Missing]) -> Callable[..., Figure]:
    """Return the function that draws what `make` describes as a matplotlib figure.

    Parameters
    ----------
    name
        What the function is called.
    make
        Returns the drawing of a result, with its words.
    """

    def draw(
        result: Any, *, ax: Axes | None = None, theme: str = "light", **options: Any
    ) -> Figure:
        return make(result, **options).figure(ax, theme)

    draw.__name__ = draw.__qualname__ = name
    draw.__module__ = make.__module__.rpartition(".")[0]
    lines = (make.__doc__ or "").strip().split("\n\n")
    draw.__doc__ = lines[0].replace("Return the figure", "Draw the figure", 1) + OPTIONS
    return draw
