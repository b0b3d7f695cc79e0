"""What both engines share: initial weights, the check of the device, the error of divergence."""

from __future__ import annotations

import math

import numpy as np

from superscope.errors import DivergedError, UsageError
from superscope.toy.config import ToyConfig
from superscope.toy.features import Float32


def initial_weights(config: ToyConfig, rng: np.random.Generator) -> tuple[Float32, Float32]:
    """Draw W_ij ~ N(0, 1/m), shape (n, m), and b_i ~ N(0, 1) or 0, shape (n,).

    The biases are drawn in any case: W and all samples are then the same for every ``bias``.
    """
    W = rng.standard_normal((config.n, config.width), np.float32) / math.sqrt(config.width)
    b = rng.standard_normal(config.n, np.float32)
    return W.astype(np.float32), b if config.bias == "normal" else np.zeros_like(b)


def check_device(config: ToyConfig, device: str) -> None:
    """Raise UsageError if the config's engine cannot train on a device."""
    if config.engine == "numba" and device not in ("auto", "cpu"):
        raise UsageError(f"engine numba trains on the cpu, not on {device}; choose engine torch")


def diverged(step: int) -> DivergedError:
    """Return the error for a run whose numbers are no longer finite."""
    return DivergedError(f"diverged at step {step}: not finite; try a lower learning_rate")
