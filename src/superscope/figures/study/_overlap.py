"""The figure of interference: mean square overlap against width, raw and mean-centered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from superscope.figures.draw.axes import limits, log_y, width_axis
from superscope.figures.draw.canvas import Key, block, grid, line, mark
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption, shown
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.style import DASHED
from superscope.figures.laws.view import BAND, banded, shade
from superscope.figures.study.view import (
    Point,
    cast_of,
    family_marks,
    name_points,
    named_note,
    over,
    put,
)
from superscope.geometry import Overlap
from superscope.laws import Law
from superscope.text import counted

if TYPE_CHECKING:
    from superscope.study import Study

TITLE = "Interference against width"


@dataclass(frozen=True, eq=False)
class Side:
    """One panel: a centering, its law, and each member's overlaps.

    Attributes
    ----------
    name
        What it is called.
    center
        Of :class:`~superscope.geometry.Overlap`.
    law
        Of its overlaps; None if there is none.
    weighted
        Whether overlaps weighted by the text are drawn as well.
    """

    name: str
    center: str
    law: Law | None
    weighted: bool

    def of(self, point: Point) -> Overlap:
        """Return a member's overlaps under this centering."""
        return point.geometry.raw if self.center == "none" else point.geometry.centered

    def weighted_of(self, point: Point) -> float | None:
        """Return its mean square overlap between tokens of the text, if that is drawn."""
        weighted = self.of(point).weighted
        return None if weighted is None or not self.weighted else weighted.mean_square_overlap

    def values(self, points: Sequence[Point]) -> list[float]:
        """Return all that is drawn of members, where it is above 0."""
        found = [self.of(p).mean_square_overlap for p in points]
        found += [v for v in map(self.weighted_of, points) if v is not None]
        return [v for v in found if v > 0]


def sides(study: Study) -> tuple[Side, Side]:
    """Return what the panels show."""
    laws = study.laws
    return (
        Side("raw rows", "none", laws.overlap, False),
        Side("mean-centered rows", "mean", laws.overlap_centered, True),
    )


def study_overlap(study: Study) -> Drawing | Missing:
    """Return the figure of mean square overlap against width."""
    cast, both = cast_of(study), sides(study)
    points = cast.measured
    if not points:
        return Missing(TITLE, "No head was measured.")
    values = [v for side in both for v in side.values(points)]
    if not values:
        return Missing(TITLE, "No two rows of any head overlap.")
    weighted = any(side.weighted_of(p) is not None for side in both for p in points)

    def paint() -> Figure:
        laws = [side.law for side in both if side.law is not None]
        key = Key((
            *(family_marks(points) or [mark("all pairs of rows", points[0].style.color)]),
            *([_hollow("between tokens of the text")] * weighted),
            *([line("law m^(−s)", "-")] * bool(laws)),
            *([block("95 % of the law", LIGHT["ink"], BAND)] * any(map(banded, laws))),
            line("chance, 1/m", DASHED),
        ))  # fmt: skip
        figure, panels = grid([_title(s) for s in both], key, height=3.0, x="width m",
                              y="mean square overlap")  # fmt: skip
        widths = [p.width for p in points]
        low, high = limits(widths, least=2.0)
        high *= (high / low) ** 0.12  # room for the last name
        seen = [*values, *(1 / w for w in widths)]
        log_y(panels[0], *limits(seen, 0.08, 2.0))
        for panel, side in zip(panels, both, strict=True):
            width_axis(panel, widths, low, high)
            _paint(panel, side, points, (low, high))
        return figure

    return Drawing(
        name="study-overlap",
        title=TITLE,
        caption=caption(
            "Mean square overlap of the rows of each head, over all pairs of different rows, on "
            "logarithmic axes.",
            "Random directions lie on the dashed line, 1/m. Above it, rows overlap more than by "
            "chance.",
            "Rings show the mean over two different tokens drawn from the text, mean-centered, in "
            "which frequent tokens count for more." * weighted,
            "Each law is one line for all families." * _mixed(points),
            *_law_notes(study),
            _zero_note(both, points),
            "" if _mixed(points) else named_note(cast, len(points)),
        ),
        label="Mean square overlap against width, of raw and of mean-centered rows, with fitted "
        "powers of the width and the line of chance.",
        paint=paint,
    )


def _hollow(label: str) -> Line2D:
    return mark(label, LIGHT["muted"], markerfacecolor="none", markeredgewidth=1.4)


def _title(side: Side) -> str:
    if side.law is None:
        return f"{side.name}, no law"
    value, interval = side.law.parameters["alpha"], side.law.intervals["alpha"]
    return f"{side.name}, s = {value:.3g} ({interval})"


def _paint(panel: Axes, side: Side, points: Sequence[Point], ends: tuple[float, float]) -> None:
    widths = [p.width for p in points]
    x = over(*ends, widths)
    panel.plot(x, 1 / x, color=LIGHT["ink"], linestyle=DASHED, linewidth=1, zorder=2.4)
    drawn = [1 / x]
    if side.law is not None:
        group = np.zeros(len(x), np.int64)
        with np.errstate(over="ignore"):
            band = side.law.band(x[:, None], group)
            shade(panel, x, band.low, band.high)
        curve = side.law.loss(x[:, None], group)
        panel.plot(x, curve, color=LIGHT["ink"], zorder=2.5)
        drawn.append(curve)
    at = []
    for point in points:
        value, weighted = side.of(point).mean_square_overlap, side.weighted_of(point)
        if weighted is not None and weighted > 0:
            put(panel, point, point.width, weighted, hollow=True)
        if value > 0:
            put(panel, point, point.width, value)
            at.append((point, (float(point.width), value)))
    if _mixed(points):  # marks and widths distinguish them, and names would overlap
        return
    near = [(a, b) for curve in drawn for a, b in zip(x[::2], curve[::2], strict=True)]
    near += [(p.width, w) for p in points if (w := side.weighted_of(p)) is not None and w > 0]
    name_points(panel, [p for p, _ in at], [where for _, where in at], near)


def _mixed(points: Sequence[Point]) -> bool:
    return len({p.family for p in points}) > 1


def _law_notes(study: Study) -> list[str]:
    """Return what each law lacks."""
    notes = []
    for side, key in zip(sides(study), ("overlap", "overlap_centered"), strict=True):
        if side.law is None:
            why = study.laws.missing.get(key, "none was fitted")
            notes.append(f"No law of {side.name}: {shown(why)}.")
            continue
        if side.law.doubt:
            notes.append(f"The law of {side.name} is {side.law.doubt}.")
        if not banded(side.law):
            notes.append(f"Without a degree of freedom the law of {side.name} has no band.")
    return notes


def _zero_note(both: Sequence[Side], points: Sequence[Point]) -> str:
    zero = sum(
        not (math.isfinite(v) and v > 0)
        for side in both
        for v in (side.of(p).mean_square_overlap for p in points)
    )
    if not zero:
        return ""
    return f"{counted(zero, 'overlap')} of 0 cannot be shown on a logarithmic axis."
