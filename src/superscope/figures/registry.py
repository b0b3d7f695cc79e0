"""From what makes a drawing to a function that a user calls, and which of them a result has.

A package of this room registers the pictures of its results::

    @pictures.register
    def _(law: Law) -> dict[str, PictureFunction]:
        return {"fit": fit, "residuals": residuals}

Each function takes the result and the keywords ``ax`` and ``theme``, and returns a figure. The
first is what ``plot()`` draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import singledispatch
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.errors import UsageError
from superscope.figures.draw.drawing import Drawing, Missing

PictureFunction = Callable[..., Figure]
"""From a result, ``ax`` and ``theme`` to a figure."""
_SECTIONS = """

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


def picture(name: str, make: Callable[..., Drawing | Missing]) -> PictureFunction:
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
    draw.__doc__ = lines[0].replace("Return the figure", "Draw the figure", 1) + _SECTIONS
    vars(draw)["drawing"] = make
    return draw


def drawings(result: object) -> tuple[Drawing | Missing, ...]:
    """Return every picture of a result with its words; of a result without pictures, none.

    Parameters
    ----------
    result
        A result of any room.
    """
    _load(type(result))
    try:
        known = pictures(result)
    except TypeError:
        return ()
    return tuple(vars(draw)["drawing"](result) for draw in known.values())


@singledispatch
def pictures(result: object) -> Mapping[str, PictureFunction]:
    """Return the pictures of a result by name, the one that ``plot()`` draws first.

    Parameters
    ----------
    result
        A result of any room.

    Returns
    -------
    Mapping of str to function
        The pictures by name; each function takes the result, ``ax`` and ``theme``.
    """
    raise TypeError(f"superscope has no picture of a {type(result).__name__}")


def plot(
    result: object,
    what: str | None = None,
    *,
    ax: Axes | None = None,
    theme: str = "light",
    **options: Any,
) -> Figure:
    """Return the named picture of a result.

    Parameters
    ----------
    result
        A result of any room that has pictures.
    what
        Name of the picture; without one, the result's first.
    ax
        Axes to draw in, for a picture of one panel.
    theme
        ``light`` or ``dark``.
    **options
        Of that picture alone.

    Returns
    -------
    Figure
        Of matplotlib.

    Raises
    ------
    UsageError
        The result has no picture of this name.
    TypeError
        The result has no pictures at all.
    """
    _load(type(result))
    known = pictures(result)
    name = next(iter(known)) if what is None else what
    if name not in known:
        raise UsageError(
            f"there is no picture {name!r} of a {type(result).__name__}; "
            f"choose one of: {', '.join(known)}"
        )
    return known[name](result, ax=ax, theme=theme, **options)


def _load(kind: type) -> None:
    """Import the package of pictures that is named after the room of a result's type."""
    for base in kind.__mro__:
        parts = base.__module__.split(".")
        if parts[0] == "superscope" and len(parts) > 1:
            package = f"superscope.figures.{parts[1]}"
            if find_spec(package) is not None:
                import_module(package)
