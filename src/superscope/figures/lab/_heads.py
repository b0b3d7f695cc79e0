"""Figure: narrow heads on one body beside narrow bodies, with the width law of each."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from superscope.figures.draw.axes import width_axis
from superscope.figures.draw.canvas import Key, one_panel
from superscope.figures.draw.colors import LIGHT, Style
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing
from superscope.lab import HeadOrBody
from superscope.lab.worth.summary_heads import head_sentences
from superscope.lab.worth.verdicts import tokens_text
from superscope.laws import Estimate, Law

TITLE = "Head or body: which width buys loss?"
HEAD, BODY = Style(LIGHT["raw"], "o"), Style(LIGHT["centered"], "s")


def heads_drawing(found: HeadOrBody, number: int = 0) -> Drawing:
    """Return the figure of loss against the rank of a head, and the width of a body.

    Parameters
    ----------
    found
        What is drawn.
    number
        Among several, from 0: their files have names of their own.
    """
    widths = [p.rank for p in found.points]
    names = (f"body {found.width:,}, head of rank r", "body of width r")
    laws = (found.head_law, found.body_law)
    key = Key(tuple(
        Line2D([], [], label=name if law is None else f"{name}, law",
               **(style.marks() if law is None else style.line()))
        for name, style, law in zip(names, (HEAD, BODY), laws, strict=True)
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        width_axis(panel, widths, each=True)
        for style, law, losses in (
            (HEAD, found.head_law, [p.head for p in found.points]),
            (BODY, found.body_law, [p.body for p in found.points]),
        ):
            if law is not None:
                _law(panel, law, widths, style)
            for rank, loss in zip(widths, losses, strict=True):
                _put(panel, rank, loss, style)
        panel.set_xlabel("r: rank of the head, or width of the body")
        panel.set_ylabel("loss, nats per token")

    paint, panel = one_panel(draw, key, height=3.2, widest=6.0)
    return Drawing(
        name=f"heads-{number + 1}" if number else "heads",
        title=f"{TITLE} ({tokens_text(found.tokens)})",
        caption=caption(
            "Loss of a body whose head has rank r, and of a body whose width is r, with 95 % "
            "intervals over seeds.",
            *head_sentences(found),
        ),
        label="Loss against rank of the head and against width of the body, with the law of each.",
        paint=paint,
        panel=panel,
    )


def _put(panel: Axes, rank: int, loss: Estimate, style: Style) -> None:
    if loss.low is not None and loss.high is not None:
        panel.plot([rank, rank], [loss.low, loss.high], color=style.color, linewidth=1.2, zorder=3)
    panel.plot([rank], [loss.value], zorder=4, **style.marks(5.0))


def _law(panel: Axes, law: Law, widths: list[int], style: Style) -> None:
    x = np.geomspace(min(widths), max(widths), 120)
    panel.plot(x, law.loss(x[:, None], np.zeros(len(x), np.int64)), color=style.color,
               linewidth=1.2, zorder=2.5)  # fmt: skip
