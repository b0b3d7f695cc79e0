"""Figure: how much the rows of a narrower head overlap, beside what rows of its rank can."""

from __future__ import annotations

from matplotlib.axes import Axes

from superscope.figures.draw.axes import log_y, width_axis
from superscope.figures.draw.canvas import Key, line, one_panel
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption, drawable
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.style import DASHED, DOTTED
from superscope.figures.laws.view import between
from superscope.figures.repack.view import RANK, WIDEST, room_above, styles, way_marks
from superscope.geometry.baselines import welch_floor
from superscope.repack import Repacking

TITLE = "Overlap of the rows of a narrower head"


def overlap_drawing(found: Repacking) -> Drawing | Missing:
    """Return the figure of mean square overlap against rank."""
    drawn = {
        way: [(s.rank, s.overlap.centered) for s in found.curve(way) if s.overlap.centered]
        for way in found.ways
    }
    full = found.full.overlap.centered
    values = [c for points in drawn.values() for _, c in points]
    if not values:
        return Missing(TITLE, "Mean-centered rows of these heads do not overlap.")
    widths = [*found.ranks, found.width]
    floors = [welch_floor(found.rows, rank) for rank in widths]
    key = Key((
        *way_marks(found),
        *([line("full head", DASHED, LIGHT["muted"])] if full else []),
        line("random rows, 1/r", DASHED),
        line("Welch floor", DOTTED),
    ))  # fmt: skip
    ends = room_above([*values, *floors, *([full] if full else []), *(1 / w for w in widths)])

    def draw(panel: Axes) -> None:
        low, high = width_axis(panel, widths)
        log_y(panel, *ends)
        x = between(low, high)
        panel.plot(x, 1 / x, color=LIGHT["ink"], linestyle=DASHED, linewidth=1.2)
        floor = (found.rows - x) / (x * (found.rows - 1))  # of rows that are more than columns
        panel.plot(x[floor > 0], floor[floor > 0], color=LIGHT["ink"], linestyle=DOTTED)
        if full:
            panel.axhline(full, color=LIGHT["muted"], linestyle=DASHED, linewidth=1.0)
        for way, style in styles(found).items():
            if drawn[way]:
                panel.plot(*zip(*drawn[way], strict=True), zorder=3, **style.line())
        panel.set_xlabel(RANK)
        panel.set_ylabel("mean square overlap, mean-centered")

    paint, panel = one_panel(draw, key, height=3.1, widest=WIDEST)
    return Drawing(
        name="overlap",
        title=TITLE,
        caption=caption(
            f"Mean c² of the mean-centered rows of heads of {drawable(found.model)} "
            f"({found.rows:,} rows), on logarithmic axes.",
            "Random rows of rank r have 1/r; no rows of rank r have less than the Welch floor. "
            "A way of a low loss need not overlap little: it keeps what the text uses.",
            "Rows of blocks with several ranks span more directions than the rank they stand at, "
            "so that these lines do not bound them."
            * any(score.row_rank > score.rank for score in found.scores),
        ),
        label="Mean square overlap against rank for each way, with the lines of random rows and of "
        "the Welch floor.",
        paint=paint,
        panel=panel,
    )
