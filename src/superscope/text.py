"""Format numbers, counts, columns and foreign strings for people.

This is the only module that formats. Each room registers printers for its results with
:func:`as_text` and :func:`as_html`; this module imports no room.
"""

from __future__ import annotations

import hashlib
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import singledispatch
from html import escape

NONE = "–"
"""Shown in place of a missing number."""

_spelling: ContextVar[Callable[[str], str]] = ContextVar("_spelling", default=str)


@contextmanager
def spelled(spelling: Callable[[str], str]) -> Iterator[None]:
    """Let :func:`advice` spell arguments as `spelling` does, such as ``--rows trained``."""
    before = _spelling.set(spelling)
    try:
        yield
    finally:
        _spelling.reset(before)


def advice(note: str) -> str:
    """Return a note that names arguments in the spelling of its reader: Python's by default."""
    return _spelling.get()(note)


def number(value: float | None, digits: int = 6) -> str:
    """Return a number to `digits` significant digits, or – if it is missing."""
    return NONE if value is None else f"{value:,.{digits}g}"


def rounded(value: float | None) -> str:
    """Return a number to four significant digits without an exponent, or – if it is missing."""
    if value is None:
        return NONE
    if 1e3 <= abs(value) < 1e6:
        return f"{value:,.0f}"
    mantissa, _, exponent = f"{value:.4g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def alike(*values: float) -> tuple[str, ...]:
    """Return numbers to three significant digits, all with an exponent or all without."""
    if all(value == 0 or 1e-4 <= abs(value) < 1e6 for value in values):
        short = [f"{value:.3g}" for value in values]
        return tuple(f"{float(text):,.0f}" if "e" in text else text for text in short)
    parts = [f"{value:.2e}".partition("e") for value in values]
    return tuple(
        f"{float(m):g}e{int(e)}" if e and float(m) else f"{float(m):g}" for m, _, e in parts
    )


def told_apart(values: Sequence[float], *ends: float) -> tuple[str, ...]:
    """Return values to three significant digits, or so many that none reads like another number.

    So 0.3 beside 0.3012 is ``0.3000``. Nor do they read like one of the `ends`, which are shown
    with three digits.
    """
    digits = 3
    for i, value in enumerate(values):
        for other in values[:i]:
            off, size = abs(value - other), max(abs(value), abs(other))
            if 0 < off < math.inf:
                digits = max(digits, min(6, math.ceil(math.log10(size / off)) + 1))
    shown = {float(f"{end:.3g}") for end in ends}
    while digits < 6 and shown & {float(f"{value:.{digits}g}") for value in values} - {*values}:
        digits += 1
    shape = ".3g" if digits == 3 else f"#.{digits}g"
    return tuple(f"{value:{shape}}" for value in values)


def signed(value: float, digits: int = 3) -> str:
    """Return a number with a typographic minus sign."""
    return minus(f"{value:,.{digits}g}")


def with_sign(value: float, digits: int) -> str:
    """Return a number with that many decimals and its sign, plus or a typographic minus."""
    return minus(f"{value:+.{digits}f}")


def change(value: float, digits: int = 3) -> str:
    """Return a number to `digits` significant digits and its sign, plus or a typographic minus."""
    return minus(f"{value:+,.{digits}g}")


def minus(written: str) -> str:
    """Return written numbers with the minus sign of print."""
    return written.replace("-", "−")


def fixed(value: float | None, digits: int = 2) -> str:
    """Return a number with that many decimals, or – if it is missing; zero is never negative."""
    if value is None:
        return NONE
    text = f"{value:.{digits}f}"
    return minus(text.lstrip("-") if float(text) == 0 else text)


def plus_minus(value: str, error: float | None, digits: int = 2) -> str:
    """Return a written number with its standard error: ``4.1516 ± 0.17``."""
    return value if error is None else f"{value} ± {error:.{digits}g}"


def with_interval(value: str, low: str, high: str) -> str:
    """Return a written number with its interval: ``0.5 (0.4 to 0.6)``."""
    return f"{value} ({low} to {high})"


def times(ratio: float | None, digits: int = 4) -> str:
    """Return a ratio to `digits` significant digits, ``124.5×``, or – if it is missing."""
    return NONE if ratio is None else f"{ratio:,.{digits}g}×"


