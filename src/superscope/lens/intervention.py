"""What moving colliding rows of the head apart changes: does the collision cost anything?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from superscope.lens.estimate import Estimate
from superscope.lens.halves import By
from superscope.lens.token import Named
from superscope.result import Result

if TYPE_CHECKING:
    import pandas as pd

Way = Literal["turn", "remove"]
"""How two rows are moved apart, by ``turn`` or by ``remove`` (:class:`CostOptions`)."""


@dataclass(frozen=True)
class Change:
    """Change of the loss if rows are moved, nats for each token, in the half that is scored.

    Attributes
    ----------
    tokens
        Scored tokens whose row is moved.
    apart
        Change of their mean loss if the rows are moved apart.
    random
        The same if both rows of each pair are turned as far away from one and the same random row,
        so that they stay near to each other.
    difference
        The two subtracted, over the same tokens; its error is also that of drawing random rows.
    apart_on_text, random_on_text
        Change of the mean loss of all tokens.
    """

    tokens: int
    apart: Estimate
    random: Estimate
    difference: Estimate
    apart_on_text: Estimate
    random_on_text: Estimate


@dataclass(frozen=True)
class MovedPair:
    """Two tokens whose rows were turned away from each other in the head.

    Attributes
    ----------
    first, second
        Which.
    overlap
        c of their centered rows before.
    degrees
        By how much each of the two was turned, in the plane of both.
    change
        What that changes, with no other row moved.
    """

    first: Named
    second: Named
    overlap: float
    degrees: float
    change: Change


@dataclass(frozen=True)
class Intervention(Result):
    """The pairs of rows that cost most, moved apart, beside turns away from random rows.

    Attributes
    ----------
    pairs
        Those that cost most, worst first.
    together
        All of them at once.
    way
        How they were moved apart.
    draws
        How often random rows were drawn, to turn both rows of a pair away from.
    halves
        What was halved at random so that one half chose the pairs and the other was scored:
        ``documents``, or the ``blocks`` of the only document, of which the first half chose.
    chose_tokens, scored_tokens
        Scored tokens of the half that chose, and of the half on which all changes are.
    scored_documents
        Documents of the latter.
    equal
        Pairs left out because their rows are equal, so that there is no direction to move them in.
    """

    pairs: tuple[MovedPair, ...]
    together: Change
    way: Way
    draws: int
    halves: By
    chose_tokens: int
    scored_tokens: int
    scored_documents: int
    equal: int = 0

    DERIVED = ("verdict",)

    @property
    def verdict(self) -> str:
        """What the change says, beside that of random turns; more than two errors count.

        ``cost`` if the loss falls, and more than by random turns; ``meaning`` if it rises, and
        more than by those; ``less`` if it does not fall, and random turns raise it more; ``turn``
        if it changes as by random turns; ``none`` if it does not change; ``unknown`` without an
        error.
        """
        change, beside = _sign(self.together.apart), _sign(self.together.difference)
        if change is None or beside is None:
            return "unknown"
        if beside < 0:
            return "cost" if change < 0 else "less"
        if change > 0 and beside > 0:
            return "meaning"
        return "turn" if change else "none"

    def __repr__(self) -> str:
        change = self.together.apart.value
        return f"<Intervention: {len(self.pairs)} pairs apart, {change:+.4g} nats a token>"

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each pair, and one for all together."""
        import pandas as pd

        def changes(c: Change) -> dict[str, object]:
            return {
                "tokens": c.tokens,
                "apart": c.apart.value, "apart_se": c.apart.error,
                "random": c.random.value, "random_se": c.random.error,
                "difference": c.difference.value, "difference_se": c.difference.error,
                "apart_on_text": c.apart_on_text.value, "apart_on_text_se": c.apart_on_text.error,
                "random_on_text": c.random_on_text.value,
                "random_on_text_se": c.random_on_text.error,
            }  # fmt: skip

        return pd.DataFrame([
            *(
                {
                    "first": p.first.id, "second": p.second.id,
                    "first_token": p.first.text, "second_token": p.second.text,
                    "overlap": p.overlap, "degrees": p.degrees, **changes(p.change),
                }
                for p in self.pairs
            ),
            {"first_token": "together", **changes(self.together)},
        ]).astype({"first": "Int64", "second": "Int64"})  # fmt: skip


def _sign(estimate: Estimate) -> int | None:
    """Return the sign of what is more than two errors from 0, else 0; None without an error."""
    if estimate.error is None:
        return None
    if abs(estimate.value) <= 2 * estimate.error:
        return 0
    return 1 if estimate.value > 0 else -1
