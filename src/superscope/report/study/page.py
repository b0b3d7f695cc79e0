"""The page of a study: answers, figures, members, laws and how it was done, in one HTML file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from superscope._version import __version__
from superscope.figures.draw.colors import DARK, LIGHT
from superscope.figures.draw.drawable import shown
from superscope.figures.draw.drawing import Missing
from superscope.geometry import Geometry, Overlap
from superscope.laws import Law
from superscope.laws.summary import parameter_rows
from superscope.report.files import Placed, template
from superscope.report.laws.page import SOURCES
from superscope.text import advice, counted, fixed, number, percent, times, visible

if TYPE_CHECKING:
    from superscope.evaluation import Evaluation
    from superscope.study import Answer, Member, MemberFailure, Study

LONGEST_SENTENCE = 4000  # letters of a sentence; messages of errors can be long
MOST_VALUES = 4  # told apart where members differ; of more, the range
_FAILED = {"model": "not found", "head": "head not measured", "loss": "loss not evaluated"}


@dataclass(frozen=True)
class MemberRow:
    """A row of the table of members.

    Attributes
    ----------
    number
        From 1.
    name, revision
        Of the model.
    cells
        A number and what stands below it, by column.
    failures
        What could not be done, and why.
    """

    number: int
    name: str
    revision: str
    cells: tuple[tuple[str, str], ...]
    failures: tuple[str, ...]


MEMBER_COLUMNS = (
    "family", "width m", "V", "depth", "parameters", "regime", "φ", "overlap, raw",
    "overlap, centered", "overlap, in text", "effective width", "loss, nats per token",
    "bits per byte",
)  # fmt: skip
"""Of the table of members, beside number and model."""


@dataclass(frozen=True)
class LawBlock:
    """What the page says of a law.

    Attributes
    ----------
    title, formula
        What it is of, and how it reads.
    verdict
        In short; why there is none where there is none.
    rows
        Parameter, value, standard error, interval; empty where there is no law.
    """

    title: str
    formula: str
    verdict: str
    rows: tuple[tuple[str, ...], ...]


def render_study(study: Study, placed: Sequence[Placed], missing: Sequence[Missing]) -> str:
    """Return the page of a study and its drawn figures as HTML."""
    from superscope.study import answers  # the other reports do without it

    return template("study.html").render(
        title=title_of(study),
        answers=[_shown_answer(a) for a in answers(study)],
        drawings=placed,
        missing=[(m.title, visible_sentence(m.reason)) for m in missing],
        columns=MEMBER_COLUMNS,
        rows=member_rows(study),
        notes=[(visible_sentence(note), names) for note, names in member_notes(study)],
        laws=law_blocks(study),
        facts=[(label, visible_sentence(text)) for label, text in facts(study)],
        source=SOURCES["LLG25"],
        version=__version__,
        light=LIGHT,
        dark=DARK,
    )


def title_of(study: Study) -> str:
    """Return what a study is called."""
    return f"Study of {counted(len(study.members), 'model')} on {shown(study.text)}"


def visible_sentence(text: str) -> str:
    """Return a sentence with text of others in it, as a page has it."""
    return visible(text, quote="", longest=LONGEST_SENTENCE)


def _shown_answer(answer: Answer) -> Answer:
    return replace(
        answer, short=visible_sentence(answer.short), text=tuple(map(visible_sentence, answer.text))
    )


def member_rows(study: Study) -> tuple[MemberRow, ...]:
    """Return the table of members, in their order."""
    return tuple(
        MemberRow(k, shown(m.name), _revision(m), _cells(m), tuple(map(failed, m.failures)))
        for k, m in enumerate(study.members, start=1)
    )


def failed(failure: MemberFailure) -> str:
    """Return what could not be done, and why."""
    return visible_sentence(f"{_FAILED.get(failure.part, failure.part)}: {failure.reason}")


def _revision(member: Member) -> str:
    known = [
        member.geometry.provenance.revision if member.geometry is not None else None,
        member.evaluation.model.revision if member.evaluation is not None else None,
    ]
    revisions = dict.fromkeys(shown(r)[:12] for r in known if r)
    return " and ".join(revisions)


def _cells(member: Member) -> tuple[tuple[str, str], ...]:
    g, e, row = member.geometry, member.evaluation, member.observation
    weighted = None if g is None or g.centered.weighted is None else g.centered.weighted
    in_text = None if weighted is None else weighted.mean_square_overlap
    return (
        (shown(member.family) if member.family else "–", ""),
        *(_whole(None if row is None else value) for value in (
            (row.width, row.features, row.depth, row.parameters) if row is not None
            else (None,) * 4
        )),
        ("–", "") if g is None else (str(g.regime), g.evidence.short),
        ("–", "") if g is None else (
            number(g.represented_fraction, 4),
            f"untrained {number(g.untrained.represented_fraction, 4)}"),
        _overlap(None if g is None else g.raw),
        _overlap(None if g is None else g.centered),
        (number(in_text, 4),
         "" if in_text is None or g is None else times(in_text * g.width, 3)),
        (number(None if g is None else g.centered.effective_width, 4), ""),
        _with_error(e.loss, e.loss_se) if e is not None else ("–", ""),
        _with_error(e.bits_per_byte, e.bits_per_byte_se) if e is not None else ("–", ""),
    )  # fmt: skip


def _whole(value: int | None) -> tuple[str, str]:
    return ("–" if value is None else f"{value:,}", "")


def _overlap(overlap: Overlap | None) -> tuple[str, str]:
    if overlap is None:
        return "–", ""
    return number(overlap.mean_square_overlap, 4), times(overlap.ratio_to_random, 3)


def _with_error(value: float, error: float | None) -> tuple[str, str]:
    return fixed(value, 4), "" if error is None else f"± {error:.2g}"


def member_notes(study: Study) -> list[tuple[str, str]]:
    """Return the notes on heads and losses, each with the numbers of its members."""
    named: dict[str, list[str]] = {}
    for k, member in enumerate(study.members, start=1):
        results = (member.geometry, member.evaluation)
        for note in dict.fromkeys(n for result in results if result for n in result.notes):
            named.setdefault(note, []).append(str(k))
    return [(advice(note), ", ".join(numbers)) for note, numbers in named.items()]


def law_blocks(study: Study) -> tuple[LawBlock, ...]:
    """Return what is to be said of each law."""
    laws, missing = study.laws, study.laws.missing
    overlap = "mean square overlap = A · m^(−alpha) + B, B = 0"
    return (
        _law_block("Overlap of raw rows", overlap, laws.overlap, missing.get("overlap")),
        _law_block("Overlap of mean-centered rows", overlap, laws.overlap_centered,
                   missing.get("overlap_centered")),
        _law_block("Loss", "loss = A · m^(−alpha) + B", laws.loss, missing.get("loss")),
    )  # fmt: skip


def _law_block(title: str, formula: str, law: Law | None, why: str | None) -> LawBlock:
    if law is None:
        return LawBlock(title, "", visible_sentence(f"No law: {why or 'none was fitted'}."), ())
    if len(law.points.groups) > 1:
        formula += "[group]"
    verdict = law.short_verdict
    return LawBlock(
        title, formula, visible_sentence(f"{verdict[0].upper()}{verdict[1:]}."),
        tuple(tuple(map(shown, row)) for row in parameter_rows(law)),
    )  # fmt: skip


def facts(study: Study) -> list[tuple[str, str]]:
    """Return how losses were evaluated and heads measured; where members differ, how each."""
    evaluated = [(str(k), m.evaluation) for k, m in enumerate(study.members, 1) if m.evaluation]
    measured = [(str(k), m.geometry) for k, m in enumerate(study.members, 1) if m.geometry]
    found = []
    if evaluated:
        for label, say in _OF_LOSSES:
            found.append((label, _told([(k, say(e)) for k, e in evaluated])))
        for label, count in _COUNTS:
            found.append((label, _spread([(k, count(e)) for k, e in evaluated])))
        found += _left_out(evaluated)
    if measured:
        found.append(("overlaps", "exact, over all pairs of rows"))
        for label, told in _OF_HEADS:
            found.append((label, _told([(k, told(g)) for k, g in measured])))
    return found


def _limit(e: Evaluation) -> str:
    most = ((e.settings.max_tokens, "tokens"), (e.settings.max_documents, "documents"))
    limits = [f"the first {count:,} {what}" for count, what in most if count is not None]
    return " of ".join(limits) or "all of it"


_OF_LOSSES: tuple[tuple[str, Callable[[Evaluation], str]], ...] = (
    ("text", lambda e: e.text.name),
    ("taken of it", _limit),
    ("mode", lambda e: e.settings.reading),
    ("batch", lambda e: counted(e.settings.batch, "sequence")),
    ("weights", lambda e: e.settings.dtype),
    ("device", lambda e: e.settings.device),
    ("losses evaluated with", lambda e: f"superscope {e.settings.version}"),
)
_OF_HEADS: tuple[tuple[str, Callable[[Geometry], str]], ...] = (
    ("rows of the heads", lambda g: "all" if g.provenance.rows == "all" else
     "those the tokenizer can produce"),
    ("heads measured on", lambda g: g.settings.device),
    ("heads measured with", lambda g: f"superscope {g.settings.version}"),
)  # fmt: skip
_COUNTS: tuple[tuple[str, Callable[[Evaluation], int]], ...] = (
    ("tokens scored", lambda e: e.scored),
    ("documents", lambda e: e.text.documents),
    ("bytes of text", lambda e: e.text.nbytes),
)
_LEFT_OUT: tuple[tuple[str, Callable[[Evaluation], int]], ...] = (
    ("documents without a token", lambda e: e.text.empty),
    ("documents too short", lambda e: e.text.short),
    ("documents cut", lambda e: e.text.cut),
    ("bytes not decodable", lambda e: e.text.undecodable),
)


def _left_out(evaluated: Sequence[tuple[str, Evaluation]]) -> Iterator[tuple[str, str]]:
    for label, count in _LEFT_OUT:
        counts = [(k, count(e)) for k, e in evaluated]
        if any(n for _, n in counts):
            yield label, _spread(counts)
    unread = [(k, e.unread_share) for k, e in evaluated]
    if any(share for _, share in unread):
        yield "tokens unread beyond the context", _spread(unread, percent)


def _spread(
    values: Sequence[tuple[str, float]], written: Callable[[float], str] = "{:,}".format
) -> str:
    """Return a number, or where members differ those there are, or from where to where."""
    if len({written(n) for _, n in values}) <= MOST_VALUES:
        return _told([(k, written(n)) for k, n in values])
    return f"{written(min(n for _, n in values))} to {written(max(n for _, n in values))}"


def _told(values: Sequence[tuple[str, str]]) -> str:
    """Return a value, or where members differ each with the members' numbers."""
    members: dict[str, list[str]] = {}
    for member, value in values:
        members.setdefault(value, []).append(member)
    if len(members) == 1:
        return next(iter(members))
    return "; ".join(
        f"{value} ({'member' if len(of) == 1 else 'members'} {', '.join(of)})"
        for value, of in members.items()
    )
