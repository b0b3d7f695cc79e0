"""Names beside points, where they cover least of what is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from numpy.typing import NDArray

from superscope.figures.draw.colors import LIGHT

LABEL_SIZE = 7.5  # points
_MARK = 4.0  # half the side of a mark and its bars, in points
_LINE = 1.5  # likewise of what is drawn around
_OUTSIDE, _LABEL, _POINT, _AROUND = 8.0, 4.0, 3.0, 0.4  # how bad it is to cover these
_FAR = 0.8  # how bad it is to be a point further away
Floats = NDArray[np.float64]


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
    marks = _boxes(_in_points(panel, at), _MARK)
    lines = _boxes(_in_points(panel, around), _LINE)
    edge = panel.get_window_extent()
    inside = np.array([[edge.x0, edge.y0, edge.x1, edge.y1]]) * _scale(panel)
    taken = np.empty((0, 4))
    for point, here, text in zip(at, _in_points(panel, at), texts, strict=True):
        width = _width(text, weight)
        offsets = _offsets(width)
        tries = _placed(here, offsets, width)
        cost = (
            _OUTSIDE * (_area(tries) - _common(tries, inside))
            + _LABEL * _common(tries, taken)
            + _POINT * _common(tries, marks)
            + _AROUND * _common(tries, lines)
            + _FAR * _away(tries, here)
        )
        best = int(cost.argmin())
        taken = np.vstack([taken, tries[best]])
        dx, dy = map(float, offsets[best])
        panel.annotate(
            text, point, xytext=(dx, dy), textcoords="offset points", fontsize=LABEL_SIZE,
            fontweight=weight, ha="left", va="center_baseline", color=LIGHT["ink"], zorder=6,
            annotation_clip=False,
        )  # fmt: skip


def _offsets(width: float) -> Floats:
    """Return where the left end of a text may stand: right, left, above and below its point."""
    places: list[tuple[float, float]] = []
    for away in (0.0, 7.0, 15.0):
        right, left, middle, up = 7 + away, -7 - away - width, -width / 2, 10 + away
        places += [
            (right, 5), (right, -5), (right, 0), (left, 5), (left, -5), (left, 0), (middle, up),
            (middle, -up), (right - 5, up), (left + 5, up), (right - 5, -up), (left + 5, -up),
        ]  # fmt: skip
    return np.array(places)


def _width(text: str, weight: str) -> float:
    """Return the width of a text in points."""
    font = FontProperties(weight=weight, size=LABEL_SIZE)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def _placed(here: Floats, offsets: Floats, width: float) -> Floats:
    """Return the boxes of a text at some offsets from its point."""
    x, y = (here + offsets).T
    half = 0.55 * LABEL_SIZE
    return np.column_stack([x - 1, y - half, x + width + 1, y + half])


def _scale(panel: Axes) -> float:
    figure = panel.get_figure()
    assert figure is not None
    return 72.0 / float(figure.dpi)


def _in_points(panel: Axes, at: Sequence[tuple[float, float]]) -> Floats:
    moved = panel.transData.transform(np.array(at, np.float64).reshape(-1, 2)) * _scale(panel)
    found: Floats = moved[np.isfinite(moved).all(axis=1)]
    return found


def _boxes(points: Floats, half: float) -> Floats:
    return np.hstack([points - half, points + half])


def _away(boxes: Floats, here: Floats) -> Floats:
    """Return how far a point is from each box."""
    apart = np.maximum(0.0, np.maximum(boxes[:, :2] - here, here - boxes[:, 2:]))
    return np.hypot(apart[:, 0], apart[:, 1])


def _area(boxes: Floats) -> Floats:
    area: Floats = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return area


def _common(boxes: Floats, others: Floats) -> Floats:
    """Return the area that each box has in common with some others, added up."""
    low = np.maximum(boxes[:, None, :2], others[:, :2])
    high = np.minimum(boxes[:, None, 2:], others[:, 2:])
    common: Floats = np.prod(np.maximum(0.0, high - low), axis=2).sum(axis=1)
    return common
