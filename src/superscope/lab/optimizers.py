"""The optimizers of a run: AdamW for the body, and for the rows what the variant wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from superscope.lab.config import LabConfig
from superscope.lab.model import LabModel
from superscope.lab.variants.rows_optimizer import BETAS


@dataclass(frozen=True, eq=False)
class Optimizers:
    """What changes the weights of a model.

    Attributes
    ----------
    all
        One for all weights, or one for the rows beside it.
    """

    all: tuple[torch.optim.Optimizer, ...]

    def step(self, share: float) -> None:
        """Make a step, at a share of the highest learning rates, and forget the gradients."""
        for optimizer in self.all:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * share
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def state(self) -> list[dict[str, Any]]:
        """Return the state of each."""
        return [optimizer.state_dict() for optimizer in self.all]

    def load(self, states: list[dict[str, Any]]) -> None:
        """Take the states that :meth:`state` returned."""
        for optimizer, state in zip(self.all, states, strict=True):
            optimizer.load_state_dict(state)


def optimizers_of(config: LabConfig, model: LabModel) -> Optimizers:
    """Return the optimizers of a model.

    Biases, norms' gains and scales are weights as the others are: AdamW of the example family
    decays all, and so does this.
    """
    rows = [model.head.rows]
    # What has a number for each token learns at the head's rate; maps of states as the body does.
    scales = [] if model.head.scale is None else [model.head.scale]
    chosen = {id(p) for p in (*rows, *scales)}
    others = [p for p in model.parameters() if id(p) not in chosen]
    decay, scale = config.decay, 1.0
    for variant in config.variants:
        decay = variant.decay(decay)
        # Decay is a share of weights a step: where rates are not AdamW's, it is the body's share.
        scale = scale if variant.rate is None else config.peak / config.head_peak
    own = next(
        (
            made
            for variant in config.variants
            if (made := variant.optimizer(rows, config.head_peak, decay * scale)) is not None
        ),
        None,
    )
    groups = [_group(others, config.peak, config.decay)]
    if scales:
        groups.append(_group(scales, config.peak if own else config.head_peak, config.decay))
    if own is None:
        groups.append(_group(rows, config.head_peak, decay))
    adamw = torch.optim.AdamW(groups, betas=BETAS, fused=True)
    if own is None:
        return Optimizers((adamw,))
    for group in own.param_groups:
        group["peak"] = group["lr"]
    return Optimizers((adamw, own))


def _group(parameters: list[torch.nn.Parameter], peak: float, decay: float) -> dict[str, Any]:
    return {"params": parameters, "lr": peak, "peak": peak, "weight_decay": decay}
