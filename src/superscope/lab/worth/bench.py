"""What runs must have in common to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from superscope.text import named

if TYPE_CHECKING:
    import pandas as pd

_WORDS = {
    "depth": "depth {}", "context": "context {:,}", "attention_width": "attention heads of {}",
    "vocabulary": "vocabulary {:,}", "text": "text {:.8}",
}  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """What all runs have in common that are compared with each other.

    Attributes
    ----------
    dataset, architecture
        Text, and kind of the body.
    text
        Fingerprint of the corpus; empty in older tables.
    depth, context
        Layers, and tokens read at once.
    attention_width, vocabulary
        Numbers of a head of attention, and entries of the tokenizer; None in older tables.
    """

    dataset: str
    architecture: str
    text: str
    depth: int
    context: int
    attention_width: int | None
    vocabulary: int | None

    def _told(self, name: str) -> str:
        value = getattr(self, name)
        if name == "dataset":
            return named(value) or "a text without a name"
        if value is None or value == "":
            return f"unknown {name.replace('_', ' ')}"
        return _WORDS.get(name, "{}").format(value)

    def __str__(self) -> str:
        """Return all that is known of it, but for the fingerprint of its text."""
        return ", ".join(
            self._told(name) for name in BENCH if name != "text" and getattr(self, name) is not None
        )

    def among(self, others: Sequence[Bench]) -> str:
        """Return what tells it from others; empty if nothing does."""
        return ", ".join(
            self._told(name)
            for name in BENCH
            if len({getattr(other, name) for other in (self, *others)}) > 1
        )


BENCH = [field.name for field in fields(Bench)]
"""Columns of the table."""
RAW, CENTERED = "mean_square_overlap", "mean_square_overlap_centered"
"""Columns of the table, too."""


def bench_of(rows: pd.DataFrame) -> Bench:
    """Return what rows of a table have in common."""
    import pandas as pd

    first = rows.iloc[0]
    numbers = {n: int(first[n]) for n in BENCH[3:] if pd.notna(first[n])}
    return Bench(
        str(first["dataset"]), str(first["architecture"]), str(first["text"]),
        numbers["depth"], numbers["context"], numbers.get("attention_width"),
        numbers.get("vocabulary"),
    )  # fmt: skip


def qualified(variant: str, bench: Bench, others: Sequence[Bench]) -> str:
    """Return a variant's name, with what tells its bench from others."""
    told = bench.among(others)
    return f"{named(variant)} ({told})" if told else named(variant)