def percent(share: float) -> str:
    """Return a share in per cent with three digits."""
    return f"{100 * share:.3g} %"


def counted(count: int, what: str, plural: str | None = None) -> str:
    """Return a number of things: ``1 run``, ``2 runs``, ``1,200 families``."""
    return f"{count:,} {what if count == 1 else plural or what + 's'}"


def sentence(text: str) -> str:
    """Return text with a capital first and a full stop last."""
    return f"{text[0].upper()}{text[1:]}."


def listed(names: Sequence[str], most: int = 4) -> str:
    """Return names joined by commas; of many, the first and how many more there are."""
    more = len(names) - most
    return f"{', '.join(names[:most])} and {more:,} more" if more > 1 else ", ".join(names)


def duration(seconds: float) -> str:
    """Return a time in suitable units."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} d {minutes // 60 % 24} h"


# A byte beyond ASCII that is no text, as the room of tokens writes it; or any character.
_PARTS = re.compile(r"\\x[89a-f][0-9a-f]|.", re.DOTALL)


def visible(text: str, quote: str = '"', longest: int = 40) -> str:
    """Return text with invisible characters and terminal control sequences escaped.

    Within quotes, the quote and the backslash are escaped too, so that the result is
    unambiguous; but for bytes that are no text, which tokens have as ``\\xe9``: they are escaped
    already.
    """
    cut = text if len(text) <= longest else text[: longest - 1] + "…"

    def shown(found: re.Match[str]) -> str:
        part = found[0]
        if len(part) > 1:
            return part
        if quote and part in (quote, "\\"):
            return f"\\{part}"
        if part.isprintable():
            return part
        return part.encode("unicode_escape", "backslashreplace").decode("ascii")

    return f"{quote}{_PARTS.sub(shown, cut)}{quote}"


def visible_texts(texts: Iterable[str | None], longest: int = 40) -> dict[str, str]:
    """Return, by place, how a text is shown where that is more than the text in quotes."""
    found = {}
    for place, text in enumerate(texts):
        if text is not None:
            shown = visible(text, longest=longest)
            if shown != f'"{text}"':
                found[str(place)] = shown
    return found


def encodable(text: str) -> str:
    """Return text that UTF-8 can encode; invalid bytes of a path become escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def named(text: str, longest: int = 200) -> str:
    """Return the name of a model, file or text, with invisible characters escaped, unquoted."""
    return visible(text, quote="", longest=longest)


def token_name(index: int, text: str | None) -> str:
    """Return a token by its text and its id: ``" Paris" #7042``."""
    return f"#{index}" if text is None else f"{visible(text)} #{index}"


def shortened(names: Sequence[str], short: Callable[[str], str]) -> list[str]:
    """Return names made short, but all in full where that would make two of them one."""
    made = [short(name) for name in names]
    return made if len(set(made)) == len(set(names)) else list(names)


def shown_lines(lines: Iterable[str]) -> str:
    """Return lines joined, invisible characters and control sequences within them escaped."""
    return "\n".join(visible(line, quote="", longest=sys.maxsize) for line in lines)


def slug(text: str) -> str:
    """Return a file name for any text: readable if possible, and always distinct."""
    plain = re.sub(r"[^\w.-]", "-", text, flags=re.ASCII)[-80:].lstrip(".")
    if plain and plain == text:
        return plain
    return f"{plain}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def columns(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table's lines: the first column aligned left, the others aligned right."""
    table = [tuple(header), *map(tuple, rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(header))]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def labelled(title: str, facts: Iterable[tuple[str, str]], width: int = 15) -> str:
    """Return a title, and below it one line for each label and its value."""
    return "\n".join([title, *(f"  {label:<{width}}{text}" for label, text in facts)])


@singledispatch
def as_text(value: object) -> str:
    """Return a result as a terminal shows it; each room registers its own results."""
    raise TypeError(f"superscope has no text form for a {type(value).__name__}")


@singledispatch
def as_html(value: object) -> str:
    """Return a result as a notebook shows it: its text, unless its room has a table for it."""
    return f"<pre style='line-height:1.2'>{escape(as_text(value))}</pre>"
