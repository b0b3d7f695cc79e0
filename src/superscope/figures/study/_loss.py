"""The figure of loss against width, a panel for each group of the law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from superscope.figures.draw.axes import limits, log_y, width_axis
from superscope.figures.draw.canvas import Key, block, line, mark, spread
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption, drawable_names, shown
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.panels import side_by_side
from superscope.figures.draw.style import DASHED
from superscope.figures.laws.view import BAND, FLOOR_COLOR, banded, shade
from superscope.figures.study.view import (
    NO_FAMILY,
    Point,
    cast_of,
    name_points,
    named_note,
    over,
    put,
)
from superscope.laws import Law
from superscope.laws.formula import Floats

if TYPE_CHECKING:
    from superscope.study import Study

TITLE = "Loss against width"
MOST_PANELS = 9
FAR_BELOW = 2.0  # times below the least loss; a floor further down would flatten the points


@dataclass(frozen=True, eq=False)
class Panel:
    """Members whose losses have one floor.

    Attributes
    ----------
    title
        Their family, empty if all members are of one.
    group
        Their number in the law; None without a law.
    points
        The members.
    """

    title: str
    group: int | None
    points: tuple[Point, ...]


def panels_of(study: Study) -> tuple[Panel, ...]:
    """Return the members whose loss is known, by the groups of the law or else by family."""
    groups: dict[tuple[int | None, str], list[Point]] = {}
    numbers = _groups_of(study.laws.loss)
    for row, point in enumerate(cast_of(study).evaluated, start=1):
        key = (numbers.get(row), point.member.family or NO_FAMILY)
        groups.setdefault(key, []).append(point)
    titles, _ = drawable_names([family for _, family in groups], 30)
    return tuple(
        Panel(title if len(groups) > 1 else "", group, tuple(points))
        for title, ((group, _), points) in zip(titles, groups.items(), strict=True)
    )


def _groups_of(law: Law | None) -> dict[int, int]:
    """Return the groups of a law's points by the row of the evaluated member, counted from 1."""
    if law is None:
        return {}
    return dict(zip(law.points.rows.tolist(), law.points.group.tolist(), strict=True))


def study_loss(study: Study) -> Drawing | Missing:
    """Return the figure of loss against width."""
    cast, law = cast_of(study), study.laws.loss
    if len(cast.evaluated) < 2:
        only = "Only one loss was evaluated." if cast.evaluated else "No loss was evaluated."
        return Missing(TITLE, only)
    found = panels_of(study)
    drawn = spread(found, MOST_PANELS)
    lowest = min(p.evaluation.loss for panel in drawn for p in panel.points)
    floors = [_floor(law, panel) for panel in drawn]
    near = [f for f in floors if f is not None and f > lowest / FAR_BELOW]

    points = [p for panel in drawn for p in panel.points]
    widths = [p.evaluation.model.width for p in points]
    low, high = limits(widths, least=2.0)
    high *= (high / low) ** 0.12  # room for the last name
    curves = [_curve(law, panel, over(low, high, widths)) for panel in drawn]
    seen = [_ends(p) for p in points]
    ends = limits(np.concatenate([*seen, near, *_between(curves, widths)]), 0.08, 1.1)

    def draw(axis: Axes, panel: Panel, curve: tuple[Floats, Floats] | None) -> None:
        log_y(axis, *ends)
        width_axis(axis, widths, low, high)
        _paint(axis, law, panel, curve, lowest / FAR_BELOW)

    key = Key((
        mark("measured, ± one standard error",
             points[0].style.color if len(drawn) == 1 else LIGHT["muted"]),
        *([line("law", "-")] * (law is not None)),
        *([block("95 % of the law", LIGHT["ink"], BAND)] * (law is not None and banded(law))),
        *([line("floor", DASHED, FLOOR_COLOR)] * bool(near)),
    ))  # fmt: skip
    paint, alone = side_by_side(
        [partial(draw, panel=p, curve=c) for p, c in zip(drawn, curves, strict=True)],
        [panel.title for panel in drawn],
        key,
        x="width m",
        y="loss, nats per token",
        columns=min(3, len(drawn)),
        height=3.3 if len(drawn) == 1 else 2.3,
        widest=6.4 if len(drawn) == 1 else 4.4,
    )
    return Drawing(
        name="study-loss",
        title=TITLE,
        caption=caption(
            "Mean loss on the text against width, on logarithmic axes.",
            "Bars reach one standard error, clustered by document, to both sides.",
            f"There is a panel for each of {len(found)} families." * (len(found) > 1),
            *_notes(study, found, drawn, floors, lowest),
            named_note(cast, max(len(panel.points) for panel in drawn)),
        ),
        label="Loss against width with error bars, the fitted curve, its band and its floor.",
        paint=paint,
        panel=alone,
    )


