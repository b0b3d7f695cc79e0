"""What a figure is to the page: a drawing, its legend, and what to read from it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

MARKERS = {
    "circle": "o",
    "square": "s",
    "triangle": "^",
    "diamond": "D",
    "cross": "X",
}
"""Marks that are drawn by matplotlib in the figure and by the page in the legend."""


@dataclass(frozen=True)
class Entry:
    """A line of a legend.

    The page writes legends as HTML, where a model's name can hold any character.

    Attributes
    ----------
    mark
        ``line``, ``dashed``, ``ring``, ``dot``, or a name in `MARKERS`.
    color
        Role of its color.
    text
        What it stands for.
    """

    mark: str
    color: str
    text: str


@dataclass(frozen=True)
class FigureBlock:
    """A figure as the page shows it.

    Attributes
    ----------
    title
        What it shows, in a few words.
    svg
        The drawing, or None where there is nothing to draw; `caption` then says why.
    legend
        Its lines and marks.
    caption
        How to read it.
    """

    title: str
    svg: Markup | None
    legend: tuple[Entry, ...]
    caption: str
