"""How a geometry is measured."""

# Annotations are evaluated here, because a class elsewhere inherits these fields.

import math
from dataclasses import dataclass
from typing import Literal

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.geometry.pairs import SAMPLES


@checked
@dataclass(frozen=True)
class GeometryOptions:
    """How to measure a head.

    Attributes
    ----------
    pairs
        ``none``: what the Gram matrix gives, exactly, O(V m²). ``sample``: also estimates, with
        standard errors, of what needs pairs. ``exact``: also every pair, O(V² m).
    neighbors
        Nearest rows to keep of each row; needs every pair.
    top
        Most colliding pairs to keep.
    samples
        Number of sampled pairs.
    seed
        Seed of the sample.
    device
        Where products are computed: ``cpu``, ``cuda``, …; ``auto`` is a GPU where there is one.
    dtype
        Precision of the tiles of every pair; pairs that are close are scored again in float32.
    threshold
        Norm above which a row counts as represented; half the root-mean-square norm by default.
    """

    pairs: Literal["none", "sample", "exact"] = "sample"
    neighbors: int = 0
    top: int = 20
    samples: int = SAMPLES
    seed: int = 0
    device: str = "auto"
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    threshold: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be measured.

        Raises
        ------
        UsageError
            Naming the option.
        """
        if self.neighbors < 0 or self.top < 0 or self.seed < 0:
            raise UsageError("neighbors, top and seed must not be negative")
        if self.neighbors and self.pairs != "exact":
            raise UsageError("neighbors need every pair: pass pairs='exact'")
        if self.samples < 2:
            raise UsageError(
                f"samples={self.samples}; a standard error needs at least 2 sampled pairs"
            )
        if self.dtype != "float32" and self.pairs != "exact":
            raise UsageError("dtype is the precision of every pair: pass pairs='exact'")
        if self.threshold is not None and not 0 <= self.threshold < math.inf:
            raise UsageError(f"threshold={self.threshold}; a norm is a finite number, 0 or more")
