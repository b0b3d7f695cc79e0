"""A study as its figures see it: what members are called, how they are marked, where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from superscope.figures.draw.colors import LIGHT, MARKERS, Style, series
from superscope.figures.draw.drawable import drawable_names
from superscope.figures.draw.labels import put_labels
from superscope.geometry import Geometry
from superscope.laws.formula import Floats
from superscope.text import shortened

if TYPE_CHECKING:
    from superscope.evaluation import Evaluation
    from superscope.study import Member, Study

MOST_NAMED = 12  # points of a panel with a name beside them; of more, the number in the table
MARK_SIZE = 5.6  # points, of a mark
LONGEST_NAME = 22  # letters of such a name
NO_FAMILY = "no known family"


@dataclass(frozen=True, eq=False)
class Point:
    """A member as a figure marks it.

    Attributes
    ----------
    member
        Whose point it is.
    number
        In the table of members, from 1.
    name
        What stands beside it, fit to be drawn.
    family
        Its family as the key has it.
    style
        Color and mark of its family.
    """

    member: Member
    number: int
    name: str
    family: str
    style: Style

    @property
    def width(self) -> int:
        """m, of the head or else of the model that was evaluated."""
        if self.member.geometry is not None:
            return self.member.geometry.width
        return self.evaluation.model.width

    @property
    def geometry(self) -> Geometry:
        """Of a member whose head was measured."""
        assert self.member.geometry is not None
        return self.member.geometry

    @property
    def evaluation(self) -> Evaluation:
        """Of a member whose loss was evaluated."""
        assert self.member.evaluation is not None
        return self.member.evaluation


@dataclass(frozen=True)
class Cast:
    """The members of a study for its figures.

    Attributes
    ----------
    points
        In the order of the table.
    note
        What to say of names that cannot be drawn as they are; empty if all can.
    """

    points: tuple[Point, ...]
    note: str

    @property
    def measured(self) -> tuple[Point, ...]:
        """Those whose head was measured."""
        return tuple(p for p in self.points if p.member.geometry is not None)

    @property
    def evaluated(self) -> tuple[Point, ...]:
        """Those whose loss was evaluated."""
        return tuple(p for p in self.points if p.member.evaluation is not None)


def cast_of(study: Study) -> Cast:
    """Return the members of a study as figures mark them."""
    names, note = drawable_names(
        shortened([m.name for m in study.members], _last_part), LONGEST_NAME
    )
    known = list(dict.fromkeys(m.family or NO_FAMILY for m in study.members))
    families, _ = drawable_names(known, LONGEST_NAME)
    last = len(MARKERS) - 1
    if len(known) > len(MARKERS):  # there are not enough different markers
        families = (*families[:last], *["other families"] * (len(known) - last))
    styles = series(families)
    marks = {f: (drawn, styles[drawn]) for f, drawn in zip(known, families, strict=True)}
    return Cast(
        tuple(
            Point(member, k, name, *marks[member.family or NO_FAMILY])
            for k, (member, name) in enumerate(zip(study.members, names, strict=True), 1)
        ),
        note,
    )


def _last_part(name: str) -> str:
    return PurePosixPath(name).name or name


def family_marks(points: Sequence[Point]) -> list[Line2D]:
    """Return entries of a key for the families of points, where there are several."""
    styles = {p.family: p.style for p in points}
    if len(styles) < 2:
        return []
    return [
        Line2D([], [], label=family, **style.marks(MARK_SIZE)) for family, style in styles.items()
    ]


def put(
    panel: Axes, point: Point, x: float, y: float, *,
    error: float | None = None, hollow: bool = False,
) -> None:  # fmt: skip
    """Draw a member's point, with a bar of one standard error to both sides if there is one."""
    color = point.style.color
    if error is not None:
        panel.errorbar([x], [y], yerr=[error], fmt="none", ecolor=color, elinewidth=1.1,
                       capsize=2.5, zorder=3)  # fmt: skip
    ring = {"markerfacecolor": LIGHT["paper"], "markeredgewidth": 1.4}
    panel.plot([x], [y], zorder=4, **point.style.marks(MARK_SIZE) | (ring if hollow else {}))


def name_points(
    panel: Axes, points: Sequence[Point], at: Sequence[tuple[float, float]],
    around: Sequence[tuple[float, float]] = (),
) -> None:  # fmt: skip
    """Write beside points whose they are, away from the marks and what lies `around`."""
    named = len(points) <= MOST_NAMED
    put_labels(panel, at, [p.name if named else str(p.number) for p in points], around)


def named_note(cast: Cast, most: int) -> str:
    """Return what a caption says of the names beside as many points as a panel has at most."""
    return cast.note if most <= MOST_NAMED else "Numbers are those of the table of members."


def over(low: float, high: float, widths: Sequence[int]) -> Floats:
    """Return where a curve is drawn: from end to end of the axis, and at the widths themselves."""
    return np.union1d(np.geomspace(low, high, 120), np.array(widths, np.float64))
