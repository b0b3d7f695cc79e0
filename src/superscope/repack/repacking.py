"""The losses of narrower heads of one model: every number, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from superscope.lens.estimate import Estimate
from superscope.plotting import Pictured
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
    bits_per_byte
        Of UTF-8.
    agree
        Share of positions where the most probable token is that of the full head.
    kl
        KL divergence of the full head's probabilities from this head's, nats per token.
    weights, multiply_adds
        Numbers in the head, and products in one use of it; a bias is in neither.
    overlap
        Mean c² of its rows, less their mean as measure centers them; None where a row is zero.
    """

    way: str
    rank: int
    loss: Estimate
    excess: Estimate
    bits_per_byte: Estimate
    agree: Estimate
    kl: Estimate
    weights: int
    multiply_adds: int
    overlap: float | None = None


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
    notes: tuple[str, ...] = ()

    def best(self, rank: int) -> HeadScore:
        """Return the head of a rank with the least loss."""
        return min((s for s in self.scores if s.rank == rank), key=lambda s: s.loss.value)

    @property
    def ranks(self) -> tuple[int, ...]:
        """The ranks, ascending."""
        return tuple(sorted({score.rank for score in self.scores}))

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each head, the full one last; errors are clustered by document."""
        import pandas as pd

        def row(s: HeadScore) -> dict[str, object]:
            made: dict[str, object] = {"way": s.way, "rank": s.rank}
            for name in ("loss", "excess", "bits_per_byte", "agree", "kl"):
                estimate: Estimate = getattr(s, name)
                made |= {name: estimate.value, f"{name}_se": estimate.error}
            return made | {
                "weights": s.weights, "multiply_adds": s.multiply_adds, "overlap": s.overlap,
            }  # fmt: skip

        return pd.DataFrame([row(score) for score in (*self.scores, self.full)])

    def __repr__(self) -> str:
        return f"<Repacking {self.model!r}: {len(self.scores)} heads of ranks {self.ranks}>"
