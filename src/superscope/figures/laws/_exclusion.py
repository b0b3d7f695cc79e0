"""The figure of exponents against how many of the highest losses are left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from superscope.figures.draw.canvas import Key, alone, block, grid, mark
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.laws.view import INTERVAL, shade_interval
from superscope.laws import Law
from superscope.laws.intervals import NORMAL
from superscope.laws.stability import Refit

TITLE = "Does the law depend on what was left out?"
LEFT_OUT = "points left out"
MISSING = "No other exclusion was tried that leaves out other points."
FURTHEST = 1.5  # spans of the values to which error bars are shown whole


def law_exclusion(law: Law) -> Drawing | Missing:
    """Return the figure of the law under other exclusions."""
    names, refits = _names(law), by_dropped(law)
    if len({r.dropped for r in refits}) < 2 or not names:
        return Missing(TITLE, MISSING)

    labels = [f"{name} (floor)" if name == law.form.floor else name for name in names]
    key = Key((
        Line2D([], [], marker="o", markersize=4.5, color=LIGHT["centered"],
               label="fitted, ± 1.96 s.e."),
        mark("this fit", LIGHT["raw"], "D", markersize=5.5),
        block("its 95 % interval", LIGHT["raw"], INTERVAL),
    ))  # fmt: skip

    def paint() -> Figure:
        figure, panels = grid(
            [""] * len(names), key, height=2.0,
            columns=2 if len(names) in (2, 4) else 3, x=[LEFT_OUT] * len(names), y=labels,
        )  # fmt: skip
        for panel, name in zip(panels, names, strict=True):
            _paint(panel, law, refits, name)
        return figure

    def draw(panel: Axes) -> None:
        _paint(panel, law, refits, names[0])
        panel.set_xlabel(LEFT_OUT)
        panel.set_ylabel(labels[0])

    moved = [
        name for name in names
        if any(r.parameters[name] not in law.intervals[name] for r in refits)
    ]  # fmt: skip
    return Drawing(
        name="law-exclusion",
        title=TITLE,
        caption=caption(
            "The exponents, and the floor where there is a single one, against how many points "
            f"were left out: {_which(refits)}.",
            f"Outside its 95 % interval in at least one of these fits: {', '.join(moved)}."
            if moved
            else "Each stays within its 95 % interval in all of these fits.",
        ),
        label="Exponents with error bars against the number of points left out, and the law's own "
        "interval shaded.",
        paint=paint,
        panel=alone(draw, key) if len(names) == 1 else None,
    )


def by_dropped(law: Law) -> list[Refit]:
    """Return the fits that differ by how many of the highest losses were left out, in order."""
    refits = [r for r in law.refits if r.drop_highest is not None]
    return sorted(refits, key=lambda r: r.dropped)


def _which(refits: Sequence[Refit]) -> str:
    unit = next((r.unit for r in refits if r.unit), "")
    return f"those of each {unit} whose losses are the highest" if unit else "the highest losses"


def _names(law: Law) -> list[str]:
    if not law.refits:
        return []
    return [name for name in law.refits[0].parameters if law.standard_errors[name] != 0.0]


def _paint(panel: Axes, law: Law, refits: Sequence[Refit], name: str) -> None:
    interval = law.intervals[name]
    x = np.array([r.dropped for r in refits])
    y = np.array([r.parameters[name] for r in refits])
    errors = np.array([r.standard_errors[name] or 0.0 for r in refits]) * NORMAL
    ends = [e for e in (interval.low, interval.high) if e is not None]
    low, high = float(np.min([*y, *ends])), float(np.max([*y, *ends]))
    span = (high - low) or 0.1 * abs(high) or 0.1
    low = max(low - FURTHEST * span, float(np.min([low, *(y - errors)])))
    high = min(high + FURTHEST * span, float(np.max([high, *(y + errors)])))
    margin = 0.06 * (high - low) or 0.05
    panel.set_ylim(low - margin, high + margin)
    shade_interval(panel, interval, "y")
    panel.errorbar(x, y, yerr=errors, color=LIGHT["centered"], marker="o", markersize=4,
                   linewidth=1, elinewidth=1, capsize=2, zorder=3)  # fmt: skip
    own = [i for i, r in enumerate(refits) if r.own]
    panel.plot(x[own], y[own], linestyle="none", marker="D", markersize=5.5, color=LIGHT["raw"],
               zorder=4)  # fmt: skip
    panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))
