"""Figure: by how much each token can have the highest logit."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from superscope.figures.draw.axes import limits, log_x, log_y
from superscope.figures.draw.canvas import Key, block, mark, one_panel
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.labels import put_labels
from superscope.figures.lens.view import label
from superscope.lens import Argmax, Named
from superscope.text import counted

TITLE = "Margins of the tokens that can be said"
NAMED = 4  # tokens of the least margins
BINS = 60
OPACITY = 0.55


def argmax_drawing(argmax: Argmax) -> Drawing | Missing:
    """Return the figure of the margins by which tokens can have the highest logit."""
    can = argmax
    at = np.flatnonzero(np.isfinite(can.margin) & (can.margin > 0))
    if not len(at):
        return Missing(TITLE, "No token has a margin to draw.")
    margins = can.margin[at]
    low, high = limits(margins, least=1.5)
    edges = np.geomspace(low, high, min(BINS, 4 + int(4 * len(at) ** (1 / 3))) + 1)
    counts, _ = np.histogram(margins, edges)
    least = at[np.argsort(margins, kind="stable")[:NAMED]].tolist()
    names = [
        label(Named(int(can.ids[i]), None if can.texts is None else can.texts[i])) for i in least
    ]
    key = Key((
        block("tokens", LIGHT["centered"], OPACITY),
        mark("the least margins", LIGHT["ink"], markerfacecolor="none"),
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        log_x(panel, low, high)
        log_y(panel, 0.6, 2.5 * float(counts.max()))
        panel.stairs(counts, edges, fill=True, color=LIGHT["centered"], alpha=OPACITY)
        places = [(float(can.margin[i]), 0.75) for i in least]
        for x, y in places:
            panel.plot([x], [y], linestyle="none", marker="o", markersize=4.6, clip_on=False,
                       color=LIGHT["ink"], markerfacecolor="none", zorder=5)  # fmt: skip
        put_labels(panel, places, names)
        panel.set_xlabel("margin")
        panel.set_ylabel("tokens")

    paint, panel = one_panel(draw, key, height=2.6, widest=6.4)
    others = [
        f"{counted(count, 'row is', 'rows are')} {what}"
        for count, what in (
            (can.tied, "tied with an equal row"),
            (can.impossible, "a combination of others"),
            (can.undecided, "undecided"),
        )
        if count
    ]
    return Drawing(
        name="argmax",
        title=TITLE,
        caption=caption(
            "The margin of a token is how far its logit can lie above every other, per unit of "
            "length of the hidden state that the certificate holds.",
            f"Not drawn: {'; '.join(others)}." if others else "",
        ),
        label="Histogram of the margins of tokens, on logarithmic axes.",
        paint=paint,
        panel=panel,
    )
