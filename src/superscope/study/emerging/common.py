"""What a model has in common for all its tokens: it is a better or a worse one, not a step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superscope.study.emerging.curves import TINY, Curves, Int64
from superscope.study.emerging.shapes import EXACT, POWERS, Candidates, Floats

LEAST = 20  # tokens, before what is common to them is told from what is their own
FITTED = 2.5  # degrees of freedom that the better of power law and step takes, without intercept
ROUNDS = 20  # of fits to tokens and of what they leave in common, by turns, in each of three stages
FAR = 3.0  # times the usual distance from the fit: a token that is further away counts less
HALF = 0.5  # of the information on an error that is left when forms are fitted: less is not enough
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

    Each token's loss is its best form times 1 + an error that all share. The variance of these
    comes from what the forms cannot follow, and holds the rest. Power laws alone are fitted first,
    so that a jump of all tokens is an error of the model where it can be one. Steps may then only
    take back of the errors: where these grow, steps follow what tokens do not share alike.

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
    errors, likely = np.zeros(losses.shape[1]), variance
    every: Floats = np.eye(len(errors))
    told: Floats | None = None
    for k in range(3 * ROUNDS):
        forms = slice(POWERS if k < 2 * ROUNDS else None)
        before, after, gradient = _left(losses * np.exp(-errors), candidates, forms, variances)
        if told is None:
            told, scale, chance = _told(before, after)
        moved = told if k < ROUNDS else every  # what is hardly told is held by the variance
        prior = np.diag(models / max(likely, TINY))
        slope = moved.T @ (gradient - prior @ errors)
        errors = errors + moved @ np.linalg.solve(moved.T @ (after + prior) @ moved, slope)
        unit = scale @ np.diag(1 / models) @ scale.T
        excess = float((np.square(scale @ errors) - chance).sum() / max(np.trace(unit), TINY))
        likely = min(max(excess, 0.0), variance)
        if k == 2 * ROUNDS - 1:
            by_power = errors, after, likely
    if np.var(errors) > np.var(by_power[0]):
        errors, after, likely = by_power
    root = np.linalg.cholesky(np.linalg.inv(after + np.diag(models / max(likely, TINY))))
    centered = np.eye(len(errors)) - 1 / len(errors)  # the scale of losses is not in question
    return Common(np.expm1(errors), centered @ root, likely)


def _told(before: Floats, after: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the directions of errors of which fits leave at least half, for what is left to tell.

    Parameters
    ----------
    before, after
        Information on the errors where the forms are known, and where they are fitted, (K, K).

    Returns
    -------
    tuple
        The directions, (K, R); what has an error's coefficients in them, (R, K); and the variance
        of each by chance, (R,).
    """
    from scipy.linalg import eigh

    whole = before + EXACT * np.trace(before) * np.eye(len(before))
    share, vectors = eigh(after, whole)
    told = share >= HALF
    directions = vectors[:, told]
    return directions, directions.T @ whole, 1 / share[told]


def _left(
    losses: Floats, candidates: Candidates, forms: slice, variances: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return what the best form of each token leaves of errors that all tokens have in common.

    Returns
    -------
    tuple
        Information on the errors if the forms are known, and if they are fitted, (K, K) each; and
        the gradient of the likelihood, (K,).
    """
    directions, tangents = candidates.directions[forms], candidates.tangents[forms]
    whitening = candidates.whitening
    contrasts = losses @ whitening.T
    fall = contrasts @ directions.T
    best, height = fall.argmax(axis=1), np.maximum(fall.max(axis=1), 0.0)
    frames = np.stack([directions[best], tangents[best]], axis=1)  # (T, 2, K − 1)
    left = contrasts - height[:, None] * frames[:, 0]
    usual = max(1.0, len(whitening) - FITTED) * variances
    distance = np.sqrt(np.square(left).sum(axis=1) / usual)
    weights = np.minimum(1, FAR / np.maximum(distance, TINY)) / variances
    slopes = losses[:, None] * whitening  # (T, K − 1, K)
    fitted = slopes - frames.transpose(0, 2, 1) @ (frames @ slopes)
    before, after = (
        np.einsum("t,tik,til->kl", weights, each, each, optimize=True) for each in (slopes, fitted)
    )
    return before, after, np.einsum("t,tik,ti->k", weights, fitted, left, optimize=True)
