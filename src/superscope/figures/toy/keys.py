"""Colors and keys of the figures of a sweep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.lines import Line2D

from superscope.figures.draw.canvas import Key
from superscope.figures.draw.colors import LIGHT
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


GROWTH = LinearSegmentedColormap.from_list("growth", ["#57b9c9", "#3f83d6", "#7050cc"])
"""γ < 0, from the weakest to the strongest."""
DECAY = LinearSegmentedColormap.from_list("decay", ["#cfa02a", "#d5661f", "#b9304e"])
"""γ > 0, likewise."""
WIDTHS = LinearSegmentedColormap.from_list("widths", ["#8fb53a", "#2f97a0", "#6a55c4"])
"""From the least to the largest."""


def decay_colors(decays: Sequence[float]) -> dict[float, str]:
    """Return a color for each γ: cool for growth, warm for decay, gray for 0.

    Colors go by rank away from 0, so that decays of 0.001 and 0.01 look as different as 0.5
    and 1 do.
    """
    growing = sorted({d for d in decays if d < 0}, reverse=True)
    decaying = sorted({d for d in decays if d > 0})
    most = max(len(growing), len(decaying), 1)
    colors = dict.fromkeys((d for d in decays if d == 0), LIGHT["muted"])
    for ranked, colormap in ((growing, GROWTH), (decaying, DECAY)):
        for rank, decay in enumerate(ranked, start=most - len(ranked)):
            colors[decay] = to_hex(colormap(rank / max(1, most - 1) if most > 1 else 1.0))
    return colors


def decay_mark(decay: float) -> str:
    """Return the mark of a γ: its sign shows without color, too."""
    return "o" if decay < 0 else "s" if decay > 0 else "D"


def width_colors(widths: Sequence[int]) -> dict[int, str]:
    """Return a color for each width, in order."""
    places = np.linspace(0, 1, len(widths)) if len(widths) > 1 else np.array([0.5])
    return {m: to_hex(WIDTHS(x)) for m, x in zip(sorted(widths), places, strict=True)}
