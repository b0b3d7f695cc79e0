"""The options for reading a head."""

# No "from __future__ import annotations": subclasses in other modules need evaluated types.

from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Parameter

from superscope.arguments import checked
from superscope.options import check_least


@checked
@dataclass(frozen=True)
class HeadOptions:
    """Options for reading a head.

    Attributes
    ----------
    revision
        Branch, tag or commit of a hub repository.
    base
        Model that a PEFT adapter was trained on, if its ``adapter_config.json`` names none or one
        that is not there: hub id, local folder or file.
    tensor
        Name of the tensor to read, if it is not the head that superscope recognizes; or some of
        its parts (``embed_tokens``), or a pattern in which ``*`` stands for anything.
    axis
        Whether each row or each column of the stored matrix is a token or a direction; by default
        this follows from the vocabulary's size and the tensor's name.
    layer
        Which matrix of a tensor of shape (layers, directions, m) to read, from 0.
    rows
        ``all`` rows (as LLG25 does); ``tokenizer``: only ids that the tokenizer can produce;
        ``trained``: without rows near zero, whose norm is below a thousandth of the rms norm.
    fold_norm
        Multiply the columns of the head by the final norm's gain. This changes cosines.
    """

    revision: str | None = None
    base: str | None = None
    tensor: str | None = None
    axis: Literal["rows", "columns"] | None = None
    layer: int | None = None
    rows: Literal["all", "tokenizer", "trained"] = "all"
    fold_norm: Annotated[bool, Parameter(negative="")] = False

    def __post_init__(self) -> None:
        """Refuse a layer that cannot be."""
        check_least(self, {"layer": 0})
