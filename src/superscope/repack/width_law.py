"""The width law of one real head: loss against rank, fitted, and what it says of width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from superscope.errors import SuperscopeError, UsageError
from superscope.laws import Estimate, Law, fit
from superscope.laws.formula import Floats
from superscope.lens.estimate import Estimate as Measured
from superscope.repack.through_width import ThroughWidth, through_width
from superscope.text import counted

BEST = "best"  # the way of least loss at each rank
CLEAR = 2.0  # standard errors above 0
LEAST = 3  # ranks, to leave a degree of freedom


@dataclass(frozen=True, eq=False)
class HeadLaw:
    """Excess = A r^(−α) of one way; its floor is the loss of the full head.

    Attributes
    ----------
    way
        The way, or ``best`` for the best one at each rank.
    law
        Fitted by :func:`superscope.laws.fit` (``power`` of the rank, B held at 0); None without.
    missing
        Why there is none; empty if there is.
    ranks, left_out
        Ranks that it was fitted to, and others.
    doubled
        The law's value at m less that at 2m: what twice the width would gain if this curve went on.
        An extrapolation, and too little where the curve bends down to 0 at m.
    through
        The law of which the full head is a point and not the floor, fitted to all ranks below m
        that cost something; None without three of them.
    """

    way: str
    law: Law | None
    missing: str
    ranks: tuple[int, ...]
    left_out: tuple[int, ...]
    doubled: Estimate | None
    through: ThroughWidth | None

    @property
    def exponent(self) -> float | None:
        """α, which is 1 where loss is interference of random directions."""
        return None if self.law is None else self.law.parameters["alpha"]


@dataclass(frozen=True, eq=False)
class FamilyLaw:
    """Loss = A m^(−α) + B of models of several widths, beside the law of one head.

    Attributes
    ----------
    name
        Of the table.
    law
        Fitted by :func:`superscope.laws.fit` (``width``).
    rank
        r, the rank nearest to half of m.
    narrower
        What a width of r would cost instead of m, nats per token.
    doubled
        What a width of 2m would gain.
    inside
        Whether r, m and 2m lie each between the family's widths.
    """

    name: str
    law: Law
    rank: int
    narrower: Estimate
    doubled: Estimate
    inside: tuple[bool, bool, bool]


def head_law(way: str, ranks: Sequence[int], excess: Sequence[Measured], width: int) -> HeadLaw:
    """Return the law of one way.

    At r = m nothing is lost, whatever the law: ranks above half the width are left out where
    enough lie below; so are losses that are not clearly above 0.

    Parameters
    ----------
    way
        What to call it.
    ranks
        Ascending.
    excess
        Loss over that of the full head, at each rank.
    width
        m.
    """
    clear = [
        (r, e.value)
        for r, e in zip(ranks, excess, strict=True)
        if r < width and e.value > max(0.0, CLEAR * (e.error or 0.0))
    ]
    through = through_width([r for r, _ in clear], [e for _, e in clear], width)
    half = [pair for pair in clear if 2 * pair[0] <= width]
    used = half if len(half) >= LEAST else clear
    taken = tuple(r for r, _ in used)
    left = tuple(r for r in ranks if r not in taken)
    if len(used) < LEAST:
        missing = (
            f"a law takes {LEAST} ranks that cost something, and there "
            f"{'is' if len(used) == 1 else 'are'} {counted(len(used), 'such rank')}"
        )
        return HeadLaw(way, None, missing, taken, left, None, through)
    frame = pd.DataFrame(used, columns=["rank", "loss"])
    try:
        law = fit(frame, "power", x="rank", fix={"B": 0.0}, progress=None)
    except SuperscopeError as error:
        return HeadLaw(way, None, str(error), taken, left, None, through)
    return HeadLaw(way, law, "", taken, left, _between(law, width, 2 * width), through)


def law_of_family(name: str, table: pd.DataFrame) -> Law:
    """Return the width law of models of several widths.

    Parameters
    ----------
    name
        Of the table.
    table
        Observations; rows without a width or a loss are passed over.

    Raises
    ------
    UsageError
        The table lacks a column, or its rows are too few.
    """
    for column in ("width", "loss"):
        if column not in table:
            raise UsageError(f"{name} has no column {column}; the width law needs width and loss")
    known = table[table["width"].notna() & table["loss"].notna()].reset_index(drop=True)
    if known["width"].nunique() < LEAST:
        raise UsageError(
            f"{name} has losses of {counted(known['width'].nunique(), 'width')}; the width law "
            f"takes {LEAST}"
        )
    return fit(known, "width", progress=None)


def family_law(name: str, law: Law, ranks: Iterable[int], width: int) -> FamilyLaw:
    """Return the width law of a family, read at the widths of one head.

    Parameters
    ----------
    name
        Of its table.
    law
        From :func:`law_of_family`.
    ranks
        That were tried.
    width
        m.
    """
    rank, widths = nearest_to_half(ranks, width), law.points.inputs[:, 0]
    first, whole, twice = (
        bool(widths.min() <= m <= widths.max()) for m in (rank, width, 2 * width)
    )
    return FamilyLaw(
        name, law, rank, _between(law, rank, width), _between(law, width, 2 * width),
        (first, whole, twice),
    )  # fmt: skip


def nearest_to_half(ranks: Iterable[int], width: int) -> int:
    """Return the rank nearest to half the width."""
    return min(ranks, key=lambda rank: (abs(rank - width / 2), rank))


def _between(law: Law, narrow: int, wide: int) -> Estimate:
    """Return what a law loses from one width to another, without its floor."""

    def fall(parameters: Floats) -> Floats:
        amplitude, exponent = parameters[:, 0], parameters[:, 1]
        lost: Floats = amplitude * (np.float64(narrow) ** -exponent - np.float64(wide) ** -exponent)
        return lost

    return law.uncertainty.estimate(fall)
