"""The key of decays of toy figures."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.lines import Line2D

from superscope.figures.draw.canvas import Key
from superscope.figures.toy.colors import decay_colors, decay_mark
from superscope.text import signed

MOST_IN_KEY = 8  # decays; more become a bar


def decay_key(decays: Sequence[float], *more: Artist) -> Key:
    """Return the key of the colors of decays, and of what else is drawn."""
    colors = decay_colors(decays)
    if len(decays) > MOST_IN_KEY:
        return Key(more, tuple((colors[d], signed(d, 2)) for d in decays), bar_label="decay γ")
    marks = [
        Line2D([], [], color=colors[d], marker=decay_mark(d), markersize=4.5,
               label=f"γ = {signed(d)}")
        for d in decays
    ]  # fmt: skip
    return Key((*marks, *more))
