"""What is to be known of comparisons beside their result."""

from __future__ import annotations

from collections.abc import Iterator

from superscope.lab.worth.bench import qualified
from superscope.lab.worth.compared import Choice
from superscope.lab.worth.comparison import LEVEL
from superscope.lab.worth.lab_gains import LabGains
from superscope.lab.worth.verdicts import chance_text, tokens_text
from superscope.text import counted, listed, named

CHOSEN = (
    "No interval holds the error of choosing learning rates from a search: another search may find "
    "others."
)


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
    yield _of_intervals(gains)
    if gains.tested:
        yield _of_chance(gains)
    yield from _of_lacking(gains)
    yield from _of_beyond(gains)
    yield from _of_tries(gains)
    yield from _of_edges(gains)
    yield from _of_equal(gains)
    choices = _choices(gains)
    for choice in choices:
        name = qualified(choice.variant, choice.bench, gains.benches)
        where = f"{name} at {tokens_text(choice.tokens)}"
        if choice.diverged and choice.diverged == choice.runs:
            yield f"{where}: every run diverged."
        elif choice.diverged:
            yield f"{where}: {counted(choice.diverged, 'run')} diverged, and the others flatter it."
    yield from of_others(gains)
    searched = {c.searched for c in choices if c.searched}
    for seeds in sorted(searched):
        one = len(seeds) == 1
        yield (
            f"{'Seed' if one else 'Seeds'} {', '.join(map(str, seeds))} only served to find "
            f"learning rates, and {'is' if one else 'are'} not compared."
        )
    for c in gains.comparisons:
        if c.unpaired:
            widths = " and ".join(f"{m:,}" for m in c.unpaired)
            yield (
                f"{named(c.variant)} at {tokens_text(c.tokens)}: at width {widths} there is no run "
                f"of {named(gains.baseline)} with its seeds, and so no gain."
            )
        if c.choice.setting.batch != c.baseline.setting.batch:
            yield (
                f"{named(c.variant)} at {tokens_text(c.tokens)} has batches of "
                f"{c.choice.setting.batch} and {gains.baseline} of {c.baseline.setting.batch}: "
                "their steps do not read the same text."
            )


def of_others(gains: LabGains) -> Iterator[str]:
    """Say which variants are not compared, and why.

    Parameters
    ----------
    gains
        What was compared.

    Yields
    ------
    str
        A sentence.
    """
    for choice in gains.unmatched:
        yield (
            f"{named(choice.variant)} at {tokens_text(choice.tokens)} ({choice.bench}): there is "
            f"no run of {named(gains.baseline)} to compare with."
        )
    for said, choices in (
        ("Only searched, and not compared at", gains.only_searched),
        ("Narrow heads, compared as head or body and not here, at", gains.narrow_heads),
    ):
        at: dict[int, list[str]] = {}
        for choice in choices:
            name = qualified(choice.variant, choice.bench, gains.benches)
            at.setdefault(choice.tokens, []).append(name)
        for tokens, names in at.items():
            yield f"{said} {tokens_text(tokens)}: {', '.join(names)}."


def _choices(gains: LabGains) -> dict[Choice, None]:
    return dict.fromkeys(x for c in gains.comparisons for x in (c.baseline, c.choice))


def _of_intervals(gains: LabGains) -> str:
    if not gains.tested:
        return "No comparison has an interval: that needs two seeds or more of both."
    return (
        "Intervals are 95 %, over seeds, of pairs of runs with the same seed; the held-out text is "
        "the same for all, so they say nothing of other texts."
    )


def _of_chance(gains: LabGains) -> str:
    certain = [c for c in gains.comparisons if c.standing in ("better", "worse")]
    stand = sum(c.adjusted is not None and c.adjusted <= LEVEL for c in certain)
    what = f"{counted(gains.tested, 'comparison')} of a variant at a budget"
    return chance_text(what, len(certain), stand)


def _of_lacking(gains: LabGains) -> Iterator[str]:
    """Say which seeds and widths are in no mean over widths, because some runs are missing."""
    parts = []
    for c in gains.comparisons:
        seeds = {seed for w in c.widths for seed in w.seeds} - {*c.over.seeds}
        widths = {w.width for w in c.widths} - {*c.over.widths}
        for what, left in (("seed", seeds), ("width", widths)):
            if left:
                name = qualified(c.variant, c.bench, gains.benches)
                each = listed([f"{one:,}" for one in sorted(left)])
                parts.append(
                    f"{what}{'s' * (len(left) > 1)} {each} of {name} at {tokens_text(c.tokens)}"
                )
    if parts:
        yield (
            "Means over widths are of seeds that have a run of both at each; left out for runs "
            f"that are missing: {'; '.join(parts)}."
        )


def _of_beyond(gains: LabGains) -> Iterator[str]:
    """Say which models are in no factor, because no width of the baseline has their loss."""
    parts = []
    for c in gains.comparisons:
        widths = [w.width for w in c.widths if w.factor.above or w.factor.below]
        if widths and c.factor.value is not None and len(c.widths) > 1:
            name = qualified(c.variant, c.bench, gains.benches)
            parts.append(f"{name} at {tokens_text(c.tokens)}: {listed([f'{m:,}' for m in widths])}")
    if parts:
        yield (
            "Factors over widths are of the losses that both sides reach; beyond every width of "
            f"{named(gains.baseline)} are the widths of {'; '.join(parts)}."
        )


def _of_edges(gains: LabGains) -> Iterator[str]:
    """Say which rates are at an end of those that were tried."""
    at: dict[tuple[str, str], dict[str, None]] = {}
    for choice in _choices(gains):
        for whose, edge in (("body", choice.body_edge), ("head", choice.head_edge)):
            if edge:
                at.setdefault((whose, edge), {})[named(choice.variant)] = None
    if at:
        parts = [
            f"the {whose}'s {edge}: {', '.join(at[whose, edge])}" for whose, edge in sorted(at)
        ]
        yield (
            "Rates at an end of those that were tried, beyond which better ones may lie "
            f"({'; '.join(parts)})."
        )


def _of_equal(gains: LabGains) -> Iterator[str]:
    """Say where several settings had equally many runs, all variants of one number together."""
    alike: dict[int, list[str]] = {}
    for choice in _choices(gains):
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
    for choice in _choices(gains):
        known = tries.setdefault(choice.tries, [])
        if choice.variant not in known:
            known.append(choice.variant)
    if len(tries) < 2:
        count = next(iter(tries), 1)
        yield (
            f"Every variant had {counted(count, 'try', 'tries')} of learning rates."
            if count > 1
            else "The tables hold no search of learning rates; if there was one, name its table "
            "too."
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
