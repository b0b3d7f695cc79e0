"""Figure: how much every token overlaps with the others, against the length of its row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from superscope.figures.draw.axes import limits, log_y
from superscope.figures.draw.canvas import Key, line, one_panel, spread
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.labels import put_labels
from superscope.figures.draw.style import DASHED
from superscope.figures.lens.view import UNKNOWN, class_marks, label, look
from superscope.geometry.row_classes import RowClass
from superscope.lens import Extreme, Lens

Float64 = npt.NDArray[np.float64]
TITLE = "Interference of every token"
MOST_TOKENS = 3000  # drawn of each class
NAMED = 3  # tokens named at each end


@dataclass(frozen=True, eq=False)
class Scatter:
    """The tokens that are drawn.

    Attributes
    ----------
    classes
        Norm and interference in times chance, by class.
    named
        Norm, interference in times chance, and text of the tokens at the ends.
    tokens, drawn
        How many have a direction, and how many of these are drawn.
    """

    classes: dict[str, tuple[Float64, Float64]]
    named: tuple[tuple[float, float, str], ...]
    tokens: int
    drawn: int


def scatter(lens: Lens) -> Scatter:
    """Return the tokens to draw: of each class, evenly over its interference, with both ends."""
    table = lens.tokens().dropna(subset=["interference_centered"])
    table = table[table["interference_centered"] > 0]
    classes = table["class"].replace(RowClass.UNKNOWN.value, UNKNOWN)
    width = lens.head.width
    found: dict[str, tuple[Float64, Float64]] = {}
    for name, rows in table.groupby(classes, sort=False):
        ordered = rows.sort_values("interference_centered", kind="stable")
        chosen = list(spread(range(len(ordered)), MOST_TOKENS))
        some_norms, some_values = (
            ordered[column].to_numpy(np.float64)[chosen]
            for column in ("norm", "interference_centered")
        )
        found[str(name)] = some_norms, width * some_values
    order = {int(i): k for k, i in enumerate(table["id"].tolist())}
    norms = table["norm"].to_numpy(np.float64)
    values = width * table["interference_centered"].to_numpy(np.float64)
    ends = dict.fromkeys(
        end.entry for several in _ends(lens) for end in several[:NAMED] if end.entry.id in order
    )
    named = tuple((float(norms[order[e.id]]), float(values[order[e.id]]), label(e)) for e in ends)
    return Scatter(found, named, len(table), sum(len(norms) for norms, _ in found.values()))


def _ends(lens: Lens) -> tuple[tuple[Extreme, ...], ...]:
    o = lens.overview
    return o.most_packed, o.least_packed, o.longest, o.shortest


def interference_drawing(lens: Lens) -> Drawing | Missing:
    """Return the figure of the interference of every token, mean-centered, against its norm."""
    found = scatter(lens)
    if found.tokens < 2:
        return Missing(TITLE, "Fewer than two tokens overlap with others.")
    key = Key((*class_marks(found.classes), line("chance", DASHED)))

    def draw(panel: Axes) -> None:
        norms = np.concatenate([
            *(x for x, _ in found.classes.values()), [x for x, _, _ in found.named]
        ])  # fmt: skip
        values = np.concatenate([y for _, y in found.classes.values()])
        room = 0.06 * float(np.ptp(norms) or norms.max() or 1.0)
        panel.set_xlim(float(norms.min()) - room, float(norms.max()) + room)
        log_y(panel, *limits([*values, *(y for _, y, _ in found.named), 1.0], margin=0.1))
        panel.axhline(1, color=LIGHT["ink"], linestyle=DASHED, linewidth=1.2, zorder=2)
        for name, (x, y) in found.classes.items():
            color, marker = look(name)
            many = len(x) > MOST_TOKENS // 4
            panel.plot(x, y, linestyle="none", marker=marker, color=color, markeredgewidth=0,
                       markersize=2.4 if many else 4.2, alpha=0.35 if many else 0.9,
                       zorder=3 if many else 4)  # fmt: skip
        for at, height, _ in found.named:
            panel.plot([at], [height], linestyle="none", marker="o", markersize=4.6, zorder=5,
                       color=LIGHT["ink"], markerfacecolor="none", markeredgewidth=0.9)  # fmt: skip
        panel.set_xlabel("row norm")
        panel.set_ylabel("interference, times chance")
        put_labels(panel, [(x, y) for x, y, _ in found.named], [t for _, _, t in found.named],
                   list(zip(norms[::10], values[::10], strict=False)))  # fmt: skip

    paint, panel = one_panel(draw, key, height=3.4, widest=6.4)
    return Drawing(
        name="interference",
        title=TITLE,
        caption=caption(
            "Mean of c² of each token with every other, mean-centered, in times chance, 1/m, "
            "against the norm of its row.",
            "The tokens named have the greatest and the least interference, and the longest and "
            "the shortest rows.",
            f"Drawn are {found.drawn:,} of {found.tokens:,} tokens, of each class evenly over "
            "its interference."
            if found.drawn < found.tokens
            else "",
        ),
        label="Interference of tokens against their norms, a mark for each class of rows.",
        paint=paint,
        panel=panel,
    )
