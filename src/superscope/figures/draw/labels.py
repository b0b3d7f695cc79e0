"""Names beside points, where they cover least of what is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from superscope.figures.draw.colors import LIGHT

SIZE = 7.5  # points
_MARK = 4.0  # half the side of a mark and its bars, in points
_LINE = 1.5  # likewise of what is drawn around
_OUTSIDE, _LABEL, _POINT, _AROUND = 8.0, 4.0, 3.0, 0.4  # how bad it is to cover these
_FAR = 0.8  # how bad it is to be a point further away
Box = tuple[float, float, float, float]


def put_labels(
    panel: Axes,
    at: Sequence[tuple[float, float]],
    texts: Sequence[str],
    around: Sequence[tuple[float, float]] = (),
    *,
    weight: str = "normal",
) -> None:
    """Write each text beside its point; the panel's limits and place must be set.

    Parameters
    ----------
    panel
        Where.
    at, texts
        Points in data coordinates, and what is written beside each.
    around
        Other points not to be covered, such as those of a curve.
    weight
        Of all texts.
    """
    marks = [_box(p, _MARK) for p in _in_points(panel, at)]
    lines = [_box(p, _LINE) for p in _in_points(panel, around)]
    edge = panel.get_window_extent()
    scale = _scale(panel)
    inside = (edge.x0 * scale, edge.y0 * scale, edge.x1 * scale, edge.y1 * scale)
    taken: list[Box] = []
    for point, here, text in zip(at, _in_points(panel, at), texts, strict=True):
        width = _width(text, weight)
        tries = [(dx, dy, _placed(here, dx, dy, width)) for dx, dy in _offsets(width)]

        def cost(tried: tuple[float, float, Box], here: tuple[float, float] = here) -> float:
            box = tried[2]
            return (
                _OUTSIDE * (_area(box) - _common(box, inside))
                + _LABEL * sum(_common(box, other) for other in taken)
                + _POINT * sum(_common(box, other) for other in marks)
                + _AROUND * sum(_common(box, other) for other in lines)
                + _FAR * _away(tried[2], here)
            )

        dx, dy, box = min(tries, key=cost)
        taken.append(box)
        panel.annotate(
            text, point, xytext=(dx, dy), textcoords="offset points", fontsize=SIZE,
            fontweight=weight, ha="left", va="center_baseline", color=LIGHT["ink"], zorder=6,
            annotation_clip=False,
        )  # fmt: skip


def _offsets(width: float) -> list[tuple[float, float]]:
    """Return where the left end of a text may stand: right, left, above and below its point."""
    places = []
    for away in (0.0, 7.0, 15.0):
        right, left, middle, up = 7 + away, -7 - away - width, -width / 2, 10 + away
        places += [
            (right, 5), (right, -5), (right, 0), (left, 5), (left, -5), (left, 0), (middle, up),
            (middle, -up), (right - 5, up), (left + 5, up), (right - 5, -up), (left + 5, -up),
        ]  # fmt: skip
    return places


def _width(text: str, weight: str) -> float:
    """Return the width of a text in points."""
    font = FontProperties(weight=weight)
    return float(TextPath((0, 0), text, size=SIZE, prop=font).get_extents().width)


def _placed(here: tuple[float, float], dx: float, dy: float, width: float) -> Box:
    x, y = here[0] + dx, here[1] + dy
    return (x - 1, y - 0.55 * SIZE, x + width + 1, y + 0.55 * SIZE)


def _scale(panel: Axes) -> float:
    figure = panel.get_figure()
    assert figure is not None
    return 72.0 / float(figure.dpi)


def _in_points(panel: Axes, at: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    if not len(at):
        return []
    moved = panel.transData.transform(np.array(at, np.float64)) * _scale(panel)
    return [(float(x), float(y)) for x, y in moved if np.isfinite(x) and np.isfinite(y)]


def _box(point: tuple[float, float], half: float) -> Box:
    return (point[0] - half, point[1] - half, point[0] + half, point[1] + half)


def _away(box: Box, here: tuple[float, float]) -> float:
    """Return how far a point is from a box."""
    x = max(box[0] - here[0], 0.0, here[0] - box[2])
    y = max(box[1] - here[1], 0.0, here[1] - box[3])
    return math.hypot(x, y)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _common(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, up)
