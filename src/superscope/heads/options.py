"""Which rows of a checkpoint are its head."""

# Annotations are evaluated here, because a class elsewhere inherits these fields.

from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Parameter

from superscope.options import check_choices


@dataclass(frozen=True)
class HeadOptions:
    """What to read of a checkpoint.

    Attributes
    ----------
    revision
        Branch, tag or commit of a hub repository.
    tensor
        Name of the tensor to take as the head, if the known names are not enough.
    transpose
        Whether the matrix is stored with a column for each feature, (m, V), and is to be
        transposed; None tells it from the vocabulary's size and the tensor's name.
    rows
        ``all`` rows (as LLG25 does); ``tokenizer``: only ids the tokenizer can produce;
        ``trained``: without rows near zero, whose norm is below a thousandth of the rms norm.
    fold_norm
        Multiply the final norm's gain into the columns of the head. This changes cosines.
    """

    revision: str | None = None
    tensor: str | None = None
    transpose: bool | None = None
    rows: Literal["all", "tokenizer", "trained"] = "all"
    fold_norm: Annotated[bool, Parameter(negative="")] = False

    def __post_init__(self) -> None:
        """Refuse what cannot be read."""
        check_choices(self)
