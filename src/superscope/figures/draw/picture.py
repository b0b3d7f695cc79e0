"""A figure that shows itself, in light or in dark."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from superscope.figures.draw.colors import LIGHT, THEMES
from superscope.figures.draw.style import styled

NOTEBOOK_DPI = 192  # drawn at twice the size it is shown, for dense screens
_COLORS = {
    Line2D: ("color", "markerfacecolor", "markeredgecolor"),
    Text: ("color",),
    Patch: ("facecolor", "edgecolor"),
    Collection: ("facecolor", "edgecolor"),
}


class Picture(Figure):
    """A matplotlib figure that a notebook shows without pyplot.

    It is drawn in its own style, whatever matplotlib's settings are at the time.

    Attributes
    ----------
    theme
        ``light`` or ``dark``.
    """

    theme: str = "light"

    def draw(self, renderer: RendererBase) -> None:
        """Draw the figure; matplotlib calls this."""
        with styled(self.theme):
            super().draw(renderer)

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Return the picture at twice its size, and its size in pixels."""
        file = BytesIO()
        self.savefig(file, format="png", dpi=NOTEBOOK_DPI)
        width, height = self.get_size_inches() * NOTEBOOK_DPI / 2
        return file.getvalue(), {"width": round(width), "height": round(height)}


def recolor(root: Artist, theme: str) -> None:
    """Give everything that has the light color of a role its color in another theme."""
    if theme == "light":
        return
    new = {color: THEMES[theme][role] for role, color in LIGHT.items()}
    for artist in root.findobj():
        for kind, names in _COLORS.items():
            if isinstance(artist, kind):
                for name in names:
                    _recolor(artist, name, new)


def _recolor(artist: Artist, name: str, new: dict[str, str]) -> None:
    old: Any = getattr(artist, f"get_{name}")()
    change = getattr(artist, f"set_{name}")
    if isinstance(artist, Collection):
        colors = [to_rgba(new.get(to_hex(c), to_hex(c)), c[3]) for c in np.atleast_2d(old)]
        if colors:
            change(colors)
    elif not (isinstance(old, str) and old in ("none", "auto")):
        rgba = to_rgba(old)
        found = new.get(to_hex(rgba))
        if found is not None:
            change(to_rgba(found, rgba[3]))
