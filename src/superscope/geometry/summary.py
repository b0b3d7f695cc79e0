"""A geometry as a table for people: the lines, and their plain text and HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from superscope import text
from superscope.geometry.geometry import Geometry
from superscope.geometry.moved import Moved
from superscope.geometry.norms import Norms, Regime
from superscope.geometry.overlap import Overlap
from superscope.geometry.pairs import Pair, PairStatistics
from superscope.geometry.stages import CENTERINGS
from superscope.geometry.summary_classes import class_facts
from superscope.geometry.untrained import MANY, UntrainedRows
from superscope.geometry.weighted import WeightedOverlap
from superscope.text import (
    NONE,
    advice,
    counted,
    labelled,
    named,
    number,
    plus_minus,
    signed,
    times,
    visible,
)

SHOWN_PAIRS = 10
LABEL = 38  # characters of the longest label
PAIR_METHODS = {"exact": "all there are", "sample": "drawn at random"}


@dataclass(frozen=True)
class Summary:
    """The parts of the table, so that terminal, notebook and report show the same.

    Attributes
    ----------
    title
        Model and shape.
    columns
        Heading of each centering.
    overlaps
        Label and one value for each centering.
    facts
        Label and value of what centering does not change.
    pairs_title, pairs
        The most colliding pairs of raw and of centered rows.
    """

    title: str
    columns: tuple[str, ...]
    overlaps: tuple[tuple[str, ...], ...]
    facts: tuple[tuple[str, str], ...]
    pairs_title: str
    pairs: tuple[tuple[str, ...], ...]


def summarize(geometry: Geometry) -> Summary:
    """Return the table of a geometry."""
    g = geometry
    return Summary(
        title=f"{named(g.provenance.model)}: V = {g.features:,}, "
        f"m = {g.width:,}, V/m = {g.features / g.width:.4g}",
        columns=tuple(CENTERINGS[o.center] for o in g.overlaps),
        overlaps=tuple(_overlap_lines(g.overlaps)),
        facts=tuple(_facts(g)),
        pairs_title=_pairs_title(g),
        pairs=tuple(_pair_lines(g)),
    )


def _share(value: float | None) -> str:
    return NONE if value is None else f"{value:.4f}"


def _chance(o: Overlap) -> str:
    return NONE if o.center == "frequency" else f"1 ± {o.random_mean_square_sd * o.width:.1g}×"


def _deviation(o: Overlap) -> str:
    z = o.deviation_from_random
    return NONE if z is None else signed(z)


def _sampled(value: float, error: float) -> str:
    return number(value) if error == 0 else plus_minus(number(value, 4), error, 1)


def _mean_absolute(o: Overlap) -> str:
    return NONE if o.pairs is None else _sampled(o.pairs.mean_absolute, o.pairs.mean_absolute_se)


def _std_absolute(o: Overlap) -> str:
    return NONE if o.pairs is None else _sampled(o.pairs.std_absolute, o.pairs.std_absolute_se)


def _coherence(o: Overlap) -> str:
    return NONE if o.pairs is None else _largest(o.pairs)


def _largest(pairs: PairStatistics) -> str:
    bound = "" if pairs.method == "exact" else "≥ "
    return f"{bound}{pairs.largest:.6g}"


OVERLAP_LINES: tuple[tuple[str, Callable[[Overlap], str]], ...] = (
    ("mean square overlap", lambda o: number(o.mean_square_overlap)),
    ("  against chance, 1/m", lambda o: times(o.ratio_to_random)),
    ("  untrained rows, ± 1 s.d.", _chance),
    ("  standard deviations from these", _deviation),
    ("  against the Welch floor", lambda o: times(o.ratio_to_welch)),
    ("mean |overlap|", _mean_absolute),
    ("  by chance", lambda o: number(o.random_mean_absolute)),
    ("std |overlap|", _std_absolute),
    ("mean overlap", lambda o: number(o.mean_overlap)),
    ("coherence, max |overlap|", _coherence),
    ("effective width", lambda o: number(o.effective_width, 4)),
    ("  untrained rows", lambda o: number(o.random_effective_width, 4)),
    ("packing efficiency", lambda o: f"{o.packing_efficiency:.4f}"),
    ("entropy rank", lambda o: number(o.entropy_rank, 4)),
    ("stable rank", lambda o: number(o.stable_rank, 4)),
    ("variance outside Marchenko–Pastur", lambda o: _share(o.outside_marchenko_pastur)),
    ("rows placed as at random", lambda o: _share(o.random_direction_share)),
)

_WEIGHTED_LINES: tuple[tuple[str, Callable[[WeightedOverlap], str]], ...] = (
    ("mean square overlap, text-weighted", lambda w: number(w.mean_square_overlap)),
    ("interference of a text's token", lambda w: number(w.token_interference)),
    ("effective width, text-weighted", lambda w: number(w.effective_width, 4)),
    ("effective tokens, 1/Σp²", lambda w: number(w.effective_tokens, 4)),
    ("share of the text left out", lambda w: number(1 - w.covered, 3)),
)


def _overlap_lines(overlaps: Sequence[Overlap]) -> Iterator[tuple[str, ...]]:
    for label, value in OVERLAP_LINES:
        yield label, *(value(o) for o in overlaps)
    weighted = [o.weighted for o in overlaps if o.weighted is not None]
    for label, value_weighted in _WEIGHTED_LINES if weighted else ():
        yield label, *(value_weighted(w) for w in weighted)


def _facts(g: Geometry) -> list[tuple[str, str]]:
    p = g.provenance
    facts = [
        *(_norm_facts(g.norms) if p.scale_known else (("norms", "not known"),)),
        *_untrained_facts(g.untrained),
        ("regime", regime_words(g)),
        *_evidence_facts(g),
        ("rows left out", _left_out(g)),
        *class_facts(g),
    ]  # fmt: skip
    if p.tensor:
        facts.append(("tensor", f"{p.tensor} ({p.reason})"))
    if p.file:
        facts.append(("file", f"{p.file} ({p.format})"))
    if p.revision:
        facts.append(("revision", p.revision))
    quantized = ", quantized: its noise is part of every overlap" if p.quantized else ""
    facts.append(("stored as", f"{p.dtype}{quantized}"))
    if p.folded_norm:
        facts.append(("folded in", f"the final norm's gain, {p.folded_norm}"))
    facts += [("note", advice(note)) for note in g.notes]
    return [(label, named(what, longest=500)) for label, what in facts]


def _norm_facts(n: Norms) -> list[tuple[str, str]]:
    quantiles = n.quantiles
    return [
        ("norms", f"mean {n.mean:.4g}, rms {n.root_mean_square:.4g}, std {n.std:.4g}, "
                  f"std/mean {n.coefficient_of_variation:.3g}"),
        ("", f"min {n.min:.4g}, 5 % {quantiles[0.05]:.4g}, median {quantiles[0.5]:.4g}, "
             f"95 % {quantiles[0.95]:.4g}, max {n.max:.4g}"),
        ("represented fraction", f"{n.represented_fraction():.4f} (norm > {n.threshold:.4g}, "
                                 f"{n.threshold_rule})"),
    ]  # fmt: skip


def _untrained_facts(untrained: UntrainedRows) -> list[tuple[str, str]]:
    return [
        ("untrained rows", f"{untrained.represented_fraction:.4f}, with norms of std/mean "
                             f"{untrained.norm_cv:.3g}"),
    ]  # fmt: skip


def regime_words(geometry: Geometry) -> str:
    """Return the regime, and what untrained rows of the same shape have."""
    found, untrained = geometry.regime, geometry.untrained.regime
    if geometry.features <= geometry.width:
        return f"{found} (V ≤ m: superposition is not needed)"
    if found is Regime.UNKNOWN:
        return f"{found}: the scale of its norms is not known"
    if found == untrained:
        return f"{found} by its norms, as untrained rows too"
    return f"{found} by its norms; untrained rows: {untrained}"


def _evidence_facts(g: Geometry) -> list[tuple[str, str]]:
    facts = [("against untrained rows", g.evidence.meaning)]
    share = g.raw.random_direction_share
    if g.evidence.trained and share is not None and share > MANY:
        facts.append(
            ("", f"{100 * share:.0f} % of the rows overlap no more than random directions do: "
                 "they may be untrained")
        )  # fmt: skip
    if g.moved is not None:
        m = g.moved
        facts.append(("moved rows", f"{m.moved:.4f} of {m.rows:,} differ from {m.initial} by more "
                                    f"than rounding, {m.turned:.4f} in direction"))  # fmt: skip
    return facts


def _left_out(g: Geometry) -> str:
    parts = []
    if g.rows_outside_tokenizer:
        parts.append(f"{g.rows_outside_tokenizer:,} that the tokenizer cannot produce")
    if g.zero_rows:
        parts.append(f"{len(g.zero_rows):,} exactly zero (ids {_ids(g.zero_rows)})")
    if g.near_zero_rows and g.provenance.rows == "trained":
        parts.append(f"{len(g.near_zero_rows):,} near zero (ids {_ids(g.near_zero_rows)})")
    for overlap in g.overlaps[1:]:
        if overlap.left_out:
            parts.append(
                f"{len(overlap.left_out):,} equal to the center, from the "
                f"{CENTERINGS[overlap.center]} column only (ids {_ids(overlap.left_out)})"
            )
    return "; ".join(parts) or "none"


def _ids(ids: tuple[int, ...]) -> str:
    return ", ".join(map(str, ids[:5])) + (", …" if len(ids) > 5 else "")


def _pairs_title(g: Geometry) -> str:
    pairs = g.raw.pairs
    if pairs is None:
        return ""
    among = "all" if pairs.method == "exact" else "the sampled"
    title = f"most colliding of {among} {pairs.pairs:,} pairs"
    if g.classes is None:
        return title
    return f"{title}, {'equal rows once' if g.classes.reason else 'words first, equal rows once'}"


def _pair_lines(g: Geometry) -> list[tuple[str, ...]]:
    lists = [o.pairs.top[:SHOWN_PAIRS] for o in g.overlaps if o.pairs is not None]
    length = max((len(pairs) for pairs in lists), default=0)
    return [
        tuple(_pair(pairs[k]) if k < len(pairs) else "" for pairs in lists) for k in range(length)
    ]


def _pair(pair: Pair) -> str:
    return f"{pair.overlap:+.4f}  {_token(pair.first, pair.first_text)}  " + _token(
        pair.second, pair.second_text
    )


def _token(index: int, token: str | None) -> str:
    return f"#{index}" if token is None else visible(token)


@text.as_text.register
def geometry_text(geometry: Geometry) -> str:
    """Return the table as aligned plain text."""
    s = summarize(geometry)
    left = max(len(line[0]) for line in (*s.overlaps, *s.facts)) + 2
    wide = max(len(v) for line in (s.columns, *(x[1:] for x in s.overlaps)) for v in line) + 2
    lines = [s.title, "", " " * left + "".join(c.rjust(wide) for c in s.columns)]
    lines += [
        label.ljust(left) + "".join(v.rjust(wide) for v in values) for label, *values in s.overlaps
    ]
    lines += ["", *(label.ljust(left) + value for label, value in s.facts)]
    if s.pairs:
        lines += ["", s.pairs_title]
        column = max(len(cell) for row in s.pairs for cell in row) + 4
        lines.append("".join(f"  {c}".ljust(column) for c in s.columns).rstrip())
        lines += ["".join(f"  {cell}".ljust(column) for cell in row).rstrip() for row in s.pairs]
    return "\n".join(lines)


@text.as_html.register
def geometry_html(geometry: Geometry) -> str:
    """Return the table as HTML, everything escaped."""
    s = summarize(geometry)

    def row(label: str, values: tuple[str, ...], tag: str = "td") -> str:
        cells = "".join(f"<{tag} style='text-align:right'>{escape(v)}</{tag}>" for v in values)
        return f"<tr><th style='text-align:left'>{escape(label.strip())}</th>{cells}</tr>"

    span = len(s.columns)
    facts = "".join(
        f"<tr><th style='text-align:left'>{escape(label)}</th>"
        f"<td colspan='{span}' style='text-align:left'>{escape(value)}</td></tr>"
        for label, value in s.facts
    )
    pairs = "".join(row("", line) for line in s.pairs)
    return (
        f"<table><caption style='text-align:left'><b>{escape(s.title)}</b></caption>"
        f"{row('', s.columns, 'th')}{''.join(row(line[0], line[1:]) for line in s.overlaps)}"
        f"{facts}{row(s.pairs_title, s.columns, 'th') if s.pairs else ''}{pairs}</table>"
    )


@text.as_text.register
def moved_text(moved: Moved) -> str:
    """Return how many rows moved."""
    facts = [("moved", f"{moved.moved:.4f}"), ("turned", f"{moved.turned:.4f}")]
    title = f"{counted(moved.rows, 'row')} against {named(moved.initial)}"
    return labelled(title, facts, width=LABEL)


@text.as_text.register
def untrained_text(untrained: UntrainedRows) -> str:
    """Return what untrained rows give."""
    facts = [
        ("represented fraction", f"{untrained.represented_fraction:.4f}"),
        ("std/mean of norms", f"{untrained.norm_cv:.3g}"),
        ("regime", str(untrained.regime)),
    ]
    return labelled("untrained rows of the same shape", facts, width=LABEL)


@text.as_text.register
def overlap_text(overlap: Overlap) -> str:
    """Return one centering's column of the table."""
    title = f"{CENTERINGS[overlap.center]}: V = {overlap.features:,}, m = {overlap.width:,}"
    facts = [(line[0], line[1]) for line in _overlap_lines([overlap])]
    return labelled(title, facts, width=LABEL)


