"""Row norms, the represented fraction and the regime (LLG25)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float64
from superscope.result import Result
from superscope.text import counted, number

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

HUGE = 10.0
"""A norm above this many times the median is huge: a few such rows make the mean row."""


class Regime(StrEnum):
    """How many of the features are represented, as defined by LLG25."""

    NONE = "none"
    """V ≤ m: there are enough dimensions for all features, so superposition is not needed."""
    STRONG = "strong"
    """φ ≥ 0.9: nearly all features are represented, so they must overlap."""
    WEAK = "weak"
    """φV ≤ 2m: about as many features as dimensions are represented, the others are not."""
    INTERMEDIATE = "intermediate"
    """Between weak and strong."""
    UNKNOWN = "unknown"
    """The numbers lack their scale, so that norms say nothing of which rows are represented."""


@dataclass(frozen=True, eq=False)
class Norms(Result):
    """Norms of the kept rows.

    Attributes
    ----------
    values
        ‖w_i‖ of every row, float64, shape (V,).
    threshold
        A row counts as represented if its norm exceeds this.
    threshold_rule
        Where the threshold comes from: ``half the rms norm`` or ``absolute``.
    """

    DERIVED = (
        "mean", "root_mean_square", "std", "coefficient_of_variation", "min", "max", "quantiles",
    )  # fmt: skip

    values: Float64
    threshold: float
    threshold_rule: str

    @classmethod
    def of(cls, values: Float64, threshold: float | None = None) -> Norms:
        """Return the norms with their threshold, which is half the rms norm unless given."""
        if threshold is None:
            half = 0.5 * _root_mean_square(values)
            return cls(values, half, "half the rms norm")
        return cls(values, threshold, "absolute")

    @property
    def mean(self) -> float:
        """Mean norm."""
        return float(self.values.mean())

    @property
    def root_mean_square(self) -> float:
        """Square root of the mean square norm."""
        return _root_mean_square(self.values)

    @property
    def std(self) -> float:
        """Standard deviation over the rows (divided by V)."""
        return float(self.values.std())

    @property
    def coefficient_of_variation(self) -> float:
        """Standard deviation over mean."""
        return self.std / self.mean

    @property
    def min(self) -> float:
        """Smallest norm."""
        return float(self.values.min())

    @property
    def max(self) -> float:
        """Largest norm."""
        return float(self.values.max())

    @property
    def quantiles(self) -> dict[float, float]:
        """Return the norms below which the given shares of rows lie."""
        return dict(zip(QUANTILES, np.quantile(self.values, QUANTILES).tolist(), strict=True))

    @property
    def huge(self) -> npt.NDArray[np.intp]:
        """Positions of the rows with more than :data:`HUGE` times the median norm."""
        return np.flatnonzero(self.values > HUGE * float(np.median(self.values)))

    def histogram(self, bins: int = 100) -> tuple[Float64, Float64]:
        """Return counts and the ``bins + 1`` edges of equal bins from 0 to the largest norm."""
        counts, edges = np.histogram(self.values, bins=bins, range=(0.0, self.max))
        return counts.astype(np.float64), edges

    def represented_fraction(self, threshold: float | None = None) -> float:
        """Return φ_t, the share of rows with a norm above t (default: `threshold`)."""
        return float(np.mean(self.values > (self.threshold if threshold is None else threshold)))

    def __repr__(self) -> str:
        return (
            f"Norms({counted(len(self.values), 'row')}: mean {number(self.mean, 4)}, "
            f"std {number(self.std, 4)})"
        )


def regime(features: int, width: int, represented_fraction: float | None) -> Regime:
    """Return the regime of a head with V `features` in m = `width` dimensions."""
    if features <= width:
        return Regime.NONE
    if represented_fraction is None:
        return Regime.UNKNOWN
    if represented_fraction >= 0.9:
        return Regime.STRONG
    if represented_fraction * features <= 2 * width:
        return Regime.WEAK
    return Regime.INTERMEDIATE


def _root_mean_square(values: Float64) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
