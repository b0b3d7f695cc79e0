"""The share of tokens that step, from all that improve, whether told or not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from superscope.laws import Estimate
from superscope.study.emerging.curves import Bools
from superscope.study.emerging.evidence import Judge
from superscope.study.emerging.shapes import Floats

DRAWS = 400  # of mixtures, for the interval
SHARES = np.linspace(0, 1, 101)  # that are tried
FEW = 10  # tokens that tell anything, before anything is said
LEAST = 300  # simulated tokens of each kind
RESAMPLES = 100  # of each simulated token
APART = 0.2  # of the means of a token that counts


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

    How far that is from the truth, and how sure, is measured in the same way: on mixtures of
    simulated tokens with known shares, whose own share is found as that of the measured ones was.
    The interval has the shares whose mixtures come out as the measured tokens do. With little
    power many do.

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
        Draws the simulated tokens.
    """
    count = int(improving.sum())
    if not count:
        return None
    judge = replace(judge, noise=judge.noise.chosen(improving))
    contrasts, rounds = contrasts[improving], math.ceil(LEAST / count)
    seen = _seen(judge, contrasts, chance[:, improving], rounds, rng).sum(axis=1)
    if seen[1::2].min() < FEW:
        return None
    powers, steps = (
        np.stack([_simulated(judge, truth, rng) for _ in range(rounds)], axis=1)
        for truth in judge.candidates.fitted(contrasts)
    )
    for_step = judge.ratios(contrasts, judge.scale(contrasts))[0]
    found = np.stack([_mixtures(powers, steps, for_step, rng) for _ in range(DRAWS)])
    low, middle, high = np.quantile(found, [0.025, 0.5, 0.975], axis=0)
    share = np.clip(_share(seen), middle[0], middle[-1])  # less than none, or more than all
    held = (low <= share) & (share <= high)
    near = int(np.abs(middle - share).argmin())
    held[near] = True
    inside = SHARES[held]
    return Estimate(float(SHARES[near]), float(inside[0]), float(inside[-1]))


def _seen(
    judge: Judge, contrasts: Floats, chance: Floats, rounds: int, rng: np.random.Generator
) -> Floats:
    """Return where tokens lie, and whether they count; measured, and for either form: (6, T)."""
    parts = [_between(chance)]
    for truth in judge.candidates.fitted(contrasts):
        again = [
            _between(judge.chances(_drawn(judge, truth, rng), rng, RESAMPLES))
            for _ in range(rounds)
        ]
        parts.append(np.mean(again, axis=0))
    return np.concatenate(parts)


def _simulated(judge: Judge, truth: Floats, rng: np.random.Generator) -> Floats:
    """Return what :func:`_seen` does of tokens that are simulated from a truth."""
    losses = _drawn(judge, truth, rng)
    return _seen(judge, losses, judge.chances(losses, rng, RESAMPLES), 1, rng)


def _drawn(judge: Judge, truth: Floats, rng: np.random.Generator) -> Floats:
    return np.asarray(truth + judge.noise.drawn(np.arange(len(truth)), 1, rng)[:, 0])


def _between(chance: Floats) -> Floats:
    """Return where each token lies between power law and step, and whether it counts: (2, T)."""
    is_, if_power, if_step = chance
    apart = if_step - if_power
    counts = apart >= APART
    place = np.where(counts, (is_ - if_power) / np.where(counts, apart, 1.0), 0.0)
    return np.stack([place, counts])


def _share(sums: Floats) -> Floats:
    """Return the share of a mixture that has the measured mean, from sums of shape (6, …)."""
    place, counts, place_0, counts_0, place_1, counts_1 = sums
    mean = place / np.maximum(counts, 1)
    less, more = mean * counts_0 - place_0, place_1 - mean * counts_1
    return np.asarray(less / np.where(less + more > 0, less + more, np.inf))


def _mixtures(powers: Floats, steps: Floats, for_step: Floats, rng: np.random.Generator) -> Floats:
    """Return the share found of mixtures of each true share, shape (S,).

    Parameters
    ----------
    powers, steps
        What is seen of tokens that all follow power laws, and that all step, (6, rounds, T).
    for_step
        Of the measured tokens: those step first for which more speaks, (T,).
    rng
        Draws tokens, and which of them step.
    """
    rounds, count = int(powers.shape[1]), len(for_step)
    some = rng.choice(count, count)
    order = np.argsort(-(for_step[some] / 2 + rng.logistic(size=count)))
    some, drawn = some[order], rng.choice(rounds, count)
    without = powers[:, drawn, some]
    more = np.cumsum(steps[:, drawn, some] - without, axis=1)  # as the first of them step
    more = np.concatenate([np.zeros((6, 1)), more], axis=1)
    stepping = np.rint(SHARES * count).astype(int)
    return _share(without.sum(axis=1, keepdims=True) + more[:, stepping])
