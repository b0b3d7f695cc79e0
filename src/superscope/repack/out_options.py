"""Which of the narrower heads is written, and what becomes of a tied input embedding."""

# Annotations are evaluated here, because a class elsewhere inherits these fields.

from dataclasses import dataclass
from typing import Literal

from superscope.errors import UsageError

Tied = Literal["keep", "both"]


@dataclass(frozen=True)
class OutOptions:
    """Which head goes into the model that is written.

    Attributes
    ----------
    out_rank
        Rank of the head that is written, where several are asked for.
    out_way
        Way of the head that is written; by default the one with the least loss on the scored text.
    tied
        What becomes of the input embedding of a model whose head is tied to it: ``keep`` leaves it
        as it is, ``both`` makes factors of it too, weighted by how often its rows are read.
    """

    out_rank: int | None = None
    out_way: str | None = None
    tied: Tied = "keep"

    def rank_out(self, ranks: tuple[int, ...], ways: tuple[str, ...]) -> int:
        """Return the rank of the head that is written.

        Raises
        ------
        UsageError
            It is not one of `ranks`, several are asked for and none is chosen, or the way is none
            of `ways`.
        """
        if self.out_way is not None and self.out_way not in ways:
            raise UsageError(f"out_way={self.out_way}; it is one of the ways: {', '.join(ways)}")
        asked = sorted({*ranks})
        if self.out_rank is None and len(asked) == 1:
            return asked[0]
        if self.out_rank is None:
            raise UsageError("out writes the head of one rank; pass ranks=288, or choose out_rank")
        if self.out_rank not in asked:
            shown = ", ".join(map(str, asked)) or "none is given"
            raise UsageError(f"out_rank={self.out_rank}; it is one of the ranks: {shown}")
        return self.out_rank
