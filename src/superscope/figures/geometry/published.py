"""The published points that measured models are placed among."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


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
    text = files("superscope").joinpath("data", "llm_overlap.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        PublishedOverlap(
            row["family"], row["model"], int(row["width"]), float(row["mean_square_overlap"])
        )
        for row in rows
    )
