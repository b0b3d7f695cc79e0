"""A head wider than its body."""

from __future__ import annotations

import torch
from torch import nn

from superscope.errors import UsageError
from superscope.lab.head import LabHead, first_map
from superscope.lab.variants.variant import Option, Setting, Variant


class Wide(Variant):
    """Rows have more numbers than the body: logits are W gelu(A h + a), with A from m to k.

    What a wider head buys without a wider body (definitions.md §9); without the non-linear map it
    would have rank m. Source of the question: GA26, arXiv 2603.10145.
    """

    name = "wide"
    option = Option("k, the numbers of a row; twice the width by default", None, 2, whole=True)
    decides = frozenset({"rows", "columns"})

    def check(self, width: int) -> None:
        if self.value is not None and self.value <= width:
            raise UsageError(
                f"{self}; rows must be wider than the body, {width}; "
                "a head narrower than its body is the variant factored"
            )

    def added_weights(self, width: int, vocabulary: int) -> int:
        wide = self._columns(width)
        return vocabulary * (wide - width) + wide * (width + 1)

    def _columns(self, width: int) -> int:
        return 2 * width if self.value is None else int(self.value)

    def prepare(self, head: LabHead, setting: Setting) -> None:
        count, width = head.rows.shape
        wide = self._columns(width)
        std = float(head.rows.detach().std())
        rows = torch.randn(count, wide, generator=setting.generator) * std
        head.rows = nn.Parameter(rows)
        head.states = nn.Sequential(first_map(wide, width, setting.generator, True), nn.GELU())
