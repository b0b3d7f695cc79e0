"""The share of tokens that step, from all that improve, whether told or not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from superscope.laws import Estimate
from superscope.study.emerging.curves import Bools
from superscope.study.emerging.evidence import Judge
from superscope.study.emerging.shapes import Floats

DRAWS = 1000  # of tokens, for the interval
FEW = 10  # tokens that tell anything, before anything is said
LEAST = 400  # simulated tokens of each kind
APART = 0.2  # of the means of a token that counts, and least of all together


def share_of_steps(
    judge: Judge, contrasts: Floats, chance: Floats, improving: Bools, rng: np.random.Generator
) -> Estimate | None:
    """Return the share of steps that gives the likelihood ratios of all tokens together.

    Each ratio, as a probability, has one mean if the token's fitted power law is true and another
    if its fitted step is. Where the two are apart, it lies somewhere between them; the mean of
    that over tokens is a share. But fits follow noise, which draws it towards the middle, and
    steps tell more of themselves than power laws do. So it is measured on simulated tokens, too,
    all of which follow their power law or all of which step, and a mixture of these is sought that
    has the same mean.

    Parameters
    ----------
    judge
        The forms and the error of the losses.
    contrasts
        Of the tokens, shape (T, K − 1).
    chance
        Of their likelihood ratios, :attr:`Evidence.chance`.
    improving
        The tokens of which the share is, shape (T,).
    rng
        Draws the simulated tokens, and resamples all.
    """
    count = int(improving.sum())
    if not count:
        return None
    contrasts, chance = contrasts[improving], chance[:, improving]
    judge = replace(judge, noise=judge.noise.chosen(improving))
    power, step = judge.candidates.fitted(contrasts)
    weights = rng.multinomial(count, np.full(count, 1 / count), DRAWS)
    drawn = np.vstack([np.ones(count), weights])
    parts = [_between(chance, drawn)]
    for truth in (power, step):
        rounds = [_simulated(judge, truth, drawn, rng) for _ in range(math.ceil(LEAST / count))]
        parts.append(np.mean(rounds, axis=0))
    (sums, counts), (sums_0, counts_0), (sums_1, counts_1) = parts
    if min(counts[0], counts_0[0], counts_1[0]) < FEW:
        return None
    mean = sums / np.maximum(counts, 1)
    less, more = mean * counts_0 - sums_0, sums_1 - mean * counts_1
    if sums_1[0] / counts_1[0] - sums_0[0] / counts_0[0] < APART:
        return None
    shares = less / np.where(less + more > 0, less + more, np.inf)
    low, high = np.quantile(shares[1:], [0.025, 0.975]).tolist()
    value, low, high = np.clip([shares[0], low, high], 0, 1).tolist()
    return Estimate(value, low, high)


def _simulated(judge: Judge, truth: Floats, drawn: Floats, rng: np.random.Generator) -> Floats:
    tokens = np.arange(len(truth))
    losses = truth + judge.noise.drawn(tokens, 1, rng)[:, 0]
    return _between(judge.chances(losses, rng), drawn)


def _between(chance: Floats, drawn: Floats) -> Floats:
    """Return the sum over tokens of where each lies, and their number, for each row: (2, R)."""
    is_, if_power, if_step = chance
    apart = if_step - if_power
    counts = apart >= APART
    place = np.where(counts, (is_ - if_power) / np.where(counts, apart, 1.0), 0.0)
    return np.stack([drawn @ place, drawn @ counts])
