"""How a text is read and counted: the options of commands and functions, declared once."""

# Annotations are evaluated here, because a class elsewhere may inherit these fields.

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.options import check_least


def _typed_ranks(kind: Any, tokens: Sequence[Any]) -> tuple[int | None, int | None]:
    """Return the first and the last rank of a word FIRST:LAST."""
    (token,) = tokens
    ends = [end.strip() for end in token.value.split(":")]
    if len(ends) != 2 or not all(end.isdecimal() or not end for end in ends):
        raise UsageError(f"{token.keyword} {token.value!r}: write FIRST:LAST, such as 100:10000")
    first, last = (int(end) if end else None for end in ends)
    return first, last


_RANKS = Parameter(converter=_typed_ranks, n_tokens=1, accepts_keys=False, negative="")


@checked
@dataclass(frozen=True)
class TextOptions:
    """How much of a text is read, and what of it is one token.

    Attributes
    ----------
    special
        How special tokens that a text spells, as ``<|endoftext|>``, are read: as ``tokens``, or as
        the ``text`` that they are.
    max_tokens
        Stop after this many tokens.
    max_documents
        Stop after this many documents.
    """

    special: Literal["tokens", "text"] = "tokens"
    max_tokens: int | None = None
    max_documents: int | None = None

    def __post_init__(self) -> None:
        check_least(self, {"max_tokens": 1, "max_documents": 1})


@checked
@dataclass(frozen=True)
class FrequencyOptions(TextOptions):
    """How a text is counted.

    Attributes
    ----------
    ranks
        Fit the exponent to these first and last ranks, on the command line FIRST:LAST; either may
        be empty. Default: from rank 100 to the last rank seen 20 times, or more often where counts
        vary more than by chance.
    """

    ranks: Annotated[tuple[int | None, int | None] | None, _RANKS] = None
