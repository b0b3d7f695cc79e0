"""The figure of profiles: how much worse the fit is with an exponent held elsewhere."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from superscope.figures.draw.canvas import Key, alone, block, grid, line
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.style import DASHED, DOTTED
from superscope.figures.laws.view import INTERVAL, shade_interval
from superscope.laws import Law

TITLE = "How well each exponent is known"
RISE = "rise of the objective"
HIGHEST = 1.9  # of the threshold's rise: where the axis ends


def law_profiles(law: Law) -> Drawing | Missing:
    """Return the figure of the objective along each free exponent."""
    if not law.profiles:
        return Missing(TITLE, _why(law))
    method = {"bca": "BCa", "jackknife": "jackknife"}.get(law.interval_method, "linear")

    names = list(law.profiles)
    key = Key((
        line("objective", "-", LIGHT["centered"]),
        line("threshold", DASHED, LIGHT["muted"]),
        line("ends of the profile’s interval", DOTTED),
        block(f"{method} interval", LIGHT["raw"], INTERVAL),
        line("fitted", "-", LIGHT["raw"]),
    ))  # fmt: skip

    def paint() -> Figure:
        figure, panels = grid(
            [""] * len(names), key, height=2.2, columns=3, x=names,
            y=[RISE] + [""] * (len(names) - 1),
        )  # fmt: skip
        for panel, name in zip(panels, names, strict=True):
            _paint(panel, law, name)
        return figure

    def draw(panel: Axes) -> None:
        _paint(panel, law, names[0])
        panel.set_xlabel(names[0])
        panel.set_ylabel(RISE)

    return Drawing(
        name="law-profiles",
        title=TITLE,
        caption=caption(
            "Each curve shows how much the objective rises above its least value when an exponent "
            "is held at another value and all else is fitted again.",
            "A rise of 1 ends the profile's 95 % interval.",
            "A curve that does not reach 1 on a side sets no limit there.",
            f"The {method} interval is shaded.",
        ),
        label="The objective along each exponent, with the threshold, the ends of the profile's "
        "interval, and the other interval shaded.",
        paint=paint,
        panel=alone(draw, key) if len(names) == 1 else None,
    )


def _why(law: Law) -> str:
    """Return why no exponent has a profile."""
    if not law.options.judge:
        return "No exponent has a profile, because the law was not judged."
    if law.degrees_of_freedom < 1:
        return "No exponent has a profile, because there are as many parameters as points."
    return "No exponent has a profile, because no exponent is free."


def _paint(panel: Axes, law: Law, name: str) -> None:
    profile, interval = law.profiles[name], law.intervals[name]
    rise = profile.objectives - law.objective
    unit = profile.threshold - law.objective
    if unit > 0 and np.isfinite(unit):
        rise = rise / unit
        panel.axhline(1, color=LIGHT["muted"], linestyle=DASHED, linewidth=1, zorder=2)
        panel.set_ylim(-0.06, min(HIGHEST, max(1.15, 1.05 * float(rise.max()))))
    low, high = float(profile.values.min()), float(profile.values.max())
    low = min([low, *(v for v in (interval.low,) if v is not None)])
    high = max([high, *(v for v in (interval.high,) if v is not None)])
    margin = 0.04 * (high - low) or 0.1
    panel.set_xlim(low - margin, high + margin)
    shade_interval(panel, interval, "x")
    panel.axvline(law.parameters[name], color=LIGHT["raw"], linewidth=1.2, zorder=2)
    for end in (profile.interval.low, profile.interval.high):
        if end is not None:
            panel.axvline(end, color=LIGHT["ink"], linestyle=DOTTED, linewidth=1.1, zorder=2)
    panel.plot(profile.values, rise, color=LIGHT["centered"], zorder=3)
    panel.xaxis.set_major_locator(MaxNLocator(4))
