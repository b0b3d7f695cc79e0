"""What a figure of a training is made of: a panel each for overlap, norms, and the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from superscope.figures.draw.axes import limits, log_y
from superscope.figures.draw.canvas import line
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.style import DASHED, DOTTED
from superscope.figures.watch.view import Floats, column, kind_color, steps_of
from superscope.geometry.baselines import welch_floor
from superscope.watch import EventKind, Trace

RAW, CENTERED = LIGHT["raw"], LIGHT["centered"]
RAW_LINE = ("raw rows", "-", RAW)
CENTERED_LINE = ("mean-centered rows", "-", CENTERED)
CHANCE_LINE = ("random rows", DASHED, LIGHT["ink"])
ROWS = {
    EventKind.DEAD: "dead_rows",
    EventKind.RUNAWAY: "runaway_rows",
    EventKind.STILL: "still_rows",
    EventKind.ABANDONED: "abandoned_rows",
}
_MOST_MARKS = 60  # observations that get a mark each


@dataclass(frozen=True)
class Part:
    """A panel.

    Attributes
    ----------
    title
        What it shows.
    y
        Label of its axis.
    lines
        Label, dash and color of each of its lines, for the key.
    draw
        Draws it.
    said
        A sentence for the caption.
    """

    title: str
    y: str
    lines: tuple[tuple[str, object, str], ...]
    draw: Callable[[Axes], None]
    said: str

    @property
    def marks(self) -> list[Line2D]:
        """Entries of the key."""
        return [line(label, dash, color) for label, dash, color in self.lines]


def parts_of(trace: Trace) -> dict[str, Part]:
    """Return the panels that a trace has numbers for, by name."""
    made = {
        "overlap": _overlap(trace),
        "effective-width": _effective_width(trace),
        "norms": _norms(trace),
        "mean-row": _mean_row(trace),
        "update": _update(trace),
        "rows": _rows(trace),
        "loss": _loss(trace),
    }
    return {name: part for name, part in made.items() if part is not None}


def _put(panel: Axes, steps: Floats, values: Floats, color: str, dash: object = "-") -> None:
    """Draw a line, with a mark for each observation where they are few."""
    marker = "o" if len(steps) <= _MOST_MARKS else ""
    panel.plot(steps, values, color=color, linestyle=dash, marker=marker, markersize=2.6,
               linewidth=1.3, markeredgewidth=0, zorder=3)  # fmt: skip


def _level(panel: Axes, steps: Floats, values: Floats, color: str, dash: object) -> None:
    """Draw what seldom changes: across the panel if it never does."""
    look: dict[str, Any] = {"color": color, "linestyle": dash, "linewidth": 1.1}
    if len({*values.tolist()}) == 1 and np.isfinite(values[0]):
        panel.axhline(float(values[0]), **look)
    else:
        panel.plot(steps, values, drawstyle="steps-post", **look)


def _known(*columns: Floats) -> bool:
    return any(bool(np.isfinite(values).any()) for values in columns)


def _overlap(trace: Trace) -> Part | None:
    steps = steps_of(trace)
    seen = [point.observation for point in trace.points]
    raw = column(o.mean_square_overlap for o in seen)
    centered = column(o.mean_square_overlap_centered for o in seen)
    if not _known(raw, centered):
        return None
    chance = column(1 / o.width if o.width else None for o in seen)
    floor = column(
        welch_floor(o.features, o.width) if o.features and o.width else None for o in seen
    )

    def draw(panel: Axes) -> None:
        log_y(panel, *limits([*raw, *centered, *chance, *floor], 0.08, 2.0))
        _level(panel, steps, chance, LIGHT["ink"], DASHED)
        _level(panel, steps, floor, LIGHT["ink"], DOTTED)
        _put(panel, steps, raw, RAW)
        _put(panel, steps, centered, CENTERED)

    lines = (RAW_LINE, CENTERED_LINE, CHANCE_LINE, ("Welch floor", DOTTED, LIGHT["ink"]))
    return Part("overlap", "mean square overlap", lines, draw,
                "Mean c² of the rows as they are and mean-centered, beside that of random rows, "
                "1/m, and the Welch floor.")  # fmt: skip


def _effective_width(trace: Trace) -> Part | None:
    steps = steps_of(trace)
    seen = [point.observation for point in trace.points]
    raw = column(o.effective_width for o in seen)
    centered = column(o.effective_width_centered for o in seen)
    if not _known(raw, centered):
        return None
    width = column(o.width for o in seen)

    def draw(panel: Axes) -> None:
        _level(panel, steps, width, LIGHT["muted"], DASHED)
        _put(panel, steps, raw, RAW)
        _put(panel, steps, centered, CENTERED)
        panel.set_ylim(0, 1.08 * float(np.nanmax([*raw, *centered, *width])))

    lines = (RAW_LINE, CENTERED_LINE, ("width m", DASHED, LIGHT["muted"]))
    return Part("effective width", "effective width", lines, draw,
                "The effective width is the participation ratio of the spectrum, at most "
                "m.")  # fmt: skip


def _norms(trace: Trace) -> Part | None:
    steps = steps_of(trace)
    mean = column(p.observation.norm_mean for p in trace.points)
    spread = mean * column(p.observation.norm_cv for p in trace.points)
    if not _known(mean):
        return None

    def draw(panel: Axes) -> None:
        low = np.maximum(mean - spread, 0)
        panel.fill_between(steps, low, mean + spread, color=RAW, alpha=0.22, linewidth=0, zorder=2)
        _put(panel, steps, mean, RAW)
        panel.set_ylim(0, 1.08 * float(np.nanmax([*mean, *(mean + spread)])))

    return Part("row norms", "norm", (RAW_LINE,), draw,
                "Of the norms the line is the mean, and the band is ± one standard deviation "
                "over the rows.")  # fmt: skip


def _mean_row(trace: Trace) -> Part | None:
    steps, share = steps_of(trace), column(p.mean_row_share for p in trace.points)
    if not _known(share):
        return None

    def draw(panel: Axes) -> None:
        _put(panel, steps, share, RAW)
        panel.set_ylim(0, max(0.1, 1.1 * float(np.nanmax(share))))

    return Part("what all rows share", "share of the mean row", (RAW_LINE,), draw,
                "What all rows share is the squared norm of the mean row over the mean square "
                "norm of the rows.")  # fmt: skip


def _update(trace: Trace) -> Part | None:
    steps = steps_of(trace)
    drift = column(p.drift_update for p in trace.points)
    own = column(p.own_update for p in trace.points)
    values = [v for v in (*drift, *own) if v > 0]
    if not values:
        return None
    colors = {"change that all rows share": LIGHT["frequency"], "change of their own": LIGHT["ink"]}

    def draw(panel: Axes) -> None:
        log_y(panel, *limits(values, 0.08, 2.0))
        for change, color in zip((drift, own), colors.values(), strict=True):
            _put(panel, steps, np.where(change > 0, change, np.nan), color)

    lines = tuple((label, "-", color) for label, color in colors.items())
    return Part("change since the last observation", "change, over the rms norm", lines, draw,
                "Changes since the last observation are split into what all rows share and the "
                "root mean square of what each does beyond it, over the rms norm.")  # fmt: skip


def _rows(trace: Trace) -> Part | None:
    steps = steps_of(trace)
    counts = {kind: column(getattr(p, name) for p in trace.points) for kind, name in ROWS.items()}
    counts = {kind: count for kind, count in counts.items() if np.nanmax([0.0, *count]) > 0}
    if not counts:
        return None

    def draw(panel: Axes) -> None:
        for kind, count in counts.items():
            _put(panel, steps, count, kind_color(kind))
        panel.set_ylim(0, 1.1 * max(float(np.nanmax(count)) for count in counts.values()))
        panel.yaxis.set_major_locator(MaxNLocator(5, integer=True))

    lines = tuple((f"{kind} rows", "-", kind_color(kind)) for kind in counts)
    return Part("rows to look at", "rows", lines, draw,
                "Dead rows are near zero, runaway rows far longer than the median; still rows did "
                "not change, and abandoned ones have long moved only as all do.")  # fmt: skip


def _loss(trace: Trace) -> Part | None:
    steps, loss = steps_of(trace), column(p.observation.loss for p in trace.points)
    if not _known(loss):
        return None

    def draw(panel: Axes) -> None:
        _put(panel, steps, loss, LIGHT["ink"])

    return Part("loss", "nats per token", (("loss", "-", LIGHT["ink"]),), draw,
                "The loss is the one that the training reported.")  # fmt: skip
