"""Narrower heads as lines for people."""

from __future__ import annotations

from superscope.repack.repacking import HeadScore, Repacking
from superscope.text import (
    advice,
    as_text,
    columns,
    counted,
    fixed,
    labelled,
    named,
    percent,
    plus_minus,
)


@as_text.register
def _(found: Repacking) -> str:
    f = found
    lines = [
        ("full head", f"{_loss(f.full)} nats per token, rank {f.width}"),
        ("made from", f"{counted(f.calibration.tokens, 'token')} of {named(f.calibration.name)}"),
        ("scored on", f"{counted(f.scored.tokens, 'token')} of {named(f.scored.name)}, "
                      f"{counted(f.scored.documents, 'document')}"),
        ("split", f.split),
    ]  # fmt: skip
    lines += [("note", advice(note)) for note in f.notes]
    rows = [
        (
            s.way, str(s.rank), _loss(s), plus_minus(fixed(s.excess.value, 3), s.excess.error),
            percent(s.agree.value), fixed(s.kl.value, 3), percent(s.weights / f.full.weights),
        )
        for s in f.scores
    ]  # fmt: skip
    head = ("way", "rank", "loss", "over full head", "same top token", "KL", "weights")
    return "\n".join([labelled(named(f.model), lines), "", *columns(head, rows)])


def _loss(score: HeadScore) -> str:
    return plus_minus(fixed(score.loss.value, 3), score.loss.error)
