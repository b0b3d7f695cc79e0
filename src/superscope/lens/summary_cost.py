"""What collisions cost on a text, as lines for people."""

from __future__ import annotations

from collections.abc import Iterable

from superscope.geometry.stages import CENTERINGS
from superscope.lens.cost import GroupCost, NeighborCost
from superscope.lens.estimate import Estimate
from superscope.lens.intervention import Intervention, MovedPair
from superscope.lens.summary import entry
from superscope.text import (
    NONE,
    advice,
    as_text,
    columns,
    counted,
    fixed,
    labelled,
    named,
    percent,
    plus_minus,
    with_sign,
)

SHOWN = 5  # pairs


@as_text.register
def _(cost: NeighborCost) -> str:
    c, t = cost, cost.total
    given = "counted in the text" if c.counted == "text" else "given"
    facts = [
        ("loss", f"{_nats(c.loss)} nats per token, {counted(t.tokens, 'token')} compared"),
        ("nearest rows", _taken(c)),
        ("verdict", _verdict(c)),
        ("confident", _confident(t)),
        ("controls", f"{c.draws} draws of as many random rows, each as frequent as the {c.like} "
                     f"that it is compared with (same log2 of the frequency, {given})"),
        ("rows", f"{c.nearest} nearest, {CENTERINGS[c.center]}"),
        ("text", f"{counted(c.text.documents, 'document')}; {c.settings.reading}"),
        ("error", "± one standard error, clustered by document"),
    ]  # fmt: skip
    facts += [("note", advice(note)) for note in c.notes]
    title = f"{named(c.model.name)} on {named(c.text.name)}: what the nearest rows cost"
    parts = [labelled(title, facts)]
    for what, groups in (("frequency", c.decades), ("class", c.classes)):
        parts.append("\n".join(["", *_table(what, groups)]))
    if c.intervention is not None:
        parts.append(f"\n{as_text(c.intervention)}")
    return "\n".join(parts)


def _nats(estimate: Estimate) -> str:
    return plus_minus(fixed(estimate.value, 4), estimate.error)


def _taken(c: NeighborCost) -> str:
    t = c.total
    return (
        f"of {fixed(t.loss.value, 2)} nats, {_nats(t.neighbors)} go to the {c.nearest} nearest "
        f"rows, {_nats(t.controls)} to as many random rows of the same frequency: closeness costs "
        f"{plus_minus(fixed(t.difference.value, 4), c.difference_se)}"
    )


def _verdict(c: NeighborCost) -> str:
    t = c.total
    share = percent(abs(t.difference.value) / t.loss.value) if t.loss.value else NONE
    return {
        "cost": f"the nearest rows take more than random rows do: {share} of the loss. Whether "
                "that is the collision or the likeness of what they mean, only an intervention "
                "tells",
        "gain": f"the nearest rows take less than random rows do, by {share} of the loss: "
                "closeness costs nothing",
        "none": "the nearest rows take no more than random rows, within twice the error: closeness "
                "costs nothing that shows",
        "unknown": "one document gives no error, so that a difference may be chance",
    }[c.verdict]  # fmt: skip


def _confident(t: GroupCost) -> str:
    if t.on_neighbors is None or t.on_controls is None:
        return "no error has more than half of the probability"
    return (
        f"in {counted(t.confident, 'error')} another token has more than half of the probability; "
        f"{_share(t.on_neighbors)} of them fall on one of the nearest rows, "
        f"{_share(t.on_controls)} on one of the controls"
    )


def _share(estimate: Estimate) -> str:
    value = fixed(100 * estimate.value, 1)
    error = None if estimate.error is None else 100 * estimate.error
    return f"{plus_minus(value, error)} %"


def _table(what: str, groups: Iterable[GroupCost]) -> list[str]:
    header = (what, "tokens", "loss", "to neighbors", "to controls", "difference", "confident",
              "on neighbors", "on controls")  # fmt: skip
    rows = [
        (
            g.name, f"{g.tokens:,}", fixed(g.loss.value, 3), fixed(g.neighbors.value, 4),
            fixed(g.controls.value, 4), _nats(g.difference), f"{g.confident:,}",
            *(NONE if s is None else _share(s) for s in (g.on_neighbors, g.on_controls)),
        )
        for g in groups
    ]  # fmt: skip
    return columns(header, rows)


@as_text.register
def _(found: Intervention) -> str:
    i, t = found, found.together
    facts = [
        ("pairs", f"{counted(len(i.pairs), 'pair')} that cost most in the other half, "
                  f"{_HOW[i.way]}"),
        ("scored", _scored(i)),
        ("apart", _both(t.apart, t.apart_on_text)),
        ("random", f"{_both(t.random, t.random_on_text)}; the same rows turned as far, but both of "
                   f"a pair away from one random row, so that they stay near; {i.draws} draws"),
        ("difference", f"{_change(t.difference)} for each of their tokens"),
        ("verdict", _MEANING[i.verdict]),
    ]  # fmt: skip
    if i.equal:
        facts.append((
            "left out",
            f"{counted(i.equal, 'pair')} with equal rows, which no direction tells apart",
        ))  # fmt: skip
    rows = [_pair(p) for p in i.pairs[:SHOWN]]
    header = ("pair", "c", "turned", "tokens", "apart", "random", "difference")
    title = "moved apart in the head: change of the loss, nats"
    return "\n".join([labelled(title, facts), "", *columns(header, rows)])


_HOW = {
    "turn": "both rows turned until they are at right angles",
    "remove": "from both rows the component along the other removed",
}

_MEANING = {
    "cost": "apart, the loss of their tokens falls, and more than by random turns: these "
            "collisions cost something",
    "meaning": "apart, the loss of their tokens rises, and more than by random turns: closeness is "
               "meaning, not cost",
    "less": "apart, the loss of their tokens does not fall, but random turns raise it more: part "
            "of the closeness may be cost, which the turn hides",
    "turn": "apart, the loss of their tokens changes as by random turns: it is the turn that "
            "counts, and not the collision",
    "none": "apart, the loss of their tokens is the same within twice the error: these collisions "
            "cost nothing that shows",
    "unknown": "one document gives no error, so that a change may be chance",
}  # fmt: skip


def _scored(i: Intervention) -> str:
    moved = f"{i.together.tokens:,} of {i.scored_tokens:,} tokens are theirs"
    if i.halves == "blocks":
        return f"{moved}; of each block of the only document the first half chose the pairs"
    return (
        f"{moved}, in {counted(i.scored_documents, 'document')}; the other half of the documents, "
        f"{i.chose_tokens:,} tokens, chose the pairs"
    )


def _change(estimate: Estimate) -> str:
    return plus_minus(with_sign(estimate.value, 4), estimate.error)


def _both(of_tokens: Estimate, of_text: Estimate) -> str:
    return f"{_change(of_tokens)} for each of their tokens, {_change(of_text)} for each of the text"


def _pair(p: MovedPair) -> tuple[str, ...]:
    c = p.change
    return (
        f"{entry(p.first)} and {entry(p.second)}", fixed(p.overlap, 3), f"{p.degrees:.1f}°",
        f"{c.tokens:,}", _change(c.apart), _change(c.random), _change(c.difference),
    )  # fmt: skip
