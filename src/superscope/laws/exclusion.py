"""Which points a fit leaves out, by rule, and a record of every one."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from superscope.errors import UsageError
from superscope.text import counted

ABSENT = "(absent)"
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
POINTS = ("model", "run", "revision")  # columns whose values are single points, or a few
_CONDITION = re.compile(r"\s*(.+?)\s*(>=|<=|==|!=|>|<|=)\s*(.+?)\s*")
_AND = re.compile(r"\s+and\s+")


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
        Whether the rule chose what the law is of, such as one family, and dropped no points of it.
    """

    rule: str
    rows: tuple[int, ...]
    choice: bool = False


def exclude(
    frame: pd.DataFrame, rules: Sequence[str], where: Sequence[str] = ()
) -> tuple[npt.NDArray[np.bool_], tuple[Excluded, ...]]:
    """Return which rows the rules keep, and what each left out; rows without a loss go first.

    A rule compares a column with a number or a text; several comparisons are joined by ``and``.
    Of `where` the rows stay of which each rule is true.

    Raises
    ------
    UsageError
        A rule that is none, a column the table lacks, or nothing left; a choice by the loss.
    """
    kept = np.ones(len(frame), np.bool_)
    records = []
    absent = frame["loss"].isna().to_numpy(np.bool_)
    if not isinstance(frame["loss"].dtype, np.dtype) and absent.any():
        records.append(Excluded("loss is absent", _rows(absent)))
        kept &= ~absent
    for rule in where:
        if any(name == "loss" for name, _, _ in conditions(frame, rule)):
            raise UsageError(
                f"where {rule!r}: the loss is what a law explains, and choosing by it is leaving "
                "points out; write it the other way round in exclude"
            )
        out = ~_matches(frame, rule) & kept
        records.append(Excluded(f"where {rule}", _rows(out), choice=True))
        kept &= ~out
    for rule in rules:
        out = _matches(frame, rule) & kept
        records.append(Excluded(rule, _rows(out), choice=is_choice(frame, rule)))
        kept &= ~out
    if not kept.any():
        said = "; ".join(f"{r.rule} ({counted(len(r.rows), 'point')})" for r in records)
        raise UsageError(f"no point is left of {len(frame)} after {said}")
    return kept, tuple(records)


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
    return kept & ~out, Excluded(f"the {count} highest losses{each}", _rows(out))


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


def known(frame: pd.DataFrame, name: str, purpose: str) -> str:
    """Return a column's name; UsageError that names the nearest if the table has none such."""
    if name in frame:
        return name
    columns = [str(c) for c in frame.columns]
    lower = {c.lower(): c for c in columns}
    near = get_close_matches(name.lower(), lower, 1, 0.5)
    hint = f"did you mean {lower[near[0]]}? " if near else ""
    raise UsageError(f"{purpose}: no column {name!r}; {hint}columns: {', '.join(columns)}")


def rows_named(wrong: npt.NDArray[np.bool_]) -> str:
    """Return rows in words, counted from 1 without the header."""
    return listed([int(i) + 1 for i in np.flatnonzero(wrong)])


def listed(rows: Sequence[int]) -> str:
    """Return row numbers in words: ``rows 1, 2 and 40 more``."""
    shown = ", ".join(map(str, rows[:10]))
    more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"


def _rows(mask: npt.NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) + 1 for i in np.flatnonzero(mask))


def _special(values: pd.Series, sign: str, text: str) -> npt.NDArray[np.bool_] | None:
    """Return the rows that a comparison with ``nan`` or ``absent`` names; None for others."""
    if text not in ("nan", "absent") or sign not in ("==", "!="):
        return None
    absent = values.isna().to_numpy(np.bool_)
    if text == "absent" or isinstance(values.dtype, np.dtype):  # where they are one
        found = absent
    else:
        found = np.isnan(values.to_numpy(np.float64, na_value=0.0))
    return found if sign == "==" else ~found & ~(absent if text == "nan" else found)


def conditions(frame: pd.DataFrame, rule: str) -> list[tuple[str, str, str]]:
    """Return a rule's comparisons: column, sign and what it is compared with.

    Raises
    ------
    UsageError
        It is none, or names a column that the table lacks.
    """
    found = []
    for condition in _AND.split(rule.strip()):
        parts = _CONDITION.fullmatch(condition)
        if parts is None:
            raise UsageError(
                f"{rule!r} is not a rule; write COLUMN > NUMBER "
                "(or <, >=, <=, ==, !=), and join several by 'and'"
            )
        name = known(frame, parts[1], f"the rule {rule!r}")
        found.append((name, "==" if parts[2] == "=" else parts[2], parts[3].strip("\"'")))
    return found


def is_choice(frame: pd.DataFrame, rule: str) -> bool:
    """Whether a rule says what kind of points a law is of, and does not drop some of them.

    So does one that compares texts alone, such as ``family != opt``, unless it names a model or a
    run to leave out.
    """
    return all(
        not pd.api.types.is_numeric_dtype(frame[name]) and (sign == "!=" or name not in POINTS)
        for name, sign, _ in conditions(frame, rule)
    )


def _matches(frame: pd.DataFrame, rule: str) -> npt.NDArray[np.bool_]:
    """Return the rows of which every comparison of a rule is true; an absent value is not."""
    out = np.ones(len(frame), np.bool_)
    for name, sign, text in conditions(frame, rule):
        values = frame[name]
        if pd.api.types.is_numeric_dtype(values):
            special = _special(values, sign, text.lower())
            if special is not None:
                out &= special
                continue
            try:
                wanted: Any = float(text)
            except ValueError:
                raise UsageError(
                    f"the rule {rule!r}: {name} holds numbers, and {text!r} is none"
                ) from None
        elif sign in ("==", "!="):
            wanted, values = text, values.astype("string")
        else:
            raise UsageError(f"the rule {rule!r}: {name} holds text; compare it by == or !=")
        found = _OPERATORS[sign](values, wanted)
        out &= pd.Series(found).astype("boolean").fillna(False).to_numpy(np.bool_)
    return out
