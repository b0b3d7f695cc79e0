"""The colors of figures and pages, each by its role, in light and in dark.

What stands side by side differs in lightness too, so that it can be told apart in greyscale and
by those who see fewer colors: raw, centered, frequency and ink; and the four published families,
which also have marks of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle
from typing import Any

LIGHT = {
    "ink": "#20242a",
    "muted": "#646b75",
    "grid": "#dfe2e6",
    "paper": "#fefefd",
    "raw": "#e0691a",
    "centered": "#16449e",
    "frequency": "#0c7f72",
    "opt": "#bb8a10",
    "qwen": "#7a4fa3",
    "gpt2": "#40894a",
    "pythia": "#85184f",
}
DARK = {
    "ink": "#e7e5e1",
    "muted": "#a2a8b1",
    "grid": "#373c44",
    "paper": "#16181b",
    "raw": "#f08a45",
    "centered": "#a3c6ff",
    "frequency": "#2f8f83",
    "opt": "#e6c976",
    "qwen": "#b088d8",
    "gpt2": "#7cc388",
    "pythia": "#d0527f",
}
THEMES = {"light": LIGHT, "dark": DARK}
OF_CENTER = {"none": "raw", "mean": "centered", "frequency": "frequency"}
"""Role of each centering."""
SERIES = ("centered", "raw", "frequency", "pythia", "opt", "qwen", "gpt2")
"""Roles for things of one kind, such as families, in the order to use them."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
DASHES = ("-", (0, (4, 2)), (0, (1, 1.6)), (0, (6, 1.6, 1, 1.6)))


@dataclass(frozen=True)
class Style:
    """The color and marker of one of several things, the same in all figures.

    Attributes
    ----------
    color
        Of the light theme; a dark figure replaces it by the dark color of its role.
    marker
        Of matplotlib.
    filled
        Whether the mark is filled, or an outline.
    dash
        Line style of matplotlib.
    """

    color: str
    marker: str
    filled: bool = True
    dash: Any = "-"

    def marks(self, size: float = 4.5) -> dict[str, Any]:
        """Return matplotlib's keywords for marks without a line."""
        face = self.color if self.filled else LIGHT["paper"]
        return {
            "linestyle": "none",
            "color": self.color,
            "marker": self.marker,
            "markersize": size,
            "markerfacecolor": face,
            "markeredgewidth": 0.0 if self.filled else 1.1,
        }

    def line(self, size: float = 4.5, width: float = 1.2) -> dict[str, Any]:
        """Return matplotlib's keywords for marks on a line."""
        return self.marks(size) | {"linestyle": self.dash, "linewidth": width}


def series(names: Iterable[str]) -> dict[str, Style]:
    """Return a style for each of several things of one kind, such as families or groups.

    No two of the first 20 have the same mark, so that they can be told apart without color. No
    two of the first 70 have the same color and mark, and no two of the first 28 the same color
    and dash.

    Parameters
    ----------
    names
        What they are called, in the order of the key; a name that comes again counts once.
    """
    looks = zip(dict.fromkeys(names), cycle(SERIES), cycle(MARKERS), strict=False)
    return {
        name: Style(
            color=LIGHT[role],
            marker=marker,
            filled=k // len(MARKERS) % 2 == 0,
            dash=DASHES[k // len(SERIES) % len(DASHES)],
        )
        for k, (name, role, marker) in enumerate(looks)
    }
