"""Decades of frequency."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from superscope.text import number

Float64 = npt.NDArray[np.float64]

NEVER = "never counted"


def decades_of(frequencies: Float64) -> Float64:
    """Return log10 of each frequency, rounded down; NaN for 0."""
    with np.errstate(divide="ignore"):
        powers: Float64 = np.floor(np.log10(frequencies))
    powers[~np.isfinite(powers)] = np.nan
    return powers


def decade_name(power: float) -> str:
    """Return the name of a decade: ``10 to 100``."""
    return f"{number(10.0**power)} to {number(10.0 ** (power + 1))}"
