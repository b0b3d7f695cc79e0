"""The geometry of a head: every number of definitions.md §2 and §3, as values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from superscope.geometry import baselines, summary
from superscope.geometry.norms import Norms, Regime, regime
from superscope.geometry.pairs import PairStatistics
from superscope.geometry.unit_rows import Float64
from superscope.geometry.weighted import WeightedOverlap
from superscope.heads import Provenance
from superscope.observations import Observation
from superscope.plotting import plotted
from superscope.serialize import decode, encode

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Overlap:
    """Overlaps c_ij = ŵ_i · ŵ_j of the unit rows, under one centering.

    Attributes
    ----------
    center
        What was subtracted from the rows: ``none``, ``mean`` or ``frequency``.
    features, width
        V (rows with a direction) and m.
    left_out
        Ids of rows that centering left without a direction.
    mean_square_overlap, mean_overlap
        Mean of c² and of c over distinct pairs, exact.
    spectrum
        Squared singular values of Ŵ (eigenvalues of G), descending, shape (m,).
    token_interference
        Mean of c_ij² over j ≠ i for each row, exact, shape (V,).
    pairs
        Statistics that need pairs, or None if not asked for.
    weighted
        Overlaps weighted by token frequencies, or None if those were not given.
    """

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
        """Least possible mean c² of V unit rows in m dimensions."""
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
        return min(ratio, float(self.width))  # rounding may pass the bound

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
        """‖Ŵ‖_F² / ‖Ŵ‖_2², where the former is V."""
        return float(self.features / self.spectrum[0])


@dataclass(frozen=True)
class Settings:
    """How a head was measured.

    Attributes
    ----------
    pairs
        ``none``, ``sample`` or ``exact``.
    samples, seed
        Number of sampled pairs and the seed that drew them.
    neighbors, top
        Nearest rows kept of each row; top pairs kept.
    device, dtype
        Where and in which precision tiles were multiplied.
    version
        Of superscope.
    """

    pairs: str
    samples: int
    seed: int
    neighbors: int
    top: int
    device: str
    dtype: str
    version: str


@dataclass(frozen=True, eq=False)
class Geometry:
    """What the rows of a head look like.

    Attributes
    ----------
    provenance
        Where the head came from.
    settings
        How it was measured.
    stored_features, width
        Rows of the stored tensor, and m.
    zero_rows
        Ids of rows that are exactly zero: they have no direction and were dropped.
    norms
        Norms of the rows kept.
    raw, centered
        Overlaps of the rows as they are and after subtracting the mean row.
    frequency_centered
        After subtracting the mean row weighted by token frequencies, if those were given.
    """

    provenance: Provenance
    settings: Settings
    stored_features: int
    width: int
    zero_rows: tuple[int, ...]
    norms: Norms
    raw: Overlap
    centered: Overlap
    frequency_centered: Overlap | None = None

    @property
    def features(self) -> int:
        """V: rows kept."""
        return self.raw.features

    @property
    def rows_outside_tokenizer(self) -> int:
        """Rows dropped because the tokenizer cannot produce their id."""
        return self.stored_features - self.features - len(self.zero_rows)

    @property
    def represented_fraction(self) -> float:
        """φ: share of rows with a norm above the threshold that `norms` names."""
        return self.norms.represented_fraction()

    @property
    def regime(self) -> Regime:
        """Regime after LLG25."""
        return regime(self.features, self.width, self.represented_fraction)

    @property
    def overlaps(self) -> tuple[Overlap, ...]:
        """All centerings measured, raw first."""
        more = () if self.frequency_centered is None else (self.frequency_centered,)
        return (self.raw, self.centered, *more)

    def observation(self) -> Observation:
        """Return this geometry as a row of the table of observations."""
        return Observation(
            source="checkpoint",
            family=self.provenance.family,
            model=self.provenance.model,
            revision=self.provenance.revision,
            width=self.width,
            features=self.features,
            depth=self.provenance.depth,
            parameters=self.provenance.parameters,
            mean_square_overlap=self.raw.mean_square_overlap,
            mean_square_overlap_centered=self.centered.mean_square_overlap,
            effective_width=self.raw.effective_width,
            effective_width_centered=self.centered.effective_width,
            represented_fraction=self.represented_fraction,
            norm_mean=self.norms.mean,
            norm_cv=self.norms.coefficient_of_variation,
        )

    def to_json(self) -> str:
        """Return all of it as one line of JSON, with the derived numbers beside."""
        return encode(self, derived=_derived)

    @classmethod
    def from_json(cls, text: str) -> Geometry:
        """Return the geometry that :meth:`to_json` wrote, without loss.

        Raises
        ------
        FormatError
            The text is no geometry of this version.
        """
        return decode(cls, text)

    def plot(
        self, what: str | None = None, *, ax: Axes | None = None, theme: str = "light"
    ) -> Figure:
        """Draw the geometry; a notebook shows what is returned.

        Parameters
        ----------
        what
            ``overlap``, ``norms``, ``spectrum`` or ``width``; without it, all four in one figure.
        ax
            Axes to draw one of the four in.
        theme
            ``light`` or ``dark``.

        Raises
        ------
        UsageError
            There is no such picture or theme, or overlaps are asked for and pairs were not
            measured.
        """
        return plotted(self, what, ax=ax, theme=theme)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Geometry) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return summary.as_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return summary.as_html(self)


def _derived(value: Any) -> dict[str, Any]:
    """Return the derived numbers a reader of the JSON would otherwise have to compute."""
    names: tuple[str, ...] = ()
    if isinstance(value, Overlap):
        names = (
            "random_mean_square", "random_mean_absolute", "welch_floor", "ratio_to_random",
            "ratio_to_welch", "effective_width", "packing_efficiency", "entropy_rank",
            "stable_rank",
        )  # fmt: skip
    elif isinstance(value, Geometry):
        names = ("features", "rows_outside_tokenizer", "represented_fraction", "regime")
    elif isinstance(value, Norms):
        names = ("mean", "root_mean_square", "std", "coefficient_of_variation", "min", "max",
                 "quantiles")  # fmt: skip
    elif isinstance(value, PairStatistics):
        names = ("coherence",)
    return {name: getattr(value, name) for name in names}
