"""The figure of what the project is about: do interference and loss go together?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.axes import limits, log_x, log_y
from superscope.figures.draw.canvas import Key, grid
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.study._overlap import Side, sides
from superscope.figures.study.view import (
    Point,
    cast_of,
    family_marks,
    name_points,
    named_note,
    put,
)

if TYPE_CHECKING:
    from superscope.evaluation import Evaluation
    from superscope.study import Study

TITLE = "Loss against interference"
SAME_TOKENIZER = 1.02  # times; bytes per token further apart are of different tokenizers


def study_overlap_loss(study: Study) -> Drawing | Missing:
    """Return the figure of loss against mean square overlap."""
    cast, both = cast_of(study), sides(study)
    evaluated = set(cast.evaluated)
    points = [
        p for p in cast.measured
        if p in evaluated and all(side.of(p).mean_square_overlap > 0 for side in both)
    ]  # fmt: skip
    if len(points) < 2:
        one = "Only one member has" if points else "No member has"
        return Missing(TITLE, f"{one} both a measured head, with an overlap above 0, and a loss.")
    bits = _tokenizers_differ(points)

    def paint() -> Figure:
        label = "loss, bits per byte" if bits else "loss, nats per token"
        figure, panels = grid(
            [side.name for side in both], Key(tuple(family_marks(points))), height=3.0,
            x=["mean square overlap"] * 2, y=[label] * 2,
        )  # fmt: skip
        losses = [_loss(p.evaluation, bits) for p in points]
        ends = [v + e for v, e in losses] + [v - e for v, e in losses]
        for panel, side in zip(panels, both, strict=True):
            overlaps = [side.of(p).mean_square_overlap for p in points]
            log_x(panel, *limits(overlaps, 0.08, 1.5))
            log_y(panel, *limits(ends, 0.08, 1.1))
            _paint(panel, side, points, losses)
        return figure

    return Drawing(
        name="study-overlap-loss",
        title=TITLE,
        caption=caption(
            "Loss of each member against the mean square overlap of its head.",
            "Bars reach one standard error of the loss to both sides.",
            "No law is fitted here. Width changes both, so points on a line do not show that one "
            "causes the other.",
            "The members split the text into tokens differently. Their losses are therefore in "
            "bits per byte, which can be compared." * bits,
            named_note(cast, len(points)),
        ),
        label="Loss against mean square overlap, raw and mean-centered, a point for each member.",
        paint=paint,
    )


def _tokenizers_differ(points: Sequence[Point]) -> bool:
    lengths = [p.evaluation.text.nbytes / p.evaluation.scored for p in points]
    return max(lengths) > SAME_TOKENIZER * min(lengths)


def _loss(evaluation: Evaluation, bits: bool) -> tuple[float, float]:
    """Return a loss and its standard error, 0 if it has none."""
    if bits:
        return evaluation.bits_per_byte, evaluation.bits_per_byte_se or 0.0
    return evaluation.loss, evaluation.loss_se or 0.0


def _paint(
    panel: Axes, side: Side, points: Sequence[Point], losses: Sequence[tuple[float, float]]
) -> None:
    at = [
        (side.of(p).mean_square_overlap, loss) for p, (loss, _) in zip(points, losses, strict=True)
    ]
    for point, (x, y), (_, error) in zip(points, at, losses, strict=True):
        put(panel, point, x, y, error=error or None)
    bars = [
        (x, float(end))
        for (x, y), (_, error) in zip(at, losses, strict=True)
        for end in np.linspace(y - error, y + error, 5)
    ]
    name_points(panel, points, at, bars)
