"""A loss as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from superscope.text import visible

if TYPE_CHECKING:
    from superscope.evaluation.evaluation import Evaluation

_LABEL = 15  # columns of the labels


def as_text(evaluation: Evaluation) -> str:
    """Return the lines of a loss."""
    e = evaluation
    s, t, m = e.settings, e.text, e.model
    title = f"{_shown(m.name)} on {_shown(t.name)}"
    revision = "" if m.revision is None else f", revision {m.revision[:12]}"
    lines = [
        ("loss", f"{_estimate(e.loss, e.loss_se)} nats per token"),
        ("bits per byte", _estimate(e.bits_per_byte, e.bits_per_byte_se)),
        ("perplexity", f"{e.perplexity:,.4g}"),
        ("text", f"{t.documents:,} documents, {e.scored:,} tokens scored, "
                 f"{t.nbytes / e.scored:.3g} bytes each"),
        ("mode", _mode(evaluation)),
        ("model", f"V = {m.rows:,}, m = {m.width:,}, {s.dtype} on {s.device}, "
                  f"batches of {s.batch}{revision}"),
    ]  # fmt: skip
    if e.loss_se is None:
        lines.append(("error", "none: one document, and tokens of one text are not independent; "
                               "plain text becomes several with --split paragraph"))  # fmt: skip
    else:
        lines.append(
            ("error", f"± one standard error, clustered by {len(e.documents.ids):,} documents")
        )
    lines += [("note", note) for note in e.notes]
    return "\n".join([title, *(f"  {label:<{_LABEL}}{text}" for label, text in lines)])


def _mode(evaluation: Evaluation) -> str:
    s, t = evaluation.settings, evaluation.text
    if s.stride is None:
        return f"documents: each cut to {s.context:,} tokens, which {t.cut:,} were longer than"
    return (f"windows of {s.context:,} tokens over the documents in a row, one every {s.stride:,}; "
            "each token scored once")  # fmt: skip


def _estimate(value: float, error: float | None) -> str:
    return f"{value:.4f}" if error is None else f"{value:.4f} ± {error:.2g}"


def _shown(name: str) -> str:
    return visible(name, quote="", longest=200)
