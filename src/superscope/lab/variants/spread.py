"""A penalty on overlap."""

from __future__ import annotations

import torch

from superscope.geometry.baselines import welch_floor
from superscope.lab.head import LabHead
from superscope.lab.variants.variant import Option, Variant


class Spread(Variant):
    """The mean square overlap of rows is penalized, in units of the least that is possible.

    λ times the mean c² over all pairs of rows, divided by the Welch floor (V − m)/(m (V − 1)). A
    probe of cause and effect: overlap falls for no reason of the text's. Source of the floor: W74.
    """

    name = "spread"
    option = Option("λ of the penalty", 0.01, 0.0)

    def penalty(self, head: LabHead, states: torch.Tensor) -> torch.Tensor | None:
        if not self.value:
            return None
        count, width = head.rows.shape
        unit = torch.nn.functional.normalize(head.rows, dim=1)
        gram = unit.T @ unit if width < count else unit @ unit.T
        mean = (gram.square().sum() - count) / (count * (count - 1))
        floor = welch_floor(count, width)
        return self.value * (mean / floor if floor else mean)
