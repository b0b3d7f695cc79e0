"""Read numbers as people write them: 18.9M, 33,554,432, 3,14 and 50.28%."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

NOT_NUMBERS = ("nan", "inf", "-inf", "+inf", "infinity", "-infinity")
"""Spellings of a failed number: such a cell is neither missing nor text."""

UNITS = {"": "", "k": "e3", "m": "e6", "b": "e9", "g": "e9", "t": "e12", "%": "e-2"}
_SIGNED = r"[+-]?"
_EXPONENT = r"(?:[eE][+-]?\d+)?"
_UNIT = r"\s?([kKMBGT%]?)"
_GROUPS = r"\d{1,3}(?:,\d{3})+"  # 1,234 or 33,554,432
AMBIGUOUS = re.compile(rf"{_SIGNED}[1-9]\d{{0,2}},\d{{3}}{_UNIT}")
_SPACED = r"\d{1,3}(?:[_'\u2019\u00a0\u202f ]\d{3})+|\d*"  # 1 234, 1_234, 1'234 or 1234
_POINT = re.compile(rf"({_SIGNED}(?:{_GROUPS}|{_SPACED})(?:\.\d*)?{_EXPONENT}){_UNIT}")
_COMMA = re.compile(rf"({_SIGNED}(?:\d{{1,3}}(?:\.\d{{3}})+|{_SPACED})(?:,\d*)?{_EXPONENT}){_UNIT}")
_ONE_COMMA = re.compile(rf"{_SIGNED}(?:\d{{1,3}}(?:\.\d{{3}})+|\d*),\d+{_EXPONENT}{_UNIT}")
_SPACES = re.compile(r"[_'\u2019\u00a0\u202f ]")


def shows_comma(cells: Iterable[str]) -> bool:
    """Return whether cells hold decimal commas that can be nothing else."""
    found = [c.strip() for c in cells if "," in c]
    return (
        bool(found)
        and all(map(_ONE_COMMA.fullmatch, found))
        and any(not AMBIGUOUS.fullmatch(c) for c in found)
    )


def shows_point(cells: Iterable[str]) -> bool:
    """Return whether cells hold decimal points, or commas between thousands, and nothing else."""
    found = [c.strip() for c in cells if "," in c or "." in c]
    return (
        bool(found)
        and all(map(_POINT.fullmatch, found))
        and any(
            ("." in c and not AMBIGUOUS.fullmatch(c.replace(".", ","))) or c.count(",") > 1
            for c in found
        )
    )


def as_numbers(
    columns: dict[str, pd.Series], decimal: str | None = None
) -> tuple[dict[str, pd.Series], tuple[str, ...]]:
    """Return columns of text as numbers where every cell is one, and notes of how they were read.

    Parameters
    ----------
    columns
        Text by name. Missing cells stay missing, and ``nan`` is not a missing cell.
    decimal
        ``,`` or ``.``; None takes what other cells of these columns show.

    Returns
    -------
    tuple
        The columns of numbers, by name; and a note for each with numbers in an unusual form.

    Raises
    ------
    ValueError
        A column can be read in two ways.
    """
    import numpy as np
    import pandas as pd

    texts = {name: _filled(values) for name, values in columns.items()}
    comma = decimal == "," or (decimal is None and any(map(shows_comma, texts.values())))
    point = decimal == "." or (decimal is None and any(map(shows_point, texts.values())))
    found: dict[str, pd.Series] = {}
    notes = []
    for name, values in columns.items():
        cells = list(dict.fromkeys(texts[name]))
        kind = _reading(name, cells, comma=comma, point=point)
        parsed = {c: parsed_number(c, kind) for c in cells}
        if any(number is None for number in parsed.values()):
            continue
        absent = values.isna().to_numpy(np.bool_)
        numbers = [1.0 if a else parsed[str(v)] for v, a in zip(values, absent, strict=True)]
        found[name] = pd.Series(
            pd.arrays.FloatingArray(np.array(numbers, np.float64), absent), index=values.index
        )
        special = next((c for c in cells if _plain(c) is None), None)
        if special is not None:
            notes.append(f"{special.strip()} in {name} was read as {parsed[special]:.15g}")
    return found, tuple(notes)


def _filled(values: pd.Series) -> list[str]:
    return [str(v) for v in values.dropna()]


def _reading(name: str, cells: list[str], *, comma: bool, point: bool) -> str:
    """Return the decimal sign of a column; ValueError where it may be either."""
    own_comma, own_point = shows_comma(cells), shows_point(cells)
    if own_comma != own_point:
        return "," if own_comma else "."
    if comma != point:
        return "," if comma else "."
    unclear = next((c.strip() for c in cells if AMBIGUOUS.fullmatch(c.strip())), None)
    if unclear is not None:
        raise ValueError(
            f"{name} holds {unclear!r}, which may be {unclear.replace(',', '.')} or "
            f"{unclear.replace(',', '')}; choose the decimal sign: decimal=',' or decimal='.'"
        )
    return "."


def _plain(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def parsed_number(cell: str, decimal: str) -> float | None:
    """Return the number that a cell holds, with this decimal sign; None if it holds none."""
    text = cell.strip()
    if decimal == ".":
        plain = _plain(text)
        if plain is not None:
            return plain
    elif text.lower() in NOT_NUMBERS:
        return float(text)
    match = (_POINT if decimal == "." else _COMMA).fullmatch(text)
    if match is None or not any(c.isdigit() for c in match[1]):
        return None
    digits = _SPACES.sub("", match[1])
    if decimal == ".":
        digits = digits.replace(",", "")
    else:
        digits = digits.replace(".", "").replace(",", ".")
    factor = UNITS[match[2].lower()]
    if "e" in digits.lower():
        return float(digits) * float(f"1{factor}")
    return float(digits + factor)  # as text: 18.9M is the number nearest to 18900000
