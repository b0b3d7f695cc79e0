"""Figure: the loss of each class of tokens over width, in small panels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from superscope.figures.draw.axes import limits, log_y, width_axis
from superscope.figures.draw.canvas import Key, line, mark
from superscope.figures.draw.colors import LIGHT, Style
from superscope.figures.draw.drawable import caption, drawable
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.panels import side_by_side
from superscope.figures.draw.style import DASHED, DOTTED
from superscope.laws.intervals import NORMAL
from superscope.study.emerging.result import BITS

if TYPE_CHECKING:
    from superscope.study import ClassCurve, Emergence

TITLE = "Loss of classes of tokens over width"
MEASURED, AHEAD = Style(LIGHT["centered"], "o"), Style(LIGHT["raw"], "D", filled=False)


def emerging_classes(found: Emergence) -> Drawing:
    """Return the figure of the loss of each class over width."""
    widths = [round(m) for m in (*found.widths.tolist(), found.next_width)]
    ends = limits(np.concatenate([_seen(c) for c in found.classes]))
    handles = [mark("measured, with 95 %", **_look(MEASURED)), mark("forecast", **_look(AHEAD))]
    if found.threshold is not None:
        handles.append(line(f"threshold, {found.threshold:g} bits", DOTTED))
    key = Key(tuple(handles))

    def draw(panel: Axes, one: ClassCurve) -> None:
        log_y(panel, *ends)
        width_axis(panel, widths)
        losses, errors = np.array(one.losses) / BITS, NORMAL * np.array(one.errors) / BITS
        panel.plot(found.widths, losses, color=MEASURED.color, linewidth=1.1, zorder=2.5)
        low = np.maximum(losses - errors, ends[0])
        panel.vlines(found.widths, low, losses + errors, color=MEASURED.color, linewidth=1.1)
        panel.plot(found.widths, losses, zorder=4, **MEASURED.marks(3.6))
        _ahead(panel, found, one, ends[0])
        if found.threshold is not None:
            panel.axhline(found.threshold, color=LIGHT["ink"], linestyle=DOTTED, linewidth=1)

    paint, alone = side_by_side(
        [partial(draw, one=one) for one in found.classes],
        [f"{drawable(one.name)}, {one.tokens:,}" for one in found.classes],
        key,
        x="width m",
        y="loss, bits",
        columns=4,
        height=1.35,
        widest=2.4,
    )
    return Drawing(
        name="emergence-classes",
        title=TITLE,
        caption=caption(
            "Mean loss of the tokens of each class against width, on logarithmic axes, with 95 % "
            "intervals over documents and models. How many tokens a class has stands behind its "
            "name.",
            f"The outlined mark is what a power law with a floor says of width "
            f"{found.next_width:.0f}.",
        ),
        label="Small panels: loss of a class of tokens against width, with its forecast.",
        paint=paint,
        panel=alone,
    )


def _look(style: Style) -> dict[str, Any]:
    look = style.marks()
    return {name: look[name] for name in ("color", "marker", "markerfacecolor", "markeredgewidth")}


def _seen(one: ClassCurve) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    losses, errors = np.array(one.losses), NORMAL * np.array(one.errors)
    high = one.forecast.value if one.forecast.high is None else one.forecast.high
    below = np.where(losses > errors, losses - errors, losses / 2)
    return np.concatenate([losses + errors, np.maximum(below, losses / 2), [high]]) / BITS


def _ahead(panel: Axes, found: Emergence, one: ClassCurve, least: float) -> None:
    """Draw the forecast, joined to the widest model."""
    x, value = found.next_width, one.forecast.value / BITS
    if value > least:
        last = float(found.widths[-1]), one.losses[-1] / BITS
        panel.plot([last[0], x], [last[1], value], color=AHEAD.color, linestyle=DASHED, linewidth=1)
        panel.plot([x], [value], zorder=4, **AHEAD.marks(3.6))
    if one.forecast.low is not None and one.forecast.high is not None:
        low = max(one.forecast.low / BITS, least)
        panel.vlines([x], low, max(low, one.forecast.high / BITS), color=AHEAD.color, linewidth=1.1)
