"""What is typed after an option of the command line that takes pairs NAME=VALUE."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cyclopts import Parameter

from superscope.errors import UsageError


def typed_pairs(converter: Callable[[Any, Any], Any], name: str | None = None) -> Parameter:
    """Return an option that takes words NAME=VALUE."""
    return Parameter(
        name=name, converter=converter, n_tokens=-1, consume_multiple=True, accepts_keys=False,
        negative="", show_default=False,
    )  # fmt: skip


def typed_columns(kind: Any, tokens: Sequence[Any]) -> dict[str, str]:
    """Return texts by name, of words NAME=VALUE."""
    return {name: text for name, text, _ in _pairs(tokens)}


def typed_values(kind: Any, tokens: Sequence[Any]) -> dict[str, float]:
    """Return numbers by name, of words NAME=NUMBER."""
    return {name: _number(option, text) for name, text, option in _pairs(tokens)}


def typed_bounds(kind: Any, tokens: Sequence[Any]) -> dict[str, tuple[float | None, float | None]]:
    """Return lowest and highest value by name, of words NAME=LOWEST:HIGHEST; either may lack."""
    found = {}
    for name, text, option in _pairs(tokens):
        low, sign, high = text.partition(":")
        if not sign:
            raise UsageError(f"{option} {text!r}: write NAME=LOWEST:HIGHEST")
        found[name] = (
            _number(option, low) if low else None,
            _number(option, high) if high else None,
        )
    return found


def _pairs(tokens: Sequence[Any]) -> list[tuple[str, str, str]]:
    """Return the name, the value and the option of each word."""
    found: list[tuple[str, str, str]] = []
    for token in tokens:
        name, sign, value = token.value.partition("=")
        if not (sign and name and value):
            raise UsageError(f"{token.keyword} {token.value!r}: write NAME=VALUE")
        if any(name.strip() == known for known, _, _ in found):
            raise UsageError(f"{token.keyword}: {name.strip()} is given more than once")
        found.append((name.strip(), value.strip(), token.keyword))
    return found


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{option}: {text!r} is not a number") from None
