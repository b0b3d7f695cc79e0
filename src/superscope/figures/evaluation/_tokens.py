"""The figure of the loss of frequent and of rare tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from superscope.evaluation import Evaluation
from superscope.figures.draw.axes import limits, log_x
from superscope.figures.draw.canvas import Key, line, mark, one_panel, spread
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing

Float64 = npt.NDArray[np.float64]
TITLE = "Loss of frequent and of rare tokens"
MOST_TOKENS = 2000
EACH = 3  # bins of each octave of rank


@dataclass(frozen=True, eq=False)
class RankLosses:
    """Losses of tokens by how often they were targets.

    Attributes
    ----------
    means
        Mean loss of each token, the most frequent first, shape (n,).
    ranks, binned
        Middle of each bin of rank, and the mean loss over all targets in it.
    """

    means: Float64
    ranks: Float64
    binned: Float64


def rank_losses(evaluation: Evaluation) -> RankLosses:
    """Return the losses of tokens in the order of how often they were targets."""
    tokens = evaluation.token_losses
    order = np.argsort(-tokens.counts, kind="stable")
    counts, nats = tokens.counts[order], tokens.nats[order]
    last = len(order)
    edges = np.unique(np.geomspace(1, last + 1, 2 + int(EACH * np.log2(last + 1))).round()) - 1
    starts = edges[:-1].astype(np.int64)
    sums = np.add.reduceat(nats, starts) / np.add.reduceat(counts, starts)
    middles = np.sqrt((edges[:-1] + 1) * np.maximum(edges[1:], edges[:-1] + 1))
    return RankLosses(nats / counts, middles, sums)


def loss_tokens(evaluation: Evaluation) -> Drawing | Missing:
    """Return the figure of the loss of tokens against their rank in the text."""
    if len(evaluation.token_losses.ids) < 2:
        return Missing(TITLE, "Fewer than two different tokens were scored.")
    found = rank_losses(evaluation)
    key = Key((
        mark("token", LIGHT["centered"]),
        line("mean over targets of like rank", "-", LIGHT["raw"]),
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        chosen = np.array(spread(range(len(found.means)), MOST_TOKENS))
        log_x(panel, *limits([1.0, float(len(found.means))]))
        panel.plot(chosen + 1, found.means[chosen], linestyle="none", marker="o", markersize=2.6,
                   alpha=0.35, color=LIGHT["centered"], markeredgewidth=0, zorder=2)  # fmt: skip
        panel.plot(found.ranks, found.binned, color=LIGHT["raw"], zorder=3)
        panel.set_xlabel("rank of the token in the text")
        panel.set_ylabel("loss, nats per token")

    paint, alone = one_panel(draw, key, height=3.0, widest=6.4)

    return Drawing(
        name="loss-tokens",
        title=TITLE,
        caption=caption(
            "Mean loss of each token that was a target, against its rank: 1 is the most frequent "
            "target of this text.",
            "The line is the mean over all targets in a range of ranks.",
            f"Drawn are {MOST_TOKENS:,} of {len(found.means):,} tokens, evenly spread over the "
            "ranks." if len(found.means) > MOST_TOKENS else "",
        ),
        label="Mean losses of tokens against their rank on a logarithmic axis, with the mean over "
        "ranges of rank.",
        paint=paint,
        panel=alone,
    )  # fmt: skip
