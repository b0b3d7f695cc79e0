"""What the reader of a narrower head should know of the texts and the model."""

from __future__ import annotations

from collections.abc import Iterator

from superscope.repack.repacker import Repacker
from superscope.text import counted, percent


def repack_notes(made: Repacker) -> Iterator[str]:
    """Yield the notes of a result; each says which text it is about."""
    yield from made.notes
    yield from _about_calibration(made)
    texts = {"calibration": made.states, "scored": made.scored, "other": made.other}
    said: dict[str, list[str]] = {}
    for name, states in texts.items():
        for note in () if states is None else states.notes:
            said.setdefault(note, []).append(name)
    for note, names in said.items():
        yield f"{' and '.join(names)} text: {note}"


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
