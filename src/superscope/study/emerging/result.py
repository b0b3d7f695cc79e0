"""Which tokens a family learns at which width: the result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from superscope.laws import Estimate
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.study.emerging.curves import Bools, Int64
from superscope.study.emerging.shapes import Floats
from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd


BITS = math.log(2)
"""Nats in a bit."""


class Shape(StrEnum):
    """How the loss of a token changes with width."""

    POWER = "power"
    """It falls, and a step is rejected: a power law with a floor."""
    STEP = "step"
    """It falls, and a power law is rejected: a step in log width."""
    FLAT = "flat"
    """It changes by less than a tenth of itself, with 95 % confidence."""
    UNTOLD = "untold"
    """Its error is too large to tell."""


def having(shapes: Sequence[Shape], shape: Shape) -> Bools:
    """Return which of some shapes are this one."""
    return np.array([one is shape for one in shapes], np.bool_)


class Learned(StrEnum):
    """How a family learns its tokens."""

    TOGETHER = "together"
    """Of the tokens that improve, at most a fifth do so in steps; or all step at one width."""
    ONE_BY_ONE = "one by one"
    """At least four fifths do so in steps, further apart than neighbouring widths."""
    MIXED = "mixed"
    """More than a fifth and less than four fifths."""
    CANNOT = "cannot be said"
    """The interval of that share holds a limit between them."""


@dataclass(frozen=True)
class ClassCurve:
    """A class of tokens over the widths.

    Attributes
    ----------
    kind
        What the class is told by: ``frequency``, ``spelling``, ``rows``, ``collision``.
    name
        Of the class.
    tokens, occurrences
        How many tokens it has, and how often they occur.
    losses, errors
        Mean loss at each width and its standard error, nats.
    powers, steps, flat, untold
        Tokens of each shape.
    reached
        Width at which the loss passes the threshold, with its interval; None where it passes it
        at no measured width, or where no threshold was given.
    forecast
        Loss of one model of the next width by a power law with a floor, nats, with its interval.
    """

    kind: str
    name: str
    tokens: int
    occurrences: int
    losses: tuple[float, ...]
    errors: tuple[float, ...]
    powers: int
    steps: int
    flat: int
    untold: int
    reached: Estimate | None
    forecast: Estimate


@dataclass(frozen=True)
class Foretold:
    """Of classes or tokens above the threshold, those that were said to pass it, and that did.

    Attributes
    ----------
    above
        Above it at all widths that were fitted.
    passed
        Of these, below it at the largest width.
    named
        Said to be, by a power law with a floor through each.
    right
        Of the named, those that passed.
    right_by_frequency
        Of as many others, the most frequent: those that passed.
    """

    above: int
    passed: int
    named: int
    right: int
    right_by_frequency: int

    @property
    def precision(self) -> float | None:
        """Of the named, how many passed; None if none was named."""
        return self.right / self.named if self.named else None

    @property
    def recall(self) -> float | None:
        """Of those that passed, how many were named; None if none passed."""
        return self.right / self.passed if self.passed else None

    @property
    def precision_by_frequency(self) -> float | None:
        """The same of as many of the most frequent."""
        return self.right_by_frequency / self.named if self.named else None

    @property
    def recall_by_frequency(self) -> float | None:
        """The same of as many of the most frequent."""
        return self.right_by_frequency / self.passed if self.passed else None


@dataclass(frozen=True)
class ThresholdRollOut:
    """What the narrower half of the widths says of the widest.

    Attributes
    ----------
    fitted
        Widths up to half the largest.
    width
        The largest.
    classes, tokens
        Of each kind.
    """

    fitted: tuple[float, ...]
    width: float
    classes: Foretold
    tokens: Foretold


@dataclass(frozen=True, eq=False)
class Emergence(Result, Pictured):
    """Which tokens a family learns at which width.

    Attributes
    ----------
    text
        What the text is called.
    widths
        m, ascending, shape (K,).
    models
        Of each width, shape (K,).
    ids, names
        Of the tokens, shape (T,).
    occurrences
        Of each, shape (T,).
    losses, errors
        Mean loss of each at each width and its standard error, nats, shape (T, K).
    shapes
        How each changes.
    resampling_errors
        By how much the numbers of steps and of power laws would differ with other resamples
        (standard deviation).
    for_step
        2 × the log-likelihood ratio of a step to a power law, shape (T,).
    p_flat, p_power, p_step
        p-value of each form, shape (T,).
    places
        Width in the middle of each token's best step, shape (T,).
    share
        Of the tokens that improve, how many do so in steps: estimated from all of them, whether
        told or not, with its 95 % interval; None where no token improves.
    power_of_steps, power_of_laws
        Probability that a test of a token alone, at the level of 5 %, tells a step and a power
        law; mean over the tokens that improve, None without any.
    order
        Spearman's correlation of frequency and the width of the step, of the tokens that step;
        None for fewer than five.
    scatter
        Standard deviation of a loss between models of one width, relative to it; of the median
        token alone.
    common
        The same of what all tokens of a model have in common, which is taken off before the forms
        are compared.
    scatter_known
        Whether it comes from several models of a width; else from what the fits leave.
    fdr
        False-discovery rate.
    rare
        Tokens of the text that are left out, because they occur too rarely.
    least
        Occurrences that a token needs.
    threshold
        Of the classes, bits; or None.
    classes
        Classes of tokens.
    next_width
        Of the forecasts.
    roll_out
        Which classes and tokens the widths up to half the largest say to pass the threshold at
        the largest; None without a threshold, or with fewer than four such widths.
    verdict
        The summary.
    """

    text: str
    widths: Floats
    models: Int64
    ids: Int64
    names: tuple[str | None, ...]
    occurrences: Floats
    losses: Floats
    errors: Floats
    shapes: tuple[Shape, ...]
    resampling_errors: tuple[float, float]
    for_step: Floats
    p_flat: Floats
    p_power: Floats
    p_step: Floats
    places: Floats
    share: Estimate | None
    power_of_steps: float | None
    power_of_laws: float | None
    order: float | None
    scatter: float
    common: float
    scatter_known: bool
    fdr: float
    rare: int
    least: int
    threshold: float | None
    classes: tuple[ClassCurve, ...]
    next_width: float
    roll_out: ThresholdRollOut | None
    verdict: Learned

    def count(self, shape: Shape) -> int:
        """Return how many tokens have a shape."""
        return self.shapes.count(shape)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each token: its shape, and its loss at each width.

        ``width_of_step`` is missing where the shape is not a step.
        """
        import pandas as pd

        step = having(self.shapes, Shape.STEP)
        frame = pd.DataFrame({
            "id": self.ids,
            "token": pd.array(list(self.names), dtype="string"),
            "count": self.occurrences.astype(np.int64),
            "shape": pd.array([str(s) for s in self.shapes], dtype="string"),
            "width_of_step": pd.array(np.where(step, self.places, np.nan), dtype="Float64"),
            "for_step": self.for_step,
            "p_flat": self.p_flat,
            "p_power": self.p_power,
            "p_step": self.p_step,
        })  # fmt: skip
        for k, width in enumerate(self.widths.tolist()):
            frame[f"loss_{width:.0f}"] = self.losses[:, k]
            frame[f"loss_se_{width:.0f}"] = self.errors[:, k]
        return frame

    def __repr__(self) -> str:
        of = f"{counted(len(self.ids), 'token')}, {counted(len(self.widths), 'width')}"
        return f"<Emergence on {self.text!r}: {self.verdict}, {of}>"
