"""The figure of a plan: the best loss and the best inputs over compute."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.axes import limits, log_x, log_y
from superscope.figures.draw.canvas import Key, block, grid, line, mark
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing
from superscope.figures.forecasts._forecast import FORECAST_COLOR, paint_estimate
from superscope.figures.laws.view import BAND, shade
from superscope.forecasts import Plan
from superscope.laws import Law
from superscope.laws.formula import Floats
from superscope.text import rounded


def plan_frontier(plan: Plan, law: Law | None = None) -> Drawing:
    """Return the figure of the best loss and inputs over budgets, and, given the law, its data."""
    names = list(plan.ranges)

    def paint() -> Figure:
        key = Key((
            line("best", "-", LIGHT["centered"]),
            block("95 % of the law", LIGHT["ink"], BAND),
            mark("the plan, with its 95 % interval", FORECAST_COLOR, "D", markersize=5.5),
            *([block("range of the data", LIGHT["frequency"], BAND)] * (law is not None)),
        ))  # fmt: skip
        count = 1 + len(names)
        figure, panels = grid(
            [""] * count, key, height=2.1, columns=3 if count != 4 else 2,
            x=["compute (FLOP)"] * count, y=["best loss", *names],
        )  # fmt: skip
        compute = np.array([a.compute for a in plan.frontier])
        for panel in panels:
            log_x(panel, *limits(compute, 0.02))
        _paint_loss(panels[0], plan, compute)
        for panel, name in zip(panels[1:], names, strict=True):
            _paint_input(panel, law, plan, name, compute)
        return figure

    return Drawing(
        name="law-frontier",
        title="The best use of compute",
        caption=caption(
            "The lowest loss that the law expects of a budget of 6 N D operations, with its 95 % "
            "interval, and the inputs that reach it.",
            f"The plan itself is for {rounded(plan.best.compute)} operations.",
            "Outside the range of the data everything is extrapolated.",
        ),
        label="Best loss and best inputs against compute on logarithmic axes, with the plan's own "
        "budget marked.",
        paint=paint,
    )


def _paint_loss(panel: Axes, plan: Plan, compute: Floats) -> None:
    loss = np.array([a.loss.value for a in plan.frontier])
    ends = [(a.loss.low, a.loss.high) for a in plan.frontier]
    low, high = np.array(ends, np.float64).T  # None is not a number
    log_y(panel, *limits(np.concatenate([loss, low[low > 0], high[np.isfinite(high)]])))
    shade(panel, compute, low, high)
    panel.plot(compute, loss, color=LIGHT["centered"], zorder=3)
    paint_estimate(panel, plan.best.compute, plan.best.loss)


def _paint_input(panel: Axes, law: Law | None, plan: Plan, name: str, compute: Floats) -> None:
    best = np.array([getattr(a, name) for a in plan.frontier], np.float64)
    own = plan.ranges[name]
    seen = [*best, *(e for e in (own.low, own.high) if e is not None)]
    if law is not None and name in law.form.columns:
        i = law.form.columns.index(name)
        values = law.points.inputs[:, i] + law.form.terms[i].offset
        low, high = float(values.min()), float(values.max())
        panel.axhspan(low, high, color=LIGHT["frequency"], alpha=BAND, linewidth=0, zorder=1)
        seen += [low, high]
    log_y(panel, *limits(seen))
    panel.plot(compute, best, color=LIGHT["centered"], zorder=3)
    paint_estimate(panel, plan.best.compute, own)
