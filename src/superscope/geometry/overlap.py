"""Overlaps of the rows of a head under one centering: definitions.md §2, as a value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from superscope.geometry import baselines
from superscope.geometry.pairs import PairStatistics
from superscope.geometry.stages import CENTERINGS
from superscope.geometry.unit_rows import Float64
from superscope.geometry.weighted import WeightedOverlap
from superscope.result import Result
from superscope.text import number


@dataclass(frozen=True, eq=False)
class Overlap(Result):
    """Overlaps c_ij = ŵ_i · ŵ_j of the unit rows, under one centering.

    Attributes
    ----------
    center
        What was subtracted from the rows: ``none``, ``mean`` or ``frequency``.
    features, width
        V, the number of nonzero rows, and m.
    left_out
        Ids of rows that are zero after centering, and have no direction.
    mean_square_overlap, mean_overlap
        Mean of c² and of c over distinct pairs, exact.
    spectrum
        Squared singular values of Ŵ (eigenvalues of G), descending, shape (m,).
    token_interference
        Mean of c_ij² over j ≠ i for each row, exact, shape (V,).
    pairs
        Statistics of pairs, or None if they were not computed.
    weighted
        Overlaps weighted by token frequencies, or None if no frequencies were given.

    Examples
    --------
    Opposite corners of a square overlap fully, and adjacent ones do not overlap:

    >>> import numpy as np
    >>> import superscope
    >>> square = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> overlap = superscope.measure(square).raw
    >>> overlap
    Overlap(raw: V = 4, m = 2, mean c² = 0.333333, effective width 2)
    >>> overlap.ratio_to_welch
    1.0
    """

    DERIVED = (
        "random_mean_square", "random_mean_absolute", "welch_floor", "ratio_to_random",
        "ratio_to_welch", "effective_width", "packing_efficiency", "entropy_rank", "stable_rank",
        "random_mean_square_sd", "deviation_from_random", "random_effective_width",
        "outside_marchenko_pastur", "random_direction_share",
    )  # fmt: skip

    center: str
    features: int
    width: int
    left_out: tuple[int, ...]
    mean_square_overlap: float
    mean_overlap: float
    spectrum: Float64
    token_interference: Float64
    pairs: PairStatistics | None
    weighted: WeightedOverlap | None = None

    @property
    def random_mean_square(self) -> float:
        """E c² of isotropic random rows, 1/m."""
        return baselines.random_mean_square(self.width)

    @property
    def random_mean_absolute(self) -> float:
        """E|c| of isotropic random rows."""
        return baselines.random_mean_absolute(self.width)

    @property
    def welch_floor(self) -> float:
        """Lowest possible mean c² of V unit rows in m dimensions."""
        return baselines.welch_floor(self.features, self.width)

    @property
    def ratio_to_random(self) -> float:
        """Mean c² over 1/m."""
        return self.mean_square_overlap * self.width

    @property
    def ratio_to_welch(self) -> float | None:
        """Mean c² over the Welch floor; None for V ≤ m, where the floor is 0."""
        return self.mean_square_overlap / self.welch_floor if self.welch_floor else None

    @property
    def effective_width(self) -> float:
        """V²/‖G‖_F²: m for a tight frame, 1 if all rows are parallel."""
        ratio = self.features / (1 + (self.features - 1) * self.mean_square_overlap)
        return min(ratio, float(self.width))  # rounding may exceed the bound

    @property
    def random_mean_square_sd(self) -> float:
        """Standard deviation of the mean c² of V random rows: the tolerance of chance."""
        return baselines.random_mean_square_sd(self.features, self.width)

    @property
    def deviation_from_random(self) -> float | None:
        """Standard deviations from what random rows give; None if frequency-centered or m = 1.

        Of mean-centered rows, what centered random rows give.
        """
        if self.center == "frequency" or self.width == 1:
            return None
        expected = self.random_mean_square
        if self.center == "mean":
            expected = baselines.centered_mean_square(self.features, self.width)
        return (self.mean_square_overlap - expected) / self.random_mean_square_sd

    @property
    def random_effective_width(self) -> float:
        """Effective width of V random rows."""
        return baselines.random_effective_width(self.features, self.width)

    @property
    def outside_marchenko_pastur(self) -> float | None:
        """Share of the sum of the spectrum beyond its edges for random rows, which have 0.

        None if frequency-centered.
        """
        if self.center == "frequency":
            return None
        low, high = baselines.marchenko_pastur_edges(self.features, self.width)
        none = 1e-9 * self.features  # eigenvalues that are 0 but for rounding, as for V < m
        beyond = ((self.spectrum < low) & (self.spectrum > none)) | (self.spectrum > high)
        return float(self.spectrum[beyond].sum() / self.spectrum.sum())

    @property
    def random_direction_share(self) -> float | None:
        """Share of rows that overlap with the others no more than random directions do.

        A random direction has the interference 1/m with a standard deviation that follows from
        the spectrum, √(2(Σλ² − V²/m)/(m(m + 2)))/(V − 1). Counted are rows up to 2 standard
        deviations above 1/m: of untrained rows 0.98. None where `token_interference` is not kept.
        """
        if not len(self.token_interference):
            return None
        rows, m = self.features, self.width
        excess = max(0.0, float(self.spectrum @ self.spectrum) - rows**2 / m)
        sd = math.sqrt(2 * excess / (m * (m + 2))) / (rows - 1)
        return float(np.mean(self.token_interference <= 1 / m + 2 * sd))

    @property
    def packing_efficiency(self) -> float:
        """Effective width over m, in (0, 1]."""
        return self.effective_width / self.width

    @property
    def entropy_rank(self) -> float:
        """exp of the entropy of the normalized spectrum."""
        share = self.spectrum[self.spectrum > 0] / self.spectrum.sum()
        return math.exp(-float(np.sum(share * np.log(share))))

    @property
    def stable_rank(self) -> float:
        """‖Ŵ‖_F² / ‖Ŵ‖_2², where ‖Ŵ‖_F² = V."""
        return float(self.features / self.spectrum[0])

    def __repr__(self) -> str:
        return (
            f"Overlap({CENTERINGS[self.center]}: V = {self.features:,}, m = {self.width:,}, "
            f"mean c² = {number(self.mean_square_overlap)}, "
            f"effective width {number(self.effective_width, 4)})"
        )
