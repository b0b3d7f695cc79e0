"""The most colliding pairs of a model, as the report lists them."""

from __future__ import annotations

from dataclasses import dataclass

from superscope.geometry import Geometry, Overlap, Pair
from superscope.geometry.stages import CENTERINGS
from superscope.text import visible


@dataclass(frozen=True)
class PairLine:
    """A pair: its overlap, and id and visible text (or None) of both tokens."""

    overlap: str
    tokens: tuple[tuple[int, str | None], tuple[int, str | None]]


@dataclass(frozen=True)
class PairTable:
    """The most colliding pairs under one centering."""

    title: str
    lines: tuple[PairLine, ...]


def pair_tables(geometry: Geometry) -> tuple[PairTable, ...]:
    """Return a table for each centering whose pairs were measured."""
    return tuple(
        PairTable(CENTERINGS[o.center], _lines(o)) for o in geometry.overlaps if o.pairs is not None
    )


def _lines(overlap: Overlap) -> tuple[PairLine, ...]:
    pairs = () if overlap.pairs is None else overlap.pairs.top
    return tuple(_line(pair) for pair in pairs)


def _line(pair: Pair) -> PairLine:
    return PairLine(
        f"{pair.overlap:+.4f}".replace("-", "−"),
        ((pair.first, _text(pair.first_text)), (pair.second, _text(pair.second_text))),
    )


def _text(token: str | None) -> str | None:
    return None if token is None else visible(token)
