"""Figure: the overlaps of some tokens with each other under each centering."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from superscope.figures.draw.canvas import Key, block, grid
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing
from superscope.figures.lens.view import label
from superscope.geometry.stages import CENTERINGS
from superscope.lens import Comparison
from superscope.text import fixed

STRONGEST = 0.55  # opacity of |c| = 1, through which numbers can be read
WRITTEN = 14  # tokens up to which numbers fit into the cells
CELL = 0.42  # inches, at most
PANEL = 2.7  # inches
NAMES = 1.35  # inches to the right of each panel


def comparison_drawing(comparison: Comparison) -> Drawing:
    """Return the figure of the overlaps of some tokens under each centering."""
    c = comparison
    names = [label(e) for e in c.entries]
    titles = [f"{CENTERINGS[square.chance.center]} rows" for square in c.squares]
    key = Key((
        block("c > 0", LIGHT["centered"], STRONGEST), block("c < 0", LIGHT["raw"], STRONGEST),
    ))  # fmt: skip

    def paint() -> Figure:
        side = min(PANEL, CELL * len(names) + 0.1)
        figure, panels = grid(titles, key, height=side, widest=side,
                              side=NAMES)  # fmt: skip
        for panel, square in zip(panels, c.squares, strict=True):
            _paint(panel, square.overlaps, names)
        return figure

    return Drawing(
        name="comparison",
        title="Overlaps of some tokens",
        caption=caption(
            "Overlap c of each two tokens; the stronger the color, the greater |c|.",
            *(
                f"Random pairs of {title} have {fixed(s.chance.mean, 3)} ± {s.chance.std:.3f}."
                for title, s in zip(titles, c.squares, strict=True)
            ),
            "Raw rows share a direction that changes no probability; mean-centered rows are "
            "without it.",
        ),
        label=f"Overlaps of tokens with each other as a square of numbers: {', '.join(titles)}.",
        paint=paint,
    )


def _paint(panel: Axes, overlaps: npt.NDArray[np.float32], names: Sequence[str]) -> None:
    count = len(names)
    for i in range(count):
        for j in range(count):
            c = float(overlaps[i, j])
            color = LIGHT["centered" if c >= 0 else "raw"]
            box = Rectangle((j - 0.5, i - 0.5), 1, 1, alpha=STRONGEST * abs(c), linewidth=0,
                            facecolor=color)  # fmt: skip
            panel.add_patch(box)
            if count <= WRITTEN and i != j:
                panel.text(j, i, fixed(c, 2), ha="center", va="center", fontsize=7.5)
    panel.set_xlim(-0.5, count - 0.5)
    panel.set_ylim(count - 0.5, -0.5)
    panel.grid(False)
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
    panel.set_xticks(range(count), [str(k) for k in range(1, count + 1)])
    panel.set_yticks([])
    for k, name in enumerate(names):
        panel.annotate(f"{k + 1}  {name}", (1, k), xycoords=("axes fraction", "data"),
                       xytext=(6, 0), textcoords="offset points", fontsize=8,
                       va="center_baseline", annotation_clip=False)  # fmt: skip
