"""The width law of a head in words, and beside that of a family."""

from __future__ import annotations

from superscope.laws import Estimate, Interval, Law
from superscope.repack.repacking import Repacking
from superscope.repack.through_width import ThroughWidth
from superscope.repack.width_law import BEST, FamilyLaw, HeadLaw
from superscope.text import NONE, columns, fixed, named, percent, rounded, with_interval

THEORY = 1.0  # the exponent that LLG25 derive: interference falls as 1/m


def law_facts(f: Repacking) -> list[tuple[str, str]]:
    """Return what the law of the best way says."""
    of = f.law(BEST)
    if of is None:
        return []
    if of.law is None or of.doubled is None:
        return [("width law", f"none: {of.missing}")]
    return [
        ("width law", _best_law(of.law)),
        ("", _ranks(of, f.width)),
        *([] if of.through is None else [("0 at m", _through(of.through))]),
        ("twice as wide", _twice(f, of.doubled, of.through)),
    ]  # fmt: skip


def _best_law(law: Law) -> str:
    said = f"{_headline(law)}: with the best way at each rank, {_formula(law)}"
    if law.identified:
        return f"{said}; {_against(law.intervals['alpha'])}"
    return f"{said}; {law.refused or 'more ranks tell more'}"


def _headline(law: Law) -> str:
    return f"{law.headline[0].lower()}{law.headline[1:]}"


def _through(of: ThroughWidth) -> str:
    a = of.exponent
    alpha = with_interval(rounded(a.value), rounded(a.low), rounded(a.high))
    return (
        f"with the full head as a point of the law, and not as its floor, cost = "
        f"{rounded(of.amplitude)} (r^(−α) − m^(−α)) with α = {alpha}; "
        f"{_against(Interval(a.low, a.high))}"
    )


def _twice(f: Repacking, floor: Estimate, through: ThroughWidth | None) -> str:
    if through is None:
        gain = f"{_interval(floor)} nats by that law"
    else:
        gain = (
            f"{_interval(through.doubled)} nats if the law that is 0 at m went on, and "
            f"{_interval(floor)} if the other did"
        )
    return (
        f"extrapolated, for no rank above m was measured: a head of {2 * f.width:,} columns would "
        f"gain {gain}"
    )


def _formula(law: Law) -> str:
    return f"cost = {rounded(law.parameters['A'])} r^(−α) with α = {_exponent(law)}"


def _exponent(law: Law) -> str:
    ends = law.intervals["alpha"]
    return with_interval(rounded(law.parameters["alpha"]), rounded(ends.low), rounded(ends.high))


def _against(interval: Interval) -> str:
    if THEORY in interval:
        return "this holds 1, as the theory of interference has it"
    return "this leaves out 1, which the theory of interference has"


def _ranks(of: HeadLaw, width: int) -> str:
    used = ", ".join(map(str, of.ranks))
    if not of.left_out:
        return f"ranks {used}; its floor is the loss of the full head"
    halved = all(2 * rank <= width for rank in of.ranks)
    above = [rank for rank in of.left_out if halved and 2 * rank > width]
    reasons = {
        "above half of m, since at m nothing is lost": above,
        "cost not clear of 0": [rank for rank in of.left_out if rank not in above],
    }
    left = "; ".join(f"{', '.join(map(str, of))} ({why})" for why, of in reasons.items() if of)
    return f"ranks {used}; its floor is the loss of the full head. Left out: {left}"


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
                   f"{_headline(of.law)}"),
        ("head's share", _share(f, of, best.excess.value, share)),
    ]  # fmt: skip
    law = f.law(BEST)
    if law is not None and law.through is not None:
        facts.append(("of doubling", _doubling(f, of, law.through.doubled)))
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
        f"nats{beyond}, the head alone {_interval(head)} by the law that is 0 at m: {much} of "
        "that, extrapolated"
    )


def law_table(f: Repacking) -> list[str]:
    """Return a row for the laws of each way."""
    if not f.laws:
        return []
    head = ("law of", "α", "95 % interval", "ranks", "α, 0 at m", "95 % interval", "verdict")
    return columns(head, [_row(of) for of in f.laws])


def _row(of: HeadLaw) -> tuple[str, ...]:
    through = (NONE, NONE)
    if of.through is not None:
        a = of.through.exponent
        through = rounded(a.value), str(Interval(a.low, a.high))
    if of.law is None:
        return of.way, NONE, NONE, str(len(of.ranks)), *through, "none"
    return (
        of.way, rounded(of.law.parameters["alpha"]), str(of.law.intervals["alpha"]),
        str(len(of.ranks)), *through, _headline(of.law),
    )  # fmt: skip
