"""Figures of one toy model: its loss while it trained, its norms, and its overlaps."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from superscope.figures.draw.axes import limits, log_x, log_y
from superscope.figures.draw.canvas import Key, block, line, mark, one_panel
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.style import DASHED
from superscope.toy import ToyRun
from superscope.toy.dimensionality import THRESHOLD
from superscope.toy.run import LAST

Float64 = npt.NDArray[np.float64]
WINDOWS = 200  # of steps, over each of which the loss is averaged
OVERLAP = "Overlap of the features"
SHAPES = {"⅖": 2 / 5, "½": 1 / 2, "⅔": 2 / 3, "¾": 3 / 4, "1": 1.0}
"""Dimensionalities of a pentagon, a pair, a triangle, a tetrahedron, and of a feature alone."""


def smoothed_losses(run: ToyRun) -> tuple[Float64, Float64]:
    """Return the middle step, and the mean loss, of windows that are even in log step."""
    steps = len(run.losses)
    edges = np.unique(np.geomspace(1, steps + 1, WINDOWS + 1).round()).astype(np.int64) - 1
    sums = np.add.reduceat(run.losses.astype(np.float64), edges[:-1])
    return np.sqrt((edges[:-1] + 1.0) * np.maximum(edges[1:], 1)), sums / np.diff(edges)


def run_loss(run: ToyRun) -> Drawing | Missing:
    """Return the figure of the loss of a toy model while it trained."""
    steps, losses = smoothed_losses(run)
    if not (losses > 0).any():
        return Missing("Loss while training", "No step has a loss above 0.")
    key = Key((
        line("loss of the steps", "-", LIGHT["centered"]),
        line(f"mean of the last {min(LAST, len(run.losses))} steps", DASHED, LIGHT["raw"]),
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        log_x(panel, *limits(steps, 0.02))
        log_y(panel, *limits([*losses, run.loss]))
        panel.plot(steps, losses, color=LIGHT["centered"], zorder=3)
        panel.axhline(run.loss, color=LIGHT["raw"], linestyle=DASHED, linewidth=1.1, zorder=4)
        panel.set_xlabel("step")
        panel.set_ylabel("loss, summed over features")

    return _drawing(
        "toy-loss", "Loss while training", key, draw,
        said=caption(
            "Loss of the steps on logarithmic axes, averaged over windows that are even in the "
            "logarithm of the step.",
            f"The loss of the run is {run.loss:.4g}.",
        ),
        label="Loss against step on logarithmic axes, with the loss of the run as a line.",
    )  # fmt: skip


def run_norms(run: ToyRun) -> Drawing:
    """Return the figure of the norm of each feature against its rank by frequency."""
    order = np.argsort(-run.config.features().probabilities, kind="stable")
    key = Key((mark("feature", LIGHT["centered"]), line("norm ½: represented above it", DASHED)))

    def draw(panel: Axes) -> None:
        log_x(panel, *limits([1.0, float(len(order))]))
        panel.plot(np.arange(1, len(order) + 1), run.norms[order], linestyle="none", marker="o",
                   markersize=3, color=LIGHT["centered"], alpha=0.7, markeredgewidth=0,
                   zorder=3)  # fmt: skip
        panel.axhline(THRESHOLD, color=LIGHT["ink"], linestyle=DASHED, linewidth=1.1, zorder=2)
        panel.set_ylim(0, 1.05 * max(1.0, float(run.norms.max())))
        panel.set_xlabel("rank of the feature by frequency")
        panel.set_ylabel("norm of its row")

    return _drawing(
        "toy-norms", "Norms of the features", key, draw,
        said="The norm of each feature's row of W, the most frequent feature first. "
        f"Of {len(order):,} features, {int(run.represented.sum()):,} have a norm above ½ and "
        "count as represented.",
        label="Norms of features against their rank by frequency, with the threshold one half.",
    )  # fmt: skip


def run_dimensionality(run: ToyRun) -> Drawing:
    """Return the figure of the dimensionality of each feature against its rank by frequency."""
    order = np.argsort(-run.config.features().probabilities, kind="stable")
    key = Key((
        mark("represented feature", LIGHT["centered"]),
        mark("feature of norm at most ½", LIGHT["muted"], "x"),
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        log_x(panel, *limits([1.0, float(len(order))]))
        ranks, found = np.arange(1, len(order) + 1), run.dimensionality[order]
        for chosen, color, marker in (
            (run.represented[order], LIGHT["centered"], "o"),
            (~run.represented[order], LIGHT["muted"], "x"),
        ):
            panel.plot(ranks[chosen], found[chosen], linestyle="none", marker=marker,
                       markersize=3.5, color=color, alpha=0.8, zorder=3)  # fmt: skip
        for level in SHAPES.values():
            panel.axhline(level, color=LIGHT["muted"], linewidth=0.7, zorder=1)
        panel.set_yticks([0, *SHAPES.values()], ["0", *SHAPES])
        panel.grid(False, axis="y")
        panel.set_ylim(-0.03, 1.05)
        panel.set_xlabel("rank of the feature by frequency")
        panel.set_ylabel("dimensionality")

    return _drawing(
        "toy-dimensionality", "Dimensionality of the features", key, draw,
        said=caption(
            "The part of a dimension that each feature has, ‖W_i‖² / Σ_j (Ŵ_i·W_j)².",
            "Lines are at 1, a dimension of its own, and at the values of the regular shapes: ¾ of "
            "a tetrahedron, ⅔ of a triangle, ½ of an antipodal pair, ⅖ of a pentagon.",
        ),
        label="Dimensionality of features against their rank by frequency, with lines at the "
        "values of regular shapes.",
    )  # fmt: skip


def feature_overlaps(run: ToyRun) -> Float64:
    """Return c of all pairs of different features that have a norm above ½, shape (pairs,)."""
    rows = run.W[run.represented].astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray((rows @ rows.T)[np.triu_indices(len(rows), 1)])


def run_overlap(run: ToyRun) -> Drawing | Missing:
    """Return the figure of the overlaps of pairs of represented features."""
    overlaps = feature_overlaps(run)
    if not len(overlaps):
        return Missing(OVERLAP, "Fewer than two features are represented.")
    spread = 1 / math.sqrt(run.config.width)
    key = Key((
        block("pairs of features", LIGHT["centered"], 0.6),
        line("1/√m to both sides, of random directions", DASHED),
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        counts, edges = np.histogram(overlaps, np.linspace(-1, 1, 101))
        panel.stairs(np.maximum(counts, 0.5), edges, baseline=0.5, fill=True,
                     color=LIGHT["centered"], alpha=0.6, zorder=2)  # fmt: skip
        for side in (-spread, spread):
            panel.axvline(side, color=LIGHT["ink"], linestyle=DASHED, linewidth=1.1, zorder=3)
        log_y(panel, 0.5, 2.0 * float(counts.max()))
        panel.set_xlim(-1, 1)
        panel.set_xlabel("overlap c")
        panel.set_ylabel("pairs")

    return _drawing(
        "toy-overlap", OVERLAP, key, draw,
        said=f"The overlap c of all {len(overlaps):,} pairs of features with a norm above ½, on a "
        f"logarithmic scale. Their mean square is {float(np.mean(overlaps**2)):.4g}, and that of "
        f"random directions is 1/m = {1 / run.config.width:.4g}.",
        label="Histogram of the overlaps of pairs of features, with those of random directions.",
    )  # fmt: skip


def _drawing(
    name: str, title: str, key: Key, draw: Callable[[Axes], None], *, said: str, label: str
) -> Drawing:
    paint, alone = one_panel(draw, key, height=2.8, widest=6.4)

    return Drawing(name, title, said, label, paint, alone)
