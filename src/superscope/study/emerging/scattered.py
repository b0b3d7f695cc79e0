"""The error of losses: of the text, and of models of one width."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from superscope.study.emerging.curves import Curves
from superscope.study.emerging.evidence import Noise
from superscope.study.emerging.shapes import Candidates, Floats, whitening_of

FITTED = 2.5  # degrees of freedom that the better of power law and step takes, without intercept
LARGEST = 0.5  # of the relative deviation between models, where it comes from the fits
NEIGHBORS = 50  # tokens of like frequency that a token's deviation is drawn towards
STEADY = 1000.0  # degrees of freedom from which on a deviation counts as known


@dataclass(frozen=True, eq=False)
class Scattered:
    """Losses as contrasts, with their error.

    Attributes
    ----------
    candidates
        The forms.
    contrasts
        Of the losses, shape (T, K − 1).
    noise
        Their error.
    scatter
        Relative deviation between models, of each token, shape (T,).
    deviations
        Standard error of each loss, shape (T, K).
    of_change
        Of the loss at the narrowest − that at the widest, shape (T,).
    """

    candidates: Candidates
    contrasts: Floats
    noise: Noise
    scatter: Floats
    deviations: Floats
    of_change: Floats


def scattered(curves: Curves) -> Scattered:
    """Return the contrasts and errors of curves.

    If no width has two models, what the better of power law and step leaves over the error of the
    text, in the median token, is what models of one width are taken to differ by.

    Parameters
    ----------
    curves
        Losses of tokens.
    """
    excess, freedom = curves.between
    if freedom:
        variance, known = moderated(excess, freedom, curves.occurrences)
        return _with(curves, np.sqrt(variance), known)
    nothing = np.zeros(len(curves))
    none = _with(curves, nothing)
    left_over = none.contrasts.shape[1] - FITTED
    if left_over <= 0:
        return none
    best = np.maximum(*none.candidates.explained(none.contrasts))
    left = np.square(none.contrasts).sum(axis=1) - best
    whitening = none.candidates.whitening
    seen = np.square(curves.losses) @ np.square(whitening).sum(axis=0)
    of_models = seen / whitening.shape[0]
    usual = left_over * max(0.0, 1 - 2 / (9 * left_over)) ** 3  # median of χ² (Wilson, Hilferty)

    def above(scatter: float) -> bool:
        return bool(np.median(left / (none.noise.variances + scatter**2 * of_models)) > usual)

    if not above(0.0):
        return none
    low, high = 0.0, LARGEST
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if above(middle) else (low, middle)
    return _with(curves, nothing + (low + high) / 2)


def moderated(excess: Floats, freedom: int, occurrences: Floats) -> tuple[Floats, float]:
    """Return the variance between models of each token, and the freedom it is known with.

    A single token's own few models tell little. Its variance is drawn towards the mean of tokens
    as frequent, the more so the less tokens differ beyond chance (Smyth 2004, the moderated
    variances of limma: an inverse gamma prior, fitted by moments).

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
    ratio = excess[usual > 0] / usual[usual > 0]
    if not len(ratio):
        return usual, math.inf
    chance = 2 / freedom
    beyond = (1 + float(np.var(ratio))) / (1 + chance) - 1
    prior = 4 + 2 / beyond if beyond > 2 / STEADY else math.inf
    if math.isinf(prior):
        return usual, prior
    own = np.maximum(excess, 0.0)
    return ((prior - 2) * usual + freedom * own) / (prior + freedom - 2), prior + freedom


def _with(curves: Curves, scatter: Floats, freedom: float = math.inf) -> Scattered:
    of_models = scatter[:, None] * curves.losses / np.sqrt(curves.models)
    errors = curves.errors
    covariances = errors.transpose(0, 2, 1) @ errors
    diagonal = np.arange(len(curves.widths))
    covariances[:, diagonal, diagonal] += of_models**2
    whitening = whitening_of(covariances)
    noise = Noise(errors @ whitening.T, of_models[:, :, None] * whitening.T, freedom)
    ends = covariances[:, 0, 0] + covariances[:, -1, -1] - 2 * covariances[:, 0, -1]
    return Scattered(
        Candidates(curves.widths, whitening), curves.losses @ whitening.T, noise, scatter,
        np.sqrt(covariances[:, diagonal, diagonal]), np.sqrt(np.maximum(ends, 0.0)),
    )  # fmt: skip
