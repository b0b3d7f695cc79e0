"""How these figures show variants and budgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from superscope.figures.draw.colors import LIGHT, Style, series
from superscope.figures.draw.drawable import drawable
from superscope.lab import Comparison
from superscope.lab.worth.bench import Bench
from superscope.lab.worth.verdicts import tokens_text
from superscope.laws import Estimate

NAMES = 1.3  # inches to the right of a panel, for names of variants
ROW = 0.24  # inches, of a variant
LONGEST = 20  # letters of a name
STEP, MOST_STEPS = 0.34, 0.8  # of a row: between two budgets, and between the first and the last


def budgets_of(tokens: Iterable[int]) -> dict[int, Style]:
    """Return a look for each budget, ascending."""
    found = sorted(set(tokens))
    return dict(zip(found, series(map(str, found)).values(), strict=True))


def budget_marks(styles: dict[int, Style]) -> list[Line2D]:
    """Return an entry of the key for each budget."""
    return [Line2D([], [], label=tokens_text(t), **s.marks()) for t, s in styles.items()]


def place_title(bench: Bench, tokens: int, benches: Sequence[Bench]) -> str:
    """Return what stands above the panel of a bench and budget."""
    return ", ".join(filter(None, (drawable(bench.among(benches)), tokens_text(tokens))))


def at_bench(comparisons: Iterable[Comparison], bench: Bench) -> dict[str, list[Comparison]]:
    """Return the comparisons of a bench by variant: the best at the largest budget first."""
    found: dict[str, list[Comparison]] = {}
    for c in comparisons:
        if c.bench == bench:
            found.setdefault(c.variant, []).append(c)
    names = sorted(found, key=lambda name: found[name][-1].rank, reverse=True)
    return {name: found[name] for name in names}


def rows_of(panel: Axes, names: Sequence[str], most: int) -> None:
    """Make the y axis `most` rows, one for each name from above, with the names to the right."""
    panel.set_ylim(most - 0.5, -0.5)
    panel.set_yticks(range(most), [""] * most)
    panel.tick_params(axis="y", length=0)
    for k, name in enumerate(names):
        panel.annotate(
            drawable(name, LONGEST), (1, k), xycoords=("axes fraction", "data"), xytext=(6, 0),
            textcoords="offset points", fontsize=8, va="center_baseline", annotation_clip=False,
            color=LIGHT["ink"],
        )  # fmt: skip


def places_in(row: int, count: int) -> list[float]:
    """Return where so many budgets stand about the middle of a row."""
    step = min(STEP, MOST_STEPS / max(1, count - 1))
    return [row + step * (k - (count - 1) / 2) for k in range(count)]


def put(panel: Axes, row: float, of: Estimate, style: Style) -> None:
    """Draw a number as a mark in a row, with its interval if there is one."""
    if of.low is not None and of.high is not None:
        panel.plot([of.low, of.high], [row, row], color=style.color, linewidth=1.2, zorder=3)
    panel.plot([of.value], [row], zorder=4, **style.marks(4.8))
