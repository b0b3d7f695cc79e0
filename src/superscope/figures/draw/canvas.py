"""What figures are drawn on: panels in a grid, a key above them, written three ways."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.picture import Picture
from superscope.figures.draw.style import BOTTOM, LEFT, NARROW, RIGHT, page_width

LEAST_PANEL = 1.25  # inches: no panel is narrower where another column can go
EDGE, LINE, HEADING = 0.06, 0.158, 0.24  # inches: above a key, of its lines, of its heading
T = TypeVar("T")


@dataclass(frozen=True)
class Key:
    """What stands above the panels.

    Attributes
    ----------
    handles
        Lines and marks with labels.
    bar
        Colors, and what each stands for, shown as a bar where they are many.
    bar_label
        What the bar shows.
    heading
        What the whole figure shows, above all else.
    """

    handles: tuple[Artist, ...]
    bar: tuple[tuple[str, str], ...] = ()
    bar_label: str = ""
    heading: str = ""

    def columns(self, width: float) -> int:
        """Return how many labels fit side by side in a figure of this width in inches."""
        return self.columns_in(width - _key_left(width))

    def columns_in(self, room: float) -> int:
        """Return how many labels fit side by side into this width in inches."""
        wide = [0.55 + 0.066 * len(str(h.get_label())) for h in self.handles]

        def total(columns: int) -> float:
            # As matplotlib fills them: from top to bottom, the first ones longer by one.
            down = [part.size for part in np.array_split(np.array(wide), columns)]
            ends = np.cumsum([0, *down])
            return sum(max(wide[a:b], default=0.0) for a, b in pairwise(ends.tolist()))

        fitting = (n for n in range(len(wide), 1, -1) if total(n) <= room)
        return next(fitting, 1)

    def rows(self, width: float) -> int:
        """Return how many lines the labels take."""
        return math.ceil(len(self.handles) / self.columns(width))

    def height(self, width: float) -> float:
        """Return the height of it all, in inches."""
        bar = 0.38 if self.bar else 0.0
        return EDGE + self.above + LINE * self.rows(width) + bar

    @property
    def above(self) -> float:
        """The height of the heading, in inches."""
        return HEADING if self.heading else 0.0


def _key_left(width: float) -> float:
    """Return where a key begins: above the panels, or at the edge where room is scarce."""
    return LEFT if width > NARROW + 0.1 else EDGE


def line(label: str, style: Any, color: str = LIGHT["ink"], width: float = 1.2) -> Line2D:
    """Return an entry of a key: a line that is drawn so."""
    return Line2D([], [], color=color, linestyle=style, linewidth=width, label=label)


def mark(label: str, color: str, marker: str = "o", **look: Any) -> Line2D:
    """Return an entry of a key: a mark that is drawn so."""
    return Line2D(
        [], [], linestyle="none", color=color, marker=marker, label=label,
        **({"markersize": 4.5} | look),
    )  # fmt: skip


def block(label: str, color: str, alpha: float) -> Patch:
    """Return an entry of a key: an area of a color."""
    return Patch(color=color, alpha=alpha, linewidth=0, label=label)


def grid(
    titles: Sequence[str],
    key: Key,
    *,
    height: float,
    columns: int = 2,
    side: float = 0.0,
    widest: float = 4.4,
    x: str | Sequence[str] = "",
    y: str | Sequence[str] = "",
) -> tuple[Figure, list[Axes]]:
    """Return a figure with a panel for each title.

    Parameters
    ----------
    titles
        One for each panel.
    key
        What stands above.
    height
        Of a panel, in inches.
    columns
        Panels side by side, at most.
    side
        Room for text to the right of each, in inches.
    widest
        Width of a panel where it need not be less, in inches.
    x, y
        What the axes show: of all panels, which then have the same, or of each.
    """
    apart = not (isinstance(x, str) and isinstance(y, str))
    page = page_width()
    between = side + RIGHT + (LEFT - RIGHT if apart else 0.0)
    fitting = int((page - LEFT - side - RIGHT + between) / (LEAST_PANEL + between))
    across = max(1, min(columns, len(titles), fitting))
    down = math.ceil(len(titles) / across)
    room = page - LEFT - side - RIGHT - (across - 1) * between
    panel_width = min(room / across, widest)
    whole = max(NARROW, LEFT + across * panel_width + (across - 1) * between + side + RIGHT)
    titles = [in_lines(title, panel_width + side) for title in titles]
    lines = max(title.count("\n") + 1 if title else 0 for title in titles)
    gap = 0.22 + 0.14 * lines + (BOTTOM - 0.12 if apart else 0.0)
    above = key.height(whole) + 0.14 + 0.16 * lines
    total = above + down * height + (down - 1) * gap + BOTTOM
    figure = Picture(figsize=(whole, total))
    panels: list[Axes] = []
    for k, title in enumerate(titles):
        row, column = divmod(k, across)
        left = LEFT + column * (panel_width + between)
        bottom = total - above - row * (height + gap) - height
        first = panels[0] if panels and not apart else None
        panel = figure.add_axes(
            (left / whole, bottom / total, panel_width / whole, height / total),
            sharex=first, sharey=first,
        )  # fmt: skip
        panel.set_title(title, fontsize=8.5, loc="left", pad=4)
        last, outer = apart or k + across >= len(titles), apart or column == 0
        panel.tick_params(labelbottom=last, labelleft=outer)
        panel.set_xlabel((x if isinstance(x, str) else x[k]) if last else "")
        panel.set_ylabel((y if isinstance(y, str) else y[k]) if outer else "")
        panels.append(panel)
    put_key(figure, key)
    return figure, panels


def in_lines(title: str, width: float) -> str:
    """Return a title with line breaks between its parts, so that it fits into this width."""
    lines: list[str] = []
    for part in title.split(", "):
        if lines and 0.068 * len(f"{lines[-1]}, {part}") <= width:
            lines[-1] += f", {part}"
        else:
            lines.append(part)
    return "\n".join(lines)


def put_key(figure: Figure, key: Key) -> None:
    """Draw a key along the upper edge."""
    width, total = figure.get_size_inches()
    if key.heading:
        figure.text(LEFT / width, 1 - EDGE / total, key.heading, va="top", fontsize=9.5,
                    fontweight="bold")  # fmt: skip
    if key.handles:
        figure.legend(
            handles=list(key.handles), loc="upper left", ncols=key.columns(width), frameon=False,
            bbox_to_anchor=(_key_left(width) / width, 1 - (EDGE + key.above) / total),
            borderaxespad=0, borderpad=0, fontsize=8, handlelength=2.2, handletextpad=0.6,
            columnspacing=1.6, labelspacing=0.3, labelcolor=LIGHT["ink"],
        )  # fmt: skip
    if key.bar:
        _bar(figure, key)


def _bar(figure: Figure, key: Key) -> None:
    """Draw many colors as a bar."""
    whole, total = figure.get_size_inches()
    count = len(key.bar)
    bottom = total - EDGE - key.above - LINE * key.rows(whole) - 0.18
    width = min(0.42 * count, whole - LEFT - 1.0)
    bar = figure.add_axes((LEFT / whole, bottom / total, width / whole, 0.11 / total))
    bar.barh([0] * count, [1.0] * count, left=list(range(count)), height=1,
             color=[color for color, _ in key.bar])  # fmt: skip
    bar.set_xlim(0, count)
    bar.set_ylim(-0.5, 0.5)
    step = math.ceil(count / 16)
    bar.set_xticks([k + 0.5 for k in range(0, count, step)], [text for _, text in key.bar[::step]])
    bar.tick_params(length=0, pad=2, labelsize=7.5)
    bar.set_yticks([])
    bar.grid(False)
    bar.spines[:].set_visible(False)
    bar.text(count + 0.2, 0, key.bar_label, va="center", fontsize=8)


def say(panel: Axes, text: str) -> None:
    """Write in an empty panel why it is empty."""
    panel.text(0.5, 0.5, text, transform=panel.transAxes, ha="center", va="center",
               color=LIGHT["muted"], fontsize=8, wrap=True)  # fmt: skip


def keyed(panel: Axes, key: Key) -> None:
    """Draw a key above axes that stand by themselves, below their title if they have one."""
    figure = panel.get_figure(root=True)
    assert figure is not None
    width = panel.get_position().width * figure.get_size_inches()[0]
    key = Key((*(mark(text, color) for color, text in key.bar), *key.handles))
    columns = key.columns_in(width)
    panel.legend(
        handles=list(key.handles), loc="lower left", bbox_to_anchor=(0, 1.01), borderaxespad=0,
        ncols=columns, frameon=False, fontsize="small", handlelength=2.2,
    )  # fmt: skip
    panel.set_title(panel.get_title(), pad=6 + 72 * LINE * math.ceil(len(key.handles) / columns))


def alone(draw: Callable[[Axes], None], key: Key) -> Callable[[Axes], None]:
    """Return what draws a panel in the user's axes, its key above them."""

    def panel(ax: Axes) -> None:
        draw(ax)
        keyed(ax, key)

    return panel


def one_panel(
    draw: Callable[[Axes], None], key: Key, *, height: float, widest: float
) -> tuple[Callable[[], Figure], Callable[[Axes], None]]:
    """Return how a picture of one panel is painted: as a figure, and in the user's axes."""

    def paint() -> Figure:
        figure, (panel,) = grid([""], key, height=height, widest=widest)
        draw(panel)
        return figure

    return paint, alone(draw, key)


def spread(values: Sequence[T], most: int) -> tuple[T, ...]:
    """Return a limited number of values, as evenly spaced as possible, with both ends."""
    count = len(values)
    if count <= most:
        return tuple(values)
    even = [k for k in range(most, 1, -1) if (count - 1) % (k - 1) == 0 and k >= most - 2]
    chosen = np.linspace(0, count - 1, even[0] if even else most).round().astype(int)
    return tuple(values[k] for k in chosen)
