"""Figure: what a head of each rank costs, with its law and that of a family."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes

from superscope.figures.draw.axes import log_y, width_axis
from superscope.figures.draw.canvas import Key, block, line, one_panel
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption, drawable, shown
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.style import DASHED, DOTTED
from superscope.figures.laws.view import BAND, banded, between, shade, term_curve
from superscope.figures.repack.view import RANK, WIDEST, room_above, styles, way_marks
from superscope.laws import Law
from superscope.laws.formula import Floats
from superscope.repack import HeadScore, Repacking
from superscope.repack.through_width import ThroughWidth
from superscope.repack.width_law import BEST, FamilyLaw

TITLE = "What a narrower head costs"
FAMILY = LIGHT["muted"]
SHORTEST = 0.2  # of a value: how far down a bar goes at most, on a logarithmic axis


def curve_drawing(found: Repacking) -> Drawing | Missing:
    """Return the figure of loss over that of the full head, against rank."""
    drawn = {way: _above_zero(found.curve(way)) for way in found.ways}
    values = [s.excess.value for scores in drawn.values() for s in scores]
    if not values:
        return Missing(TITLE, "No narrower head has a greater loss than the full head.")
    best, family = found.law(BEST), found.family
    law = None if best is None else best.law
    through = None if best is None else best.through
    members = _members(family, found.width) if family is not None else (np.empty(0), np.empty(0))
    widths = [*found.ranks, found.width, *([] if law is None else [2 * found.width])]
    widths += [int(m) for m in members[0]]
    ends = room_above([*values, *members[1], *_ends(law, found.width)])
    key = Key((
        *way_marks(found),
        *([line("law, floor at the full head", "-")] if law is not None else []),
        *([line("continued", DASHED)] if law is not None else []),
        *([block("95 % of that law", LIGHT["ink"], BAND)]
          if law is not None and banded(law) else []),
        *([line("law, 0 at m", DOTTED)] if through is not None else []),
        *([line("family, over its loss at m", "-", FAMILY, 2.4)] if family is not None else []),
        line("full width m", (0, (6, 1.6, 1, 1.6)), LIGHT["muted"]),
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        low, high = width_axis(panel, widths)
        log_y(panel, *ends)
        panel.axvline(found.width, color=LIGHT["muted"], linestyle=(0, (6, 1.6, 1, 1.6)),
                      linewidth=1.0)  # fmt: skip
        below = between(low, 0.995 * found.width)
        if family is not None:
            panel.plot(below, _family(family.law, below, found.width), color=FAMILY, linewidth=2.4)
            panel.plot(*members, linestyle="none", marker="*", color=FAMILY, markersize=7)
        for way, style in styles(found).items():
            _put(panel, drawn[way], style.line())
        if law is not None:
            _law(panel, law, found.width, high)
        if through is not None:
            panel.plot(below, through.excess(below), color=LIGHT["ink"], linestyle=DOTTED,
                       linewidth=1.5, zorder=2.6)  # fmt: skip
        panel.set_xlabel(RANK if family is None else "rank r of the head, or width of a model")
        panel.set_ylabel("loss over the full head, nats per token")

    paint, panel = one_panel(draw, key, height=3.4, widest=WIDEST)
    hidden = len(found.scores) - len(values)
    return Drawing(
        name="curve",
        title=TITLE,
        caption=caption(
            f"Loss of heads of {drawable(found.model)} over that of the full head (m = "
            f"{found.width:,}) on {shown(found.scored.name)}, on logarithmic axes.",
            "Bars are ± one standard error of paired differences, clustered by document.",
            f"Not above 0, and so not drawn: {hidden} of {len(found.scores)} heads." * bool(hidden),
            *_said(law, through),
            "" if family is None else
            f"The family ({shown(family.name)}) is drawn as what a smaller width costs it, over "
            f"its law at m; stars are its members below m.",
        ),
        label="Loss over the full head against rank for each way to make the head narrower, with "
        "the fitted law.",
        paint=paint,
        panel=panel,
    )  # fmt: skip


def _said(law: Law | None, through: ThroughWidth | None) -> Iterator[str]:
    if law is not None:
        doubt = f" It is {law.doubt}." if law.doubt else ""
        yield (
            f"The law of the best way falls as r to the power −{law.parameters['alpha']:.2f}; "
            f"beyond the ranks it is fitted to it is extrapolated.{doubt}"
        )
    if through is not None:
        yield f"The law that is 0 at m has the power −{through.exponent.value:.2f}."


def _above_zero(scores: tuple[HeadScore, ...]) -> list[HeadScore]:
    return [s for s in scores if s.excess.value > 0]


def _put(panel: Axes, scores: list[HeadScore], look: dict[str, object]) -> None:
    values = [s.excess.value for s in scores]
    errors = [s.excess.error or 0.0 for s in scores]
    down = [min(e, (1 - SHORTEST) * v) for e, v in zip(errors, values, strict=True)]
    panel.errorbar([s.rank for s in scores], values, [down, errors], elinewidth=1.0, zorder=3,
                   **look)  # type: ignore[arg-type]  # fmt: skip


def _law(panel: Axes, law: Law, width: int, high: float) -> None:
    least, most = (float(of(law.points.inputs[:, 0])) for of in (np.min, np.max))
    inside, beyond = between(least, most), between(most, min(2 * width, high))
    for x, style in ((inside, "-"), (beyond, DASHED)):
        value, low, above = term_curve(law, 0, x)
        shade(panel, x, low, above)
        panel.plot(x, value, color=LIGHT["ink"], linestyle=style, linewidth=1.3, zorder=2.5)


def _ends(law: Law | None, width: int) -> list[float]:
    """Return the law's last value, which the axis should hold."""
    return [] if law is None else [float(term_curve(law, 0, np.array([2.0 * width]))[0][0])]


def _family(law: Law, widths: Floats, width: int) -> Floats:
    """Return what smaller widths cost a family."""
    at_width = term_curve(law, 0, np.array([float(width)]))[0]
    return np.asarray(term_curve(law, 0, widths)[0] - at_width, np.float64)


def _members(family: FamilyLaw, width: int) -> tuple[Floats, Floats]:
    """Return widths below m and losses of a family over its law at m."""
    law, points = family.law, family.law.points
    floors = law.vector[2 * len(law.form.terms) + points.group]
    at_width = float(term_curve(law, 0, np.array([float(width)]))[0][0])
    over = np.asarray(points.loss - floors - at_width, np.float64)
    kept = (points.inputs[:, 0] < width) & (over > 0)
    return points.inputs[kept, 0], over[kept]
