"""One matrix at both ends."""

from __future__ import annotations

from superscope.lab.head import LabHead
from superscope.lab.variants.variant import Setting, Variant


class Tied(Variant):
    """The rows are the input embedding's.

    Source: PW17, arXiv 1608.05859.
    """

    name = "tied"
    decides = frozenset({"rows", "columns"})

    def added_weights(self, width: int, vocabulary: int) -> int:
        return -vocabulary * width

    def prepare(self, head: LabHead, setting: Setting) -> None:
        head.rows = setting.embedding
