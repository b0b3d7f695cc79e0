"""What a variant is worth, in words."""

from __future__ import annotations

from collections.abc import Iterator

from superscope.lab.worth.bench import qualified
from superscope.lab.worth.comparison import LEVEL, Beyond, Comparison, Factor
from superscope.lab.worth.lab_gains import LabGains
from superscope.laws import Estimate
from superscope.text import counted, fixed, named, number, with_interval, with_sign

WIDEST, NARROWEST = "beyond the widest", "below the narrowest"  # baseline
NO_INTERVAL = "one seed gives no interval"


def budget_text(tokens: int) -> str:
    """Return a number of tokens as people say it: ``500 k``, ``2 M``."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if tokens >= 0.9995 * size:
            return f"{tokens / size:.3g} {letter}"
    return str(tokens)


def tokens_text(tokens: int) -> str:
    """Return a budget with its unit: ``2 M tokens``."""
    return f"{budget_text(tokens)} tokens"


def percent_text(factor: float) -> str:
    """Return a factor of width as what it adds: ``+18 %``; from ten times on as a factor."""
    if factor >= 10:
        return f"×{number(factor, 3)}"
    return f"{_percent(factor)} %"


def _percent(factor: float) -> str:
    change = 100 * (factor - 1)
    return with_sign(change, 1 if abs(change) < 9.95 else 0)


def factor_text(factor: Factor) -> str:
    """Return a factor with its interval, or the bound that is known: ``+18 % (+9 to +27 %)``."""
    if factor.above is not None or factor.below is not None:
        return _bound_text(factor)
    if factor.value is None:
        return "–"
    said = percent_text(factor.value)
    if not factor.has_interval:
        return said
    low = _beyond(factor.low_beyond) or _percent(factor.low or 0)
    return with_interval(said, low, _beyond(factor.high_beyond) or percent_text(factor.high or 0))


def _bound_text(factor: Factor) -> str:
    """Return a bound: ``more than +50 %``, or from or up to where its interval is known."""
    if factor.above is not None:
        if factor.low is not None or factor.low_beyond == "narrowest":
            near = NARROWEST if factor.low is None else percent_text(factor.low)
            return f"{WIDEST} (from {near})"
        return f"more than {percent_text(factor.above)}" if factor.above > 1 else WIDEST
    below = factor.below or 0
    if factor.high is not None or factor.high_beyond == "widest":
        far = WIDEST if factor.high is None else percent_text(factor.high)
        return f"{NARROWEST} (up to {far})"
    return f"less than {percent_text(below)}" if below < 1 else NARROWEST


def _beyond(side: Beyond) -> str:
    return {"": "", "narrowest": NARROWEST, "widest": WIDEST}[side]


def nats_text(gain: Estimate | None) -> str:
    """Return a gain in nats with its interval."""
    if gain is None:
        return "–"
    if gain.low is None or gain.high is None:
        return with_sign(gain.value, 4)
    return with_interval(*(with_sign(x, 4) for x in (gain.value, gain.low, gain.high)))


def chance_text(what: str, outside: int, stand: int) -> str:
    """Return how many of some comparisons stand.

    Parameters
    ----------
    what
        How many comparisons there are, and of what.
    outside, stand
        Intervals that leave out 0; those of them that do after Holm's correction.
    """
    return (
        f"Of {what}, {counted(outside, 'interval')} {'leaves' if outside == 1 else 'leave'} out 0, "
        f"and {stand} {'stands' if stand == 1 else 'stand'} after Holm's correction for all; "
        "intervals are not corrected."
    )


def worth(one: Comparison) -> str:
    """Return what a variant is worth at one budget.

    Parameters
    ----------
    one
        The comparison.

    Returns
    -------
    str
        ``worth +18 % (+9 to +27 %) width``, ``costs 12 % (8 to 16 %) of width``, ``worth nothing``,
        ``cannot be said``, with the numbers behind it.
    """
    if one.gain is None:
        return f"cannot be said: {one.missing}"
    if one.identical:
        return f"equals {named(one.baseline.variant)}, run by run,"
    factor, standing = one.factor, one.standing
    if factor.value is None or one.log_factor is None:
        return _in_nats(one)
    said = factor_text(factor)
    if standing == "better":
        return f"worth {said} width"
    if standing == "worse":
        low, high = (1 - x for x in (factor.high or 0, factor.low or 0))
        cost = 100 * (1 - factor.value)
        digits = 1 if cost < 9.95 else 0
        return (
            f"costs {fixed(cost, digits)} % ({fixed(100 * low, digits)} to "
            f"{fixed(100 * high, digits)} %) of width"
        )
    interval = f"{_percent(factor.low or 0)} to {percent_text(factor.high or 0)} width"
    if standing == "open" and one.disagree:  # as where the baseline's curve is flat
        interval += (
            f", but {with_sign(one.gain.low or 0, 4)} to {with_sign(one.gain.high or 0, 4)} nats"
        )
    return f"{'worth nothing' if standing == 'same' else 'cannot be said'} ({interval})"


def _point(one: Comparison) -> str:
    """Return a gain that has no interval."""
    assert one.gain is not None
    factor = one.factor
    if factor.value is not None:
        return f"{factor_text(factor)} width"
    return f"{with_sign(one.gain.value, 4)} nats; {_bound(factor)}"


def _bound(factor: Factor) -> str:
    return factor.missing or f"in width {factor_text(factor)}"


def _in_nats(one: Comparison) -> str:
    """Return what is said of a variant whose gain is no width: in nats."""
    assert one.gain is not None
    gain = one.gain
    if gain.low is None:
        return f"cannot be said: {NO_INTERVAL} ({_point(one)})"
    words = {"better": "less loss by", "worse": "more loss by"}.get(one.standing)
    if words is None:
        return f"cannot be said ({nats_text(gain)} nats; {_bound(one.factor)})"
    sign = 1 if gain.value > 0 else -1
    ends = sorted(abs(x or 0) for x in (gain.low, gain.high))
    numbers = with_interval(*(fixed(x, 4) for x in (sign * gain.value, *ends)))
    return f"{words} {numbers} nats; its worth in width {_open(one.factor)}"


def _open(factor: Factor) -> str:
    """Return what is known of a factor that has no interval, or one with an open end."""
    if factor.missing:
        return f"cannot be said, because {factor.missing},"
    if factor.value is None:
        side = WIDEST if factor.above is not None else NARROWEST
        rest = factor_text(factor).removeprefix(side).strip(" ()")
        return f"is {side} baseline{f', {rest},' if rest else ''}"
    said = f"is about {percent_text(factor.value)}"
    if not factor.has_interval:
        return f"{said}, by one seed,"
    ends = [_beyond(side) for side in (factor.low_beyond, factor.high_beyond) if side]
    return f"{said}, and may be {' or '.join(ends)} baseline"


def sentences(gains: LabGains) -> Iterator[tuple[str, str]]:
    """Return each variant and what is said of it over budgets.

    Parameters
    ----------
    gains
        What was compared.

    Yields
    ------
    tuple of str
        The variant, with the text where there are several; what it is worth at each budget.
    """
    for bench in gains.benches:
        names = dict.fromkeys(c.variant for c in gains.comparisons if c.bench == bench)
        for name in sorted(names, key=lambda n: _rank(gains.of(n, bench))):
            found = gains.of(name, bench)
            title = qualified(name, bench, gains.benches)
            yield title, f"{_said(found)}.{_persistence(gains, found)}{_doubt(gains, found)}"


def _said(found: tuple[Comparison, ...]) -> str:
    """Return what is said at each budget; what all budgets lack is said once."""
    if len(found) > 1 and not any(
        c.gain is None or c.gain.low is not None or c.identical for c in found
    ):
        points = "; ".join(f"{_point(c)} at {tokens_text(c.tokens)}" for c in found)
        return f"cannot be said: {NO_INTERVAL} ({points})"
    return "; ".join(f"{worth(c)} at {tokens_text(c.tokens)}" for c in found)


def _rank(found: tuple[Comparison, ...]) -> tuple[int, float]:
    """Return where a variant stands: by what is known at the largest budget."""
    last = found[-1]
    return ("better", "same", "open", "worse").index(last.standing), -last.rank


def _persistence(gains: LabGains, found: tuple[Comparison, ...]) -> str:
    persists = gains.persists(found[0].variant, found[0].bench)
    if persists is None:
        return ""
    if persists:
        uncertain = any(c.adjusted is None or c.adjusted > LEVEL for c in found)
        return (
            " It persists, by intervals that are not corrected." if uncertain else " It persists."
        )
    first, last = found[0].standing, found[-1].standing
    if first == "better" and last in ("same", "worse"):
        return " It does not persist."
    if "better" in (first, last):
        return " Whether it persists cannot be said."
    return ""


def _doubt(gains: LabGains, found: tuple[Comparison, ...]) -> str:
    """Say which intervals leave out 0 but do not stand when all comparisons are counted."""
    weak = [
        f"p = {number(c.adjusted, 2)} at {tokens_text(c.tokens)}"
        for c in found
        if c.standing in ("better", "worse") and c.adjusted is not None and c.adjusted > LEVEL
    ]
    if not weak:
        return ""
    return f" Not certain among {gains.tested} comparisons: {', '.join(weak)}."
