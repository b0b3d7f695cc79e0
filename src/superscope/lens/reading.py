"""How well a linear reading of a direction does among the others, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from superscope.plotting import Pictured
from superscope.result import Result
from superscope.text import number

if TYPE_CHECKING:
    import pandas as pd

FAILS = 1.0
"""d′ below which a reading fails: with 1, a quarter of the pairs is told apart wrongly."""

TAIL = 0.025  # of the random dictionaries on each side


def verdict_of(lower: float, draws: int) -> str:
    """Return what a share of random dictionaries that disturb less says of a dictionary.

    Of dictionaries that are random themselves, at most 5 % are better or worse: the dictionary and
    the draws are then alike, so that each rank among them has the same chance.
    """
    rank, most = lower * draws + 1, TAIL * (draws + 1) + 1e-9
    if rank <= most:
        return "better"
    return "worse" if draws + 2 - rank <= most else "no better"


@dataclass(frozen=True)
class Contributor:
    """A direction that disturbs the reading of another.

    Attributes
    ----------
    id
        Its row in the dictionary.
    text
        Its name, or None.
    overlap
        c of the two.
    rate
        How often it is active.
    share
        Of the interference variance.
    """

    id: int
    text: str | None
    overlap: float
    rate: float
    share: float


@dataclass(frozen=True)
class Reading:
    """How well a direction can be read.

    Attributes
    ----------
    interference
        Variance that the other directions give the reading.
    d_prime
        Mean reading of the active direction over the standard deviation of the reading; None if
        nothing disturbs it.
    auc
        Probability that a reading with the direction active exceeds one without it, if the
        interference is Gaussian: Φ(μ / √(2 (interference + noise²) + spread²)), which is Φ(d′/√2)
        where the amplitude does not vary.
    """

    interference: float
    d_prime: float | None
    auc: float


@dataclass(frozen=True)
class ReadingBudget(Result, Pictured):
    """How well a linear reading of a direction can do among the others of a dictionary.

    Attributes
    ----------
    direction, dictionary
        What is read, and among what.
    features, width
        Directions that can disturb, without the one that is read, and m.
    active
        Directions that are active at once, on average: the sum of the rates.
    amplitude, noise
        Mean amplitude of the direction that is read, and standard deviation of further noise.
    mean_square_overlap
        Mean of c² of the direction with the others.
    reading
        What this dictionary gives.
    auc
        The same probability without the Gaussian assumption.
    random, random_sd
        Mean and standard deviation over random dictionaries of the same shape and rates (K26).
    lower
        Share of the random dictionaries that disturb less than this one.
    draws, seed
        How many were drawn, and the seed of their generator.
    fails_at, random_fails_at
        Directions active at once at which d′ falls to 1, if all rates grow alike; None where they
        never do. Of this dictionary, and of the mean random one.
    contributors
        The directions that disturb most.
    notes
        What the user should know.
    """

    DERIVED = ("verdict", "ratio_to_random")

    direction: str
    dictionary: str
    features: int
    width: int
    active: float
    amplitude: float
    noise: float
    mean_square_overlap: float
    reading: Reading
    auc: float
    random: Reading
    random_sd: Reading
    lower: float
    draws: int
    seed: int
    fails_at: float | None
    random_fails_at: float | None
    contributors: tuple[Contributor, ...]
    notes: tuple[str, ...] = ()

    @property
    def ratio_to_random(self) -> float | None:
        """Interference against that of a random dictionary; None where that is 0."""
        expected = self.random.interference
        return self.reading.interference / expected if expected else None

    @property
    def verdict(self) -> str:
        """``better``, ``worse`` or ``no better`` than random, as 5 % of random ones are at most."""
        return verdict_of(self.lower, self.draws)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each contributor: id, token, overlap, rate, share."""
        import pandas as pd

        return pd.DataFrame(
            [(c.id, c.text, c.overlap, c.rate, c.share) for c in self.contributors],
            columns=["id", "token", "overlap", "rate", "share"],
        )

    def __repr__(self) -> str:
        return (
            f"ReadingBudget({self.direction} in {self.dictionary}: "
            f"d′ = {number(self.reading.d_prime, 4)}, {self.verdict} than random)"
        )
