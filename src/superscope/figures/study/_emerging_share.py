"""Figure: which decades of frequency the loss above the widest model's belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from superscope.figures.draw.axes import width_axis
from superscope.figures.draw.canvas import Key, block, one_panel
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing

if TYPE_CHECKING:
    from superscope.study import Emergence

TITLE = "Whose loss is left, by frequency"
ROLES = ("centered", "frequency", "opt", "raw", "pythia", "qwen", "gpt2")


def shares_of(found: Emergence) -> npt.NDArray[np.float64]:
    """Return the share of each decade in the loss above the widest model's, (decades, K − 1)."""
    those = [one for one in found.classes if one.kind == "frequency"]
    losses = np.array([one.losses for one in those])
    above = np.maximum(losses[:, :-1] - losses[:, -1:], 0.0)
    above *= np.array([one.occurrences for one in those])[:, None]
    return np.asarray(above / np.maximum(above.sum(axis=0), np.finfo(float).tiny))


def emerging_share(found: Emergence) -> Drawing | Missing:
    """Return the figure of the share of each decade of frequency in the loss that is left."""
    those = [one for one in found.classes if one.kind == "frequency"]
    if len(those) < 2:
        few = "all tokens are of one decade" if those else "classes by frequency were left out"
        return Missing(TITLE, f"It takes two decades of frequency, and {few}.")
    shares = shares_of(found)
    colors = [LIGHT[ROLES[k % len(ROLES)]] for k in range(len(those))]
    widths = [round(m) for m in found.widths[:-1].tolist()]
    key = Key(tuple(block(c.name, color, 0.8) for c, color in zip(those, colors, strict=True)))

    def draw(panel: Axes) -> None:
        panel.stackplot(found.widths[:-1], 100 * shares, colors=colors, alpha=0.8, linewidth=0,
                        zorder=2)  # fmt: skip
        width_axis(panel, widths, widths[0], widths[-1])
        panel.set_ylim(0, 100)
        panel.set_xlabel("width m")
        panel.set_ylabel("% of the loss left")

    paint, alone = one_panel(draw, key, height=2.6, widest=5.2)
    return Drawing(
        name="emergence-share",
        title=TITLE,
        caption=caption(
            "Of the loss above that of the widest model, summed over all occurrences, the share "
            "of tokens of each decade of frequency. Where all tokens improve together, the shares "
            "stay as they are; where frequent tokens are learned first, theirs shrink to nothing.",
        ),
        label="Stacked areas: share of each decade of frequency in the loss left, against width.",
        paint=paint,
        panel=alone,
    )
