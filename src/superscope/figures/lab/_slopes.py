"""Figure: the slope of the overlap of each variant in width."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.canvas import Key, alone, grid, line, mark
from superscope.figures.draw.colors import LIGHT, Style
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.style import DASHED
from superscope.figures.lab.view import NAMES, ROW, STEP, place_title, put, rows_of
from superscope.lab import LabSlopes
from superscope.lab.worth.bench import CENTERED, RAW, Bench

TITLE = "Slopes of overlap in width"
X = "slope d log mean c² / d log m"
STYLES = {RAW: Style(LIGHT["raw"], "o"), CENTERED: Style(LIGHT["centered"], "s")}


def slopes_drawing(slopes: LabSlopes) -> Drawing | Missing:
    """Return the figure of the slopes of raw and mean-centered overlap in width."""
    places = list(dict.fromkeys((v.bench, v.tokens) for v in slopes.variants))
    if not places:
        return Missing(TITLE, "No variant was trained at two widths.")
    at = {p: [v for v in slopes.variants if (v.bench, v.tokens) == p] for p in places}
    rows = max(map(len, at.values()))
    key = Key((
        mark("raw rows", LIGHT["raw"]), mark("mean-centered rows", LIGHT["centered"], "s"),
        line("chance, 1/m", DASHED, LIGHT["muted"]),
    ))  # fmt: skip

    def draw(panel: Axes, place: tuple[Bench, int] = places[0]) -> None:
        found = at[place]
        panel.axvline(-1, color=LIGHT["muted"], linestyle=DASHED, linewidth=1)
        rows_of(panel, [v.variant for v in found], rows)
        for row, variant in enumerate(found):
            for side, (column, style) in zip((-1, 1), STYLES.items(), strict=True):
                slope = variant.of(column)
                if slope is not None:
                    put(panel, row + side * STEP / 2, slope.value, style)
        panel.set_xlabel(X)

    def paint() -> Figure:
        figure, panels = grid(
            [place_title(*place, slopes.benches) for place in places], key, side=NAMES, x=X,
            height=max(1.2, ROW * rows),
        )  # fmt: skip
        for panel, place in zip(panels, places, strict=True):
            draw(panel, place)
        return figure

    return Drawing(
        name="slopes",
        title=TITLE,
        caption=caption(
            "Slope of mean square overlap against width, of logarithms, for each seed; marks are "
            "means, bars 95 % intervals over seeds, not corrected for their number.",
            "A mark without a bar has one seed, or hides it. Random directions have −1.",
        ),
        label="Slopes of raw and mean-centered overlap for each variant, with intervals.",
        paint=paint,
        panel=alone(draw, key) if len(places) == 1 else None,
    )  # fmt: skip
