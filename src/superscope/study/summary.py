"""A study as lines for people."""

from __future__ import annotations

from superscope.study._answers import answers
from superscope.study.members import Member
from superscope.study.result import Study
from superscope.text import as_text, columns, named

HEADER = ("model", "width", "V", "overlap × m", "centered × m", "loss", "± s.e.", "bits/byte")


def table_lines(study: Study) -> list[str]:
    """Return a line for each member, its numbers under a header."""
    return columns(HEADER, [_row(member) for member in study.members])


def _row(member: Member) -> tuple[str, ...]:
    g, e = member.geometry, member.evaluation
    width = g.width if g is not None else e.model.width if e is not None else None
    rows = g.features if g is not None else e.model.rows if e is not None else None
    return (
        named(member.name, 60),
        *("–" if n is None else f"{n:,}" for n in (width, rows)),
        *(("–", "–") if g is None else (
            f"{g.raw.ratio_to_random:.3g}", f"{g.centered.ratio_to_random:.3g}")),
        *(("–", "–", "–") if e is None else (
            f"{e.loss:.4f}", "–" if e.loss_se is None else f"{e.loss_se:.2g}",
            f"{e.bits_per_byte:.4f}")),
    )  # fmt: skip


@as_text.register
def _(study: Study) -> str:
    lines = table_lines(study)
    for answer in answers(study):
        short = answer.short[:1].upper() + answer.short[1:]
        lines += ["", f"{answer.question} {short}."]
        lines += [f"  {named(sentence, 4000)}" for sentence in answer.text]
    return "\n".join(lines)
