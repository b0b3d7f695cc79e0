"""The error of losses: of the text, and of models of one width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superscope.study.emerging.curves import Curves
from superscope.study.emerging.shapes import Candidates, Floats, Noise, whitening_of

FITTED = 2.5  # degrees of freedom that the better of power law and step takes, without intercept
LARGEST = 0.5  # of the relative deviation between models


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
        Relative deviation between models.
    deviations
        Standard error of each loss, shape (T, K).
    of_change
        Of the loss at the narrowest − that at the widest, shape (T,).
    """

    candidates: Candidates
    contrasts: Floats
    noise: Noise
    scatter: float
    deviations: Floats
    of_change: Floats


def scattered(curves: Curves, scatter: float | None = None) -> Scattered:
    """Return the contrasts and errors of curves.

    Parameters
    ----------
    curves
        Losses of tokens.
    scatter
        Relative deviation between models of one width, where it is known already. If the curves
        have several models of a width, theirs; else what the better of power law and step leaves
        over the error of the text, in the median token.
    """
    known = curves.scatter if scatter is None else scatter
    if known is not None:
        return _with(curves, known)
    none = _with(curves, 0.0)
    freedom = none.contrasts.shape[1] - FITTED
    if freedom <= 0:
        return none
    best = np.maximum(*none.candidates.explained(none.contrasts))
    left = np.square(none.contrasts).sum(axis=1) - best
    whitening = none.candidates.whitening
    seen = np.square(curves.losses) @ np.square(whitening).sum(axis=0)
    of_models = seen / whitening.shape[0] / curves.seeds.mean()
    usual = freedom * max(0.0, 1 - 2 / (9 * freedom)) ** 3  # median of χ² (Wilson & Hilferty)

    def above(scatter: float) -> bool:
        return bool(np.median(left / (none.noise.variances + scatter**2 * of_models)) > usual)

    if not above(0.0):
        return none
    low, high = 0.0, LARGEST
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if above(middle) else (low, middle)
    return _with(curves, (low + high) / 2)


def _with(curves: Curves, scatter: float) -> Scattered:
    of_models = scatter * curves.losses / np.sqrt(curves.seeds)
    errors = curves.errors
    covariances = errors.transpose(0, 2, 1) @ errors
    diagonal = np.arange(len(curves.widths))
    covariances[:, diagonal, diagonal] += of_models**2
    whitening = whitening_of(covariances)
    noise = Noise(errors @ whitening.T, of_models[:, :, None] * whitening.T)
    ends = covariances[:, 0, 0] + covariances[:, -1, -1] - 2 * covariances[:, 0, -1]
    return Scattered(
        Candidates(curves.widths, whitening), curves.losses @ whitening.T, noise, scatter,
        np.sqrt(covariances[:, diagonal, diagonal]), np.sqrt(np.maximum(ends, 0.0)),
    )  # fmt: skip
