"""Published overlaps of language models' heads, which ship with the package."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from superscope.tables import parse_table

FAMILIES = {"opt": "OPT", "Qwen": "Qwen2.5", "gpt2": "GPT-2", "pythia": "Pythia"}
"""The displayed name of each published family."""


@dataclass(frozen=True)
class PublishedOverlap:
    """Mean square overlap of a language model's raw head, from figure 8a of LLG25.

    Attributes
    ----------
    family, model
        As the paper names them.
    width
        Number of columns of the head, m.
    mean_square_overlap
        Of raw rows, all rows; relative precision 1e-4.
    """

    family: str
    model: str
    width: int
    mean_square_overlap: float


@cache
def published_overlaps() -> tuple[PublishedOverlap, ...]:
    """Return the 25 points that ship with the package."""
    data = files("superscope").joinpath("data", "llm_overlap.csv").read_bytes()
    rows = b"".join(line for line in data.splitlines(True) if not line.startswith(b"#"))
    table = parse_table(rows, ".csv", "llm_overlap.csv")
    return tuple(
        PublishedOverlap(str(family), str(model), int(width), float(value))
        for family, model, width, value in zip(*(table[c] for c in table.columns), strict=True)
    )
