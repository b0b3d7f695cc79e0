"""Figure: what the runs of a sweep show, in four panels."""

from __future__ import annotations

from matplotlib.figure import Figure

from superscope.figures.draw.canvas import grid, line
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.style import DASHED, DOTTED
from superscope.figures.toy._exponent import draw_exponents
from superscope.figures.toy._unrepresented import EXPECTED, LOSS, draw_unrepresented, ranges
from superscope.figures.toy._width import OVERLAP, WIDTH, draw_losses, draw_overlaps
from superscope.figures.toy.groups import GroupedRuns
from superscope.figures.toy.keys import decay_colors, decay_key


def overview(runs: GroupedRuns) -> Drawing:
    """Return the figure of a sweep: loss and overlap against width, exponents, and the cause."""
    _, groups = runs.settings[0]
    group = groups[len(groups) // 2]
    key = decay_key(
        runs.decays,
        line("fitted, and 1", "-", LIGHT["muted"]),
        line("theory: 1/m; 2(α − 1); equal losses", DASHED),
        line("theory: weak; Welch floor; α − 1", DOTTED),
    )

    def paint() -> Figure:
        colors = decay_colors(runs.decays)
        figure, panels = grid(
            [f"loss, {group.title}", f"overlap, {group.title}", "exponents", "cause of the loss"],
            key, height=2.2, x=[WIDTH, WIDTH, "α", EXPECTED], y=[LOSS, OVERLAP, "exponent", LOSS],
        )  # fmt: skip
        draw_losses(panels[0], [group], group, colors)
        draw_overlaps(panels[1], [group], group, colors)
        draw_exponents(panels[2], runs, groups)
        draw_unrepresented(panels[3], ranges(runs), groups, runs.decays)
        return figure

    return Drawing(
        name="sweep",
        title="A sweep",
        caption="Loss and mean square overlap against width, exponents against α, and the loss "
        "against that expected of unrepresented features.",
        label="Four panels: loss and mean square overlap against width, exponents against α, and "
        "loss against the loss expected of unrepresented features.",
        paint=paint,
    )
