"""How often the directions of a dictionary are active, and how strongly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.arrays import real_numbers
from superscope.errors import UsageError
from superscope.geometry.unit_rows import Float64
from superscope.heads import Head
from superscope.text import number

USUAL = 0.01  # the rate where none is known


@dataclass(frozen=True, eq=False)
class Activations:
    """Rate and mean amplitude of each direction, float64, shape (V,)."""

    rates: Float64
    amplitudes: Float64

    def of(self, chosen: npt.NDArray[Any]) -> Activations:
        """Return those of some directions."""
        return Activations(self.rates[chosen], self.amplitudes[chosen])

    def parts(self, spread: float) -> tuple[Float64, Float64]:
        """Return p s² and p² μ²: what grows with all rates, and with their square."""
        mean = self.amplitudes
        return self.rates * (mean**2 + spread**2), self.rates**2 * mean**2


def activations_of(
    head: Head, kept: Head, rates: Any, amplitudes: Any, usual: float
) -> tuple[Activations, str | None]:
    """Return the activations of the kept rows, and a note on where the rates are from.

    Parameters
    ----------
    head, kept
        The dictionary, and the rows of it that have a direction.
    rates
        One number, one for each row, or None: what lies beside the dictionary, else 0.01.
    amplitudes
        One for each row, or None.
    usual
        The amplitude where `amplitudes` is None.
    """
    note = None
    if rates is None and head.rates is not None:
        rates = head.rates
        note = (
            f"the rates are those beside the dictionary, {number(float(rates.min()), 3)} to "
            f"{number(float(rates.max()), 3)}"
        )
    every = Activations(
        rates_of(USUAL if rates is None else rates, head), amplitudes_of(amplitudes, head, usual)
    )
    if kept.ids is None:
        return every, note
    return every.of(np.searchsorted(head.kept_ids, kept.kept_ids)), note


def rates_of(given: Any, head: Head) -> Float64:
    """Return a rate for each kept row."""
    values = np.atleast_1d(real_numbers(given, "rates"))
    stored, name = head.stored.shape[0], head.provenance.model
    if values.ndim != 1 or len(values) not in (1, stored, head.features):
        raise UsageError(
            f"{len(values):,} rates for the {stored:,} directions of {name}; give one number, or "
            "one for each direction"
        )
    bad = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if len(bad):
        where = "" if len(values) == 1 else f" of direction {bad[0]:,}"
        raise UsageError(f"the rate{where} is {values[bad[0]]:g}; a rate is from 0 to 1")
    if len(values) == 1:
        return np.full(head.features, values[0])
    return values if head.ids is None or len(values) == head.features else values[head.ids]


def amplitudes_of(given: Any, head: Head, usual: float) -> Float64:
    """Return a mean amplitude for each kept row."""
    if given is None:
        return np.full(head.features, usual)
    values = real_numbers(given, "amplitudes")
    if values.shape != (head.features,):
        raise UsageError(
            f"{values.size:,} amplitudes for the {head.features:,} directions of "
            f"{head.provenance.model}; give one for each direction"
        )
    bad = np.flatnonzero(~((values > 0) & (values < math.inf)))
    if len(bad):
        raise UsageError(
            f"the amplitude of direction {bad[0]:,} is {values[bad[0]]:g}; it must be a finite "
            "number above 0"
        )
    return values
