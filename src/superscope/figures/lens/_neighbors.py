"""Figure: the rows nearest to a token, against what a random pair has."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.canvas import Key, alone, block, grid, line
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.style import DASHED
from superscope.figures.lens.view import UNKNOWN, class_marks, class_of, label, look, named
from superscope.geometry.stages import CENTERINGS
from superscope.lens import Neighbor, Token
from superscope.text import fixed

TITLE = "Nearest rows of a token"
MOST = 40  # neighbors drawn
BANDS = (2.0, 1.0)  # standard deviations
SHADE = 0.16
ROW = 0.2  # inches
NAMES = 1.5  # inches to the right of each panel


def neighbors_drawing(token: Token) -> Drawing | Missing:
    """Return the figure of a token's nearest rows, against what a random pair has.

    Where the shortest rows change the list, the second panel is without them.
    """
    if not token.neighbors:
        return Missing(TITLE, f"The row of {named(token.entry)} has no neighbors to draw.")
    several = [("all rows", token.neighbors[:MOST])]
    if token.longer_neighbors is not None:
        several.append(("without the shortest 1 % of rows", token.longer_neighbors[:MOST]))
    drawn = [n for _, listed in several for n in listed]
    classes = {class_of(n.entry) for n in drawn}
    marks = [] if classes == {UNKNOWN} else class_marks(classes)
    chance = token.chance
    key = Key(
        (
            *marks,
            *([line("mean of random pairs", DASHED), block("± 1 and ± 2 s.d. of random pairs",
               LIGHT["ink"], 2 * SHADE)] if chance is not None else []),
        ),
        heading=f"Nearest rows of {label(token.entry)}",
    )  # fmt: skip
    low = min(n.overlap for n in drawn)
    if chance is not None:
        low = min(low, chance.mean - 2.6 * chance.std)

    def draw(panel: Axes, listed: tuple[Neighbor, ...]) -> None:
        if chance is not None:
            for band in BANDS:
                panel.axvspan(chance.mean - band * chance.std, chance.mean + band * chance.std,
                              color=LIGHT["ink"], alpha=SHADE, linewidth=0, zorder=1)  # fmt: skip
            panel.axvline(chance.mean, color=LIGHT["ink"], linestyle=DASHED, linewidth=1.2)
        for k, n in enumerate(listed):
            color, marker = look(class_of(n.entry))
            panel.plot([chance.mean if chance is not None else 0.0, n.overlap], [k, k],
                       color=color, linewidth=1.0, alpha=0.45, zorder=2)  # fmt: skip
            panel.plot([n.overlap], [k], linestyle="none", marker=marker, color=color, zorder=3)
        panel.set_xlim(max(-1.02, low - 0.03), 1.02)
        panel.set_ylim(len(listed) - 0.4, -0.6)
        panel.set_yticks([])
        panel.grid(False, axis="y")
        panel.set_xlabel("overlap c")
        for k, n in enumerate(listed):
            panel.annotate(f"{fixed(n.overlap, 3)}  {label(n.entry)}", (1, k),
                           xycoords=("axes fraction", "data"), xytext=(6, 0),
                           textcoords="offset points", fontsize=8, va="center_baseline",
                           annotation_clip=False)  # fmt: skip

    def paint() -> Figure:
        rows = max(len(listed) for _, listed in several)
        titles = ["", ""] if len(several) == 1 else [title for title, _ in several]
        figure, panels = grid(titles[: len(several)], key, height=ROW * rows + 0.2, side=NAMES,
                              widest=3.6, x="overlap c")  # fmt: skip
        for panel, (_, listed) in zip(panels, several, strict=True):
            draw(panel, listed)
        return figure

    spread = "" if chance is None else (
        f"Of random pairs of rows c is {fixed(chance.mean, 3)} ± {chance.std:.3f}."
    )  # fmt: skip
    return Drawing(
        name="neighbors",
        title=TITLE,
        caption=caption(
            f"Overlap c of {named(token.entry)} with the rows nearest to it, "
            f"{CENTERINGS[token.center]}.",
            spread,
            "Short rows are near to many others, so the right panel leaves out the shortest 1 % "
            "of the rows."
            if len(several) > 1
            else "",
        ),
        label="Overlaps of a token with its nearest rows, and a band for those of random pairs.",
        paint=paint,
        panel=alone(lambda panel: draw(panel, several[0][1]), key) if len(several) == 1 else None,
    )
