"""The error of losses: of the text, and of models of one width."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from superscope.laws.variances import drawn, prior_by_ratios
from superscope.study.emerging.common import (
    FITTED,
    LEAST,
    Common,
    nothing,
    of_one_width,
    of_widths,
)
from superscope.study.emerging.curves import Curves
from superscope.study.emerging.evidence import Noise
from superscope.study.emerging.shapes import Candidates, Floats, whitening_of

LARGEST = 0.5  # of the relative deviation between models, where it comes from the fits
NEIGHBORS = 50  # tokens of like frequency that a token's deviation is drawn towards
TURNS = 4  # of what tokens have in common, and what is their own


@dataclass(frozen=True, eq=False)
class Scattered:
    """Losses as contrasts, with their error.

    Attributes
    ----------
    candidates
        The forms.
    losses
        At each width, without what is common to all tokens of a model, shape (T, K).
    contrasts
        Of these, shape (T, K − 1).
    noise
        Their error.
    scatter
        Relative deviation between models, of each token alone, shape (T,).
    common
        Relative deviation between models that all tokens have in common.
    deviations
        Standard error of each loss, shape (T, K).
    of_change
        Of the loss at the narrowest − that at the widest, shape (T,).
    """

    candidates: Candidates
    losses: Floats
    contrasts: Floats
    noise: Noise
    scatter: Floats
    common: float
    deviations: Floats
    of_change: Floats


def scattered(curves: Curves) -> Scattered:
    """Return the contrasts and errors of curves.

    An error that all tokens of a model have in common is found and taken off. If no width has two
    models, what the better of power law and step then leaves over the error of the text, in the
    median token, is what models of one width are taken to differ by.

    Parameters
    ----------
    curves
        Losses of tokens.
    """
    if len(curves) < LEAST:
        common = nothing(curves)
        return _with(curves, curves, *_own(curves, common), common)
    errors, variance, freedom = of_one_width(curves)
    apart, common = curves.corrected(errors), nothing(curves)
    place = np.searchsorted(curves.widths, curves.of_models)
    if not freedom:  # all that is left may be common
        variance = float(np.median(_own(apart, common)[0])) ** 2
    for _ in range(TURNS):
        corrected = apart.corrected(common.errors[place])
        found = _with(curves, corrected, *_own(corrected, common), common)
        common = of_widths(apart.losses, curves.models, found.candidates, found.noise.own, variance)
    corrected = apart.corrected(common.errors[place])
    return _with(curves, corrected, *_own(corrected, common), common)


def _own(curves: Curves, common: Common) -> tuple[Floats, float]:
    """Return the relative deviation between models of each token, and its freedom."""
    excess, freedom = curves.between
    if freedom:
        variance, known = moderated(excess, freedom, curves.occurrences)
        return np.sqrt(variance), known
    zero = np.zeros(len(curves))
    none = _with(curves, curves, zero, math.inf, common)
    left_over = none.contrasts.shape[1] - FITTED
    if left_over <= 0:
        return zero, math.inf
    best = np.maximum(*none.candidates.explained(none.contrasts))
    left = np.square(none.contrasts).sum(axis=1) - best
    whitening = none.candidates.whitening
    seen = np.square(curves.losses) @ np.square(whitening).sum(axis=0)
    of_models = seen / whitening.shape[0]
    usual = left_over * max(0.0, 1 - 2 / (9 * left_over)) ** 3  # median of χ² (Wilson, Hilferty)

    def above(scatter: float) -> bool:
        return bool(np.median(left / (none.noise.own + scatter**2 * of_models)) > usual)

    if not above(0.0):
        return zero, math.inf
    low, high = 0.0, LARGEST
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if above(middle) else (low, middle)
    return zero + (low + high) / 2, math.inf


def moderated(excess: Floats, freedom: int, occurrences: Floats) -> tuple[Floats, float]:
    """Return the variance between models of each token, and the freedom it is known with.

    A single token's own few models tell little. Its variance is drawn towards the mean of tokens
    as frequent, the more so the less tokens differ beyond chance
    (:mod:`superscope.laws.variances`).

    Parameters
    ----------
    excess
        Variance of each, with the error of its `freedom`, shape (T,).
    freedom
        Of each.
    occurrences
        Of each.
    """
    order = np.argsort(occurrences, kind="stable")
    size = min(NEIGHBORS, len(order))
    total = np.concatenate([[0.0], np.cumsum(excess[order])])
    start = np.clip(np.arange(len(order)) - size // 2, 0, len(order) - size)
    usual = np.empty(len(order))
    usual[order] = np.maximum((total[start + size] - total[start]) / size, 0.0)
    known = usual > 0
    prior = prior_by_ratios(excess[known] / usual[known], freedom) if known.any() else math.inf
    if math.isinf(prior):
        return usual, prior
    return drawn(np.maximum(excess, 0.0), freedom, usual, prior - 2), prior + freedom


def _with(
    curves: Curves, corrected: Curves, scatter: Floats, freedom: float, common: Common
) -> Scattered:
    """Return the contrasts of corrected curves, and the errors of the measured ones."""
    of_models = scatter[:, None] * corrected.losses / np.sqrt(curves.models)
    errors, losses = corrected.errors, corrected.losses
    shared = losses[:, None] * common.root.T
    of_text = errors.transpose(0, 2, 1) @ errors
    diagonal = np.arange(len(curves.widths))
    of_text[:, diagonal, diagonal] += of_models**2
    whitening = whitening_of(of_text + shared.transpose(0, 2, 1) @ shared)
    noise = Noise(
        errors @ whitening.T, of_models[:, :, None] * whitening.T, shared @ whitening.T, freedom
    )
    of_text[:, diagonal, diagonal] += common.variance / curves.models * np.square(curves.losses)
    ends = of_text[:, 0, 0] + of_text[:, -1, -1] - 2 * of_text[:, 0, -1]
    return Scattered(
        Candidates(curves.widths, whitening), losses, losses @ whitening.T, noise, scatter,
        math.sqrt(common.variance), np.sqrt(of_text[:, diagonal, diagonal]),
        np.sqrt(np.maximum(ends, 0.0)),
    )  # fmt: skip
