"""A loss as lines for people."""

from __future__ import annotations

from superscope.evaluation.evaluation import Evaluation
from superscope.text import (
    advice,
    as_text,
    counted,
    fixed,
    labelled,
    named,
    percent,
    plus_minus,
    visible,
)


@as_text.register
def _(evaluation: Evaluation) -> str:
    e = evaluation
    s, t, m = e.settings, e.text, e.model
    revision = "" if m.revision is None else f", revision {m.revision[:12]}"
    lines = [
        ("loss", f"{plus_minus(fixed(e.loss, 4), e.loss_se)} nats per token"),
        ("bits per byte", plus_minus(fixed(e.bits_per_byte, 4), e.bits_per_byte_se)),
        ("perplexity", _perplexity(e)),
        ("text", f"{counted(t.documents, 'document')}, {counted(e.scored, 'token')} scored, "
                 f"{t.nbytes / e.scored:.3g} bytes each"),
        ("mode", _mode(evaluation)),
        ("scored", _scored(evaluation)),
        ("model", f"V = {m.rows:,}, m = {m.width:,}, {s.dtype} on {s.device}, "
                  f"batches of {s.batch}{revision}"),
    ]  # fmt: skip
    if e.loss_se is None:
        lines.append(("error", advice(
            "none, because there is one document and its tokens are not independent; "
            "split='paragraph' makes several documents of plain text"
        )))  # fmt: skip
    else:
        lines.append((
            "error", f"± one standard error, clustered by {len(e.documents.ids):,} documents; "
            f"{_intervals(e)}"
        ))  # fmt: skip
    lines += [("note", advice(note)) for note in e.notes]
    return labelled(f"{named(m.name)} on {named(t.name)}", lines)


def _intervals(evaluation: Evaluation) -> str:
    loss, bits = evaluation.loss_interval or (), evaluation.bits_per_byte_interval or ()
    of_loss, of_bits = (" to ".join(fixed(end, 4) for end in ends) for ends in (loss, bits))
    return f"95 % by Student's t: {of_loss} nats, {of_bits} bits"


def _perplexity(evaluation: Evaluation) -> str:
    by_token = f"{evaluation.perplexity:,.4g} per token"
    by_word = evaluation.word_perplexity
    if by_word is None:
        return by_token
    return f"{by_token}, {by_word:,.4g} per word ({counted(evaluation.text.words or 0, 'word')})"


def _scored(evaluation: Evaluation) -> str:
    s = evaluation.settings
    if s.first_scored:
        before = visible(" ".join(s.before), quote="", longest=100)
        if s.stride is None:
            return f"every token; {before} stands before each text and is not scored"
        return f"every token; {before} stands before each window and is not scored"
    if s.stride is None:
        return "every token but the first of each text, which has nothing before it"
    return "every token but the first of the first text, which has nothing before it"


def _mode(evaluation: Evaluation) -> str:
    s, t = evaluation.settings, evaluation.text
    if s.stride is not None:
        return s.reading
    longer = f"{counted(t.cut, 'was', 'were')} longer"
    if not t.unread:
        return f"{s.reading} ({longer})"
    return f"{s.reading} ({longer}, {percent(t.unread_share)} of the tokens unread)"
