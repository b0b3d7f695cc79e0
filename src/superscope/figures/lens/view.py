"""How these figures show tokens: their text, and the colors of their classes."""

from __future__ import annotations

from collections.abc import Iterable

from matplotlib.lines import Line2D

from superscope.figures.draw.canvas import mark
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import drawable
from superscope.geometry.row_classes import RowClass
from superscope.lens import Named
from superscope.text import visible

ROLES = {
    RowClass.WORD: ("centered", "o"),
    RowClass.UNKNOWN: ("centered", "o"),
    RowClass.UNREACHABLE: ("pythia", "v"),
    RowClass.SPECIAL: ("raw", "s"),
    RowClass.BYTE: ("frequency", "D"),
    RowClass.DUPLICATE: ("opt", "^"),
    RowClass.PADDING: ("muted", "X"),
    RowClass.ZERO: ("ink", "P"),
}
"""Color and mark of each class of rows, in the order of the key."""
UNKNOWN = str(RowClass.UNKNOWN)  # what a row is of whose class nothing is known


def class_of(one: Named) -> str:
    """Return the class of an entry's row as the key has it."""
    return UNKNOWN if one.row_class is RowClass.UNKNOWN else one.row_class


def look(row_class: str) -> tuple[str, str]:
    """Return the color and the mark of a class of rows."""
    role, marker = ROLES[RowClass(row_class)]
    return LIGHT[role], marker


def class_marks(classes: Iterable[str]) -> list[Line2D]:
    """Return an entry of the key for each class that is drawn, in the order of the classes."""
    there = set(classes)
    return [
        mark("token" if name is RowClass.UNKNOWN else name, *look(name))
        for name in ROLES
        if name in there
    ]


def label(one: Named, longest: int = 24) -> str:
    """Return what is written beside a token: its text in quotes, or its id."""
    return f"#{one.id}" if one.text is None else drawable(visible(one.text, longest=longest))


def named(one: Named) -> str:
    """Return what a caption calls a token."""
    return f"#{one.id}" if one.text is None else visible(one.text)
