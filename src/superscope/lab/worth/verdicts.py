"""What a variant is worth, in words."""

from __future__ import annotations

from collections.abc import Iterator

from superscope.lab.worth.bench import qualified
from superscope.lab.worth.lab_gains import LEVEL, Comparison, Factor, LabGains
from superscope.laws import Estimate
from superscope.text import counted, fixed, named, number, with_interval, with_sign

WIDEST, NARROWEST = "beyond the widest", "below the narrowest"  # baseline
NO_INTERVAL = "one seed gives no interval"
CHOSEN = (
    "No interval holds the error of choosing learning rates from a search: another search may find "
    "others."
)


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
    if factor.above is not None:
        return f"more than {percent_text(factor.above)}" if factor.above > 1 else WIDEST
    if factor.below is not None:
        return f"less than {percent_text(factor.below)}" if factor.below < 1 else NARROWEST
    if factor.value is None:
        return "–"
    said = percent_text(factor.value)
    if factor.low is None and factor.high is None:
        return said
    low = NARROWEST if factor.low is None else _percent(factor.low)
    high = WIDEST if factor.high is None else percent_text(factor.high)
    return with_interval(said, low, high)


def nats_text(gain: Estimate | None) -> str:
    """Return a gain in nats with its interval."""
    if gain is None:
        return "–"
    if gain.low is None or gain.high is None:
        return with_sign(gain.value, 4)
    return with_interval(*(with_sign(x, 4) for x in (gain.value, gain.low, gain.high)))


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
    factor, standing = one.factor, one.standing
    said = factor_text(factor)
    if one.gain.low is None and factor.value is not None:
        return f"cannot be said: {NO_INTERVAL} ({said} width)"
    if factor.value is None or one.log_factor is None:
        return _in_nats(one)
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
    return f"{'worth nothing' if standing == 'same' else 'cannot be said'} ({interval})"


def _in_nats(one: Comparison) -> str:
    """Return what is said of a variant whose gain is no width: in nats."""
    assert one.gain is not None
    gain, factor = one.gain, one.factor
    bound = factor_text(factor)
    why = factor.missing or f"in width {bound}"
    if gain.low is None:
        return f"cannot be said: {NO_INTERVAL} ({with_sign(gain.value, 4)} nats; {why})"
    words = {"better": "better by", "worse": "worse by"}.get(one.standing)
    if words is None:
        return f"cannot be said ({nats_text(gain)} nats; {why})"
    sign = 1 if gain.value > 0 else -1
    ends = sorted(abs(x or 0) for x in (gain.low, gain.high))
    numbers = with_interval(*(fixed(x, 4) for x in (sign * gain.value, *ends)))
    return f"{words} {numbers} nats ({why})"


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
            parts = [f"{worth(c)} at {tokens_text(c.tokens)}" for c in found]
            yield title, f"{'; '.join(parts)}.{_persistence(gains, found)}{_doubt(gains, found)}"


def _rank(found: tuple[Comparison, ...]) -> tuple[int, float]:
    """Return where a variant stands: by what is known at the largest budget."""
    last = found[-1]
    value = 0.0 if last.decides is None else last.decides.value
    return ("better", "same", "open", "worse").index(last.standing), -value


def _persistence(gains: LabGains, found: tuple[Comparison, ...]) -> str:
    persists = gains.persists(found[0].variant, found[0].bench)
    if persists is None:
        return ""
    if persists:
        return " It persists."
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


def notes(gains: LabGains) -> Iterator[str]:
    """Return what is to be known of the comparisons, and every reason to doubt them.

    Parameters
    ----------
    gains
        What was compared.

    Yields
    ------
    str
        A sentence.
    """
    yield (
        "Intervals are 95 %, over seeds, of pairs of runs with the same seed; the held-out text is "
        "the same for all, so they say nothing of other texts."
    )
    certain = [c for c in gains.comparisons if c.standing in ("better", "worse")]
    stand = sum(c.adjusted is not None and c.adjusted <= LEVEL for c in certain)
    yield (
        f"Of {counted(gains.tested, 'comparison')} of a variant at a budget, "
        f"{counted(len(certain), 'interval')} {'leaves' if len(certain) == 1 else 'leave'} out 0, "
        f"and {stand} {'stands' if stand == 1 else 'stand'} after Holm's correction for all."
    )
    yield from _of_tries(gains)
    yield from _of_equal(gains)
    choices = dict.fromkeys(x for c in gains.comparisons for x in (c.baseline, c.choice))
    for choice in choices:
        name = qualified(choice.variant, choice.bench, gains.benches)
        where = f"{name} at {tokens_text(choice.tokens)}"
        if choice.diverged:
            yield f"{where}: {counted(choice.diverged, 'run')} diverged, and the others flatter it."
    for choice in gains.unmatched:
        yield (
            f"{named(choice.variant)} at {tokens_text(choice.tokens)} ({choice.bench}): there is "
            f"no run of {named(gains.baseline)} to compare with."
        )
    searched = {c.searched for c in choices if c.searched}
    for seeds in sorted(searched):
        one = len(seeds) == 1
        yield (
            f"{'Seed' if one else 'Seeds'} {', '.join(map(str, seeds))} only served to find "
            f"learning rates, and {'is' if one else 'are'} not compared."
        )
    for c in gains.comparisons:
        if c.choice.setting.batch != c.baseline.setting.batch:
            yield (
                f"{named(c.variant)} at {tokens_text(c.tokens)} has batches of "
                f"{c.choice.setting.batch} and {gains.baseline} of {c.baseline.setting.batch}: "
                "their steps do not read the same text."
            )


def _of_equal(gains: LabGains) -> Iterator[str]:
    """Say where several settings had equally many runs, all variants of one number together."""
    alike: dict[int, list[str]] = {}
    for choice in dict.fromkeys(x for c in gains.comparisons for x in (c.baseline, c.choice)):
        if choice.equally:
            name = qualified(choice.variant, choice.bench, gains.benches)
            where = f"{name} at {tokens_text(choice.tokens)}"
            alike.setdefault(choice.equally + 1, []).append(where)
    for count, places in sorted(alike.items()):
        yield (
            f"{', '.join(places)}: {count} settings have equally many runs, and the best of "
            "them is compared, which is optimistic."
        )


def _of_tries(gains: LabGains) -> Iterator[str]:
    """Say how many learning rates each variant was tried at, if they differ."""
    tries: dict[int, list[str]] = {}
    for choice in dict.fromkeys(x for c in gains.comparisons for x in (c.baseline, c.choice)):
        known = tries.setdefault(choice.tries, [])
        if choice.variant not in known:
            known.append(choice.variant)
    if len(tries) < 2:
        count = next(iter(tries), 1)
        yield (
            f"Every variant had {counted(count, 'try', 'tries')} of learning rates."
            if count > 1
            else "The table has no search of learning rates: each variant has one."
        )
        if count > 1:
            yield CHOSEN
        return
    parts = [
        f"{counted(n, 'try', 'tries')}: {', '.join(map(named, names))}"
        for n, names in sorted(tries.items(), reverse=True)
    ]
    yield f"Learning rates were not tried equally often ({'; '.join(parts)}): more tries flatter."
    yield CHOSEN
