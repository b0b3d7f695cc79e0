"""What a model has in common for all its tokens: it is a better or a worse one, not a step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superscope.study.emerging.curves import TINY, Curves, Int64
from superscope.study.emerging.shapes import POWERS, Candidates, Floats

LEAST = 20  # tokens, before what is common to them is told from what is their own
FITTED = 2.5  # degrees of freedom that the better of power law and step takes, without intercept
ROUNDS = 50  # of fits to tokens and of what they leave in common, by turns
FAR = 3.0  # times the usual distance from the fit: a token that is further away counts less
NORMAL_MAD = 1.4826  # of a normal deviate: deviation / median absolute deviation
OF_MEDIAN = np.pi / 2  # variance of a median / that of a mean


@dataclass(frozen=True, eq=False)
class Common:
    """Relative errors that all tokens of one width have in common.

    Attributes
    ----------
    errors
        At each width, shape (K,).
    root
        Of the covariance of what is not known of them, shape (K, K).
    variance
        Of such errors of single models.
    """

    errors: Floats
    root: Floats
    variance: float


def nothing(curves: Curves) -> Common:
    """Return that tokens have no error in common."""
    k = len(curves.widths)
    return Common(np.zeros(k), np.zeros((k, k)), 0.0)


def of_one_width(curves: Curves) -> tuple[Floats, float, int]:
    """Return the common errors of models about the mean of their width.

    Parameters
    ----------
    curves
        Of tokens, with several models of a width.

    Returns
    -------
    tuple
        Of each model, shape (M,); their variance; its degrees of freedom, 0 if no width has two
        models.
    """
    errors, chance = np.zeros(len(curves.of_models)), 0.0
    for width in curves.widths[curves.models > 1].tolist():
        these = curves.of_models == width
        losses = curves.by_model[:, these]
        away = losses / np.maximum(losses.mean(axis=1, keepdims=True), TINY) - 1
        middle = np.median(away, axis=0)
        own = NORMAL_MAD * np.median(np.abs(away - middle), axis=0)
        errors[these] = middle - middle.mean()
        chance += float(np.square(own).sum()) * OF_MEDIAN / len(curves)
    freedom = int((curves.models - 1).sum())
    variance = (float(np.square(errors).sum()) - chance) / max(1, freedom)
    return errors, max(0.0, variance), freedom


def of_widths(
    losses: Floats, models: Int64, candidates: Candidates, variances: Floats, variance: float
) -> Common:
    """Return the common errors of widths, from what the fits of all tokens leave.

    Each token's loss is its best form times 1 + an error that all share. What every form can
    follow stays unknown. Power laws alone are fitted first, so that a jump of all tokens is an
    error of the model where it can be one.

    Parameters
    ----------
    losses
        Shape (T, K).
    models
        Of each width, shape (K,).
    candidates
        The forms.
    variances
        Of the contrasts of each token, but for what is common, shape (T,).
    variance
        Of common errors of single models, at most.
    """
    whitening, errors = candidates.whitening, np.zeros(losses.shape[1])
    left_over = max(1.0, len(whitening) - FITTED)
    prior = np.diag(models / max(variance, TINY))
    for k in range(ROUNDS):
        forms = slice(POWERS if k < ROUNDS // 2 else None)
        directions, tangents = candidates.directions[forms], candidates.tangents[forms]
        corrected = losses * np.exp(-errors)
        contrasts = corrected @ whitening.T
        fall = contrasts @ directions.T
        best = fall.argmax(axis=1)
        frames = np.stack([directions[best], tangents[best]], axis=1)  # (T, 2, K − 1)
        slopes = corrected[:, None] * whitening  # (T, K − 1, K)
        slopes -= frames.transpose(0, 2, 1) @ (frames @ slopes)
        left = contrasts - np.maximum(fall.max(axis=1), 0.0)[:, None] * frames[:, 0]
        distance = np.sqrt(np.square(left).sum(axis=1) / (left_over * variances))
        weights = np.minimum(1, FAR / np.maximum(distance, TINY)) / variances
        weighted = (weights[:, None, None] * slopes).reshape(-1, len(errors)).T
        covariance = np.linalg.inv(weighted @ slopes.reshape(-1, len(errors)) + prior)
        errors = errors + covariance @ (weighted @ left.reshape(-1) - prior @ errors)
        errors -= errors.mean()  # the scale of all losses is not in question
    centered = np.eye(len(errors)) - 1 / len(errors)
    seen = float(models @ np.square(errors)) / len(errors)
    return Common(np.expm1(errors), centered @ np.linalg.cholesky(covariance), min(seen, variance))
