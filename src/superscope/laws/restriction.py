"""A restriction of a law: parameters at given values, or equal to each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from superscope.errors import UsageError, did_you_mean
from superscope.laws.law import Law
from superscope.laws.options import COMMA, FitOptions
from superscope.laws.problem import HIGHEST
from superscope.text import rounded

HOW = "write NAME=NUMBER, such as a_D=1/3, or NAME=NAME"
Given = str | Sequence[str] | Mapping[str, float | str]


@dataclass(frozen=True)
class Restriction:
    """What a restricted law holds that the law itself leaves free.

    Attributes
    ----------
    values
        Parameters at a value, by name.
    equal
        Parameters that have one value; empty without any.
    text
        As it was given: ``a_m = 1, a_D = 1/3``.
    """

    values: dict[str, float]
    equal: tuple[str, ...]
    text: str


def read_restriction(against: Given) -> Restriction:
    """Return the restriction that text or a mapping states.

    Parameters
    ----------
    against
        ``"a_m=1,a_D=1/3"``, ``"alpha=beta"``, several such words, or ``{"a_m": 1.0}``.

    Raises
    ------
    UsageError
        Words that state no restriction, or one that contradicts itself.
    """
    if isinstance(against, Mapping):
        words = [f"{name}={value}" for name, value in against.items()]
    else:
        given = (against,) if isinstance(against, str) else tuple(against)
        words = [word for text in given for word in COMMA.split(text) if word.strip()]
    if not words:
        raise UsageError(f"against names no restriction; {HOW}")
    values: dict[str, float] = {}
    tied: list[str] = []
    said: list[str] = []
    for word in words:
        sides = [side.strip() for side in word.split("=")]
        if len(sides) < 2 or not all(sides):
            raise UsageError(f"against {word.strip()!r} is no restriction; {HOW}")
        *names, last = sides
        value = _number(last, word)
        if value is None:
            if len({*sides}) < len(sides):
                raise UsageError(f"against {word.strip()!r} is no restriction; {HOW}")
            if tied and not {*tied} & {*sides}:
                raise UsageError(
                    f"against {word.strip()!r}: only one set of parameters can be equal, and it "
                    f"is {' = '.join(tied)}"
                )
            tied += [name for name in sides if name not in tied]
        else:
            for name in names:
                if values.setdefault(name, value) != value:
                    raise UsageError(f"against: {name} cannot be both {values[name]:g} and {last}")
        said.append(" = ".join(sides))
    both = [name for name in tied if name in values]
    if both:
        raise UsageError(
            f"against: {both[0]} is both given and equal to others; give each of these its value"
        )
    return Restriction(values, tuple(tied), ", ".join(dict.fromkeys(said)))


def _number(text: str, word: str) -> float | None:
    """Return a number or a fraction; None for a name."""
    try:
        value = float(Fraction(text.replace(" ", "")))
    except ZeroDivisionError:
        raise UsageError(f"against {word.strip()!r} divides by zero") from None
    except (ValueError, OverflowError):
        try:
            value = float(text)
        except ValueError:
            return None
    if not math.isfinite(value) or value < 0:
        raise UsageError(f"against {word.strip()!r}: a parameter is finite and not negative")
    return value


def restricted(law: Law, restriction: Restriction) -> FitOptions:
    """Return the options that fit a law under a restriction.

    Raises
    ------
    UsageError
        An unknown parameter; one that the law holds already; a value outside its bounds.
    """
    floors = list(law.parameters)[2 * len(law.form.terms) :]
    known = dict.fromkeys([*law.parameters, law.form.floor])
    given = [*restriction.values, *restriction.equal]
    for name in given:
        if name not in known:
            raise UsageError(
                f"against: no parameter {name!r}; {did_you_mean(name, known)}parameters: "
                f"{', '.join(known)}"
            )
        members = floors if name == law.form.floor else [name]
        held = [member for member in members if member in law.held]
        if held:
            raise UsageError(
                f"{held[0]} is held at {rounded(law.held[held[0]])} in the law itself, so there is "
                f"nothing to test; fit it without fix {held[0]}"
            )
    options = law.options
    values = dict(restriction.values)
    for name in restriction.values:
        low, high = options.bounds.get(name, (None, None))
        most = HIGHEST if name in law.form.exponents else math.inf
        if not (low or 0.0) <= values[name] <= (most if high is None else high):
            raise UsageError(
                f"against {name}={values[name]:g}: the law itself cannot have it, as {name} is "
                f"sought from {low or 0:g} to {most if high is None else high:g}"
            )
        if name in law.equal:
            values |= dict.fromkeys(options.equal, values[name])
    for term in law.form.terms:
        if values.get(term.amplitude) == 0 and term.exponent not in (*values, *law.held):
            values[term.exponent] = law.parameters[term.exponent]  # of nothing: it has no effect
    equal = options.equal if not {*options.equal} & {*values} else ()
    if restriction.equal:
        if equal and not {*equal} & {*restriction.equal}:
            raise UsageError(
                f"against {'='.join(restriction.equal)}: the law has equal parameters already, "
                f"{' = '.join(equal)}; only one set can be equal"
            )
        equal = tuple(dict.fromkeys([*equal, *restriction.equal]))
    bounds = {name: ends for name, ends in options.bounds.items() if name not in values}
    return replace(options, fix={**options.fix, **values}, equal=equal, bounds=bounds)
