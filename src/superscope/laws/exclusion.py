"""Which points a fit leaves out, by rule, and a record of every one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from superscope.errors import UsageError
from superscope.laws.rows import row_numbers
from superscope.laws.rules import OWN_FLOOR, amiss, comparisons, is_choice, matches
from superscope.text import counted

ABSENT = "(absent)"


@dataclass(frozen=True)
class Excluded:
    """Points one rule left out.

    Attributes
    ----------
    rule
        The rule in words.
    rows
        Which rows of the table, counted from 1.
    choice
        Whether the rule chose which models the law is of, such as one family, and dropped no
        points of theirs.
    where
        Whether it is a rule of the points that stay.
    """

    rule: str
    rows: tuple[int, ...]
    choice: bool = False
    where: bool = False

    @property
    def text(self) -> str:
        """What was left out: ``loss > 3``, ``all but family = opt``."""
        return f"all but {self.rule}" if self.where else self.rule

    @property
    def drops(self) -> bool:
        """Whether points were dropped that the law is of."""
        return not (self.choice or self.where)


def exclude(
    frame: pd.DataFrame,
    rules: Sequence[str],
    where: Sequence[str] = (),
    kinds: Sequence[str] = OWN_FLOOR,
) -> tuple[npt.NDArray[np.bool_], tuple[Excluded, ...]]:
    """Return which rows the rules keep, and what each left out; rows without a loss go first.

    A rule compares a column with a number or a text; several comparisons are joined by ``and`` or
    ``or``. Of `where` the rows stay of which each rule is true. `kinds` are the columns that tell
    apart what a law may be of.

    Raises
    ------
    UsageError
        A rule that is none, a column the table lacks, or nothing left; a choice by the loss.
    """
    kept = np.ones(len(frame), np.bool_)
    records = []
    absent = frame["loss"].isna().to_numpy(np.bool_)
    if not isinstance(frame["loss"].dtype, np.dtype) and absent.any():
        records.append(Excluded("loss is absent", row_numbers(frame, absent)))
        kept &= ~absent
    for rule in where:
        if any(one.column == "loss" for joined in comparisons(frame, rule) for one in joined):
            raise UsageError(
                f"where {rule!r}: the loss is what a law explains, and choosing by it is leaving "
                "points out; write it the other way round in exclude"
            )
        out = ~matches(frame, rule) & kept
        choice = is_choice(frame, rule, kinds, keeps=True)
        records.append(Excluded(rule, row_numbers(frame, out), choice, where=True))
        kept &= ~out
    for rule in rules:
        out = matches(frame, rule) & kept
        choice = is_choice(frame, rule, kinds, keeps=False)
        records.append(Excluded(rule, row_numbers(frame, out), choice))
        kept &= ~out
    if not kept.any():
        said = "; ".join(f"{r.text} ({counted(len(r.rows), 'point')})" for r in records)
        why = "".join(f"; {found}" for rule in (*where, *rules) if (found := amiss(frame, rule)))
        raise UsageError(f"no point is left of {len(frame)} after {said}{why}")
    return kept, tuple(records)


def unmatched(frame: pd.DataFrame, rules: Sequence[str]) -> tuple[str, ...]:
    """Return a note on each rule that matches no row, or names a value that its column lacks."""
    return tuple(f"the rule {rule}: {why}" for rule in rules if (why := amiss(frame, rule)))


def drop_highest(
    frame: pd.DataFrame, kept: npt.NDArray[np.bool_], count: int, groups: Sequence[str]
) -> tuple[npt.NDArray[np.bool_], Excluded]:
    """Return which of the rows kept stay without the K highest losses of each group.

    Every point goes whose loss is at least the K-th highest. Ties go together, so it may be more
    than K.

    Raises
    ------
    UsageError
        A group would have nothing left.
    """
    out = np.zeros(len(frame), np.bool_)
    loss = frame["loss"].to_numpy(np.float64, na_value=np.nan)
    there = np.flatnonzero(kept)
    for label, rows in group_rows(frame.iloc[there], groups).items():
        of_group = there[rows]
        if count >= len(of_group):
            of = f" of {label}" if groups else ""
            raise UsageError(
                f"dropping the {count} highest losses leaves none of {len(of_group)} points{of}"
            )
        threshold = np.sort(loss[of_group])[-count]
        out[of_group[loss[of_group] >= threshold]] = True
    each = " of each group" if groups else ""
    highest = "the highest loss" if count == 1 else f"the {count} highest losses"
    return kept & ~out, Excluded(f"{highest}{each}", row_numbers(frame, out))


def group_rows(frame: pd.DataFrame, groups: Sequence[str]) -> dict[str, npt.NDArray[np.int64]]:
    """Return each group's rows by its label, the values joined by ``/``; one group without any.

    A value that holds a ``/`` is quoted in the label, so that no two groups share one.
    """
    if not groups:
        return {"": np.arange(len(frame))}
    for name in groups:
        first = next((v for v in frame[name] if isinstance(v, (list, dict, set, np.ndarray))), None)
        if first is not None:
            raise UsageError(
                f"group: {name} holds lists, such as {first!r:.40}; give each row one value"
            )
    parts = [frame[name].astype("string").map(_quoted, na_action="ignore") for name in groups]
    labels = parts[0].fillna(ABSENT)
    for part in parts[1:]:
        labels = labels + "/" + part.fillna(ABSENT)
    codes, names = pd.factorize(labels)
    return {str(name): np.flatnonzero(codes == i) for i, name in enumerate(names)}


def _quoted(value: str) -> str:
    if "/" in value or '"' in value or value == ABSENT:
        return '"' + value.replace('"', '""') + '"'
    return value
