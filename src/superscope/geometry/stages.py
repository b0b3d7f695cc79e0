"""The stages of a measurement: the names that progress shows, and their costs."""

from __future__ import annotations

CENTERINGS = {"none": "raw", "mean": "mean-centered", "frequency": "frequency-centered"}
"""The displayed name of each centering."""

GRAM = "Gram matrix"
INTERFERENCE = "interference of each token"
WEIGHTED_GRAM = "Gram matrix weighted by frequency"
PAIRS = "all pairs"

OPERATIONS_A_PAIR = 64
"""Extra cost of sums, histogram and lists for each pair of rows, in multiplications."""


def of(center: str, stage: str) -> str:
    """Return the name of a stage under one centering."""
    return f"{CENTERINGS[center]}: {stage}"