@text.as_text.register
def weighted_text(weighted: WeightedOverlap) -> str:
    """Return the overlaps of a text's tokens."""
    facts = [(label, value(weighted)) for label, value in _WEIGHTED_LINES]
    return labelled("weighted by the frequency of tokens", facts, width=LABEL)


@text.as_text.register
def norms_text(norms: Norms) -> str:
    """Return the mean, spread and quantiles of the norms."""
    return labelled(f"norms of {counted(len(norms.values), 'row')}", _norm_facts(norms), LABEL)


@text.as_text.register
def pairs_text(pairs: PairStatistics) -> str:
    """Return the statistics of pairs, and the pairs that overlap most."""
    facts = [
        ("mean |overlap|", _sampled(pairs.mean_absolute, pairs.mean_absolute_se)),
        ("std |overlap|", _sampled(pairs.std_absolute, pairs.std_absolute_se)),
        ("mean square overlap", _sampled(pairs.mean_square, pairs.mean_square_se)),
        ("coherence, max |overlap|", _largest(pairs)),
        *(("", _pair(pair)) for pair in pairs.top[:SHOWN_PAIRS]),
    ]
    title = f"{counted(pairs.pairs, 'pair')}, {PAIR_METHODS[pairs.method]}"
    return labelled(title, facts, LABEL)
