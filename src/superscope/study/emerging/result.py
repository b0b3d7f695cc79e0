"""Which tokens a family learns at which width: the result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from superscope.laws import Estimate
from superscope.result import Result
from superscope.study.emerging.curves import Int64
from superscope.study.emerging.shapes import Floats
from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd


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


class Learned(StrEnum):
    """How a family learns its tokens."""

    TOGETHER = "together"
    """Of the tokens that improve, at most a fifth do so in steps."""
    ONE_BY_ONE = "one by one"
    """At least four fifths do so in steps, and not all at the same width."""
    MIXED = "mixed"
    """More than a fifth and less than four fifths."""
    CANNOT = "cannot be said"
    """The interval of that share holds a limit between them, or most tokens cannot be told."""


@dataclass(frozen=True)
class ClassCurve:
    """A class of tokens over the widths.

    Attributes
    ----------
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
        Loss at the next width by a power law with a floor, nats, with its interval.
    """

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


@dataclass(frozen=True, eq=False)
class Emergence(Result):
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
    for_step
        2 × the log-likelihood ratio of a step to a power law, shape (T,).
    p_flat, p_power, p_step
        p-value of each form, shape (T,).
    places
        Width in the middle of each token's best step, shape (T,).
    share
        Of the tokens that improve, how many do so in steps: estimated from all of them, whether
        told or not, with its 95 % interval; None where no token improves.
    order
        Spearman's correlation of frequency and the width of the step, of the tokens that step;
        None for fewer than five.
    scatter
        Standard deviation of a loss between models of one width, relative to it.
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
    for_step: Floats
    p_flat: Floats
    p_power: Floats
    p_step: Floats
    places: Floats
    share: Estimate | None
    order: float | None
    scatter: float
    scatter_known: bool
    fdr: float
    rare: int
    least: int
    threshold: float | None
    classes: tuple[ClassCurve, ...]
    next_width: float
    verdict: Learned

    def count(self, shape: Shape) -> int:
        """Return how many tokens have a shape."""
        return self.shapes.count(shape)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each token: its shape, and its loss at each width.

        ``width_of_step`` is missing where the shape is not a step.
        """
        import pandas as pd

        step = np.array([shape is Shape.STEP for shape in self.shapes], np.bool_)
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
