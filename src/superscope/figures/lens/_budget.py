"""Figure: how much the others disturb a reading, beside random dictionaries."""

from __future__ import annotations

from matplotlib.axes import Axes

from superscope.figures.draw.axes import limits, log_x
from superscope.figures.draw.canvas import Key, mark, one_panel
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption, drawable
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.lens import ReadingBudget
from superscope.text import visible

TITLE = "Interference of a reading, beside random dictionaries"
SPREAD = 2  # standard deviations of the random dictionaries that are drawn


def budget_drawing(budget: ReadingBudget) -> Drawing | Missing:
    """Return the figure of the interference of a reading, beside random dictionaries."""
    b = budget
    here, mean, sd = b.reading.interference, b.random.interference, b.random_sd.interference
    if not here > 0 or not mean > 0:
        return Missing(TITLE, "There is no interference to draw.")
    fails = b.amplitude**2 - b.noise**2
    key = Key((
        mark("this dictionary", LIGHT["centered"]),
        mark(f"random ones, ± {SPREAD} s.d.", LIGHT["raw"], "s"),
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        low = max(mean - SPREAD * sd, mean / 2)
        log_x(panel, *limits([here, low, mean + SPREAD * sd, fails], margin=0.12, least=4.0))
        panel.plot([here], [1], linestyle="none", marker="o", color=LIGHT["centered"])
        panel.errorbar([mean], [0], xerr=[[mean - low], [SPREAD * sd]], linestyle="none",
                       marker="s", color=LIGHT["raw"], elinewidth=1.0)  # fmt: skip
        if fails > 0:
            panel.axvline(fails, color=LIGHT["muted"], linewidth=1.0, linestyle=(0, (4, 2)))
        panel.set_ylim(-0.7, 1.7)
        panel.set_yticks([0, 1], ["random", "here"])
        panel.set_xlabel("interference, variance of the reading")

    paint, panel = one_panel(draw, key, height=1.5, widest=6.4)
    return Drawing(
        name="budget",
        title=TITLE,
        caption=caption(
            f"The variance that the other directions of {visible(b.dictionary)} give a reading of "
            f"{drawable(visible(b.direction))}, and what {b.draws:,} random dictionaries of the "
            "same shape and rates give.",
            "At the dashed line d′ is 1." if fails > 0 else "",
        ),
        label="Interference of a reading, and of readings in random dictionaries.",
        paint=paint,
        panel=panel,
    )
