"""How well linear readings of many directions of a dictionary do, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float64
from superscope.lens.reading import verdict_of
from superscope.plotting import Pictured
from superscope.result import Result

if TYPE_CHECKING:
    import pandas as pd

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ReadingBudgets(Result, Pictured):
    """How well linear readings of many directions do among the others of a dictionary.

    Each array has a number for each of k directions, float64 unless it says otherwise. What the
    numbers mean is said at :class:`Reading` and :class:`ReadingBudget`.

    Attributes
    ----------
    dictionary
        What they are read among.
    ids, directions
        Row of the dictionary, int64, −1 for a vector that is none; and what it is called.
    features, width
        Directions of the dictionary that have a length, V, and m.
    active
        Directions that are active at once, on average.
    noise
        Standard deviation of further noise.
    amplitude, interference, mean_square_overlap
        Of each direction.
    d_prime
        NaN where nothing disturbs the reading.
    auc
        By the rates; NaN where there are too many directions to compute it.
    auc_gaussian
        If the interference were Gaussian.
    random_interference, random_interference_sd, random_auc, lower
        The mean over random dictionaries of the same shape and rates, its spread, the mean AUC of
        Gaussian interference, and the share of them that disturb less.
    fails_at
        Directions active at once at which d′ falls to 1; NaN where it never does.
    contributor, share
        Row that disturbs most, int64, −1 where none does; and its share of the interference.
    draws, seed
        How many dictionaries were drawn, and the seed of their generator.
    notes
        What the user should know.
    """

    DERIVED: ClassVar[tuple[str, ...]] = ("verdicts",)

    dictionary: str
    ids: Int64
    directions: tuple[str, ...]
    features: int
    width: int
    active: float
    noise: float
    amplitude: Float64
    interference: Float64
    mean_square_overlap: Float64
    d_prime: Float64
    auc: Float64
    auc_gaussian: Float64
    random_interference: Float64
    random_interference_sd: Float64
    random_auc: Float64
    lower: Float64
    fails_at: Float64
    contributor: Int64
    share: Float64
    draws: int
    seed: int
    notes: tuple[str, ...] = ()

    @property
    def verdicts(self) -> dict[str, int]:
        """How many are read ``better``, ``no better`` and ``worse`` than among random ones."""
        found = [verdict_of(value, self.draws) for value in self.lower.tolist()]
        return {verdict: found.count(verdict) for verdict in ("better", "no better", "worse")}

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each direction: its budget, and its verdict."""
        import pandas as pd

        return pd.DataFrame(
            {
                "id": pd.Series(self.ids).where(self.ids >= 0).astype("Int64"),
                "direction": list(self.directions),
                "interference": self.interference,
                "d_prime": self.d_prime,
                "auc": self.auc,
                "auc_gaussian": self.auc_gaussian,
                "mean_square_overlap": self.mean_square_overlap,
                "random_interference": self.random_interference,
                "random_interference_sd": self.random_interference_sd,
                "random_auc": self.random_auc,
                "lower": self.lower,
                "verdict": [verdict_of(value, self.draws) for value in self.lower.tolist()],
                "fails_at": self.fails_at,
                "amplitude": self.amplitude,
                "contributor": pd.Series(self.contributor)
                .where(self.contributor >= 0)
                .astype("Int64"),
                "share": self.share,
            }
        )

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {verdict}" for verdict, count in self.verdicts.items())
        return (
            f"ReadingBudgets({len(self.ids):,} directions in {self.dictionary}: {counts} than "
            "random)"
        )
