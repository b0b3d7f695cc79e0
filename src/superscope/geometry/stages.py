"""What takes long when a head is measured: the names that progress shows, and what each costs."""

from __future__ import annotations

CENTERINGS = {"none": "raw", "mean": "mean-centered", "frequency": "frequency-centered"}
"""How each centering is called."""

GRAM = "Gram matrix"
INTERFERENCE = "interference of each token"
WEIGHTED_GRAM = "Gram matrix weighted by frequency"
PAIRS = "all pairs"

OPERATIONS_A_PAIR = 64
"""What sums, histogram and lists cost beside the product of two rows, in multiplications."""


def of(center: str, stage: str) -> str:
    """Return the name of a stage under one centering."""
    return f"{CENTERINGS[center]}: {stage}"
