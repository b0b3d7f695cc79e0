"""The losses of narrower heads of one model: every number, as values."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from superscope.errors import UsageError
from superscope.geometry.baselines import random_mean_square, welch_floor
from superscope.lens.estimate import Estimate
from superscope.plotting import Pictured
from superscope.repack.curve import RankAt, rank_at
from superscope.repack.overlap import RowOverlap
from superscope.repack.product import Product
from superscope.repack.width_law import BEST, FamilyLaw, HeadLaw, nearest_to_half
from superscope.result import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TextPart:
    """A text, as far as heads were made from it or scored on it.

    Attributes
    ----------
    name
        What tables call it.
    tokens, documents
        Positions taken, and documents they lie in.
    """

    name: str
    tokens: int
    documents: int


@dataclass(frozen=True)
class HeadScore:
    """A head on the scored text.

    Attributes
    ----------
    way, rank
        How it was made, and its rank r; ``full`` and m for the head as it is.
    loss
        Nats per token.
    excess
        Loss over that of the full head at the same positions, nats per token.
    unpaired_error
        Standard error that this would have if the two losses were of different texts; None where a
        single document has none.
    bits_per_byte
        Of UTF-8.
    agree
        Share of positions where the most probable token is that of the full head.
    kl
        KL divergence of the full head's probabilities from this head's, nats per token.
    rows
        V.
    row_rank
        Directions that its centered rows span at most: its rank, or that of all blocks together.
    weights, multiply_adds
        Numbers in the head, and products in one use of it; a bias is in neither.
    overlap
        Mean c² of the rows of W_r.
    """

    DERIVED = ("random_overlap", "welch_floor")

    way: str
    rank: int
    loss: Estimate
    excess: Estimate
    unpaired_error: float | None
    bits_per_byte: Estimate
    agree: Estimate
    kl: Estimate
    weights: int
    multiply_adds: int
    rows: int
    row_rank: int
    overlap: RowOverlap

    @property
    def random_overlap(self) -> float:
        """E c² of random rows that span as many directions, 1/r."""
        return random_mean_square(self.row_rank)

    @property
    def welch_floor(self) -> float:
        """Least mean c² of as many rows that span as many directions."""
        return welch_floor(self.rows, self.row_rank)


@dataclass(frozen=True)
class OtherText:
    """The same heads on a text of another kind.

    Attributes
    ----------
    text
        The text.
    full
        The full head on it.
    scores
        The narrower heads, in the order of those of the scored text.
    """

    text: TextPart
    full: HeadScore
    scores: tuple[HeadScore, ...]


@dataclass(frozen=True)
class BlocksGain:
    """What ranks by frequency gain over the best single rank of as many weights.

    Attributes
    ----------
    rank
        The rank nearest to half of the width.
    way
        The best way at this rank with one rank for all.
    gain
        Its loss less that of ``blocks``, at the same positions, nats per token.
    """

    rank: int
    way: str
    gain: Estimate


@dataclass(frozen=True, eq=False)
class Repacking(Result, Pictured):
    """Narrower heads of one model, their losses against that of the full head.

    Attributes
    ----------
    model
        Its name.
    rows, width
        V and m of its head.
    calibration, scored
        The texts that heads were made from and scored on.
    split
        How documents were divided among them.
    shrinkage
        Share of the mean diagonal in C (:func:`~superscope.repack.calibration.shrunk`).
    shift_free
        Whether a shift of all logits costs nothing, so that heads are centered.
    full
        The head as it is.
    scores
        The narrower heads, by way and rank.
    blocks
        What ``blocks`` gain at half of the width; None where they or all others were not made.
    laws
        Loss against rank, for the best way at each rank and for each way.
    family
        The law of models of several widths, where a table of them was given.
    other
        The same heads on a text of another kind, where one was given.
    product
        The model that was written with one of these heads; None if none was.
    notes
        What the user should know.
    """

    model: str
    rows: int
    width: int
    calibration: TextPart
    scored: TextPart
    split: str
    shrinkage: float
    shift_free: bool
    full: HeadScore
    scores: tuple[HeadScore, ...]
    blocks: BlocksGain | None = None
    laws: tuple[HeadLaw, ...] = ()
    family: FamilyLaw | None = None
    other: OtherText | None = None
    product: Product | None = None
    notes: tuple[str, ...] = ()

    @property
    def ranks(self) -> tuple[int, ...]:
        """The ranks, ascending."""
        return tuple(sorted({score.rank for score in self.scores}))

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways, in the order in which they were asked."""
        return tuple(dict.fromkeys(score.way for score in self.scores))

    @property
    def half(self) -> HeadScore:
        """The best head of the rank nearest to half the width."""
        return self.best(nearest_to_half(self.ranks, self.width))

    def best(self, rank: int) -> HeadScore:
        """Return the head of a rank with the least loss.

        Raises
        ------
        UsageError
            The rank was not tried.
        """
        if rank not in self.ranks:
            raise UsageError(f"rank={rank} was not tried; the ranks are {_listed(self.ranks)}")
        return min((s for s in self.scores if s.rank == rank), key=lambda s: s.loss.value)

    def score(self, way: str, rank: int) -> HeadScore | None:
        """Return the head of a way and a rank; None if it was not made."""
        found = (s for s in self.scores if (s.way, s.rank) == (way, rank))
        return next(found, None)

    def curve(self, way: str = BEST) -> tuple[HeadScore, ...]:
        """Return the heads of a way by rank, or the best one of each rank."""
        if way == BEST:
            return tuple(self.best(rank) for rank in self.ranks)
        return tuple(sorted((s for s in self.scores if s.way == way), key=lambda s: s.rank))

    def law(self, way: str = BEST) -> HeadLaw | None:
        """Return the law of a way; None if none was fitted."""
        return next((law for law in self.laws if law.way == way), None)

    def rank_at(self, cost: float, way: str = BEST) -> RankAt:
        """Return the rank that costs so many nats per token, interpolated.

        Parameters
        ----------
        cost
            Loss over that of the full head.
        way
            Of which way; by default the best one at each rank.

        Returns
        -------
        RankAt
            The rank, with its error.

        Raises
        ------
        UsageError
            No head of this way was made, or no rank can cost this.
        """
        if not 0 < cost < math.inf:
            raise UsageError(f"cost={cost}; it is a number of nats above 0")
        if way not in (BEST, *self.ways):
            raise UsageError(f"way={way!r} was not tried; the ways are {_listed(self.ways)}")
        curve = self.curve(way)
        return rank_at(cost, [s.rank for s in curve], [s.excess for s in curve])

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each text and head, the full one last; errors are clustered by document.

        Columns: text, way, rank; loss, excess, bits_per_byte, agree and kl, each with its standard
        error in a column of its name and _se; excess_se_unpaired, weights, multiply_adds,
        mean_square_overlap, mean_square_overlap_centered.
        """
        import pandas as pd

        def row(text: str, s: HeadScore) -> dict[str, object]:
            made: dict[str, object] = {"text": text, "way": s.way, "rank": s.rank}
            for name in ("loss", "excess", "bits_per_byte", "agree", "kl"):
                estimate: Estimate = getattr(s, name)
                made |= {name: estimate.value, f"{name}_se": estimate.error}
            return made | {
                "excess_se_unpaired": s.unpaired_error, "weights": s.weights,
                "multiply_adds": s.multiply_adds, "mean_square_overlap": s.overlap.raw,
                "mean_square_overlap_centered": s.overlap.centered,
            }  # fmt: skip

        rows = [row(self.scored.name, score) for score in (*self.scores, self.full)]
        if self.other is not None:
            other = self.other
            rows += [row(other.text.name, score) for score in (*other.scores, other.full)]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        return f"<Repacking {self.model!r}: {len(self.scores)} heads of ranks {self.ranks}>"


def _listed(values: Iterable[object]) -> str:
    """Return values one after the other."""
    return ", ".join(map(str, values))
