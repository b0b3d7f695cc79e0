"""Answer the questions of a study in words, from its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from superscope.forecasts import forecast_at
from superscope.geometry import Geometry, Regime
from superscope.geometry.untrained import MANY, Evidence
from superscope.laws import Estimate, Law
from superscope.text import advice, change, counted, signed, with_interval

if TYPE_CHECKING:
    from superscope.study.members import Member
    from superscope.study.result import Study


@dataclass(frozen=True)
class Answer:
    """A question and its answer.

    Attributes
    ----------
    question
        The question.
    short
        The answer in a few words: ``yes``, ``no``, ``cannot be said``, …
    text
        Sentences with the numbers behind the answer.
    """

    question: str
    short: str
    text: tuple[str, ...]


CANNOT = "cannot be said"


def answers(study: Study) -> tuple[Answer, ...]:
    """Answer the questions of a study; the last one lists what is not known.

    Parameters
    ----------
    study
        The study.

    Returns
    -------
    tuple of Answer
        Each has a question, a short answer, and the reasons.
    """
    return (
        _regime(study),
        _interference(study),
        _loss(study),
        _doubling(study),
        _unsaid(study),
    )


def _regime(study: Study) -> Answer:
    question = "Does it live in strong superposition?"
    measured = [member.geometry for member in study.members if member.geometry is not None]
    heads = [head for head in measured if head.represented_fraction is not None]
    if not heads:
        why = "The norms of no head are known." if measured else "No head was measured."
        return Answer(question, CANNOT, (why,))
    regimes = {str(head.regime) for head in heads}
    vocabulary = _range([head.features / head.width for head in heads])
    shares = _range([h.represented_fraction for h in heads if h.represented_fraction is not None])
    named = ", ".join(sorted(regimes))
    untrained = _range([head.untrained.represented_fraction for head in heads])
    of_untrained = ", ".join(sorted({str(head.untrained.regime) for head in heads}))
    return Answer(question, _short([_standing(head) for head in heads]), (
        f"{counted(len(heads), 'head')}, each with {vocabulary} times as many tokens as "
        f"dimensions. The share of rows that are represented (norm above half the root mean "
        f"square) is {shares}. Regime by norms: {named}.",
        f"Norms alone prove nothing: untrained rows of these shapes have the share {untrained} and "
        f"the regime {of_untrained}.",
        *_evidence(heads),
        f"Mean square overlap is {_range([h.raw.ratio_to_random for h in heads])} times chance, "
        f"1/m, of raw rows, and {_range([h.centered.ratio_to_random for h in heads])} times "
        "with the mean row subtracted, which leaves the probabilities as they are.",
        *_weighted(heads),
    ))  # fmt: skip


UNTOLD = "cannot be said: the rows are like untrained ones"


def _standing(head: Geometry) -> str:
    """Return the answer for one head, from overlaps and spectrum first, and then from norms."""
    if head.regime is Regime.NONE:
        return "no"
    if not head.evidence.trained:
        return UNTOLD
    if head.regime is not Regime.STRONG:
        return "no"
    return "in part" if (head.raw.random_direction_share or 0.0) > MANY else "yes"


def _short(standings: Sequence[str]) -> str:
    """Return the answer for all heads."""
    found = set(standings)
    if len(found) == 1:
        return standings[0]
    return "in part" if found & {"yes", "in part"} else UNTOLD


def _evidence(heads: Sequence[Geometry]) -> Iterator[str]:
    """Say what shows that the rows were trained."""
    told = sum(head.evidence is Evidence.STRUCTURE for head in heads)
    outside = _range([head.centered.outside_marchenko_pastur or 0.0 for head in heads])
    tolerance = _range([head.centered.random_mean_square_sd * head.width for head in heads])
    at_random = [head.raw.random_direction_share for head in heads]
    known = [share for share in at_random if share is not None]
    yield (
        f"Overlap and spectrum show that {told} of {counted(len(heads), 'head')} are trained. "
        f"Of mean-centered rows, mean square overlap is "
        f"{_range([head.centered.ratio_to_random for head in heads])} times chance, and of "
        f"untrained rows 1 ± {tolerance}; the share of variance outside Marchenko and Pastur's "
        f"edges is {outside}, and of untrained rows 0."
    )
    if known:
        yield (
            f"The share of rows that overlap with the others no more than random directions do is "
            f"{_range(known)}; of untrained rows it is 0.98."
        )
    moved = [head.moved for head in heads if head.moved is not None]
    if moved:
        yield (
            f"Against the initialization of {counted(len(moved), 'head')}, the share of rows that "
            f"moved by more than rounding is {_range([m.moved for m in moved])}, and of rows that "
            f"turned {_range([m.turned for m in moved])}."
        )
    only = sum(head.evidence is Evidence.MOVED for head in heads)
    if only:
        yield (
            f"Of {counted(only, 'head')}, overlap and spectrum are those of untrained rows, but "
            "most rows turned, which shows training."
        )


def _weighted(heads: Sequence[Geometry]) -> Iterator[str]:
    """Say how much two random tokens of the text overlap, if the heads were weighted by it."""
    found = [
        head.centered.weighted.mean_square_overlap * head.width
        for head in heads
        if head.centered.weighted is not None
        and head.centered.weighted.mean_square_overlap is not None
    ]
    if found:
        yield (
            f"The mean square overlap of two different tokens drawn from the text is "
            f"{_range(found)} times chance, with mean-centered rows."
        )


def _interference(study: Study) -> Answer:
    question = "Does its interference fall as 1/m?"
    laws = {"raw": study.laws.overlap, "mean-centered": study.laws.overlap_centered}
    text = []
    verdicts = []
    for (what, law), key in zip(laws.items(), ("overlap", "overlap_centered"), strict=True):
        if law is None:
            text.append(f"Of {what} rows: {study.laws.missing[key]}.")
            verdicts.append(CANNOT)
            continue
        verdict, said = _exponent(law, "alpha")
        verdicts.append(verdict)
        text.append(f"Of {what} rows, mean square overlap ∝ m^(−s) with s = {said}.")
    short = verdicts[0] if verdicts[0] == verdicts[1] else (
        f"raw: {verdicts[0]}; mean-centered: {verdicts[1]}"
    )  # fmt: skip
    return Answer(question, short, tuple(text))


def _loss(study: Study) -> Answer:
    question = "Does its loss fall as 1/m?"
    law = study.laws.loss
    if law is None:
        return Answer(question, CANNOT, (f"No law of the loss: {study.laws.missing['loss']}.",))
    verdict, said = _exponent(law, "alpha")
    floors = ", ".join(
        f"{name} = {value:.4g}" for name, value in law.parameters.items() if name.startswith("B")
    )
    return Answer(question, verdict, (
        f"Loss = A m^(−alpha) + B with alpha = {said}; floor {floors} nats per token.",
    ))  # fmt: skip


def _exponent(law: Law, name: str) -> tuple[str, str]:
    """Return whether an exponent is 1, and its value with interval and verdict."""
    value, interval = law.parameters[name], law.intervals[name]
    said, known = f"{value:.3g}", interval.low is not None and interval.high is not None
    if known:
        said += f" (95 % interval {interval.low:.3g} to {interval.high:.3g})"
    if law.refused:  # 1/m is a law of this form
        return "no", f"{said}, but these points lie on no such law, whatever alpha: {law.refused}"
    if known and law.identified and 1.0 in interval:
        return "yes, within its error", f"{said}, which includes 1"
    if law.standard_errors[name] is None:  # at the edge of what was tried
        return CANNOT, f"{said}, which these points do not identify"
    least, most = _extent(law, name)
    if not (least > 1 or most < 1):
        return CANNOT, f"{said}, which these points do not identify"
    way = f"{'faster' if least > 1 else 'slower'} than 1/m"
    if law.identified:
        return "no", f"{said}: {way}"
    return "no", (
        f"{said}: {way} by every interval and whichever points are left out, though these points "
        "do not identify how much"
    )


def _extent(law: Law, name: str) -> tuple[float, float]:
    """Return the least and the most an exponent may be; where it is identified, its interval."""
    intervals, values = [law.intervals[name]], [law.parameters[name]]
    if not law.identified:
        intervals += [law.profiles[name].interval] if name in law.profiles else []
        values += [refit.parameters[name] for refit in law.refits]
        values += [one.value for one in law.influences if one.parameter == name]
    lows = [-math.inf if i.low is None else i.low for i in intervals]
    highs = [math.inf if i.high is None else i.high for i in intervals]
    return min(*lows, *values), max(*highs, *values)


def _doubling(study: Study) -> Answer:
    question = "How much of the next doubling is left?"
    law = study.laws.loss
    measured = _last_doubling(study.members)
    if law is None:
        return Answer(question, CANNOT, (f"No law: {study.laws.missing['loss']}.", *measured))
    text = [f"The law is {law.doubt}, so this is only an extrapolation."] if law.doubt else []
    gains = []
    for group in law.points.groups:
        width = float(law.points.inputs[law.points.group == law.group_number(group), 0].max())
        at = forecast_at(law, {"width": width}, group=group)
        gain = at.doubling["width"]
        widths = f"width {width:,.0f} to {2 * width:,.0f}"
        which = f"{widths} of {group}" if len(law.points.groups) > 1 else widths
        left = at.parts["width"]
        gains.append(signed(gain.value, 2))
        text.append(
            f"From {which} the law expects a change of {_estimate(gain)} nats. Width still costs "
            f"{_estimate(left)} of the {at.expected.value:.4g} nats there; the rest, "
            f"{at.parts['floor'].value:.4g}, is the floor that no width lowers."
        )
    short = f"{' and '.join(gains)} nats expected" if law.identified else CANNOT
    return Answer(question, short, (*text, *measured))


def _last_doubling(found: Sequence[Member]) -> Iterator[str]:
    """Say how much the loss changed between the two widest models."""
    by_family: dict[str, list[tuple[int, float]]] = {}
    for m in found:
        if m.evaluation is not None:
            point = (m.evaluation.model.width, m.evaluation.loss)
            by_family.setdefault(m.family or "", []).append(point)
    for family, points in by_family.items():
        points.sort()
        if len(points) < 2 or points[-1][0] == points[-2][0]:
            continue
        (before, loss_before), (after, loss_after) = points[-2:]
        widths = f"width {before:,} to {after:,}"
        which = f"{widths} of {family}" if len(by_family) > 1 and family else widths
        yield (
            f"Measured: from {which} the loss went from {loss_before:.4f} to {loss_after:.4f}, "
            f"a change of {change(loss_after - loss_before)} nats."
        )


def _unsaid(study: Study) -> Answer:
    question = "What could not be said?"
    text = [
        f"{member.name}: {_PART[failure.part]} ({failure.reason})."
        for member in study.members
        for failure in member.failures
    ]
    laws = (
        ("the raw overlap", "overlap", study.laws.overlap),
        ("the centered overlap", "overlap_centered", study.laws.overlap_centered),
        ("the loss", "loss", study.laws.loss),
    )
    for what, key, law in laws:
        if law is None:
            text.append(f"No law of {what} was fitted: {study.laws.missing[key]}.")
        elif law.findings:
            verdict = law.verdict[:1].lower() + law.verdict[1:]
            text.append(f"The law of {what} is {verdict}")
    text += _notes(study.members)
    return Answer(question, f"{counted(len(text), 'reservation')}" if text else "nothing",
                  tuple(text) or ("Every member was measured and evaluated, and every law is "
                                  "identified without reservation.",))  # fmt: skip


def _notes(found: Sequence[Member]) -> Iterator[str]:
    """Return each note of the members once, with the names of the members that have it."""
    of: dict[str, list[str]] = {}
    for member in found:
        notes: list[str] = []
        if member.evaluation is not None:
            notes += member.evaluation.notes
        if member.geometry is not None:
            notes += member.geometry.notes
            if member.geometry.provenance.quantized:
                notes.append("the head is quantized, and this noise is part of its overlaps")
        for note in dict.fromkeys(notes):
            of.setdefault(note, []).append(member.name)
    for note, names in of.items():
        everyone = len(names) == len(found) > 1
        yield f"{'All members' if everyone else ', '.join(names)}: {advice(note)}."


_PART = {
    "model": "it could not be found or reached",
    "head": "its head was not measured",
    "loss": "its loss was not evaluated",
}


def _estimate(value: Estimate) -> str:
    if value.low is None or value.high is None:
        return signed(value.value)
    return with_interval(signed(value.value), signed(value.low), signed(value.high))


def _range(values: Sequence[float]) -> str:
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    return low if low == high else f"{low} to {high}"
