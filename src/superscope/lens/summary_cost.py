"""What collisions cost on a text, as lines for people."""

from __future__ import annotations

from collections.abc import Iterable

from superscope.geometry.stages import CENTERINGS
from superscope.lens.cost import GroupCost, NeighborCost
from superscope.lens.estimate import Estimate
from superscope.lens.intervention import Intervention, MovedPair, Together
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
    header = (what, "tokens", "loss", "to neighbors", "to controls", "difference", "confident")
    rows = [
        (
            g.name, f"{g.tokens:,}", fixed(g.loss.value, 3), fixed(g.neighbors.value, 4),
            fixed(g.controls.value, 4), _nats(g.difference), f"{g.confident:,}",
        )
        for g in groups
    ]  # fmt: skip
    return columns(header, rows)


@as_text.register
def _(found: Intervention) -> str:
    i = found
    count, tokens = counted(i.pairs_together.pairs, "pair"), i.pairs_together.tokens
    facts = [
        ("pairs", f"{_together(i.pairs_together)}; {count} that cost most, {tokens:,} tokens, "
                  "turned until they are at right angles"),
        ("controls", _controls(i.controls_together)),
        ("verdict", _meaning(i)),
    ]  # fmt: skip
    if i.equal:
        facts.append((
            "left out",
            f"{counted(i.equal, 'pair')} with equal rows, which no direction tells apart",
        ))  # fmt: skip
    rows = [_pair(p) for p in i.pairs[:SHOWN]]
    header = ("pair", "c", "turned", "tokens", "change on the two", "on the text")
    title = "moved apart in the head: change of the loss, nats"
    return "\n".join([labelled(title, facts), "", *columns(header, rows)])


def _change(estimate: Estimate) -> str:
    return plus_minus(with_sign(estimate.value, 4), estimate.error)


def _together(t: Together) -> str:
    return (
        f"{_change(t.change)} for each of their tokens, {_change(t.on_text)} for each of the text"
    )


def _controls(t: Together | None) -> str:
    if t is None:
        return "none: no other tokens of the text are as frequent"
    return (
        f"{_together(t)}; {counted(t.pairs, 'random pair')} of the same frequencies, "
        f"{t.tokens:,} tokens, turned as far"
    )


def _meaning(i: Intervention) -> str:
    if i.controls_together is None and i.verdict in ("cost", "meaning"):
        way = "falls" if i.verdict == "cost" else "rises"
        return (
            f"apart, the loss of their tokens {way}; without random pairs nothing tells whether "
            "any turn does that"
        )
    return {
        "cost": "apart, the loss of their tokens falls, and more than that of random pairs: these "
                "collisions cost something",
        "meaning": "apart, the loss of their tokens rises, and more than that of random pairs: "
                   "closeness is meaning, not cost",
        "turn": "apart, the loss of their tokens changes as that of random pairs turned as far: "
                "it is the turn that counts, and not the collision",
        "none": "apart, the loss of their tokens is the same within twice the error: these "
                "collisions cost nothing that shows",
        "unknown": "one document gives no error, so that a change may be chance",
    }[i.verdict]  # fmt: skip


def _pair(p: MovedPair) -> tuple[str, ...]:
    return (
        f"{entry(p.first)} and {entry(p.second)}", fixed(p.overlap, 3), f"{p.degrees:.1f}°",
        f"{p.tokens:,}", _change(p.change), _change(p.on_text),
    )  # fmt: skip