def _ends(point: Point) -> Floats:
    """Return a loss, and the ends of its bar where they are above 0."""
    e = point.evaluation
    bar = e.loss_se or 0.0
    return np.array([e.loss, e.loss + bar, max(e.loss - bar, e.loss / 2)])


def _floor(law: Law | None, panel: Panel) -> float | None:
    if law is None or panel.group is None:
        return None
    return float(law.vector[2 * len(law.form.terms) + panel.group])


def _curve(law: Law | None, panel: Panel, x: Floats) -> tuple[Floats, Floats] | None:
    if law is None or panel.group is None:
        return None
    return x, law.loss(x[:, None], np.full(len(x), panel.group))


def _between(curves: Sequence[tuple[Floats, Floats] | None], widths: Sequence[int]) -> list[Floats]:
    """Return the curves' values near the members, since a panel may cut off the curves' ends."""
    return [
        y[(x >= min(widths)) & (x <= max(widths))]
        for x, y in (curve for curve in curves if curve is not None)
    ]


def _paint(
    axis: Axes, law: Law | None, panel: Panel, curve: tuple[Floats, Floats] | None, least: float
) -> None:
    near: list[tuple[float, float]] = []
    if law is not None and curve is not None:
        x, y = curve
        with np.errstate(over="ignore"):
            band = law.band(x[:, None], np.full(len(x), panel.group))
            shade(axis, x, band.low, band.high)
        axis.plot(x, y, color=LIGHT["ink"], zorder=2.5)
        near += zip(x.tolist(), y.tolist(), strict=True)
        floor = _floor(law, panel)
        if floor is not None and floor > least:
            axis.axhline(floor, color=FLOOR_COLOR, linestyle=DASHED, linewidth=1, zorder=2)
            near += [(float(at), floor) for at in x]
    at = [(float(p.evaluation.model.width), p.evaluation.loss) for p in panel.points]
    for point, (width, loss) in zip(panel.points, at, strict=True):
        put(axis, point, width, loss, error=point.evaluation.loss_se)
        _, high, low = _ends(point)
        near += [(width, float(end)) for end in np.linspace(low, high, 7)]
    name_points(axis, panel.points, at, near)


def _notes(
    study: Study, found: Sequence[Panel], drawn: Sequence[Panel],
    floors: Sequence[float | None], lowest: float,
) -> tuple[str, ...]:  # fmt: skip
    """Return the sentences about the law, and about points that are not drawn."""
    law = study.laws.loss
    hidden = sum(f is not None and f <= lowest / FAR_BELOW for f in floors)
    alone = sum(p.evaluation.loss_se is None for panel in drawn for p in panel.points)
    return (
        f"Drawn are {len(drawn)} of {len(found)} families." * (len(drawn) < len(found)),
        f"No law: {shown(study.laws.missing.get('loss', 'none was fitted'))}."
        if law is None else "",
        f"The law is {law.doubt}." if law is not None and law.doubt else "",
        "Without a degree of freedom the law has no band."
        if law is not None and not banded(law) else "",
        f"Floors too far below the points to be drawn: {hidden} of {len(floors)}." * bool(hidden),
        f"Losses without a standard error, because they are of a single document: {alone}."
        * bool(alone),
    )  # fmt: skip
