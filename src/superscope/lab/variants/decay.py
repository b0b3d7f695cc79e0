"""A weight decay of the rows' own."""

from __future__ import annotations

from superscope.lab.variants.variant import Option, Variant


class Decay(Variant):
    """The rows' own decoupled weight decay γ: with that of the body it is the baseline.

    W ← (1 − η γ) W, the toy's γ > 0 (definitions.md §4). Source: LLG25, arXiv 2505.10465.
    """

    name = "decay"
    option = Option("γ of the rows", 1.0, 0.0)
    decides = frozenset({"norms"})

    def decay(self, decay: float) -> float:
        assert self.value is not None
        return self.value
