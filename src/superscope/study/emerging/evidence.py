"""How well losses tell a power law, a step and a flat line apart, against resampled losses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from superscope.study.emerging.curves import Bools, Int64
from superscope.study.emerging.shapes import EXACT, Candidates, Floats
from superscope.study.emerging.tested import Tested, number_error, rejected, tested

CHUNK = 1 << 22  # numbers at once
LEVEL = 0.05  # of a single token's test, where its power is stated


@dataclass(frozen=True, eq=False)
class Noise:
    """The error of losses as contrasts: what to multiply independent draws by.

    Attributes
    ----------
    parts
        Of the parts of the text, shape (T, G, K − 1).
    models
        Of the models, independent of each other, shape (T, K, K − 1).
    common
        Of what all tokens have in common, shape (T, K, K − 1).
    freedom
        Degrees of freedom that the error of the models is known with.
    """

    parts: Floats
    models: Floats
    common: Floats
    freedom: float = np.inf

    @cached_property
    def variances(self) -> Floats:
        """Mean variance of the contrasts of each token, shape (T,)."""
        k = self.parts.shape[-1]
        return np.asarray(self.own + np.square(self.common).sum((1, 2)) / k)

    @cached_property
    def own(self) -> Floats:
        """The same without what is common to all tokens, shape (T,)."""
        k = self.parts.shape[-1]
        squares = np.square(self.parts).sum((1, 2)) + np.square(self.models).sum((1, 2))
        return np.asarray(squares / k)

    def drawn(self, tokens: Int64, count: int, rng: np.random.Generator) -> Floats:
        """Return errors of some tokens, shape (t, count, K − 1).

        Covariances are estimated, so the draws are Student's t. What tokens have in common is drawn
        once for all.
        """
        of_parts, of_models = self.parts[tokens], self.models[tokens]
        groups = of_parts.shape[1]
        by_part = rng.standard_normal((len(tokens), count, groups)) @ of_parts
        by_model = rng.standard_normal((len(tokens), count, of_models.shape[1])) @ of_models
        size = (len(tokens), count, 1)
        by_part *= np.sqrt((groups - 1) / rng.chisquare(groups - 1, size))
        if np.isfinite(self.freedom):
            by_model *= np.sqrt(self.freedom / rng.chisquare(self.freedom, size))
        common = self.common[tokens]
        shared = rng.standard_normal((count, common.shape[1])) @ common
        return np.asarray(by_part + by_model + shared)


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
    power
        Probability that a test of this token alone at the level of 5 % tells a step, if its
        fitted step is true, and a power law, if that is, shape (2, T).
    resampling_errors
        By how much the numbers of steps and of power laws would differ with other resamples
        (standard deviation).
    """

    for_step: Floats
    p_flat: Floats
    p_power: Floats
    p_step: Floats
    power: Floats
    resampling_errors: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Judge:
    """The forms and the error of losses, to judge losses with.

    Attributes
    ----------
    candidates
        The forms.
    noise
        The error of the losses.
    """

    candidates: Candidates
    noise: Noise

    def scale(self, contrasts: Floats) -> Floats:
        """Return the variance of each token's contrasts, above that of rounding."""
        rounding = EXACT**2 * np.square(contrasts).sum(axis=1) + np.finfo(float).tiny
        return np.asarray(np.maximum(self.noise.variances, rounding))

    def ratios(self, contrasts: Floats, scale: Floats) -> Floats:
        """Return 2 × the log-likelihood ratio of step to power law, and of either to flat."""
        by_power, by_step = self.candidates.explained(contrasts)
        found = np.stack([by_step - by_power, np.maximum(by_step, by_power)])
        return np.asarray(found / scale)

    def resampled(
        self, truth: Floats, scale: Floats, chosen: Int64, count: int,
        rng: np.random.Generator,
    ) -> Floats:  # fmt: skip
        """Return what :meth:`ratios` would be if `truth` were true, shape (2, t, count)."""
        at = max(1, CHUNK // (count * len(self.candidates.directions)))
        found = []
        for start in range(0, len(chosen), at):
            some = chosen[start : start + at]
            drawn = truth[some, None] + self.noise.drawn(some, count, rng)
            found.append(self.ratios(drawn, scale[some, None]))
        return np.concatenate(found, axis=1) if found else np.zeros((2, 0, count))

    def evidence(
        self, contrasts: Floats, resamples: int, rng: np.random.Generator, rate: float
    ) -> Evidence:
        """Return what losses say of flat, power law and step, against resampled losses.

        Parameters
        ----------
        contrasts
            Of the losses, shape (T, K − 1).
        resamples
            For tokens whose p-value is small; more where it is at the limit (:func:`tested`).
        rng
            Draws them.
        rate
            False-discovery rate at which tokens are told.
        """
        scale = self.scale(contrasts)
        for_step, fall = self.ratios(contrasts, scale)
        power, step = self.candidates.fitted(contrasts)

        def asked(
            truth: Floats, value: Floats, which: int, sign: int, among: Bools
        ) -> tuple[Tested, Floats]:
            def draw(tokens: Int64, count: int) -> Floats:
                return np.asarray(sign * self.resampled(truth, scale, tokens, count, rng)[which])

            return tested(draw, sign * value, resamples, rate, among)

        flat, _ = asked(np.zeros_like(contrasts), fall, 1, 1, np.ones(len(contrasts), np.bool_))
        improving = rejected(flat.p, rate)
        no_power, if_power = asked(power, for_step, 0, 1, improving)
        no_step, against = asked(step, for_step, 0, -1, improving)
        if_step = -against
        told_steps = if_step > np.quantile(if_power, 1 - LEVEL, axis=1, keepdims=True)
        told_powers = if_power < np.quantile(if_step, LEVEL, axis=1, keepdims=True)
        return Evidence(
            for_step, flat.p, no_power.p, no_step.p,
            np.stack([told_steps.mean(axis=1), told_powers.mean(axis=1)]),
            (number_error(flat, no_power, rate, rng), number_error(flat, no_step, rate, rng)),
        )  # fmt: skip
