"""Which of the narrower heads is written, and what becomes of a tied input embedding."""

# Annotations are evaluated here, because a class elsewhere inherits these fields.

from dataclasses import dataclass, fields
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

    def check_nothing_out(self) -> None:
        """Refuse options of a model that is written, where none is.

        Raises
        ------
        UsageError
            Naming the option.
        """
        for field in fields(OutOptions):
            value = getattr(self, field.name)
            if value != field.default:
                raise UsageError(
                    f"{field.name}={value!r} is about the model that is written, and none is; name "
                    "its folder with out="
                )

    def rank_out(self, ranks: tuple[int, ...], ways: tuple[str, ...]) -> int:
        """Return the rank of the head that is written.

        Raises
        ------
        UsageError
            It is not one of `ranks`, several are asked for and none is chosen, or the way is none
            of `ways`.
        """
        if self.out_way is not None and self.out_way not in ways:
            raise UsageError(
                f"out_way={self.out_way!r}; it must be one of the ways: {', '.join(ways)}"
            )
        asked = sorted({*ranks})
        if not asked:
            raise UsageError(
                "the model that is written has a head of one rank; give it with ranks="
            )
        shown = ", ".join(map(str, asked))
        if self.out_rank is None and len(asked) == 1:
            return asked[0]
        if self.out_rank is None:
            raise UsageError(
                f"the model that is written has a head of one rank, and ranks are {shown}; choose "
                "one of them with out_rank="
            )
        if self.out_rank not in asked:
            raise UsageError(f"out_rank={self.out_rank}; it must be one of the ranks: {shown}")
        return self.out_rank
