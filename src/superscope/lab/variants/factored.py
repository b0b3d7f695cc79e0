"""A head of a lower rank."""

from __future__ import annotations

import math

import torch
from torch import nn

from superscope.errors import UsageError
from superscope.lab.head import LabHead, first_map
from superscope.lab.variants.variant import Option, Setting, Variant


class Factored(Variant):
    """The head is W = B A of rank r, trained from the start: the head is narrower than the body.

    A begins with orthonormal rows, and B as the baseline's rows times Aᵀ, enlarged to logits of the
    baseline's size: at rank m the first logits are the baseline's. Sources: G24, arXiv 2404.07647,
    and GA26, arXiv 2603.10145, on the rank of the head as a bottleneck.
    """

    name = "factored"
    option = Option("r, the rank; half the width by default", None, 1, whole=True)
    decides = frozenset({"rows", "columns"})

    def check(self, width: int) -> None:
        if self.value is not None and self.value > width:
            raise UsageError(
                f"{self}; the rank of a head can be at most its width, {width}; "
                "a head wider than its body is the variant wide"
            )

    def refuses(self, other: Variant) -> str | None:
        if other.name in {"unit", "growth", "spread"}:
            return (
                f"{other.name} acts on rows that are trained, which are those of B; the head's are "
                "those of W = B A"
            )
        return None

    def added_weights(self, width: int, vocabulary: int) -> int:
        rank = self._rank(width)
        return vocabulary * (rank - width) + rank * width

    def _rank(self, width: int) -> int:
        return width // 2 if self.value is None else int(self.value)

    def prepare(self, head: LabHead, setting: Setting) -> None:
        width = setting.width
        rank = self._rank(width)
        made = first_map(rank, width, setting.generator, False)
        with torch.no_grad():
            orthonormal = torch.linalg.qr(made.weight.T)[0].T
            made.weight.copy_(orthonormal)
            rows = head.rows @ orthonormal.T * math.sqrt(width / rank)
        head.rows, head.states = nn.Parameter(rows), made
