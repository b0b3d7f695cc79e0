"""The width law of a head in words, and beside that of a family."""

from __future__ import annotations

from superscope.laws import Estimate, Law
from superscope.repack.repacking import Repacking
from superscope.repack.width_law import BEST, FamilyLaw, HeadLaw
from superscope.text import NONE, columns, fixed, named, number, percent, rounded, with_interval

THEORY = 1.0  # the exponent that LLG25 derive: interference falls as 1/m
STATED = "what the theory of interference has"


def law_facts(f: Repacking) -> list[tuple[str, str]]:
    """Return what the law of the best way says."""
    of = f.law(BEST)
    if of is None:
        return []
    if of.law is None or of.doubled is None:
        return [("width law", f"none: {of.missing}")]
    return [
        ("width law", f"the best way costs {_formula(of.law)}; {_against(of.law)}; "
                      f"{of.law.headline[0].lower()}{of.law.headline[1:]}"),
        ("fitted to", _ranks(of)),
        ("twice as wide", f"extrapolated: if the curve went on beyond m = {f.width:,} as below it, "
                          f"a head of {2 * f.width:,} columns would gain {_interval(of.doubled)} "
                          "nats. No rank above m was measured"),
    ]  # fmt: skip


def _formula(law: Law) -> str:
    return f"{rounded(law.parameters['A'])} r^(−{_exponent(law)})"


def _exponent(law: Law) -> str:
    return with_interval(rounded(law.parameters["alpha"]), *_ends(law))


def _ends(law: Law) -> tuple[str, str]:
    ends = law.intervals["alpha"]
    return rounded(ends.low), rounded(ends.high)


def _against(law: Law) -> str:
    if THEORY in law.intervals["alpha"]:
        return f"the interval holds 1, {STATED}"
    return f"the interval leaves out 1, {STATED}"


def _ranks(of: HeadLaw) -> str:
    used = ", ".join(map(str, of.ranks))
    if not of.left_out:
        return f"ranks {used}; its floor is the loss of the full head"
    left = ", ".join(map(str, of.left_out))
    return (
        f"ranks {used}; its floor is the loss of the full head. Left out: {left}, where the cost "
        "is not clear of 0 or the rank is above half of m, since at m nothing is lost"
    )


def _interval(estimate: Estimate) -> str:
    return with_interval(rounded(estimate.value), rounded(estimate.low), rounded(estimate.high))


def family_facts(f: Repacking) -> list[tuple[str, str]]:
    """Return how much of a family's gain from width is that of the head alone."""
    if f.family is None:
        return []
    of, best = f.family, f.best(f.family.rank)
    share = best.excess.value / of.narrower.value if of.narrower.value > 0 else None
    facts = [
        ("family", f"{named(of.name)}: exponent {_exponent(of.law)}, "
                   f"{of.law.headline[0].lower()}{of.law.headline[1:]}"),
        ("head's share", _share(f, of, best.excess.value, share)),
    ]  # fmt: skip
    law = f.law(BEST)
    if law is not None and law.doubled is not None:
        facts.append(("of doubling", _doubling(f, of, law.doubled)))
    return facts


def _share(f: Repacking, of: FamilyLaw, cost: float, share: float | None) -> str:
    much = NONE if share is None else percent(share)
    beyond = "" if of.inside[0] and of.inside[1] else " (beyond the family's own widths)"
    return (
        f"a width of {of.rank} instead of {f.width:,} costs the family {_interval(of.narrower)} "
        f"nats{beyond}; a head of rank {of.rank} costs this model {fixed(cost, 3)}, {much} of that"
    )


def _doubling(f: Repacking, of: FamilyLaw, head: Estimate) -> str:
    share = head.value / of.doubled.value if of.doubled.value > 0 else None
    much = NONE if share is None else percent(share)
    beyond = "" if of.inside[2] else " (beyond the family's own widths)"
    return (
        f"from {f.width:,} to {2 * f.width:,} the family gains {_interval(of.doubled)} "
        f"nats{beyond}, the head alone {_interval(head)} by its curve: {much} of that"
    )


def law_table(f: Repacking) -> list[str]:
    """Return a row for the law of each way."""
    if not f.laws:
        return []
    rows = [_row(of) for of in f.laws]
    return columns(("law of", "exponent", "95 % interval", "gain at 2m", "ranks", "verdict"), rows)


def _row(of: HeadLaw) -> tuple[str, ...]:
    if of.law is None or of.doubled is None:
        return of.way, NONE, NONE, NONE, str(len(of.ranks)), "none"
    return (
        of.way, rounded(of.law.parameters["alpha"]), str(of.law.intervals["alpha"]),
        number(of.doubled.value, 2), str(len(of.ranks)), of.law.short_verdict,
    )  # fmt: skip
