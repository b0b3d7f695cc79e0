"""Figure: what two features in one dimension become, over sparsity and importance (E22)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from superscope.figures.draw.axes import log_x, log_y
from superscope.figures.draw.canvas import Key, block
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.panels import side_by_side
from superscope.figures.toy.groups import MOST_PANELS, GroupedRuns, loss_of
from superscope.figures.toy.titles import Setting, titles
from superscope.toy import Phase
from superscope.toy.point import ToyPoint

TITLE = "Phases over sparsity and importance"
COLORS = {
    Phase.NOT_REPRESENTED: LIGHT["grid"],
    Phase.DEDICATED: LIGHT["centered"],
    Phase.ANTIPODAL: LIGHT["raw"],
    Phase.ALIGNED: LIGHT["frequency"],
}
Cells = Mapping[tuple[float, float], ToyPoint]
"""The run of the lowest loss at each probability and relative importance."""


def phase_cells(runs: GroupedRuns) -> dict[Setting, Cells]:
    """Return the runs of two features in one dimension, the best of each cell, by setting."""
    found: dict[Setting, dict[tuple[float, float], ToyPoint]] = {}
    for group in runs.groups:
        alpha = () if group.alpha is None else (("α", group.alpha),)
        for p in group.points:
            first, second = p.config.weights() if p.config.n == 2 else (0.0, 0.0)
            if p.config.width != 1 or not (first > 0 and second > 0):
                continue
            varied = ("density", "importance")
            setting = tuple(item for item in group.setting if item[0] not in varied)
            setting += (*alpha, ("decay γ", p.config.decay))
            place = float(group.probabilities.mean()), float(second / first)
            cells = found.setdefault(setting, {})
            if place not in cells or loss_of(p) < loss_of(cells[place]):
                cells[place] = p
    return dict(found)


def phases(runs: GroupedRuns) -> Drawing | Missing:
    """Return the figure of the phases of a model's second feature (E22's phase diagram)."""
    found = phase_cells(runs)
    if not found:
        return Missing(TITLE, "A phase diagram takes runs of 2 features in width 1.")
    shown = list(found)[:MOST_PANELS]
    present = {p.phase for cells in found.values() for p in cells.values()}
    key = Key(tuple(block(p.value, color, 1.0) for p, color in COLORS.items() if p in present))
    paint, panel = side_by_side(
        [partial(_draw_cells, cells=found[setting]) for setting in shown],
        titles([(setting, None) for setting in shown]) if len(found) > 1 else [""],
        key,
        x="probability p of a feature: sparser to the right",
        y="importance I₂/I₁",
        height=3.0,
        widest=4.6,
    )
    seeds = {p.config.seed for p in runs.points}
    return Drawing(
        name="phases",
        title=TITLE,
        caption=caption(
            "What models with two features in one dimension do with the second feature.",
            "Each cell is the run of the lowest loss among its seeds." if len(seeds) > 1 else "",
            "A feature with a norm of at most ½ is not represented. It is superposed where the "
            "other one has a norm above ½ too.",
            f"Drawn are {len(shown)} of {len(found)} settings." if len(shown) < len(found) else "",
        ),
        label="Map of phases, the probability of a feature across and the importance of the second "
        "feature up.",
        paint=paint,
        panel=panel,
    )


def _draw_cells(panel: Axes, cells: Cells) -> None:
    across, up = (_edges([place[axis] for place in cells]) for axis in (0, 1))
    left, right = (end(b for edge in across.values() for b in edge) for end in (min, max))
    low, high = (end(b for edge in up.values() for b in edge) for end in (min, max))
    log_x(panel, left, right)
    log_y(panel, low, high)
    panel.invert_xaxis()
    panel.grid(False)
    for (p, importance), point in cells.items():
        (x0, x1), (y0, y1) = across[p], up[importance]
        color = COLORS[point.phase]
        panel.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, facecolor=color, edgecolor=color,
                                  linewidth=0.3, zorder=2))  # fmt: skip


def _edges(values: Sequence[float]) -> dict[float, tuple[float, float]]:
    """Return the sides of the cell of each value, halfway to its neighbors in logarithms."""
    centers = np.unique(values)
    logs = np.log(centers)
    between = (logs[1:] + logs[:-1]) / 2
    first = logs[0] - (between[0] - logs[0] if len(between) else 0.1)
    last = logs[-1] + (logs[-1] - between[-1] if len(between) else 0.1)
    edges = np.exp(np.concatenate(([first], between, [last])))
    return {float(c): (float(edges[k]), float(edges[k + 1])) for k, c in enumerate(centers)}
