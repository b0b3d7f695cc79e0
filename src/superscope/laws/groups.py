"""One law fitted to each group of a table apart, and the exponents compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.laws._compare import Comparison, Difference, compare, difference_frame
from superscope.laws._fit import fit_rows
from superscope.laws.exclusion import group_rows
from superscope.laws.law import Law
from superscope.laws.options import FitOptions
from superscope.laws.rows import known, numbered
from superscope.laws.table import load_table
from superscope.laws.table_columns import lengthened
from superscope.progress import ProgressChoice, chosen, silent
from superscope.result import Result
from superscope.text import counted


@dataclass(frozen=True, eq=False)
class LawsByGroup(Result):
    """One law fitted to each group of a table apart.

    Attributes
    ----------
    law, by
        The law's name, and the column whose values make the groups.
    laws
        Each group's law, by the value.
    impossible
        Why a group has none, by the value.
    """

    law: str
    by: str
    laws: dict[str, Law]
    impossible: dict[str, str]

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Every pair of groups."""
        return tuple(
            compare(self.laws[a], self.laws[b], (a, b)) for a, b in combinations(self.laws, 2)
        )

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Every exponent of every pair of groups."""
        return tuple(d for pair in self.comparisons for d in pair.differences)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each group and exponent, with its interval and the group's points."""
        frames = []
        for name, law in self.laws.items():
            frame = law.to_frame()
            frame = frame[frame["parameter"].isin(law.form.exponents)]
            frame.insert(0, self.by, name)
            frames.append(frame.assign(points=len(law.points), identified=law.identified))
        return pd.concat(frames, ignore_index=True)

    def difference_frame(self) -> pd.DataFrame:
        """Return a row for each pair of groups and exponent: the difference with its interval."""
        return difference_frame(self.differences)

    def __repr__(self) -> str:
        """Return how many groups were fitted, in one line."""
        return f"LawsByGroup({self.law}, {counted(len(self.laws), 'group')} by {self.by})"


@checked
def fit_by(
    table: pd.DataFrame | Path | str,
    law: str,
    by: str,
    options: FitOptions | None = None,
    *,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> LawsByGroup:
    """Fit a law to each group of a table apart, and compare the exponents.

    Parameters
    ----------
    table, law
        As for :func:`superscope.laws.fit`.
    by
        The column whose values make the groups, such as ``family``.
    options
        As for :func:`superscope.laws.fit`; every option may be given by name.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress("fit", done, total)``.
    **changes
        Fields of :class:`FitOptions`, by name.

    Returns
    -------
    LawsByGroup
        A law for each group, and how their exponents compare.

    Raises
    ------
    UsageError
        No such column, or no group that can be fitted.

    Examples
    --------
    >>> from superscope import laws
    >>> laws.fit_by("published-llms", "width", "family", resamples=0, judge=False)
    LawsByGroup(width, 4 groups by family)
    """
    settings = (options or FitOptions()).changed(changes)
    frame = numbered(load_table(table, separator=settings.separator, decimal=settings.decimal))
    if settings.wide is not None:
        frame = lengthened(frame, settings.wide)
    groups = group_rows(frame, (known(frame, by, "by"),))
    laws: dict[str, Law] = {}
    impossible: dict[str, str] = {}
    with chosen(progress) as report:
        for done, (name, rows) in enumerate(groups.items()):
            report("fit", done, len(groups))
            try:
                laws[name] = fit_rows(frame.iloc[rows], law, settings, progress=silent)
            except UsageError as error:
                impossible[name] = str(error)
        report("fit", len(groups), len(groups))
    if not laws:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in impossible.items())
        raise UsageError(f"no group by {by} can be fitted: {reasons}")
    return LawsByGroup(law, by, laws, impossible)
