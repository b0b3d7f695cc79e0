"""Fit a power law and a step to the losses of many tokens at once, and resample the losses.

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
PLACES = 32  # of a step, from the narrowest to the widest
RIDGE = 0.02  # of the working covariance; no contrast is trusted beyond it
TRIED = 200  # resamples of all tokens; those that may be told get more
EXACT = 1e-9  # of a variance: less is rounding
CLEAR = 2.0  # times the largest of the first resamples: no more are needed
CHUNK = 1 << 22  # numbers at once


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

    def explained(self, contrasts: Floats) -> tuple[Floats, Floats]:
        """Return the squares that the best power law and the best step explain, shape (…,) each.

        Losses may only fall; a rise is explained by neither.
        """
        fall = contrasts @ self.directions.T
        powers, steps = fall[..., : len(EXPONENTS)], fall[..., len(EXPONENTS) :]
        by_scale = _highest(steps.reshape(*steps.shape[:-1], len(SCALES), PLACES))
        return (
            np.square(np.maximum(_highest(powers), 0.0)),
            np.square(np.maximum(by_scale.max(axis=-1), 0.0)),
        )

    def fitted(self, contrasts: Floats) -> tuple[Floats, Floats]:
        """Return the best power law and the best step as contrasts, each (T, K − 1)."""
        fall = np.maximum(contrasts @ self.directions.T, 0.0)
        parts = slice(len(EXPONENTS)), slice(len(EXPONENTS), None)
        found = []
        for part in parts:
            best = fall[:, part].argmax(axis=1)
            height = np.take_along_axis(fall[:, part], best[:, None], axis=1)
            found.append(height * self.directions[part][best])
        return found[0], found[1]

    def places(self, contrasts: Floats) -> Floats:
        """Return the width in the middle of the best step of each, shape (…,)."""
        fall = contrasts @ self.directions[len(EXPONENTS) :].T
        place = fall.argmax(axis=-1) % PLACES
        return np.asarray(_middles(self.widths)[place])


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


def powers(widths: Floats) -> Floats:
    """Return (m / m_1)^(−a) of each exponent, shape (E, K)."""
    return np.asarray((widths / widths[0]) ** -EXPONENTS[:, None])


def steps(widths: Floats) -> Floats:
    """Return sigmoids that fall in log m, of every scale and place, shape (S · P, K)."""
    away = np.log(widths) - np.log(_middles(widths))[:, None]
    return np.asarray(1 / (1 + np.exp(away / SCALES[:, None, None]))).reshape(-1, len(widths))


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


@dataclass(frozen=True, eq=False)
class Evidence:
    """How well each token's losses tell the forms apart.

    Attributes
    ----------
    for_step
        2 × the log-likelihood ratio of the best step to the best power law, shape (T,).
    p_flat, p_power, p_step
        p-value of the form, tested against a fall, a step and a power law; shape (T,). A form
        that fits at least as well as its rival has the p-value 1.
    chance
        Of `for_step` as a probability between 0 and 1: its value, and its mean where the truth is
        the fitted power law and where it is the fitted step, shape (3, T).
    """

    for_step: Floats
    p_flat: Floats
    p_power: Floats
    p_step: Floats
    chance: Floats


@dataclass(frozen=True, eq=False)
class Noise:
    """The error of losses as contrasts: what to multiply independent draws by.

    Attributes
    ----------
    parts
        Of the parts of the text, shape (T, G, K − 1).
    models
        Of the models, independent of each other, shape (T, K, K − 1).
    """

    parts: Floats
    models: Floats

    @cached_property
    def variances(self) -> Floats:
        """Mean variance of the contrasts of each token, shape (T,)."""
        k = self.parts.shape[-1]
        squares = np.square(self.parts).sum((1, 2)) + np.square(self.models).sum((1, 2))
        return np.asarray(squares / k)

    def drawn(self, tokens: npt.NDArray[np.intp], count: int, rng: np.random.Generator) -> Floats:
        """Return errors of some tokens, shape (t, count, K − 1).

        The covariance is estimated from G parts, so the draws are Student's t.
        """
        of_parts, of_models = self.parts[tokens], self.models[tokens]
        groups = of_parts.shape[1]
        heavy = np.sqrt((groups - 1) / rng.chisquare(groups - 1, (len(tokens), count, 1)))
        by_part = rng.standard_normal((len(tokens), count, groups)) @ of_parts * heavy
        by_model = rng.standard_normal((len(tokens), count, of_models.shape[1])) @ of_models
        return np.asarray(by_part + by_model)


def evidence(
    candidates: Candidates, contrasts: Floats, noise: Noise, resamples: int, seed: int
) -> Evidence:
    """Return what losses say of flat, power law and step, against resampled losses.

    Parameters
    ----------
    candidates
        The forms.
    contrasts
        Of the losses, shape (T, K − 1).
    noise
        Their error.
    resamples
        For tokens whose p-value is small among the first :data:`TRIED`.
    seed
        Of the resamples.
    """
    rounding = EXACT**2 * np.square(contrasts).sum(axis=1) + np.finfo(float).tiny
    scale = np.maximum(noise.variances, rounding)
    by_power, by_step = candidates.explained(contrasts)
    for_step = (by_step - by_power) / scale
    fall = np.maximum(by_step, by_power) / scale
    power, step = candidates.fitted(contrasts)
    rng = np.random.default_rng(seed)
    tokens = np.arange(len(contrasts))

    def resampled(truth: Floats, chosen: npt.NDArray[np.intp], count: int) -> tuple[Floats, Floats]:
        """Return how `for_step` and `fall` would be if `truth` were true, (t, count) each."""
        at = max(1, CHUNK // (count * len(candidates.directions)))
        found = []
        for start in range(0, len(chosen), at):
            some = chosen[start : start + at]
            drawn = truth[some, None] + noise.drawn(some, count, rng)
            a, b = candidates.explained(drawn)
            found.append(np.stack([b - a, np.maximum(a, b)]) / scale[some, None])
        both = np.concatenate(found, axis=1) if found else np.zeros((2, 0, count))
        return both[0], both[1]

    def tested(truth: Floats, value: Floats, which: int, sign: int) -> tuple[Floats, Floats]:
        first = resampled(truth, tokens, TRIED)
        p = _p(sign * value, sign * first[which])
        told = sign * value > CLEAR * np.abs(first[which]).max(axis=1)
        p[told] = 1 / (1 + resamples)
        again = np.flatnonzero((p < 0.1) & ~told)
        if resamples > TRIED and len(again):
            more = resampled(truth, again, resamples)[which]
            p[again] = _p(sign * value[again], sign * more)
        return p, _chance(first[0]).mean(axis=1)

    p_flat, _ = tested(np.zeros_like(contrasts), fall, 1, 1)
    p_power, under_power = tested(power, for_step, 0, 1)
    p_step, under_step = tested(step, for_step, 0, -1)
    p_power[for_step <= 0] = p_step[for_step >= 0] = 1.0
    chance = np.stack([_chance(for_step), under_power, under_step])
    return Evidence(for_step, p_flat, p_power, p_step, chance)


def _p(value: Floats, resampled: Floats) -> Floats:
    """Return the share of resamples that are at least the value, itself counted."""
    least = (resampled >= value[:, None]).sum(axis=1)
    return np.asarray((1 + least) / (1 + resampled.shape[1]))


def _chance(for_step: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(for_step, -60, 60) / 2)))


def rejected(p: Floats, rate: float) -> npt.NDArray[np.bool_]:
    """Return which are rejected at a false-discovery rate by the step-up procedure."""
    order = np.argsort(p)
    below = np.flatnonzero(p[order] <= rate * np.arange(1, len(p) + 1) / max(1, len(p)))
    found = np.zeros(len(p), np.bool_)
    if len(below):
        found[order[: below[-1] + 1]] = True
    return found
