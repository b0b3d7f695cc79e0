"""Figure: the gain of each variant at each width."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from superscope.figures.draw.axes import width_axis
from superscope.figures.draw.canvas import Key, line
from superscope.figures.draw.colors import LIGHT, Style, series
from superscope.figures.draw.drawable import caption, drawable, drawable_names
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.panels import side_by_side
from superscope.figures.draw.style import DASHED
from superscope.figures.lab.view import LONGEST, place_title
from superscope.lab import Comparison, LabGains
from superscope.lab.worth.bench import Bench
from superscope.text import counted

TITLE = "Loss gained at each width"
APART = 0.012  # of log width: between variants, so that their bars do not cover each other


def gains_drawing(gains: LabGains) -> Drawing | Missing:
    """Return the figure of the gain of each variant at each width, in nats."""
    known = [c for c in gains.comparisons if c.widths]
    if not known:
        return Missing(TITLE, "No variant has a gain.")
    drawn = [c for c in known if len(c.widths) > 1] or known
    names = list(dict.fromkeys(c.variant for c in drawn))
    labels, note = drawable_names(names, LONGEST)
    styles = dict(zip(names, series(labels).values(), strict=True))
    widths = sorted({w.width for c in drawn for w in c.widths})
    places = list(dict.fromkeys((c.bench, c.tokens) for c in drawn))
    key = Key((
        *(Line2D([], [], label=label, **style.line())
          for label, style in zip(labels, styles.values(), strict=True)),
        line(drawable(gains.baseline), DASHED, LIGHT["muted"]),
    ))  # fmt: skip

    def drawing(place: tuple[Bench, int]) -> Callable[[Axes], None]:
        found = [c for c in drawn if (c.bench, c.tokens) == place]
        return lambda panel: _paint(panel, found, styles, widths)

    paint, panel = side_by_side(
        [drawing(place) for place in places],
        [place_title(*place, gains.benches) for place in places],
        key, x="width m", y=f"nats per token gained on {drawable(gains.baseline)}", height=2.9,
    )  # fmt: skip
    left = len(known) - len(drawn)
    return Drawing(
        name="gains",
        title=TITLE,
        caption=caption(
            "Loss of the baseline less that of the variant at the same width, text and budget, "
            "paired by seed; above 0 the variant is better.",
            "Bars are 95 % intervals over seeds.",
            f"Of one width alone, and not drawn: {counted(left, 'comparison')}." * bool(left),
            note,
        ),
        label="Gain of each variant against width, with intervals.",
        paint=paint,
        panel=panel,
    )


def _paint(
    panel: Axes, found: Sequence[Comparison], styles: dict[str, Style], widths: Sequence[int]
) -> None:
    width_axis(panel, widths)
    panel.axhline(0, color=LIGHT["muted"], linestyle=DASHED, linewidth=1)
    names = list(styles)
    for c in found:
        moved = 1 + APART * (names.index(c.variant) - (len(names) - 1) / 2)
        x, y = [w.width * moved for w in c.widths], [w.gain.value for w in c.widths]
        for at, w in zip(x, c.widths, strict=True):
            if w.gain.low is not None and w.gain.high is not None:
                panel.plot([at, at], [w.gain.low, w.gain.high], linewidth=1, zorder=3,
                           color=styles[c.variant].color)  # fmt: skip
        panel.plot(x, y, zorder=4, **styles[c.variant].line())
