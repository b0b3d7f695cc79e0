"""Figure: the gain of each variant at each width."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.canvas import Key, alone, grid, line
from superscope.figures.draw.colors import LIGHT
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
from superscope.lab import Comparison, LabGains, WidthGain
from superscope.lab.worth.bench import Bench
from superscope.text import counted

TITLE = "Loss gained at each width"
Place = tuple[Bench, int]
"""Bench and width of a panel."""


def gains_drawing(gains: LabGains) -> Drawing | Missing:
    """Return the figure of the gain of each variant at each width, in nats."""
    known = [c for c in gains.comparisons if c.widths]
    if not known:
        return Missing(TITLE, "No variant has a gain.")
    several = {c.variant for c in known if len(c.widths) > 1}
    left = {c.variant for c in known} - several if several else set()
    known = [c for c in known if c.variant not in left]
    benches = list(dict.fromkeys(c.bench for c in known))
    places = sorted(
        {(c.bench, w.width) for c in known for w in c.widths},
        key=lambda place: (benches.index(place[0]), place[1]),
    )
    styles = budgets_of(c.tokens for c in known)
    rows = {place: _rows(at_bench(known, place[0]), place[1]) for place in places}
    most = max(map(len, rows.values()))
    x = f"nats per token gained on {drawable(gains.baseline)}"
    key = Key((*budget_marks(styles), line(drawable(gains.baseline), DASHED, LIGHT["muted"])))

    def draw(place: Place) -> Callable[[Axes], None]:
        def panel_(panel: Axes) -> None:
            panel.axvline(0, color=LIGHT["muted"], linestyle=DASHED, linewidth=1)
            rows_of(panel, list(rows[place]), most)
            for row, of in enumerate(rows[place].values()):
                for where, (tokens, at) in zip(places_in(row, len(of)), of, strict=True):
                    put(panel, where, at.gain, styles[tokens])

        return panel_

    def labelled(panel: Axes) -> None:
        draw(places[0])(panel)
        panel.set_xlabel(x)

    def paint() -> Figure:
        figure, panels = grid(
            [_title(place, benches) for place in places], key, side=NAMES, x=x,
            height=max(1.2, ROW * most * max(1, len(styles) / 2)),
        )  # fmt: skip
        for panel, place in zip(panels, places, strict=True):
            draw(place)(panel)
        return figure

    return Drawing(
        name="gains",
        title=TITLE,
        caption=caption(
            "Loss of the baseline less that of the variant at the same width, text and budget, "
            "paired by seed; above 0 the variant is better.",
            "Bars are 95 % intervals over seeds, not corrected for their number; a mark without "
            "one has one seed, or hides it.",
            f"Of one width alone, and not drawn: {counted(len(left), 'variant')}." * bool(left),
        ),
        label="Gain of each variant at each width, with intervals, at each budget.",
        paint=paint,
        panel=alone(labelled, key) if len(places) == 1 else None,
    )


def _rows(
    variants: dict[str, list[Comparison]], width: int
) -> dict[str, list[tuple[int, WidthGain]]]:
    """Return budgets and gains of the variants that have some at a width."""
    found = {
        name: [(c.tokens, w) for c in of for w in c.widths if w.width == width]
        for name, of in variants.items()
    }
    return {name: of for name, of in found.items() if of}


def _title(place: Place, benches: list[Bench]) -> str:
    return ", ".join(filter(None, (drawable(place[0].among(benches)), f"width {place[1]:,}")))
