"""Predict how well a direction can be read among the others of a dictionary."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from superscope.arguments import checked
from superscope.arrays import real_numbers
from superscope.errors import HeadDataError, UsageError
from superscope.geometry.unit_rows import Float64, UnitRows, prepare
from superscope.heads import Head, HeadOptions, any_head
from superscope.lens import vocabulary
from superscope.lens.neighbors import overlaps
from superscope.lens.reading import FAILS, Contributor, Reading, ReadingBudget
from superscope.options import changed, taking

SHOWN = 10  # contributors that are kept
SAME = 1 - 1e-6  # an overlap above which two directions are one
_POINTS = 1024  # of the integral for the AUC
_REACH = 12.0  # standard deviations of the reading that the integral's period covers
_GAP = 0.02  # between the two AUCs, from which a note says that the interference is not Gaussian

LEAST = 40  # random dictionaries


@checked
@dataclass(frozen=True)
class BudgetOptions:
    """What is known of the activations.

    Attributes
    ----------
    noise
        Standard deviation of noise that is added to the reading.
    amplitude
        Mean amplitude μ of an active direction.
    spread
        Standard deviation of that amplitude.
    draws
        Random dictionaries to compare with.
    seed
        Seed of these.
    """

    noise: float = 0.0
    amplitude: float = 1.0
    spread: float = 0.0
    draws: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what no activation has.

        Raises
        ------
        UsageError
            Naming the option.
        """
        for name in ("noise", "spread"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise UsageError(f"{name}={value}; it must be a finite number, 0 or more")
        if not 0 < self.amplitude < math.inf:
            raise UsageError(f"amplitude={self.amplitude}; it must be a finite number above 0")
        if self.draws < LEAST:
            raise UsageError(
                f"draws={self.draws}; a tail of 2.5 % needs at least {LEAST} random dictionaries"
            )
        if self.seed < 0:
            raise UsageError("seed must not be negative")


@taking(BudgetOptions)
@checked
def budget(
    direction: str | int | Any,
    dictionary: str | Path | Head | Any,
    options: BudgetOptions = BudgetOptions(),
    *,
    rates: float | npt.ArrayLike = 0.01,
    amplitudes: npt.ArrayLike | None = None,
    read: HeadOptions = HeadOptions(),  # noqa: B008 - frozen
    tokens: Any = None,
    **changes: Any,
) -> ReadingBudget:
    """Predict how well a linear reading of a direction does among the others of a dictionary.

    The reading of direction v is r = v·x of x = Σ z_i a_i d_i, with independent activations z_i
    and unit directions d_i. Its interference has the variance Σ (p_i s² − p_i² μ²) c_iv² over the
    others, d′ is μ / √(interference + noise²).

    Parameters
    ----------
    direction
        A vector of m numbers; or the id, ``#id`` or name of a direction of the dictionary, which
        is then not one of the others.
    dictionary
        Directions as rows: what :func:`superscope.measure` takes.
    options
        Amplitudes and noise; the keywords change them.
    rates
        How often each direction is active, from 0 to 1: one number for all, or one for each row.
    amplitudes
        Mean amplitude of each row, in place of `amplitude`; a vector that is no row has
        `amplitude`.
    read
        How the dictionary is read.
    tokens
        Names of the rows of a dictionary in memory.
    **changes
        Options, by name.

    Returns
    -------
    ReadingBudget
        Interference, d′ and AUC, beside those of random dictionaries of the same shape and rates.

    Raises
    ------
    UsageError
        The vector has another width, a rate is outside [0, 1], or there are not as many rates as
        directions.
    SuperscopeError
        The dictionary cannot be found or read.

    Examples
    --------
    Orthonormal directions do not disturb each other:

    >>> import numpy as np
    >>> import superscope
    >>> superscope.budget(0, np.eye(4), noise=0.5)
    ReadingBudget(#0 in array: d′ = 2, better than random)
    """
    o = changed(options, changes, "budget")
    head = any_head(dictionary, read, tokens=tokens)
    p = _rates(rates, head)
    prepared = prepare(head)
    rows = prepared.raw
    vector, name, itself = _vector(direction, rows)
    mu = _amplitudes(amplitudes, head, o.amplitude)
    if rows.head.ids is not None:
        kept = _places(head, rows.head)
        p, mu = p[kept], mu[kept]
    if itself is not None:
        o = replace(o, amplitude=float(mu[itself]))
    c = overlaps(rows, vector[None])[0].astype(np.float64)
    notes = [*head.provenance.notes]
    others = np.ones(len(c), bool)
    if itself is not None:
        others[itself] = False
    same = np.flatnonzero(others & (c > SAME))
    if len(same):
        others[same] = False
        shown = ", ".join(vocabulary.shown(head, rows.head.id_of(i)) for i in same[:5].tolist())
        notes.append(f"left out, because they are this direction itself: {shown}")
    if not others.any():
        raise HeadDataError(f"{head.provenance.model} has no direction besides {name}")
    made = _Interference(c[others], p[others], mu[others], o)
    drawn = [made.read(overlaps) for overlaps in made.random(rows.width)]
    exact = made.auc()
    reading = made.read(made.overlaps)
    if abs(exact - reading.auc) > _GAP:
        notes.append(
            f"the interference is not Gaussian: a Gaussian one of its variance gives an AUC of "
            f"{reading.auc:.3f}, and these rates give {exact:.3f}"
        )
    ids = [rows.head.id_of(i) for i in np.flatnonzero(others).tolist()]
    return ReadingBudget(
        direction=name,
        dictionary=head.provenance.model,
        features=int(others.sum()),
        width=rows.width,
        active=float(made.rates.sum()),
        amplitude=o.amplitude,
        noise=o.noise,
        mean_square_overlap=float(np.mean(made.overlaps**2)),
        reading=reading,
        auc=exact,
        random=_over(drawn, np.mean),
        random_sd=_over(drawn, partial(np.std, ddof=1)),
        lower=_lower(np.array([one.interference for one in drawn]), reading.interference),
        draws=o.draws,
        seed=o.seed,
        fails_at=made.fails_at(made.overlaps**2),
        random_fails_at=made.fails_at(np.full(len(ids), 1 / rows.width)),
        contributors=made.contributors(ids, head),
        notes=tuple(notes),
    )


class _Interference:
    """What the other directions do to a reading."""

    def __init__(
        self, overlaps: Float64, rates: Float64, amplitudes: Float64, options: BudgetOptions
    ):
        self.overlaps, self.rates, self.options = overlaps, rates, options
        self.amplitudes = amplitudes
        mean, square = amplitudes, amplitudes**2 + options.spread**2
        self.linear, self.quadratic = rates * square, rates**2 * mean**2
        self.variances = self.linear - self.quadratic

    def read(self, overlaps: Float64) -> Reading:
        """Return how well a direction with these overlaps is read."""
        o = self.options
        variance = float(self.variances @ overlaps**2)
        total = variance + o.noise**2
        if total == 0:
            return Reading(variance, None, 1.0)
        own = math.sqrt(2 * total + o.spread**2)  # the amplitude's spread counts once
        return Reading(variance, o.amplitude / math.sqrt(total), float(ndtr(o.amplitude / own)))

    def random(self, width: int) -> Iterator[Float64]:
        """Yield the overlaps with independent random directions, once for each draw."""
        generator, count = np.random.default_rng(self.options.seed), len(self.overlaps)
        for _ in range(self.options.draws):
            one = width == 1
            yield np.ones(count) if one else np.sqrt(generator.beta(0.5, (width - 1) / 2, count))

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
        for k in range(len(t)):
            one = c * t[k]
            damp = np.exp(-((o.spread * one) ** 2) / 2)
            # |1 − p + p φ_a(c t)|² of an amplitude that is Gaussian about its mean
            square = (1 - p) ** 2 + (p * damp) ** 2 + 2 * p * (1 - p) * damp * np.cos(mu * one)
            log[k] += float(np.log(np.maximum(square, 1e-300)).sum())
        step = 2 * math.pi / period
        area = float(np.sum(np.exp(log) * np.sin(o.amplitude * t) / t)) * step
        return min(1.0, max(0.0, 0.5 + area / math.pi))

    def fails_at(self, squares: Float64) -> float | None:
        """Return how many directions are active at once where d′ falls to 1, or None."""
        a, b = float(self.linear @ squares), float(self.quadratic @ squares)
        allowed = (self.options.amplitude / FAILS) ** 2 - self.options.noise**2
        active, most = float(self.rates.sum()), float(self.rates.max(initial=0.0))
        if not active:
            return None
        if allowed <= 0:
            return 0.0
        # All rates times f: a f − b f² is the interference, and no rate exceeds 1.
        root = a * a - 4 * b * allowed
        if a == 0 or root < 0:
            return None
        factor = 2 * allowed / (a + math.sqrt(root))
        return active * factor if factor * most <= 1 else None

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


def _over(drawn: list[Reading], what: Callable[[Any], Any]) -> Reading:
    """Return the mean, or what else is asked, of several readings."""
    d = [one.d_prime for one in drawn if one.d_prime is not None]
    return Reading(
        float(what([one.interference for one in drawn])),
        float(what(d)) if len(d) == len(drawn) else None,
        float(what([one.auc for one in drawn])),
    )


def _lower(drawn: Float64, value: float) -> float:
    """Return the share of draws below a value; half of those that equal it count."""
    return float(np.mean((drawn < value) + 0.5 * (drawn == value)))


def _rates(given: Any, head: Head) -> Float64:
    """Return a rate for each kept row."""
    values = np.atleast_1d(real_numbers(given, "rates"))
    stored, name = head.stored.shape[0], head.provenance.model
    if values.ndim != 1 or len(values) not in (1, stored, head.features):
        raise UsageError(
            f"{len(values):,} rates for the {stored:,} directions of {name}; give one number, or "
            "one for each direction"
        )
    bad = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if len(bad):
        where = "" if len(values) == 1 else f" of direction {bad[0]:,}"
        raise UsageError(f"the rate{where} is {values[bad[0]]:g}; a rate is from 0 to 1")
    if len(values) == 1:
        return np.full(head.features, values[0])
    return values if head.ids is None or len(values) == head.features else values[head.ids]


def _amplitudes(given: Any, head: Head, usual: float) -> Float64:
    """Return a mean amplitude for each kept row."""
    if given is None:
        return np.full(head.features, usual)
    values = real_numbers(given, "amplitudes")
    if values.shape != (head.features,):
        raise UsageError(
            f"{values.size:,} amplitudes for the {head.features:,} directions of "
            f"{head.provenance.model}; give one for each direction"
        )
    bad = np.flatnonzero(~((values > 0) & (values < math.inf)))
    if len(bad):
        raise UsageError(
            f"the amplitude of direction {bad[0]:,} is {values[bad[0]]:g}; it must be a finite "
            "number above 0"
        )
    return values


def _places(head: Head, kept: Head) -> npt.NDArray[np.int64]:
    """Return the places in a head of the rows that were kept of it."""
    return np.searchsorted(head.kept_ids, kept.kept_ids)


def _vector(direction: Any, rows: UnitRows) -> tuple[npt.NDArray[np.float32], str, int | None]:
    """Return a unit vector, its name, and its place if it is a row of the dictionary."""
    head = rows.head
    if isinstance(direction, np.integer):
        direction = int(direction)
    if isinstance(direction, (str, int)) and not isinstance(direction, bool):
        index = vocabulary.find(head, direction, lambda _: False)[0]
        place = head.position_of(index)
        if place is None:
            raise UsageError(f"{vocabulary.shown(head, index)} is zero, so it has no direction")
        return rows.take(np.array([place]))[0], vocabulary.shown(head, index), place
    values = real_numbers(direction, "the direction").squeeze()
    if values.shape != (head.width,):
        raise UsageError(
            f"the direction has shape {np.shape(direction)}, and the directions of "
            f"{head.provenance.model} have {head.width:,} numbers each"
        )
    length = float(np.linalg.norm(values))
    if not 0 < length < math.inf:
        raise UsageError("the direction is zero or not finite, so that it cannot be read")
    return (values / length).astype(np.float32), "the direction", None
