"""What tells the rows of a head from untrained rows, which are as many random directions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from superscope.geometry import baselines
from superscope.geometry.moved import Moved
from superscope.geometry.norms import Norms, Regime, regime
from superscope.geometry.overlap import Overlap
from superscope.result import Result

MANY = 1 / 3
"""Share of rows placed as at random above which some were perhaps never trained.

Of trained heads tried it is 0.004 to 0.06, and to 0.32 where they are as narrow as 24; of random
rows it is 0.98.
"""


class Evidence(StrEnum):
    """What shows that rows are trained. Norms do not: untrained rows have such norms, too."""

    STRUCTURE = "structure"
    """Rows overlap more, or have a wider spectrum, than random ones, also mean-centered."""
    MOVED = "moved"
    """Most rows turned from the initialization given, though overlaps are as of random rows."""
    EVEN = "even"
    """Rows overlap less than random ones, as those of an orthogonal start do."""
    OFFSET = "offset"
    """Rows share a vector, which changes no probability, and are otherwise like random ones."""
    NONE = "none"
    """Nothing: overlaps and spectrum are those of random rows."""

    @property
    def trained(self) -> bool:
        """Whether the rows cannot be untrained."""
        return self in (Evidence.STRUCTURE, Evidence.MOVED)

    @property
    def short(self) -> str:
        """The verdict in two words."""
        return "not untrained" if self.trained else "maybe untrained"

    @property
    def meaning(self) -> str:
        """The verdict as a sentence without its full stop."""
        return _MEANINGS[self]


_MEANINGS = {
    Evidence.STRUCTURE: "not untrained: overlap or spectrum differs from that of random rows",
    Evidence.MOVED: "not untrained: most rows turned from their initialization, though their "
    "overlaps are those of random rows",
    Evidence.EVEN: "maybe untrained: overlaps are more even than those of random rows, as an "
    "orthogonal start makes them",
    Evidence.OFFSET: "maybe untrained: only a vector that all rows share, which changes no "
    "probability, differs from random rows",
    Evidence.NONE: "maybe untrained: overlap and spectrum are those of random rows",
}


@dataclass(frozen=True)
class UntrainedRows(Result):
    """What rows with independent Gaussian numbers would give, of the same shape and rms norm.

    Attributes
    ----------
    represented_fraction
        Share of them with a norm above the same threshold.
    norm_cv
        Standard deviation of their norms over the mean.
    regime
        Regime that these norms give.
    """

    represented_fraction: float
    norm_cv: float
    regime: Regime


def untrained_rows(features: int, width: int, norms: Norms) -> UntrainedRows:
    """Return what V untrained rows in m dimensions give, by the threshold of `norms`."""
    fraction = baselines.random_represented_fraction(
        width, norms.threshold / norms.root_mean_square
    )
    return UntrainedRows(
        represented_fraction=fraction,
        norm_cv=baselines.random_norm_variation(width),
        regime=regime(features, width, fraction),
    )


def evidence(raw: Overlap, centered: Overlap, moved: Moved | None = None) -> Evidence:
    """Return what tells rows from untrained ones.

    Raw rows alone do not: a vector that all rows share changes no probability. Nor do
    mean-centered rows alone: a few very long rows make a mean that others then share.
    """
    if _wider(raw) and _wider(centered):
        return Evidence.STRUCTURE
    if moved is not None and moved.turned > 0.5:
        return Evidence.MOVED
    if _wider(raw):
        return Evidence.OFFSET
    return Evidence.EVEN if _deviation(raw) < -1 else Evidence.NONE


def _wider(overlap: Overlap) -> bool:
    """Return whether overlaps exceed chance, or eigenvalues lie where random rows have none."""
    return _deviation(overlap) > 1 or bool(overlap.outside_marchenko_pastur)


def _deviation(overlap: Overlap) -> float:
    """Return the deviation from chance in units of one that is clear; 0 where there is none."""
    z = overlap.deviation_from_random
    return 0.0 if z is None else z / baselines.clear_deviation(overlap.features, overlap.width)
