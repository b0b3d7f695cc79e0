"""A law as its figures see it: what each term leaves of the data, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from superscope.figures.draw.canvas import spread
from superscope.figures.draw.colors import LIGHT, Style, series
from superscope.figures.draw.drawable import drawable
from superscope.laws import Interval, Law, Term
from superscope.laws.formula import Floats
from superscope.laws.intervals import student
from superscope.laws.stability import MOVED, Influence

MOST_POINTS = 1000  # marks of a panel; more make files that no page should hold
MOST_MARKED = 6
MOST_FAMILIES = 20  # with looks of their own; more cannot be told apart
BAND, INTERVAL = 0.16, 0.18  # opacity of what is shaded
FLOOR_COLOR = LIGHT["muted"]
_COLOR_OF_COLUMN = {"depth": "frequency", "tokens": "raw"}


@dataclass(frozen=True)
class Marked:
    """A point or a resampling unit that moves the law.

    Attributes
    ----------
    name
        What is left out.
    points
        Numbers of its points, shape (j,).
    effect
        How far it moves which exponents, in the unit of :func:`shift_unit`.
    """

    name: str
    points: npt.NDArray[np.int64]
    effect: str


def term_color(term: Term) -> str:
    """Return the color of a term, the same in every figure."""
    return LIGHT[_COLOR_OF_COLUMN.get(term.column, "centered")]


def input_label(term: Term) -> str:
    """Return what the axis of a term's input is called."""
    return drawable(term.column) + (f" − {term.offset:g}" if term.offset else "")


def term_remainder(law: Law, term: int) -> Floats:
    """Return the measured losses minus every other fitted part, floor included, shape (n,)."""
    parts = law.parts(law.points.inputs, law.points.group)
    return np.asarray(law.points.loss - np.delete(parts, term, axis=1).sum(axis=1), np.float64)


def banded(law: Law) -> bool:
    """Whether the law has an interval of its value."""
    return bool(len(law.bootstrap)) or law.degrees_of_freedom > 0


def term_curve(law: Law, term: int, inputs: Floats) -> tuple[Floats, Floats, Floats]:
    """Return a term's fitted part at inputs (N,), and the ends of its 95 % interval.

    The ends come from the resamples, or else from the covariance of the logarithm; they are not
    a number where there is neither.
    """
    at, logs = slice(2 * term, 2 * term + 2), np.log(inputs)
    amplitude, exponent = law.vector[at]
    value = amplitude * np.exp(-exponent * logs)
    nothing = np.full(len(inputs), np.nan)
    if len(law.bootstrap):
        drawn = law.bootstrap[:, at]
        drawn = drawn[np.isfinite(drawn).all(axis=1)]
        curves = drawn[:, :1] * np.exp(-drawn[:, 1:] * logs)
        low, high = np.quantile(curves, law.uncertainty.levels(), axis=0)
        return value, low, high
    if law.degrees_of_freedom < 1 or not amplitude > 0:
        return value, nothing, nothing
    slopes = np.stack([np.full(len(inputs), 1 / amplitude), -logs], axis=1)
    known = law.uncertainty
    variance = np.einsum("ni,ij,nj->n", slopes, known.covariance[at, at], slopes)
    half = student(known.degrees_of_freedom) * np.sqrt(np.maximum(variance, 0))
    with np.errstate(over="ignore"):
        return value, value * np.exp(-half), value * np.exp(half)


@dataclass(frozen=True)
class Family:
    """Points that look alike: those of a family, or all of them.

    Attributes
    ----------
    name
        As the key has it.
    style
        How its points look.
    points
        Numbers of its points, shape (j,).
    """

    name: str
    style: Style
    points: npt.NDArray[np.int64]


