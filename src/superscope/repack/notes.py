"""What the reader of a narrower head should know of the texts and the model."""

from __future__ import annotations

from collections.abc import Iterator

from superscope.repack.original import quantized_head
from superscope.repack.repacker import Repacker
from superscope.text import counted, percent


def repack_notes(made: Repacker) -> Iterator[str]:
    """Yield the notes of a result; each says which text it is about."""
    yield from made.notes
    yield from _about_head(made)
    yield from _about_calibration(made)
    texts = {"calibration": made.states, "scored": made.scored, "other": made.other}
    said: dict[str, list[str]] = {}
    for name, states in texts.items():
        for note in () if states is None else states.notes:
            said.setdefault(note, []).append(name)
    for note, names in said.items():
        yield f"{' and '.join(names)} text: {note}"


def _about_head(made: Repacker) -> Iterator[str]:
    stored = quantized_head(made.checkpoint)
    if stored is not None:
        yield (
            f"the head is stored as {stored} and used as float32: it is this head, with the noise "
            "of its quantization, that is made narrower"
        )
    if made.full.bias is not None:
        yield "the bias of the head is kept as it is, and counts neither as weights nor as rank"
        if "trained" in made.options.ways:
            yield "training changes the bias of the head as well"
    elif made.options.trained_bias and "trained" in made.options.ways:
        yield (
            f"the bias that trained heads have, of {made.model.rows:,} numbers, counts neither as "
            "weights nor as rank"
        )
    if not made.full.shift_free:
        yield (
            "what follows the head (a soft cap) tells logits from logits plus a number, so that "
            "rows are not centered"
        )


def _about_calibration(made: Repacker) -> Iterator[str]:
    c, m = made.calibration, made.model.width
    if c.tokens < m:
        yield (
            f"calibration text: {counted(c.tokens, 'token')} are fewer than the {m:,} columns of "
            f"the head, so that C = E[h hᵀ] is singular; {percent(c.shrinkage)} of its mean "
            "diagonal is mixed in (Oracle Approximating Shrinkage)"
        )
    if c.documents == 1:
        yield (
            f"calibration text: it is one document of {counted(c.tokens, 'token')}, and the heads "
            "know no other; on other documents they may lose more"
        )
