"""Figure: how far the predictions of a narrower head are those of the full one."""

from __future__ import annotations

from matplotlib.figure import Figure

from superscope.figures.draw.axes import log_y, width_axis
from superscope.figures.draw.canvas import Key, grid
from superscope.figures.draw.drawable import caption, shown
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.repack.view import RANK, room_above, styles, way_marks
from superscope.repack import Repacking

TITLE = "How far predictions agree with the full head"
LEAST = 1e-6  # nats; a KL below this is 0 but for rounding


def agreement_drawing(found: Repacking) -> Drawing | Missing:
    """Return the figure of KL and of the share of equal top tokens, against rank."""
    values = [s.kl.value for s in found.scores if s.kl.value > LEAST]
    if not values:
        return Missing(TITLE, "All heads predict as the full head does.")

    def paint() -> Figure:
        figure, (left, right) = grid(
            ["KL to the full head", "same most probable token"], Key(tuple(way_marks(found))),
            height=2.8, x=[RANK, RANK], y=["KL, nats per token", "share of positions"],
        )  # fmt: skip
        for panel in (left, right):
            width_axis(panel, found.ranks)
        log_y(left, *room_above(values))
        right.set_ylim(0, 1.03)
        for way, style in styles(found).items():
            curve = found.curve(way)
            above = [s for s in curve if s.kl.value > LEAST]
            left.plot([s.rank for s in above], [s.kl.value for s in above], **style.line())
            right.errorbar([s.rank for s in curve], [s.agree.value for s in curve],
                           [s.agree.error or 0.0 for s in curve], elinewidth=1.0,
                           **style.line())  # fmt: skip
        return figure

    return Drawing(
        name="agreement",
        title=TITLE,
        caption=caption(
            f"Left: KL divergence of the full head's probabilities from those of narrower heads on "
            f"{shown(found.scored.name)}.",
            "Right: the share of positions where both have the same most probable token; bars are "
            "± one standard error, clustered by document.",
        ),
        label="KL divergence and share of equal top tokens against rank for each way.",
        paint=paint,
    )