def families(law: Law, color: str) -> tuple[Family, ...]:
    """Return the points by the first column that makes groups, each with a look of its own.

    Parameters
    ----------
    law
        The law.
    color
        Of all points where there are no groups, or too many to tell apart.
    """
    points, several = law.points, len(law.grouped_by)
    names = [
        g.partition("/")[0] if several > 1 and g.count("/") == several - 1 else g
        for g in points.groups
    ]
    styles = series(names)
    if not 1 < len(styles) <= MOST_FAMILIES:
        return (Family("measured", Style(color, "o"), np.arange(len(points))),)
    of_point = np.array(names)[points.group]
    return tuple(
        Family(drawable(name, 24), style, np.flatnonzero(of_point == name))
        for name, style in styles.items()
    )


def family_keys(law: Law, color: str) -> list[Line2D]:
    """Return the entries of a key for the points of a law."""
    return [Line2D([], [], label=f" {f.name}", **f.style.marks()) for f in families(law, color)]


def put_points(
    panel: Axes, law: Law, x: Floats, y: Floats, *, chosen: npt.NDArray[np.int64], color: str,
    size: float = 3.6, alpha: float = 0.85,
) -> None:  # fmt: skip
    """Draw the chosen points, each as its family looks; x and y are of all points, shape (n,)."""
    for family in families(law, color):
        own = chosen[np.isin(chosen, family.points)]
        dots(panel, x[own], y[own], family.style, size=size, alpha=alpha)


def drawn_points(count: int) -> npt.NDArray[np.int64]:
    """Return which of so many points are drawn: all, or evenly many."""
    return np.array(spread(range(count), MOST_POINTS), np.int64)


def thinned(count: int) -> str:
    """Return what to say of points that are not drawn; empty if all are."""
    return f"Drawn are {MOST_POINTS:,} of {count:,} points." if count > MOST_POINTS else ""


def marked(law: Law) -> tuple[tuple[Marked, ...], int]:
    """Return the points that move an exponent, the most first, and how many more there are."""
    by_name: dict[str, list[Influence]] = {}
    for i in sorted(law.influences, key=lambda i: -abs(i.shift)):
        if abs(i.shift) > MOVED or i.below_floor:
            by_name.setdefault(i.text, []).append(i)
    names = list(by_name)[:MOST_MARKED]
    return tuple(
        Marked(
            name,
            np.array(by_name[name][0].points, np.int64),
            ", ".join(f"{i.parameter} {i.moved}" for i in by_name[name]),
        )
        for name in names
    ), len(by_name) - len(names)


def shift_unit(law: Law) -> str:
    """Return in what the shift of an exponent is told when points are left out."""
    return "standard deviations of its resamples" if len(law.bootstrap) else "its standard errors"


def between(low: float, high: float) -> Floats:
    """Return where a curve is drawn from end to end of a logarithmic axis."""
    return np.geomspace(low, high, 120)


def shade(panel: Axes, x: Floats, low: Floats, high: Floats) -> bool:
    """Draw a band if there is one, and return whether there is."""
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        return False
    panel.fill_between(x, low, high, color=LIGHT["ink"], alpha=BAND, linewidth=0, zorder=2)
    return True


def dots(
    panel: Axes, x: Floats, y: Floats, style: Style, *, size: float = 3.6, alpha: float = 0.85
) -> None:
    """Draw points."""
    edge = {"markeredgecolor": LIGHT["paper"], "markeredgewidth": 0.3} if style.filled else {}
    panel.plot(x, y, alpha=alpha, zorder=3, **(style.marks(size) | edge))


def shade_interval(panel: Axes, interval: Interval, axis: str) -> None:
    """Shade a parameter's interval along an axis, to the panel's edge where it has no end."""
    edges = panel.get_xlim() if axis == "x" else panel.get_ylim()
    low = edges[0] if interval.low is None else interval.low
    high = edges[1] if interval.high is None else interval.high
    draw = panel.axvspan if axis == "x" else panel.axhspan
    draw(low, high, color=LIGHT["raw"], alpha=INTERVAL, linewidth=0, zorder=1)
