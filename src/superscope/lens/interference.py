"""What the other directions of a dictionary do to a reading."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from superscope.geometry.unit_rows import Float64
from superscope.heads import Head
from superscope.lens.activations import Activations
from superscope.lens.budget_options import BudgetOptions
from superscope.lens.reading import FAILS, Contributor, Reading

SHOWN = 10  # contributors that are kept
_POINTS = 1024  # of the integral for the AUC
_TOGETHER = 1 << 17  # cosines in memory
_REACH = 12.0  # standard deviations of the reading that the integral's period covers
_EQUAL = 1e-6  # share by which two variances may differ and still be equal


class Interference:
    """What the other directions do to a reading."""

    def __init__(
        self,
        overlaps: Float64,
        activations: Activations,
        options: BudgetOptions,
    ):
        self.overlaps, self.options = overlaps, options
        self.rates, self.amplitudes = activations.rates, activations.amplitudes
        self.linear, self.quadratic = activations.parts(options.spread)
        self.variances = self.linear - self.quadratic

    def read(self, squares: Float64) -> Reading:
        """Return how well a direction is read whose overlaps have these squares."""
        o, variance = self.options, float(self.variances @ squares)
        d_prime = d_prime_of(np.array(variance), np.array(o.amplitude), o)
        auc = auc_of(np.array(variance), np.array(o.amplitude), o)
        return Reading(variance, None if np.isnan(d_prime) else float(d_prime), float(auc))

    def auc(self) -> float:
        """Return P(reading with the direction > without), by the characteristic function.

        The difference of two readings is the amplitude plus a symmetric interference; the
        probability that it is above 0 is ½ + 1/π ∫ Im φ(t)/t dt (Gil-Pelaez 1951).
        """
        o = self.options
        sd = math.sqrt(2 * float(self.variances @ self.overlaps**2) + 2 * o.noise**2 + o.spread**2)
        if sd == 0:
            return 1.0
        period = 2 * (o.amplitude + _REACH * sd)
        t = (np.arange(_POINTS) + 0.5) * (2 * math.pi / period)
        log = -((o.noise * t) ** 2) - (o.spread * t) ** 2 / 2
        used = (self.overlaps != 0) & (self.rates > 0)
        c, p, mu = self.overlaps[used], self.rates[used], self.amplitudes[used]
        at_once = max(1, _TOGETHER // max(len(c), 1))
        for k in range(0, _POINTS, at_once):
            one = t[k : k + at_once, None] * c
            damp = np.exp(-((o.spread * one) ** 2) / 2) if o.spread else 1.0
            # |1 − p + p φ_a(c t)|² of an amplitude that is Gaussian about its mean
            square = (1 - p) ** 2 + (p * damp) ** 2 + 2 * p * (1 - p) * damp * np.cos(mu * one)
            log[k : k + at_once] += np.log(np.maximum(square, 1e-300)).sum(axis=1)
        step = 2 * math.pi / period
        area = float(np.sum(np.exp(log) * np.sin(o.amplitude * t) / t)) * step
        return min(1.0, max(0.0, 0.5 + area / math.pi))

    def fails_at(self, squares: Float64) -> float | None:
        """Return how many directions are active at once where d′ falls to 1, or None."""
        a, b = self.linear @ squares, self.quadratic @ squares
        active, most = self.rates.sum(), float(self.rates.max(initial=0.0))
        amplitude = np.array(self.options.amplitude)
        at = failing(a, b, amplitude, self.options, active=active, most=most)
        return None if np.isnan(at) else float(at)

    def contributors(self, ids: list[int], head: Head) -> tuple[Contributor, ...]:
        """Return the directions that add the most variance."""
        parts = self.variances * self.overlaps**2
        total = float(parts.sum())
        if total == 0:
            return ()
        order = np.argsort(-parts, kind="stable")[:SHOWN].tolist()
        return tuple(
            Contributor(
                ids[i], head.token(ids[i]), float(self.overlaps[i]), float(self.rates[i]),
                float(parts[i]) / total,
            )
            for i in order
        )  # fmt: skip


def d_prime_of(variance: Float64, amplitude: Float64, options: BudgetOptions) -> Float64:
    """Return d′ of readings with these variances; NaN where nothing disturbs them."""
    total = variance + options.noise**2
    out = np.full(total.shape, np.nan)
    d_prime: Float64 = np.divide(amplitude, np.sqrt(total), out=out, where=total > 0)
    return d_prime


def auc_of(variance: Float64, amplitude: Float64, options: BudgetOptions) -> Float64:
    """Return the AUC of readings whose interference is Gaussian, with these variances."""
    from scipy.special import ndtr

    total = variance + options.noise**2
    own = np.sqrt(2 * total + options.spread**2)  # the amplitude's spread counts once
    z = np.divide(amplitude, own, out=np.full(own.shape, np.inf), where=total > 0)
    auc: Float64 = ndtr(z)
    return auc


def failing(
    a: Float64,
    b: Float64,
    amplitude: Float64,
    options: BudgetOptions,
    *,
    active: Float64,
    most: float,
) -> Float64:
    """Return how many directions are active at once where d′ falls to 1; NaN where never.

    All rates times f make a f − b f² of the interference, and no rate exceeds 1.
    """
    allowed = (amplitude / FAILS) ** 2 - options.noise**2
    root = a * a - 4 * b * allowed
    divisor = a + np.sqrt(np.maximum(root, 0))
    ever = (a > 0) & (root >= 0) & (divisor > 0)
    factor = np.divide(2 * allowed, divisor, out=np.full(np.shape(allowed), np.nan), where=ever)
    factor = np.where(factor * most <= 1, factor, np.nan)
    at: Float64 = np.where(allowed <= 0, 0.0, active * factor)
    return np.where(active > 0, at, np.nan)


def random_squares(count: int, width: int, options: BudgetOptions) -> Iterator[Float64]:
    """Yield c² of a direction with `count` independent random ones, once for each draw."""
    generator = np.random.default_rng(options.seed)
    for _ in range(options.draws):
        yield np.ones(count) if width == 1 else generator.beta(0.5, (width - 1) / 2, count)


def below(drawn: Float64, value: Float64 | float) -> Float64:
    """Return 1 for draws below a value, 0 for those above, and ½ for those equal to it."""
    near = np.abs(drawn - value) <= _EQUAL * np.abs(value)
    return np.where(near, 0.5, drawn < value)
