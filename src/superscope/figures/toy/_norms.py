"""Figures of row norms: the share of features represented, and the norms themselves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from superscope.figures.draw.axes import log_y
from superscope.figures.draw.canvas import Key, in_lines, line, put_key, spread
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.panels import side_by_side
from superscope.figures.draw.picture import Picture
from superscope.figures.draw.style import BOTTOM, DASHED, LEFT, RIGHT, page_width
from superscope.figures.toy.groups import MOST_PANELS, Group, GroupedRuns, Series
from superscope.figures.toy.keys import decay_colors, width_colors
from superscope.figures.toy.text import missing
from superscope.text import signed
from superscope.toy.dimensionality import THRESHOLD
from superscope.toy.features import Float64
from superscope.toy.point import NORM_EDGES

MOST_WIDTHS = 12  # lines of one panel
LEAST_HEIGHT = 0.8  # inches, of a panel of norms


def represented_by_decay(group: Group, width: int) -> tuple[list[float], list[float]]:
    """Return decays, and the mean φ½ of the runs of a width, without those that have none."""
    decays, shares = [], []
    for series in group.series:
        found = [p.observation.represented_fraction for p in series.points
                 if p.config.width == width]  # fmt: skip
        known = [share for share in found if share is not None]
        if known:
            decays.append(series.decay)
            shares.append(float(np.mean(known)))
    return decays, shares


def represented_decay(runs: GroupedRuns) -> Drawing:
    """Return the figure of the represented fraction against decay."""
    widths = spread(runs.widths, MOST_WIDTHS)

    colors = width_colors(widths)
    key = Key(tuple(
        Line2D([], [], color=colors[m], marker="o", markersize=4, label=f"m = {m:,}")
        for m in widths
    ))  # fmt: skip
    paint, panel = side_by_side(
        [partial(_draw_shares, runs=runs, group=g, colors=colors) for g in runs.panels],
        [group.title for group in runs.panels],
        key,
        x="decay γ",
        y="represented fraction φ½",
        height=1.9,
        columns=3,
    )
    fewer = len(widths) < len(runs.widths)
    return Drawing(
        name="represented-decay",
        title="Represented fraction against decay",
        caption=caption(
            "Share of features with a norm above ½, φ½.",
            "Each mark is a run, and lines join the means of seeds. Nothing is fitted.",
            f"Drawn are {len(widths)} of {len(runs.widths)} widths." * fewer,
            missing("decay", runs.decays),
            runs.choice,
        ),
        label="Share of features with a norm above one half against weight decay, a color for "
        "each width.",
        paint=paint,
        panel=panel,
    )


def _draw_shares(panel: Axes, runs: GroupedRuns, group: Group, colors: Mapping[int, str]) -> None:
    panel.set_ylim(-0.04, 1.04)
    low, high = runs.decays[0], runs.decays[-1]
    margin = 0.06 * (high - low) or max(0.1 * abs(low), 0.1)
    panel.set_xlim(low - margin, high + margin)
    panel.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    if low == high:
        panel.set_xticks([low], [signed(low)])
    if low < 0 < high:
        panel.axvline(0, color=LIGHT["muted"], linewidth=0.8, zorder=1)
    for width, color in colors.items():
        _paint_shares(panel, group, width, color)


def _paint_shares(panel: Axes, group: Group, width: int, color: str) -> None:
    panel.plot(*represented_by_decay(group, width), color=color, linewidth=1, zorder=3)
    found = [
        (p.config.decay, p.observation.represented_fraction)
        for p in group.points
        if p.config.width == width and p.observation.represented_fraction is not None
    ]
    if found:
        panel.plot(*zip(*found, strict=True), color=color, linestyle="none", marker="o",
                   markersize=3.8, markeredgecolor=LIGHT["paper"], markeredgewidth=0.4,
                   zorder=4)  # fmt: skip


def norm_shares(series: Series) -> Float64:
    """Return the share of all features of some runs in each bin of the norm, shape (80,)."""
    counts = np.sum([p.norm_counts for p in series.points], axis=0)
    return np.asarray(counts / max(float(counts.sum()), 1.0), np.float64)


def norms(runs: GroupedRuns) -> Drawing:
    """Return the figure of the norms: a column for each group, a row for each decay."""
    decays = spread(runs.decays, MOST_PANELS)
    groups = runs.panels[:MOST_PANELS]

    def paint() -> Figure:
        key = Key((
            line("norm ½: represented above it", DASHED),
            line("norm 1", "-", LIGHT["muted"], 0.8),
        ))  # fmt: skip
        side, gap = 0.75, 0.1
        edges = LEFT + RIGHT + side
        page = max(page_width(), edges + len(groups) * (LEAST_HEIGHT + gap))
        width = min(2.6, (page - edges) / len(groups) - gap)
        titles = [in_lines(group.title, width) for group in groups]
        lines = max(title.count("\n") for title in titles) + 1
        height, above = 0.68, key.height(page) + 0.14 + 0.16 * lines
        total = above + len(decays) * (height + gap) - gap + BOTTOM
        figure = Picture(figsize=(page, total))
        shares = [norm_shares(s) for g in groups for s in g.series]
        least = min((float(s[s > 0].min()) for s in shares if s.any()), default=1e-3)
        colors = decay_colors(runs.decays)
        for row, decay in enumerate(decays):
            for column, group in enumerate(groups):
                bottom = total - above - row * (height + gap) - height
                panel = figure.add_axes(((LEFT + column * (width + gap)) / page, bottom / total,
                                         width / page, height / total))  # fmt: skip
                series = next((s for s in group.series if s.decay == decay), None)
                _paint_norms(panel, series, colors[decay], max(least / 2, 1e-6))
                last = row == len(decays) - 1
                panel.tick_params(labelbottom=last, labelleft=column == 0, labelsize=7.5)
                panel.set_title(titles[column] if row == 0 else "", fontsize=8, loc="left", pad=4)
                if column == len(groups) - 1:
                    panel.text(1.04, 0.5, f"γ = {signed(decay)}", transform=panel.transAxes,
                               va="center", fontsize=8)  # fmt: skip
        middle = (LEFT + len(groups) * (width + gap) / 2) / page
        figure.text(middle, 0.08 / total, "row norm", ha="center", va="bottom")
        figure.text(0.1 / page, (BOTTOM + (total - above)) / 2 / total,
                    "share of features", rotation=90, ha="left", va="center")  # fmt: skip
        put_key(figure, key)
        return figure

    fewer = len(decays) < len(runs.decays)
    cut = len(groups) < len(runs.panels)
    widths = ", ".join(f"{m:,}" for m in spread(runs.widths, 12))
    return Drawing(
        name="norms",
        title="Row norms",
        caption=caption(
            "Share of features in each bin of 0.025 of the norm, on a logarithmic scale, over all "
            f"widths ({widths}) and seeds.",
            "The last bin holds all norms beyond 2. An empty panel is a decay without runs.",
            f"Drawn are {len(decays)} of {len(runs.decays)} decays." * fewer,
            f"Only the first {len(groups)} groups have room." * cut,
            runs.choice,
        ),
        label="Histograms of row norms, a column for each frequency law and a row for each decay, "
        "with the threshold one half marked.",
        paint=paint,
    )  # fmt: skip


def _paint_norms(panel: Axes, series: Series | None, color: str, least: float) -> None:
    panel.axvline(THRESHOLD, color=LIGHT["ink"], linestyle=DASHED, linewidth=1, zorder=4)
    panel.axvline(1, color=LIGHT["muted"], linewidth=0.8, zorder=1)
    log_y(panel, least, 2.0)
    panel.set_xlim(-0.03, 2)
    panel.set_xticks([0, 0.5, 1, 1.5], ["0", "½", "1", "1.5"])
    panel.grid(False, axis="x")
    if series is None:
        return
    panel.stairs(np.maximum(norm_shares(series), least / 10), NORM_EDGES, baseline=least / 10,
                 fill=True, color=color, alpha=0.85, zorder=3)  # fmt: skip
