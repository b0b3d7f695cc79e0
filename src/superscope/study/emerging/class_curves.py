"""Classes of tokens over the widths: when each passes a threshold, and the next width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from superscope.laws import Estimate
from superscope.study.emerging.classes import TokenClass
from superscope.study.emerging.curves import Curves
from superscope.study.emerging.result import BITS, ClassCurve, Shape, having
from superscope.study.emerging.scattered import Scattered
from superscope.study.emerging.shapes import POWERS, Floats, powers

DRAWS = 500
LARGE = 1000  # degrees of freedom of what is taken as known


def class_curves(
    curves: Curves,
    members: Sequence[TokenClass],
    one: Scattered,
    shapes: tuple[Shape, ...],
    *,
    threshold: float | None,
    seed: int,
) -> tuple[ClassCurve, ...]:
    """Return the classes of tokens, each with its loss over the widths.

    Models of one width tell how far they differ in a class. Where no width has two, tokens of a
    class are taken to differ alike, as all tokens do in what they have in common, which is the
    larger error.

    Parameters
    ----------
    curves
        Of the tokens.
    members
        The classes.
    one
        Their errors.
    shapes
        Of each.
    threshold
        Bits, or None.
    seed
        Of the resamples.
    """
    found = summed(curves, members)
    scatter, freedom = _between(found, one)
    rng = np.random.default_rng(seed)
    groups = found.errors.shape[1]
    classes = []
    for c, member in enumerate(members):
        heavy = np.sqrt((groups - 1) / rng.chisquare(groups - 1, (DRAWS, 1)))
        drawn = rng.standard_normal((DRAWS, groups)) @ found.errors[c] * heavy
        spread = scatter[c] * np.sqrt(freedom / rng.chisquare(freedom, DRAWS))
        of_models = found.losses[c] / np.sqrt(curves.models)
        drawn += spread[:, None] * rng.standard_normal((DRAWS, len(curves.widths))) * of_models
        losses = np.vstack([found.losses[c], found.losses[c] + drawn])
        ahead = ahead_of(one, losses, next_width(curves.widths))
        ahead[1:] *= np.maximum(1 + spread * rng.standard_normal(DRAWS), 0.0)  # of a new model
        count = {kind: int((having(shapes, kind) & member.which).sum()) for kind in Shape}
        classes.append(ClassCurve(
            member.kind, member.name, int(member.which.sum()), round(float(found.occurrences[c])),
            tuple(found.losses[c].tolist()), tuple(drawn.std(axis=0).tolist()),
            count[Shape.POWER], count[Shape.STEP], count[Shape.FLAT], count[Shape.UNTOLD],
            None if threshold is None else _reached(curves.widths, losses, threshold),
            _estimate(ahead),
        ))  # fmt: skip
    return tuple(classes)


def summed(curves: Curves, members: Sequence[TokenClass]) -> Curves:
    """Return the losses of classes.

    Parameters
    ----------
    curves
        Of the tokens.
    members
        The classes.
    """
    names = tuple(member.name for member in members)
    return curves.summed(np.stack([member.which for member in members]), names)


def _between(found: Curves, one: Scattered) -> tuple[Floats, float]:
    """Return the relative deviation of models in each class, shape (C,), and its freedom."""
    variance, freedom = found.between
    if freedom:
        return np.sqrt(np.maximum(variance, 0.0)), freedom
    return np.full(len(found), np.hypot(np.median(one.scatter), one.common)), LARGE


def next_width(widths: Floats) -> float:
    """Return the width that a family would have next, by the ratio of its last two."""
    return float(np.round(widths[-1] ** 2 / widths[-2]))


def ahead_of(one: Scattered, losses: Floats, width: float) -> Floats:
    """Return the loss at a width by the best power law with a floor through each row, (R,).

    Parameters
    ----------
    one
        Holds the forms.
    losses
        Shape (R, K).
    width
        The width.
    """
    contrasts = losses @ one.candidates.whitening.T
    shapes = one.candidates.shapes[:POWERS]
    length = np.linalg.norm(shapes @ one.candidates.whitening.T, axis=1)
    fall = np.maximum(contrasts @ one.candidates.directions[:POWERS].T, 0.0)
    best = fall.argmax(axis=1)
    height = fall[np.arange(len(best)), best] / length[best]
    at = powers(one.candidates.widths, np.array([width]))[best, 0]
    intercept = (losses - height[:, None] * shapes[best]).mean(axis=1)
    return np.asarray(np.maximum(intercept + height * at, 0.0))  # no loss is below 0


def _reached(widths: Floats, losses: Floats, bits: float) -> Estimate | None:
    """Return the width at which the loss passes a threshold, between widths in log m."""
    nats, log = bits * BITS, np.log(widths)
    crossed = (losses[:, :-1] > nats) & (losses[:, 1:] <= nats)
    first = crossed.argmax(axis=1)
    rows = np.arange(len(losses))
    above, below = losses[rows, first], losses[rows, first + 1]
    gap = np.where(above > below, above - below, 1.0)
    part = np.clip((above - nats) / gap, 0, 1)
    at = np.exp(log[first] + part * (log[first + 1] - log[first]))
    at = np.where(crossed.any(axis=1), at, np.where(losses[:, 0] <= nats, 0.0, np.inf))
    if not 0 < at[0] < np.inf:
        return None
    low, high = np.quantile(at[1:], [0.025, 0.975], method="nearest").tolist()
    return Estimate(float(at[0]), low if low > 0 else None, high if np.isfinite(high) else None)


def _estimate(values: Floats) -> Estimate:
    low, high = np.quantile(values[1:], [0.025, 0.975]).tolist()
    return Estimate(float(values[0]), low, high)
