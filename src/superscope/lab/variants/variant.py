"""What a way of packing may change: the head, its optimizer, the objective, and each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError

if TYPE_CHECKING:
    import torch

    from superscope.lab.head import LabHead

Part = Literal["optimizer", "rows", "columns", "mean", "norms", "bias", "logits"]
"""What only one of the composed variants may decide.

``optimizer`` is that of the rows, ``rows`` where they come from, ``columns`` how many numbers a
row has, ``mean`` the mean row, ``norms`` the lengths of rows, ``bias`` what is added to logits,
``logits`` how probabilities follow from them.
"""


@dataclass(frozen=True)
class Option:
    """The number that a variant takes.

    Attributes
    ----------
    meaning
        What it is.
    default
        If it is not given; None where nothing stands for it.
    least, most
        What it may be.
    whole
        Whether it is a whole number.
    """

    meaning: str
    default: float | None
    least: float = -np.inf
    most: float = np.inf
    whole: bool = False


@dataclass(frozen=True, eq=False)
class Setting:
    """What a variant may know of the run.

    Attributes
    ----------
    width
        m of the body.
    counts
        How often each token occurs in the training text, int64, shape (V,).
    embedding
        The input embedding, a parameter of shape (V, m).
    generator
        Draws first weights of what a variant adds. Its stream is that of the untrained rows of the
        next seed, s + 1: `wide`, `factored` and `softmaxes` of one seed and the baseline of the
        next share random numbers, and no pair of runs of one seed does.
    """

    width: int
    counts: npt.NDArray[np.int64]
    embedding: torch.nn.Parameter
    generator: torch.Generator


class Variant:
    """One way of packing: a subclass overrides what it changes.

    Parameters
    ----------
    value
        Its number; None is the option's default.

    Attributes
    ----------
    name
        How a config calls it.
    option
        The number that it takes; None if it takes none.
    decides
        Parts of which it leaves no choice to others.
    rate
        Learning rate of the rows at width 64, if not the body's.

    Raises
    ------
    UsageError
        The value is out of range, or given to a variant that takes none.
    """

    name: ClassVar[str]
    option: ClassVar[Option | None] = None
    decides: ClassVar[frozenset[Part]] = frozenset()
    rate: ClassVar[float | None] = None

    def __init__(self, value: float | None = None):
        option = self.option
        if option is None:
            if value is not None:
                raise UsageError(f"variant {self.name} takes no number, but is given {value:g}")
        elif value is None:
            value = option.default
        elif not option.least <= value <= option.most or (
            option.whole and not float(value).is_integer()
        ):
            raise UsageError(
                f"{self.name}={value:g}; its number, {option.meaning}, must be {_range(option)}"
            )
        self.value = None if value is None else float(value)

    def __str__(self) -> str:
        if self.value is None:
            return self.name
        # With all digits: two numbers that differ in the last one are two variants.
        return f"{self.name}={repr(self.value).removesuffix('.0')}"

    def check(self, width: int) -> None:
        """Raise UsageError for a body that it cannot stand on."""

    def refuses(self, other: Variant) -> str | None:
        """Return why it cannot be composed with another variant; None if it can."""
        return None

    def added_weights(self, width: int, vocabulary: int) -> int:
        """Return about how many weights a model has more than the baseline."""
        return 0

    def prepare(self, head: LabHead, setting: Setting) -> None:
        """Change the head before training."""

    def optimizer(
        self, rows: list[torch.nn.Parameter], rate: float, decay: float
    ) -> torch.optim.Optimizer | None:
        """Return an optimizer for the rows; None leaves them to AdamW."""
        return None

    def decay(self, decay: float) -> float:
        """Return the decoupled weight decay of the rows, from that of the body."""
        return decay

    def penalty(self, head: LabHead, states: torch.Tensor) -> torch.Tensor | None:
        """Return what is added to the loss, a scalar; None for nothing."""
        return None

    def after_step(self, head: LabHead, rate: float) -> None:
        """Act after each step; `rate` is the learning rate of the rows in it."""


def _range(option: Option) -> str:
    kind = "a whole number" if option.whole else "a number"
    if np.isfinite(option.least) and np.isfinite(option.most):
        return f"{kind} from {option.least:g} to {option.most:g}"
    if np.isfinite(option.least):
        return f"{kind} of at least {option.least:g}"
    return kind
