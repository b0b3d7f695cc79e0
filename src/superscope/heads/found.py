"""A head that was found in a checkpoint, before it is read."""

from __future__ import annotations

from dataclasses import dataclass

from superscope.heads.encodings import Float32
from superscope.heads.head import Provenance
from superscope.heads.narrow_head import NarrowHead
from superscope.heads.scales import Scale
from superscope.heads.stored import Directory, StoredTensor
from superscope.heads.transport import RangeFile


@dataclass(frozen=True)
class FoundHead:
    """A head that was found but not read yet.

    Attributes
    ----------
    matrix
        The head as float32 if it was made from several tensors; otherwise None.
    bias
        The bias of the logits, shape (V,); or None.
    factors
        The head if it is stored as factors; otherwise None.
    """

    file: RangeFile
    tensor: StoredTensor
    directory: Directory
    provenance: Provenance
    gain: Float32 | None
    scale: Scale | None = None
    matrix: Float32 | None = None
    bias: Float32 | None = None
    factors: NarrowHead | None = None
