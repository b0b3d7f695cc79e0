"""How a text is counted: the options of the command and of the function, declared once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from superscope.errors import UsageError
from superscope.options import check_choices


@dataclass(frozen=True)
class FrequencyOptions:
    """How much of a text is counted, and what of it is one token.

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
        check_choices(self)
        for name in ("max_tokens", "max_documents"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name}={value}; it must be at least 1")
