"""Figure: what each variant is worth in width, at each budget."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.axes import limits, log_x
from superscope.figures.draw.canvas import Key, alone, grid, line
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption, drawable
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.style import DASHED
from superscope.figures.lab.view import (
    NAMES,
    ROW,
    STEP,
    at_bench,
    budget_marks,
    budgets_of,
    put,
    rows_of,
)
from superscope.lab import LabGains
from superscope.lab.worth.bench import Bench
from superscope.laws import Estimate
from superscope.text import counted

TITLE = "What each variant is worth in width"
X = "factor of the baseline's width, at equal loss"


def worth_drawing(gains: LabGains) -> Drawing | Missing:
    """Return the figure of the factor of width that each variant is worth."""
    values = [
        x for c in gains.comparisons for x in (c.factor.value, c.factor.low, c.factor.high)
        if x is not None
    ]  # fmt: skip
    if not values:
        return Missing(TITLE, "No gain is a factor of width.")
    styles = budgets_of(c.tokens for c in gains.comparisons)
    key = Key((*budget_marks(styles), line(drawable(gains.baseline), DASHED, LIGHT["muted"])))
    ends = limits([*values, 1.0], 0.08, 1.2)
    rows = max(len(at_bench(gains, bench)) for bench in gains.benches)

    def draw(panel: Axes, bench: Bench = gains.benches[0]) -> None:
        log_x(panel, *ends)
        panel.axvline(1, color=LIGHT["muted"], linestyle=DASHED, linewidth=1)
        variants = at_bench(gains, bench)
        rows_of(panel, list(variants), rows)
        for row, found in enumerate(variants.values()):
            for k, c in enumerate(found):
                f = c.factor
                if f.value is not None:
                    place = row + STEP * (k - (len(found) - 1) / 2)
                    put(panel, place, Estimate(f.value, f.low, f.high), styles[c.tokens])
        panel.set_xlabel(X)

    def paint() -> Figure:
        titles = [drawable(b.among(gains.benches)) for b in gains.benches]
        figure, panels = grid(
            titles, key, height=max(1.2, ROW * rows * max(1, len(styles) / 2)), side=NAMES, x=X
        )
        for panel, bench in zip(panels, gains.benches, strict=True):
            draw(panel, bench)
        return figure

    left = sum(c.factor.value is None for c in gains.comparisons)
    return Drawing(
        name="worth",
        title=TITLE,
        caption=caption(
            f"The factor by which the width of {drawable(gains.baseline)} would have to grow for "
            "the loss of the variant: the mean distance of the two curves along log width. 1.18 is "
            "worth 18 % of width, and below 1 a variant costs width.",
            "Bars are 95 % intervals over seeds, each for itself.",
            f"Not drawn, because there is no such width: {counted(left, 'comparison')}."
            * bool(left),
        ),
        label="Factor of width that each variant is worth, with intervals, at each budget.",
        paint=paint,
        panel=alone(draw, key) if len(gains.benches) == 1 else None,
    )  # fmt: skip
