"""The options for reading a head."""

# No "from __future__ import annotations": subclasses in other modules need evaluated types.

from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Parameter

from superscope.arguments import checked


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
        Name of the tensor that is the head, if superscope does not recognize it.
    transpose
        Whether to transpose the matrix, because it is stored with a column for each token,
        (m, V); by default this follows from the vocabulary's size and the tensor's name.
    rows
        ``all`` rows (as LLG25 does); ``tokenizer``: only ids that the tokenizer can produce;
        ``trained``: without rows near zero, whose norm is below a thousandth of the rms norm.
    fold_norm
        Multiply the columns of the head by the final norm's gain. This changes cosines.
    """

    revision: str | None = None
    base: str | None = None
    tensor: str | None = None
    transpose: bool | None = None
    rows: Literal["all", "tokenizer", "trained"] = "all"
    fold_norm: Annotated[bool, Parameter(negative="")] = False
