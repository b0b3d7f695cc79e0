"""Rules that choose rows of a table: ``loss > 3``, ``family == opt and width < 1000``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from superscope.errors import UsageError, did_you_mean
from superscope.laws.rows import known
from superscope.text import listed, named, number

OWN_FLOOR = ("family", "dataset")  # each has another text or tokenizer, so another floor
POINTS = ("model", "run", "revision")  # columns whose values are single points, or a few
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_COMPARISON = re.compile(
    r"""\s*(?P<column>.+?)\s*(?P<sign>>=|<=|==|!=|>|<|=)\s*
    (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>.+?))\s*
    (?:$|(?<=\s)(?P<join>and|or)\s)""",
    re.VERBOSE,
)
_HOW = (
    "write COLUMN > NUMBER (or <, >=, <=, ==, !=), and join several by 'and' or 'or'; "
    "'and' binds first; quote a text that holds these words"
)


@dataclass(frozen=True)
class Comparison:
    """A column compared with a number or a text."""

    column: str
    sign: str
    value: str


def comparisons(frame: pd.DataFrame, rule: str) -> list[list[Comparison]]:
    """Return a rule's alternatives (joined by ``or``), each the comparisons it joins by ``and``.

    A text that holds these words is quoted.

    Raises
    ------
    UsageError
        It is none, or names a column that the table lacks.
    """
    alternatives: list[list[Comparison]] = [[]]
    at = 0
    join: str | None = "and"
    while join:
        found = _COMPARISON.match(rule, at)
        if found is None:
            raise UsageError(f"{rule!r} is not a rule; {_HOW}")
        name = known(frame, found["column"], f"the rule {rule!r}")
        value = next(v for v in found.group("double", "single", "bare") if v is not None)
        sign = "==" if found["sign"] == "=" else found["sign"]
        alternatives[-1].append(Comparison(name, sign, value))
        at, join = found.end(), found["join"]
        if join == "or":
            alternatives.append([])
    return alternatives


def is_choice(frame: pd.DataFrame, rule: str, kinds: Sequence[str], *, keeps: bool) -> bool:
    """Whether a rule says which models a law is of, and does not drop some of their points.

    So does one that compares what gives points a floor of their own, the columns `kinds`, such as
    ``family != opt``; and one that keeps single models or runs. `keeps` says that the rule's rows
    stay; otherwise they go.
    """
    keeping = "==" if keeps else "!="
    return all(
        one.sign in ("==", "!=")
        and (one.column in kinds or (one.column in POINTS and one.sign == keeping))
        for joined in comparisons(frame, rule)
        for one in joined
    )


def matches(frame: pd.DataFrame, rule: str) -> npt.NDArray[np.bool_]:
    """Return the rows of which a rule is true; no comparison with an absent value is."""
    found = np.zeros(len(frame), np.bool_)
    for joined in comparisons(frame, rule):
        found |= np.all([_true(frame, one, rule) for one in joined], axis=0)
    return found


def _true(frame: pd.DataFrame, one: Comparison, rule: str) -> npt.NDArray[np.bool_]:
    """Return the rows of which one comparison is true."""
    values = frame[one.column]
    if _numeric(values):
        special = _special(values, one.sign, one.value.lower())
        if special is not None:
            return special
        try:
            wanted: Any = float(one.value)
        except ValueError:
            raise UsageError(
                f"the rule {rule!r}: {one.column} holds numbers, and {one.value!r} is none"
            ) from None
    elif one.sign in ("==", "!="):
        wanted, values = one.value, values.astype("string")
    else:
        raise UsageError(f"the rule {rule!r}: {one.column} holds text; compare it by == or !=")
    found = _OPERATORS[one.sign](values, wanted)
    return pd.Series(found).astype("boolean").fillna(False).to_numpy(np.bool_)


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


def amiss(frame: pd.DataFrame, rule: str) -> str:
    """Return which values of a rule its columns do not have, or why no row matches.

    Empty where every text is one of its column's, and some row matches.
    """
    every = [one for joined in comparisons(frame, rule) for one in joined]
    none = not matches(frame, rule).any()
    said = []
    for one in dict.fromkeys(every):
        values = frame[one.column].dropna()
        if _numeric(values):
            continue
        texts = list(map(str, values.unique()))
        if one.value not in texts:
            has = listed([named(text, 40) for text in texts], 5) or "nothing"
            alike = [text for text in texts if text.lower() == one.value.lower()]
            hint = did_you_mean(alike[0] if alike else one.value, texts, 0.5)
            said.append(f"no {one.column} is {one.value!r}; {hint}{one.column} has {has}")
    if none and not said:
        ranges = [_range(frame, name) for name in dict.fromkeys(one.column for one in every)]
        found = ", ".join(filter(None, ranges))
        said = [f"no row is so ({found})" if found else "no row is so"]
    return "; ".join(said)


def _range(frame: pd.DataFrame, name: str) -> str:
    """Return the least and the greatest number of a column; empty if it holds none."""
    values = frame[name].dropna()
    if not len(values) or not _numeric(values):
        return ""
    low, high = number(float(values.min())), number(float(values.max()))
    return f"{name} is {low} to {high}" if low != high else f"{name} is {low}"


def _numeric(values: pd.Series) -> bool:
    """Whether a column holds numbers; truths are read as text."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
