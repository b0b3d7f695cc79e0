"""Figure: what each variant is worth in width, at each budget."""

from __future__ import annotations

from dataclasses import replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.axes import limits, log_x
from superscope.figures.draw.canvas import Key, alone, grid, line
from superscope.figures.draw.colors import LIGHT, Style
from superscope.figures.draw.drawable import caption, drawable
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.style import DASHED
from superscope.figures.lab.view import (
    NAMES,
    ROW,
    at_bench,
    budget_marks,
    budgets_of,
    places_in,
    put,
    rows_of,
)
from superscope.lab import Factor, LabGains
from superscope.lab.worth.bench import Bench
from superscope.laws import Estimate
from superscope.text import counted

TITLE = "What each variant is worth in width"
X = "factor of the baseline's width, at equal loss"


def worth_drawing(gains: LabGains) -> Drawing | Missing:
    """Return the figure of the factor of width that each variant is worth."""
    known = [c for c in gains.comparisons if not c.factor.missing and c.gain is not None]
    if all(c.factor.value is None for c in known):
        return Missing(TITLE, "No gain is a factor of width.")
    values = [
        x for f in (c.factor for c in known)
        for x in (f.value, f.low, f.high, f.above, f.below) if x is not None
    ]  # fmt: skip
    styles = budgets_of(c.tokens for c in known)
    key = Key((*budget_marks(styles), line(drawable(gains.baseline), DASHED, LIGHT["muted"])))
    ends = limits([*values, 1.0], 0.08, 1.2)
    of_bench = {bench: at_bench(known, bench) for bench in gains.benches}
    of_bench = {bench: variants for bench, variants in of_bench.items() if variants}
    benches = list(of_bench)
    rows = max(map(len, of_bench.values()))

    def draw(panel: Axes, bench: Bench = benches[0]) -> None:
        log_x(panel, *ends)
        panel.axvline(1, color=LIGHT["muted"], linestyle=DASHED, linewidth=1)
        variants = of_bench[bench]
        rows_of(panel, list(variants), rows)
        for row, found in enumerate(variants.values()):
            for place, c in zip(places_in(row, len(found)), found, strict=True):
                _put(panel, place, c.factor, styles[c.tokens])
        panel.set_xlabel(X)

    def paint() -> Figure:
        titles = [drawable(b.among(benches)) for b in benches]
        figure, panels = grid(
            titles, key, height=max(1.2, ROW * rows * max(1, len(styles) / 2)), side=NAMES, x=X
        )
        for panel, bench in zip(panels, benches, strict=True):
            draw(panel, bench)
        return figure

    left = len(gains.comparisons) - len(known)
    bounds = any(c.factor.value is None for c in known)
    beyond = any(c.factor.low_beyond or c.factor.high_beyond for c in known)
    return Drawing(
        name="worth",
        title=TITLE,
        caption=caption(
            f"The factor by which the width of {drawable(gains.baseline)} would have to grow for "
            "the loss of the variant: the mean distance of the two curves along log width. 1.18 is "
            "worth 18 % of width, and below 1 a variant costs width.",
            "Bars are 95 % intervals over seeds, not corrected for their number; a mark without "
            "one has one seed, or hides it.",
            "A bar to the edge ends beyond the baseline's narrowest or widest model." * beyond,
            "An arrow is a bound: no model of the baseline has such a loss." * bounds,
            f"Not drawn, because there is no such width: {counted(left, 'comparison')}."
            * bool(left),
        ),
        label="Factor of width that each variant is worth, with intervals, at each budget.",
        paint=paint,
        panel=alone(draw, key) if len(benches) == 1 else None,
    )  # fmt: skip


def _put(panel: Axes, row: float, f: Factor, style: Style) -> None:
    """Draw a factor, or the bound that is known as an arrow; ends beyond lead to the edge."""
    left, right = panel.get_xlim()
    low, high = (None, None) if f.ends is None else (max(left, f.ends[0]), min(right, f.ends[1]))
    if f.value is not None:
        put(panel, row, Estimate(f.value, low, high), style)
        return
    bound, arrow = (f.above, ">") if f.above is not None else (f.below, "<")
    assert bound is not None
    put(panel, row, Estimate(bound, low, high), replace(style, marker=arrow, filled=False))
