"""Figure: a map of how far tokens have come, by frequency and width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from superscope.figures.draw.axes import log_y, width_axis
from superscope.figures.draw.canvas import Key, block, one_panel
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing

if TYPE_CHECKING:
    from superscope.study import Emergence

TITLE = "How far tokens have come, by frequency and width"
EACH = 2.0  # times: range of occurrences of a row
LEAST = 3  # tokens of a row
LEVELS = 5
Floats = npt.NDArray[np.float64]


def progress_of(found: Emergence) -> tuple[Floats, Floats]:
    """Return ends of the ranges of occurrences, (R + 1,), and what each has come, (R, K).

    Of the fall of its loss from the narrowest to the widest model, the share that is reached at a
    width; NaN for a range with few tokens or without a fall.
    """
    n = found.occurrences
    count = max(1, int(np.ceil(np.log(n.max() / n.min()) / np.log(EACH) + 1e-9)))
    edges = n.min() * EACH ** np.arange(count + 1)
    row = np.clip(np.floor(np.log(n / n.min()) / np.log(EACH) + 1e-9).astype(int), 0, count - 1)
    sums = np.zeros((count, len(found.widths)))
    np.add.at(sums, row, found.losses * n[:, None])
    fall = sums[:, :1] - sums[:, -1:]
    known = (np.bincount(row, minlength=count) >= LEAST)[:, None] & (fall > 0)
    share = np.where(known, (sums[:, :1] - sums) / np.where(fall > 0, fall, 1.0), np.nan)
    return edges, share


def emerging_map(found: Emergence) -> Drawing | Missing:
    """Return the map of how far tokens have come, by frequency and width."""
    edges, share = progress_of(found)
    if not np.isfinite(share).any():
        return Missing(TITLE, f"No range of frequencies has {LEAST} tokens that improve.")
    names = [f"{100 * k // LEVELS} to {100 * (k + 1) // LEVELS} %" for k in range(LEVELS)]
    key = Key(tuple(
        block(name, LIGHT["centered"], _alpha((k + 0.5) / LEVELS)) for k, name in enumerate(names)
    ))  # fmt: skip
    logs = np.log(found.widths)
    between = (logs[1:] + logs[:-1]) / 2
    ends = np.exp([2 * logs[0] - between[0], *between, 2 * logs[-1] - between[-1]])
    sides, rows = ends.tolist(), edges.tolist()
    known = np.flatnonzero(np.isfinite(share).all(axis=1)).tolist()

    def draw(panel: Axes) -> None:
        widths = [round(m) for m in found.widths.tolist()]
        width_axis(panel, widths, sides[0], sides[-1], each=True)
        log_y(panel, rows[known[0]], rows[known[-1] + 1])
        panel.grid(False)
        for (r, k), value in np.ndenumerate(share):
            if np.isfinite(value):
                panel.add_patch(Rectangle(
                    (sides[k], rows[r]), sides[k + 1] - sides[k], rows[r + 1] - rows[r],
                    facecolor=LIGHT["centered"], alpha=_alpha(value), linewidth=0, zorder=2,
                ))  # fmt: skip
        panel.set_xlabel("width m")
        panel.set_ylabel("occurrences of the token")

    paint, alone = one_panel(draw, key, height=2.9, widest=5.2)
    empty = len(known) < len(share)
    return Drawing(
        name="emergence-map",
        title=TITLE,
        caption=caption(
            "Of the fall of the loss from the narrowest to the widest model, the share that is "
            "reached at each width, for tokens of like frequency. Where all improve together, the "
            "columns are even; where frequent tokens are learned first, a front runs across.",
            f"Ranges with fewer than {LEAST} tokens, or without a fall, are left empty." * empty,
        ),
        label="Map: share of the fall of the loss reached, width across, occurrences up.",
        paint=paint,
        panel=alone,
    )


def _alpha(share: float) -> float:
    level = min(LEVELS - 1, max(0, int(share * LEVELS)))
    return 0.06 + 0.94 * level / (LEVELS - 1)
