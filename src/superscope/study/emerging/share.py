"""The share of tokens that step, from all that improve, whether told or not."""

from __future__ import annotations

import numpy as np

from superscope.laws import Estimate
from superscope.study.emerging.curves import Bools
from superscope.study.emerging.evidence import Judge
from superscope.study.emerging.shapes import POWERS, Floats

SHARES = np.linspace(0, 1, 101)  # that are tried
SOME = np.array([0.02, 0.2, 0.5, 0.8, 0.98])  # that the errors are chosen for
LIKELY = 0.05  # relative likelihood of the ends of the interval
MOST = 2000  # tokens that are looked at
SCALES = np.geomspace(1, 4, 9)  # of the errors, above what was measured
FREEDOMS = (3.0, 6.0, 12.0, 30.0, 200.0)  # of Student's t that the errors follow
ROUNDS, FEW_ROUNDS = 60, 20  # of expectation and maximization, at last and to choose the errors
NEVER = 1e-300


def share_of_steps(judge: Judge, contrasts: Floats, improving: Bools) -> Estimate | None:
    """Return the share of steps that makes the losses of all tokens together most likely.

    A token that improves comes from some power law or some step, of any height. How often each
    of them occurs among tokens is not known: for every share of steps it is what makes the losses
    most likely (Kiefer and Wolfowitz 1956), and what shares are likely says the ratio of these
    likelihoods. So a token is judged by what others are like, noise is not taken for shape, and
    where steps could hide among power laws, the interval is wide.

    Errors are Student's t, whose freedom and scale are found in the same way; the scale is at
    least what was measured, and above it where forms leave more.

    Parameters
    ----------
    judge
        The forms and the error of the losses.
    contrasts
        Of the tokens, shape (T, K − 1).
    improving
        The tokens of which the share is, shape (T,).

    Returns
    -------
    Estimate or None
        The interval has the shares whose relative likelihood is 5 % or more. None if no token
        improves.
    """
    which = np.flatnonzero(improving)
    if not len(which):
        return None
    if len(which) > MOST:
        which = which[np.linspace(0, len(which) - 1, MOST).astype(np.int64)]
    fall = np.maximum(contrasts[which] @ judge.candidates.directions.T, 0.0)
    whole = np.square(contrasts[which]).sum(axis=1, keepdims=True)
    left = np.maximum(whole - np.square(fall), 0.0) / judge.scale(contrasts)[which, None]
    log = likelihood_of_shares(_densities(left, contrasts.shape[1] - 1), SHARES, ROUNDS)
    held = SHARES[log - log.max() >= np.log(LIKELY)]
    return Estimate(float(SHARES[log.argmax()]), float(held[0]), float(held[-1]))


def likelihood_of_shares(log: Floats, shares: Floats, rounds: int) -> Floats:
    """Return the logarithmic likelihood of each share of steps, at its best mixture, shape (S,).

    Parameters
    ----------
    log
        Density of each token by each candidate, shape (T, C).
    shares
        Shape (S,).
    rounds
        Of expectation and maximization over the frequencies of power laws, and of steps.
    """
    top = log.max(axis=1, keepdims=True)
    density = np.exp(log - top)
    by_power, by_step = density[:, :POWERS], density[:, POWERS:]
    powers, steps = (
        np.full((of.shape[1], len(shares)), 1 / of.shape[1]) for of in (by_power, by_step)
    )

    def mixed() -> Floats:
        of_either: Floats = (1 - shares) * (by_power @ powers) + shares * (by_step @ steps)
        return np.asarray(np.maximum(of_either, NEVER))

    for _ in range(rounds):
        inverse = 1 / mixed()
        powers, steps = powers * (by_power.T @ inverse), steps * (by_step.T @ inverse)
        powers /= np.maximum(powers.sum(axis=0), NEVER)
        steps /= np.maximum(steps.sum(axis=0), NEVER)
    return np.asarray(np.log(mixed()).sum(axis=0) + top.sum())


def _densities(left: Floats, dimensions: int) -> Floats:
    """Return the logarithmic density of each token by each candidate, by the errors that fit best.

    Parameters
    ----------
    left
        Squares that each candidate leaves, over the measured variance, shape (T, C).
    dimensions
        Of what is left.
    """
    best, found = -np.inf, left
    for freedom in FREEDOMS:
        before = -np.inf
        for scale in SCALES.tolist():
            log = _student(left, dimensions, scale, freedom)
            likely = float(likelihood_of_shares(log, SOME, FEW_ROUNDS).max())
            if likely > best:
                best, found = likely, log
            if likely < before:
                break
            before = likely
    return found


def _student(left: Floats, dimensions: int, scale: float, freedom: float) -> Floats:
    from scipy.special import gammaln

    whole = (freedom + dimensions) / 2
    height = gammaln(whole) - gammaln(freedom / 2) - dimensions / 2 * np.log(freedom * scale**2)
    return np.asarray(height - whole * np.log1p(left / (freedom * scale**2)))
