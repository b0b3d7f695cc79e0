"""Figures of a forecast: the law's curve out to it, and what its loss is made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.axes import limits, log_x, log_y
from superscope.figures.draw.canvas import Key, alone, block, grid, line, mark, one_panel
from superscope.figures.draw.colors import LIGHT, Style
from superscope.figures.draw.drawable import caption, drawable
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.laws.view import (
    BAND,
    FLOOR_COLOR,
    banded,
    between,
    dots,
    drawn_points,
    input_label,
    shade,
    term_color,
    thinned,
)
from superscope.forecasts import Forecast
from superscope.laws import Estimate, Law
from superscope.laws.formula import Floats

COLORS = {"floor": FLOOR_COLOR, "depth": LIGHT["frequency"], "data": LIGHT["raw"]}
FORECAST_COLOR = LIGHT["pythia"]  # that of no term
CURVE = "The law out to the forecast"


def forecast_curve(
    forecast: Forecast, law: Law | None = None, more: Sequence[Forecast] = ()
) -> Drawing | Missing:
    """Return the figure of a law's curve and band, its data, and forecasts with intervals.

    The axis is the input in which the forecast is furthest from the data. The other inputs are
    those of the forecast: measured losses are moved by what their own inputs contribute.

    Parameters
    ----------
    forecast
        Fixes group and inputs.
    law
        Where it came from.
    more
        Further forecasts of the same law, which differ in that input alone.
    """
    if law is None:
        return Missing(CURVE, "The curve is that of a law: pass law=, the law of the forecast.")
    fitted = law
    i = _furthest(forecast, law)
    term, number = law.form.terms[i], law.points.groups.index(forecast.group)
    mine = np.flatnonzero(law.points.group == number)
    data, all_forecasts = law.points.inputs[mine, i], (forecast, *more)
    at = np.array([f.inputs[term.column] - term.offset for f in all_forecasts])
    moved = moved_losses(law, forecast, i, mine)
    key = Key((
        mark("measured", term_color(term)),
        line("law", "-"),
        *([block("95 % of the law", LIGHT["ink"], BAND)] * banded(law)),
        mark("forecast of one new model, 95 %", FORECAST_COLOR, "D", markersize=5.5),
        block("range of the data", LIGHT["frequency"], BAND),
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        _paint_curve(panel, fitted, all_forecasts, i, number)

    paint, panel = one_panel(draw, key, height=3.3, widest=6.4)
    return Drawing(
        name="forecast",
        title=CURVE,
        caption=caption(
            f"Loss against {drawable(term.column)} on logarithmic axes, with the law, the 95 % "
            "interval of its value, and the forecast with the 95 % interval of one new model.",
            "Bends within the data that the points do not exclude are in this interval, and not in "
            "that of the law." if forecast.bend_chance is not None else "",
            f"The law's form does not hold, so it says nothing beyond its data: "
            f"{drawable(forecast.refused)}." if forecast.refused else "",
            f"The forecast lies at {float(at[0] / data.max()):.3g} times the largest in the data."
            if at[0] > data.max() else "",
            "Measured losses are moved to the other inputs of the forecast: the law's parts there "
            "replace the law's parts of their own." * (len(law.form.terms) > 1),
            f"Not drawn, because they would lie at or below 0: {int((moved <= 0).sum())} points."
            if (moved <= 0).any() else "",
            thinned(len(mine)),
        ),
        label="Measured losses, the law's curve with its band, and the forecast with its interval.",
        paint=paint,
        panel=panel,
    )  # fmt: skip


def _furthest(forecast: Forecast, law: Law) -> int:
    """Return the number of the input that lies furthest from the data."""
    far = [abs(np.log(forecast.beyond[term.column])) for term in law.form.terms]
    return int(np.argmax(far))


def moved_losses(law: Law, forecast: Forecast, term: int, points: np.ndarray) -> Floats:
    """Return measured losses as they would be with all other inputs those of the forecast."""
    group = law.points.group[points]
    own = np.delete(law.parts(law.points.inputs[points], group), term, axis=1).sum(axis=1)
    there = np.delete(law.parts(law.inputs_of(forecast.inputs), group[:1]), term, axis=1).sum()
    return np.asarray(law.points.loss[points] - own + there, np.float64)


def _paint_curve(panel: Axes, law: Law, forecasts: Sequence[Forecast], i: int, group: int) -> None:
    term = law.form.terms[i]
    mine = np.flatnonzero(law.points.group == group)
    mine = mine[drawn_points(len(mine))]
    data, moved = law.points.inputs[mine, i], moved_losses(law, forecasts[0], i, mine)
    at = np.array([f.inputs[term.column] - term.offset for f in forecasts])
    low, high = limits(np.concatenate([data, at]))
    x = between(low, high)
    inputs = np.repeat(law.inputs_of(forecasts[0].inputs), len(x), axis=0)
    inputs[:, i] = x
    groups = np.full(len(x), group)
    curve = law.loss(inputs, groups)
    with np.errstate(over="ignore"):
        band = law.band(inputs, groups)
    ends = [e for f in forecasts for e in (f.loss.low, f.loss.high) if e is not None]
    log_x(panel, low, high)
    log_y(panel, *limits(np.concatenate([moved, curve, ends])))
    panel.set_xlabel(input_label(term))
    panel.set_ylabel("loss")
    panel.axvspan(float(data.min()), float(data.max()), color=LIGHT["frequency"], alpha=BAND,
                  linewidth=0, zorder=1)  # fmt: skip
    shade(panel, x, band.low, band.high)
    panel.plot(x, curve, color=LIGHT["ink"], zorder=2.5)
    dots(panel, data[moved > 0], moved[moved > 0], Style(term_color(term), "o"), size=4.2)
    for where, one in zip(at, forecasts, strict=True):
        paint_estimate(panel, float(where), one.loss)


def paint_estimate(panel: Axes, x: float, estimate: Estimate) -> None:
    """Draw an estimate as a diamond, with its interval as a bar."""
    if estimate.low is not None and estimate.high is not None:
        panel.plot([x, x], [estimate.low, estimate.high], color=FORECAST_COLOR, linewidth=1.4,
                   zorder=3.5)  # fmt: skip
    panel.plot([x], [estimate.value], linestyle="none", marker="D", markersize=5.5,
               color=FORECAST_COLOR, zorder=4)  # fmt: skip


def forecast_parts(forecast: Forecast, law: Law | None = None) -> Drawing:
    """Return the figure of what the forecast loss is made of, with intervals."""
    names = list(forecast.parts)
    key = Key((mark("part of the loss, with its 95 % interval", LIGHT["ink"]),))

    def draw(panel: Axes) -> None:
        rows = [*names, "loss of one new model"]
        estimates = [*forecast.parts.values(), forecast.loss]
        for k, (name, one) in enumerate(zip(rows, estimates, strict=True)):
            color = COLORS.get(name, LIGHT["centered"] if k < len(names) else LIGHT["ink"])
            panel.barh(k, one.value, height=0.55, color=color, alpha=0.75, zorder=2)
            if one.low is not None and one.high is not None:
                panel.plot([one.low, one.high], [k, k], color=LIGHT["ink"], linewidth=1.4, zorder=3)
            panel.plot([one.value], [k], linestyle="none", marker="o", markersize=4,
                       color=LIGHT["ink"], zorder=4)  # fmt: skip
        panel.set_yticks(range(len(rows)), [drawable(row) for row in rows])
        panel.invert_yaxis()
        panel.set_xlim(left=min(0.0, *(e.low or 0.0 for e in estimates)))
        panel.set_xlabel("loss")
        panel.grid(False, axis="y")

    def paint() -> Figure:
        figure, (panel,) = grid([""], key, height=0.45 * (len(names) + 1), widest=5.4, side=0.0)
        box = panel.get_position()
        panel.set_position((box.x0 + 0.2, box.y0, box.width - 0.2, box.height))
        draw(panel)
        return figure

    return Drawing(
        name="forecast-parts",
        title="What the forecast loss is made of",
        caption=caption(
            "The law's parts at the inputs of the forecast, with their 95 % intervals.",
            "The interval of one new model also holds the scatter of single models.",
        ),
        label="Bars of the parts of the forecast loss with their intervals.",
        paint=paint,
        panel=alone(draw, key),
    )
