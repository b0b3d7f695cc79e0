"""A lens, a token and a comparison as lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from superscope.geometry.stages import CENTERINGS
from superscope.lens._lens import Lens
from superscope.lens.overview import Extreme, Overview
from superscope.lens.token import Chance, Comparison, Named, Neighbor, Token
from superscope.text import (
    NONE,
    advice,
    as_text,
    columns,
    counted,
    fixed,
    labelled,
    named,
    number,
    rounded,
    times,
    token_name,
)

GROUPS = 3  # groups of equal rows that the overview names
SHOWN = 12  # entries that one line of a token names


def entry(one: Named) -> str:
    """Return a token as a user names it: its text and its id."""
    return token_name(one.id, one.text)


def _entries(several: Sequence[Named]) -> str:
    more = f" and {len(several) - SHOWN:,} more" if len(several) > SHOWN else ""
    return ", ".join(map(entry, several[:SHOWN])) + more


@as_text.register
def _(token: Token) -> str:
    t = token
    facts = [("class", f"{t.entry.row_class}: {t.entry.row_class.meaning}")]
    if t.equal:
        facts.append(("equal rows", f"{len(t.equal):,}: {_entries(t.equal)}"))
    if t.others:
        facts.append(("same word", _entries(t.others)))
    longer = f"{t.norm_rank - 1:,} of {t.features:,} rows are longer"
    facts.append(("norm", f"{number(t.norm, 4)}; {longer}"))
    facts.append(("interference", _interference(t)))
    if t.frequency_interference is not None:
        facts.append(("in the text", f"{number(t.frequency_interference, 4)}, mean c² with "
                      "another token of the text, mean-centered"))  # fmt: skip
    if t.in_degree is not None:
        facts.append(("as a neighbor", _hub(t)))
    lines = [labelled(f"{named(t.model)}: token {entry(t.entry)}", facts)]
    if t.neighbors:
        title = f"nearest rows, {CENTERINGS[t.center]}; {_random(t.chance)}"
        lines += ["", title, *_listed(t.neighbors)]
    if t.longer_neighbors is not None:
        lines += ["", "the same without the shortest 1 % of rows", *_listed(t.longer_neighbors)]
    return "\n".join(lines)


def _interference(t: Token) -> str:
    if t.interference is None:
        return "none: the row is zero and has no direction"
    less = (
        NONE
        if t.centered_interference is None
        else (
            f"{number(t.centered_interference, 4)} ({times(t.centered_interference * t.width, 3)})"
        )
    )
    return (
        f"mean c² {number(t.interference, 4)} raw ({times(t.interference * t.width, 3)} chance), "
        f"{less} mean-centered"
    )


def _hub(t: Token) -> str:
    assert t.in_degree is not None
    d = t.in_degree
    return (
        f"at least {counted(d.count, 'row has', 'rows have')} it among their {d.nearest} nearest: "
        f"so many of the {d.asked:,} rows nearest to it; the mean over all tokens is {d.nearest}"
    )


def _random(chance: Chance | None) -> str:
    if chance is None:
        return "nothing is known of random pairs"
    return f"a random pair has {_spread(chance)}"


def _spread(chance: Chance) -> str:
    return f"{fixed(chance.mean, 3)} ± {chance.std:.3f}"


def _listed(neighbors: Iterable[Neighbor]) -> list[str]:
    rows = [(entry(n.entry), n.entry.row_class, fixed(n.overlap, 3)) for n in neighbors]
    return [f"  {line}" for line in columns(("token", "class", "c"), rows)]


@as_text.register
def _(comparison: Comparison) -> str:
    c = comparison
    lines = [f"{named(c.model)}: overlap c of {len(c.entries)} tokens with each other"]
    header = ("", *(entry(e) for e in c.entries))
    for square in c.squares:
        rows = [
            (entry(e), *(fixed(float(v), 3) for v in row))
            for e, row in zip(c.entries, square.overlaps, strict=True)
        ]
        title = f"{CENTERINGS[square.chance.center]} rows; {_random(square.chance)}"
        lines += ["", title, *(f"  {x}" for x in columns(header, rows))]
    return "\n".join(lines)


@as_text.register
def _(overview: Overview) -> str:
    o = overview
    facts = [("rows", ", ".join(f"{n:,} {name}" for name, n in o.classes.items()))]
    for group in o.groups[:GROUPS]:
        facts.append((f"{len(group):,} equal rows", _entries(group)))
    raw, less = o.mean_square_overlap, o.mean_square_overlap_centered
    facts += [
        ("norm", f"mean {rounded(o.norm_mean)}, from {rounded(o.norm_min)} to "
                 f"{rounded(o.norm_max)}"),
        ("mean c²", f"{number(raw, 4)} raw ({times(raw * o.width)} chance), "
                    f"{number(less, 4)} mean-centered ({times(less * o.width)})"),
        ("most packed", _ends(o.most_packed)),
        ("least packed", _ends(o.least_packed)),
        ("longest", _ends(o.longest)),
        ("shortest", _ends(o.shortest)),
        *(("note", advice(note)) for note in o.notes),
    ]  # fmt: skip
    return labelled(f"{named(o.model)}: V = {o.features:,}, m = {o.width:,}", facts)


def _ends(extremes: Iterable[Extreme]) -> str:
    return ", ".join(f"{entry(e.entry)} {number(e.value, 3)}" for e in extremes)


@as_text.register
def _(lens: Lens) -> str:
    return as_text(lens.overview)
