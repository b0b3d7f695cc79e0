"""Figures of exponents: over decay and α at once, and against α."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from superscope.figures.draw.canvas import line, say
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.panels import side_by_side
from superscope.figures.draw.picture import Picture
from superscope.figures.draw.style import BOTTOM, DASHED, DOTTED, LEFT, RIGHT, page_width
from superscope.figures.toy.groups import MOST_PANELS, Group, GroupedRuns, Series
from superscope.figures.toy.keys import decay_colors, decay_key, decay_mark
from superscope.figures.toy.text import fitted, missing
from superscope.text import fixed, signed
from superscope.toy.features import Float64
from superscope.toy.theory import importance_exponent, weak_exponent

CELL = 0.24  # inches, the height of a cell


def exponent_table(groups: Sequence[Group], decays: Sequence[float]) -> Float64:
    """Return the exponent of each group (rows) and decay (columns); NaN where there is none."""
    table = np.full((len(groups), len(decays)), np.nan)
    for row, group in enumerate(groups):
        for series in group.series:
            if series.fit is not None:
                table[row, decays.index(series.decay)] = series.fit.value
    return table


def exponent_map(runs: GroupedRuns) -> Drawing:
    """Return the figure of exponents over decay and α."""
    decays = runs.decays
    tables = [exponent_table(groups, decays) for _, groups in runs.settings]

    known = np.concatenate([t[np.isfinite(t)] for t in tables])
    shade = Normalize(min(0.0, *known), max(1.0, *known)) if len(known) else Normalize(0, 1)

    def paint() -> Figure:
        gap, above = 0.34, 0.26
        total = above + sum(CELL * len(g) + gap for _, g in runs.settings) - gap + BOTTOM
        total = max(total, 1.3)
        rows = [_row(g) for _, groups in runs.settings for g in groups]
        left = max(LEFT, 0.2 + 0.07 * max(map(len, rows)))
        page = page_width()
        width = min(page - left - RIGHT, 0.66 * max(len(decays), 2))
        figure = Picture(figsize=(page, total))
        top = total - above
        for k, ((title, groups), table) in enumerate(zip(runs.settings, tables, strict=True)):
            height = CELL * len(groups)
            panel = figure.add_axes((left / page, (top - height) / total, width / page,
                                     height / total))  # fmt: skip
            _paint_table(panel, groups, decays, table, shade, last=k == len(tables) - 1)
            panel.set_title(_block_title(runs, title), fontsize=8.5, loc="left", pad=4)
            top -= height + gap
        return figure

    def alone(panel: Axes) -> None:
        _paint_table(panel, runs.groups, decays, tables[0], shade, last=True)

    blank, cells = sum(int(np.isnan(t).sum()) for t in tables), sum(t.size for t in tables)
    return Drawing(
        name="exponent-map",
        title="Exponents over decay and α",
        caption=caption(
            "Each cell holds the exponent a of loss ∝ m^(−a). Darker cells are steeper.",
            fitted(runs),
            f"Blank: {blank} of {cells} cells, which have fewer than two widths with a loss to fit."
            if blank
            else "",
        ),
        label="Table of fitted exponents, decay across and α down, shaded by size.",
        paint=paint,
        panel=alone if len(tables) == 1 else None,
    )


def _block_title(runs: GroupedRuns, title: str) -> str:
    if len(runs.settings) > 1:
        return f"exponent: {title}"
    return "exponent"


def _row(group: Group) -> str:
    """Return what a group is called beside its row: its α, or its law."""
    if group.alpha is not None:
        return signed(group.alpha, 4)
    law = group.points[0].config.frequencies
    return law if isinstance(law, str) else "given"


def _paint_table(
    panel: Axes, groups: Sequence[Group], decays: Sequence[float], table: Float64,
    shade: Normalize, *, last: bool,
) -> None:  # fmt: skip
    """Draw the exponents of one setting; the last of several tables names the decays."""
    _paint_cells(panel, table, shade)
    _tick_cells(panel, groups, decays, last)
    panel.set_xlabel("decay γ" if last else "")
    if not np.isfinite(table).any():
        panel.text(len(decays) + 0.2, len(groups) / 2, "no exponent: fewer than two widths",
                   va="center", fontsize=8, color=LIGHT["muted"])  # fmt: skip


def _paint_cells(panel: Axes, table: Float64, shade: Normalize) -> None:
    colormap = matplotlib.colormaps["YlGnBu"]
    figure = panel.get_figure(root=True)
    assert figure is not None
    cell = panel.get_position().width * figure.get_size_inches()[0] / table.shape[1]  # inches
    size = float(np.clip(cell / 0.058, 3.5, 7.5))
    for (row, column), value in np.ndenumerate(table):
        if np.isnan(value):
            continue
        color = colormap(0.08 + 0.8 * float(shade(value)))
        panel.add_patch(Rectangle((column, row), 1, 1, facecolor=color, edgecolor=LIGHT["paper"],
                                  linewidth=0.8))  # fmt: skip
        bright = float(np.dot((0.2126, 0.7152, 0.0722), np.power(color[:3], 2.2))) > 0.2
        panel.text(column + 0.5, row + 0.5, fixed(value), ha="center",
                   va="center_baseline", fontsize=size,
                   color="#101214" if bright else "#fafafa")  # fmt: skip


def _tick_cells(panel: Axes, groups: Sequence[Group], decays: Sequence[float], last: bool) -> None:
    panel.set_xlim(0, len(decays))
    panel.set_ylim(0, len(groups))
    labels = [signed(d, 2) if last else "" for d in decays]
    panel.set_xticks([k + 0.5 for k in range(len(decays))], labels)
    panel.set_yticks([k + 0.5 for k in range(len(groups))], [_row(g) for g in groups])
    if any(group.alpha is not None for group in groups):
        panel.set_ylabel("α", rotation=0, va="center", labelpad=9)
    panel.tick_params(length=0)
    panel.grid(False)
    panel.spines[:].set_visible(False)


def exponent_alpha(runs: GroupedRuns) -> Drawing:
    """Return the figure of exponents against α."""
    having = [(t, g) for t, g in runs.settings if g[0].alpha is not None]
    with_alpha = having[:MOST_PANELS]
    constant = [group for group in runs.groups if group.alpha is None]
    alphas = _alphas(runs)
    titles = [title if len(runs.settings) > 1 else "" for title, _ in with_alpha]
    key = decay_key(
        runs.decays,
        line("1, strong superposition", "-", LIGHT["muted"]),
        line("2(α − 1), strong, α near 2", DASHED),
        line("α − 1, weak superposition", DOTTED),
    )
    paint, panel = side_by_side(
        [partial(draw_exponents, runs=runs, groups=groups) for _, groups in with_alpha]
        or [partial(draw_exponents, runs=runs, groups=())],
        titles or [""],
        key,
        x="α",
        y="exponent",
        height=3.1,
        widest=7.3,
    )
    other = ", ".join(sorted({_row(g) for g in constant}))
    return Drawing(
        name="exponent-alpha",
        title="Exponents against α",
        caption=caption(
            "Bars are 95 % intervals, cut off at the frame. Marks of one α stand side by side.",
            fitted(runs),
            missing("α", alphas) if alphas else "",
            f"Runs under other frequency laws ({other}) have no α, and their exponents are in the "
            "map."
            if other
            else "",
            f"Drawn are {len(with_alpha)} of {len(having)} settings."
            if len(with_alpha) < len(having)
            else "",
        ),
        label="Fitted exponents with intervals against α, a color for each decay, with the lines "
        "1, α − 1 and 2(α − 1).",
        paint=paint,
        panel=panel,
    )


def _alphas(runs: GroupedRuns) -> list[float]:
    return sorted({g.alpha for g in runs.groups if g.alpha is not None})


def draw_exponents(panel: Axes, runs: GroupedRuns, groups: Sequence[Group]) -> None:
    """Draw the exponents of some groups against α, on axes that hold those of all runs."""
    alphas = _alphas(runs)
    fits = [s.fit for g in runs.groups for s in g.series if s.fit is not None]
    if fits:
        panel.set_ylim(*_limits([f.value for f in fits], [(f.low, f.high) for f in fits]))
    low, high = (alphas[0], alphas[-1]) if alphas else (0.0, 2.0)
    apart = _apart(alphas)
    margin = 0.08 * (high - low) + 0.5 * apart if len(alphas) > 1 else 0.25
    panel.set_xlim(low - margin, high + margin)
    if len(alphas) == 1:
        panel.set_xticks(alphas, [signed(alphas[0], 4)])
    _paint_theory(panel, low - margin, high + margin)
    _paint_exponents(panel, groups, runs.decays, apart)
    if not alphas:
        say(panel, "no run has frequencies ∝ rank^(−α)")
    elif not any(s.fit for g in groups for s in g.series):
        say(panel, "no exponent: fewer than two widths")


def _limits(
    values: Sequence[float], intervals: Sequence[tuple[float, float]]
) -> tuple[float, float]:
    """Return limits that show every exponent and the line 1, and no endless interval whole."""
    low, high = min(0.0, *values), max(1.0, *values)
    room = 0.25 * (high - low)
    ends = [(a, b) for a, b in intervals if np.isfinite(a)]
    lowest = min((a for a, _ in ends), default=low)
    highest = max((b for _, b in ends), default=high)
    return max(low - room, min(lowest, low)) - 0.05, min(high + room, max(highest, high)) + 0.05


def _paint_theory(panel: Axes, low: float, high: float) -> None:
    alpha = np.linspace(max(low, 1.0), high, 50)
    panel.axhline(1, color=LIGHT["muted"], linewidth=1.2, zorder=2)
    if high > 1:
        panel.plot(alpha, importance_exponent(alpha), color=LIGHT["ink"], linestyle=DASHED,
                   linewidth=1.2, zorder=2)  # fmt: skip
        panel.plot(alpha, weak_exponent(alpha), color=LIGHT["ink"], linestyle=DOTTED,
                   linewidth=1.2, zorder=2)  # fmt: skip


def _apart(alphas: Sequence[float]) -> float:
    """Return over how much of the axis the marks of one α are spread."""
    return 0.3 * float(np.min(np.diff(alphas))) if len(alphas) > 1 else 0.05


def _paint_exponents(
    panel: Axes, groups: Sequence[Group], decays: Sequence[float], apart: float
) -> None:
    colors = decay_colors(decays)
    for rank, decay in enumerate(decays):
        shift = apart * (rank / (len(decays) - 1) - 0.5) if len(decays) > 1 else 0.0
        found: list[tuple[float, Series]] = [
            (group.alpha, s) for group in groups for s in group.series
            if group.alpha is not None and s.decay == decay and s.fit is not None
        ]  # fmt: skip
        x = [alpha + shift for alpha, _ in found]
        fits = [s.fit for _, s in found if s.fit is not None]
        panel.plot(x, [f.value for f in fits], color=colors[decay], marker=decay_mark(decay),
                   markersize=4, markeredgecolor=LIGHT["paper"], markeredgewidth=0.4,
                   linewidth=0.8, zorder=4)  # fmt: skip
        panel.vlines(x, [f.low for f in fits], [f.high for f in fits], color=colors[decay],
                     linewidth=0.9, zorder=3)  # fmt: skip
