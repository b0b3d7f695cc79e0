"""Fit a power law and a step to the losses of many tokens at once.

With an intercept, both are one direction in the space of the contrasts between widths: a fit is
a scalar product, and all tokens and all resamples are one product of matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

EXPONENTS = np.geomspace(0.03, 4, 80)
"""Of power laws, in inverse width."""
STEEP = 0.3
"""Largest scale of a step in log width: from 10 to 90 % of its fall, width grows by exp(4.39 ·
STEEP), a factor of 3.7. What falls more slowly is not called a step."""
SCALES = np.array([0.03, 0.08, 0.15, 0.22, STEEP])
GENTLE = np.array([0.5, 0.7, 1.0, 1.5])
"""Scales of power laws that begin at a ceiling, as no loss is above that of knowing nothing: a
sigmoid of scale s in log width falls as m^(−1/s) in the end."""
PLACES = 32  # of a step, from the narrowest to the widest
RIDGE = 0.02  # of the working covariance; no contrast is trusted beyond it
POWERS = len(EXPONENTS) + len(GENTLE) * PLACES  # candidates that are power laws, which come first
EXACT = 1e-9  # of a variance: less is rounding


@dataclass(frozen=True, eq=False)
class Candidates:
    """The directions of power laws and of steps, in whitened contrasts between widths.

    Attributes
    ----------
    widths
        m, ascending, shape (K,).
    whitening
        Takes losses to contrasts without the intercept, of about unit variance, (K − 1, K).
    """

    widths: Floats
    whitening: Floats

    @cached_property
    def shapes(self) -> Floats:
        """Every candidate over the widths, from 1 down to 0, shape (C, K): powers, then steps."""
        return np.vstack([powers(self.widths), steps(self.widths)])

    @cached_property
    def directions(self) -> Floats:
        """Unit directions of the candidates, shape (C, K − 1)."""
        found = self.shapes @ self.whitening.T
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))

    @cached_property
    def tangents(self) -> Floats:
        """Unit directions of a small change of the candidates' exponents or places, (C, K − 1)."""
        first, others = self.directions[: len(EXPONENTS)], self.directions[len(EXPONENTS) :]
        along = np.gradient(others.reshape(-1, PLACES, others.shape[1]), axis=1)
        change = np.vstack([np.gradient(first, axis=0), np.reshape(along, others.shape)])
        change -= (change * self.directions).sum(axis=1, keepdims=True) * self.directions
        length = np.linalg.norm(change, axis=1, keepdims=True)
        return np.asarray(change / np.maximum(length, EXACT))

    def explained(self, contrasts: Floats) -> tuple[Floats, Floats]:
        """Return the squares that the best power law and the best step explain, shape (…,) each.

        Losses may only fall; a rise is explained by neither.
        """
        fall = contrasts @ self.directions.T
        pure = len(EXPONENTS)
        by_power = np.maximum(_highest(fall[..., :pure]), _of_sigmoids(fall[..., pure:POWERS]))
        by_step = _of_sigmoids(fall[..., POWERS:])
        return np.square(np.maximum(by_power, 0.0)), np.square(np.maximum(by_step, 0.0))

    def fitted(self, contrasts: Floats) -> tuple[Floats, Floats]:
        """Return the best power law and the best step as contrasts, each (T, K − 1)."""
        fall = np.maximum(contrasts @ self.directions.T, 0.0)
        found = []
        for part in (slice(POWERS), slice(POWERS, None)):
            best = fall[:, part].argmax(axis=1)
            height = np.take_along_axis(fall[:, part], best[:, None], axis=1)
            found.append(height * self.directions[part][best])
        return found[0], found[1]

    def places(self, contrasts: Floats) -> Floats:
        """Return the width in the middle of the best step of each, shape (…,)."""
        fall = contrasts @ self.directions[POWERS:].T
        place = fall.argmax(axis=-1) % PLACES
        return np.asarray(_middles(self.widths)[place])


def _of_sigmoids(values: Floats) -> Floats:
    """Return the maximum over scales and places, shape (…,)."""
    by_scale = _highest(values.reshape(*values.shape[:-1], -1, PLACES))
    return np.asarray(by_scale.max(axis=-1))


def _highest(values: Floats) -> Floats:
    """Return the maximum along the last axis, between grid points by a parabola."""
    at = values.argmax(axis=-1)[..., None]
    inside = np.clip(at, 1, values.shape[-1] - 2)
    before, top, after = (np.take_along_axis(values, inside + k, -1)[..., 0] for k in (-1, 0, 1))
    bend = 2 * top - before - after
    slope = (after - before) / 2
    within = (bend > 0) & (np.abs(slope) <= bend)
    more = np.where(within, np.square(slope) / np.where(bend > 0, 2 * bend, 1.0), 0.0)
    highest: Floats = np.take_along_axis(values, at, -1)[..., 0]
    return np.asarray(np.maximum(highest, top + more), np.float64)


def powers(widths: Floats, at: Floats | None = None) -> Floats:
    """Return (m / m_1)^(−a) of each exponent, and those that begin at a ceiling, (E, K).

    Parameters
    ----------
    widths
        That are fitted.
    at
        Where they are wanted; without, at those.
    """
    at = widths if at is None else at
    pure = (at / widths[0]) ** -EXPONENTS[:, None]
    return np.vstack([pure, _sigmoids(at, GENTLE, _middles(widths))])


def steps(widths: Floats) -> Floats:
    """Return sigmoids that fall in log m, of every scale and place, shape (S · P, K)."""
    return _sigmoids(widths, SCALES, _middles(widths))


def _sigmoids(widths: Floats, scales: Floats, middles: Floats) -> Floats:
    away = np.log(widths) - np.log(middles)[:, None]
    return np.asarray(1 / (1 + np.exp(away / scales[:, None, None]))).reshape(-1, len(widths))


def _middles(widths: Floats) -> Floats:
    return np.geomspace(widths[0], widths[-1], PLACES)


def whitening_of(covariances: Floats) -> Floats:
    """Return what whitens contrasts between widths, shape (K − 1, K).

    Parameters
    ----------
    covariances
        Of the losses of each token, shape (T, K, K). Their shape is pooled over tokens, as that
        of a single rare token is hardly known; what is wrong with it costs power only, because
        resamples are of each token's own errors.
    """
    k = covariances.shape[-1]
    contrasts = np.linalg.qr(np.column_stack([np.ones(k), np.eye(k)[:, 1:]]))[0][:, 1:].T
    inside = contrasts @ covariances @ contrasts.T
    size = np.trace(inside, axis1=1, axis2=2)
    known = size > EXACT * np.trace(covariances, axis1=1, axis2=2)
    pooled = np.eye(k - 1) / (k - 1)
    if known.any():
        pooled = (inside[known] / size[known, None, None]).mean(axis=0)
    pooled = pooled + RIDGE / (k - 1) * np.eye(k - 1)
    return np.asarray(np.linalg.solve(np.linalg.cholesky(pooled), contrasts))
