"""The options of a reading's budget."""

# No "from __future__ import annotations": the command line needs evaluated types.

import math
from dataclasses import dataclass

from superscope.arguments import checked
from superscope.errors import UsageError

LEAST = 40  # random dictionaries


@checked
@dataclass(frozen=True)
class BudgetOptions:
    """What is known of the activations.

    Attributes
    ----------
    noise
        Standard deviation of noise that is added to the reading.
    amplitude
        Mean amplitude μ of an active direction.
    spread
        Standard deviation of that amplitude.
    draws
        Random dictionaries to compare with, 40 or more. Of random directions, at most 5 % are
        better or worse than these; with 199 it is 5 %.
    seed
        Seed of these.
    """

    noise: float = 0.0
    amplitude: float = 1.0
    spread: float = 0.0
    draws: int = 199
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what no activation has.

        Raises
        ------
        UsageError
            Naming the option.
        """
        for name in ("noise", "spread"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise UsageError(f"{name}={value}; it must be a finite number, 0 or more")
        if not 0 < self.amplitude < math.inf:
            raise UsageError(f"amplitude={self.amplitude}; it must be a finite number above 0")
        if self.draws < LEAST:
            raise UsageError(
                f"draws={self.draws}; a tail of 2.5 % needs at least {LEAST} random dictionaries"
            )
        if self.seed < 0:
            raise UsageError("seed must not be negative")
