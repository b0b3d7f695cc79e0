"""The figure of the mean loss of each document."""

from __future__ import annotations

from matplotlib.axes import Axes

from superscope.evaluation import Evaluation
from superscope.figures.draw.axes import limits, log_x
from superscope.figures.draw.canvas import Key, block, line, mark, one_panel, spread
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing

MOST_DOCUMENTS = 2000  # documents drawn
BAND = 0.2


def loss_documents(evaluation: Evaluation) -> Drawing:
    """Return the figure of the loss of each document against its length, and their mean."""
    documents, loss, ends = evaluation.documents, evaluation.loss, evaluation.loss_interval
    chosen = list(spread(range(len(documents.ids)), MOST_DOCUMENTS))
    key = Key((
        mark("document", LIGHT["centered"]),
        line("mean over tokens", "-", LIGHT["raw"]),
        *([block("95 % interval", LIGHT["raw"], BAND)] * (ends is not None)),
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        counts, means = documents.counts[chosen], documents.means[chosen]
        log_x(panel, *limits(counts))
        panel.plot(counts, means, linestyle="none", marker="o", markersize=3.4, alpha=0.6,
                   color=LIGHT["centered"], markeredgewidth=0, zorder=2)  # fmt: skip
        if ends is not None:
            panel.axhspan(*ends, color=LIGHT["raw"], alpha=BAND, linewidth=0, zorder=3)
        panel.axhline(loss, color=LIGHT["raw"], linewidth=1.3, zorder=4)
        panel.set_xlabel("tokens scored in the document")
        panel.set_ylabel("loss, nats per token")

    paint, alone = one_panel(draw, key, height=3.0, widest=6.4)

    interval = "" if ends is None else (
        f" (95 % interval {ends[0]:.4f} to {ends[1]:.4f}, by Student's t of "
        f"{len(documents.ids):,} documents)"
    )  # fmt: skip
    return Drawing(
        name="loss-documents",
        title="Loss of each document",
        caption=caption(
            "Mean loss of each document against how many of its tokens were scored.",
            f"The line is the mean over all {evaluation.scored:,} tokens, {loss:.4f} nats per "
            f"token{interval}.",
            f"Drawn are {len(chosen):,} of {len(documents.ids):,} documents."
            if len(chosen) < len(documents.ids) else "",
        ),
        label="Mean losses of documents against their length, with the mean over all tokens.",
        paint=paint,
        panel=alone,
    )  # fmt: skip
