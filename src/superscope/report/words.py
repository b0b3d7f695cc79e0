"""Numbers, and numbers of things, as captions and tables have them."""

from __future__ import annotations


def signed(value: float, digits: int = 3) -> str:
    """Return a number with the sign that print has for minus."""
    return f"{value:,.{digits}g}".replace("-", "−")


def fixed(value: float, digits: int = 2) -> str:
    """Return a number with so many decimals; no zero is negative."""
    text = f"{value:.{digits}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "−")


def counted(count: int, what: str) -> str:
    """Return a number of things: ``1 run``, ``2 runs``."""
    return f"{count:,} {what}" + ("" if count == 1 else "s")
