"""The losses of a model's narrower heads, where `superscope repack` has made them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from superscope.errors import UsageError
from superscope.explorer.parts import Part
from superscope.heads import Head
from superscope.repack import HeadScore, Repacking, TextPart
from superscope.text import counted, named


def repack_part(found: Repacking) -> Part:
    """Return the curves of loss against rank as numbers, the full head's loss and the texts."""
    meta = {
        "part": "repack",
        "model": named(found.model),
        "width": found.width,
        "rows": found.rows,
        "ways": found.ways,
        "loss": _estimate(found.full, "loss"),
        "weights": found.full.weights,
        "heads": [_head(score) for score in found.scores],
        "best": [_head(score) for score in found.curve()],
        "half": _head(found.half),
        "scored": _text(found.scored),
        "calibration": _text(found.calibration),
        "other": None if found.other is None else _text(found.other.text),
        "other_heads": [] if found.other is None else [_head(s) for s in found.other.scores],
    }
    return Part(meta, {})


def _head(score: HeadScore) -> dict[str, Any]:
    return {
        "way": score.way,
        "rank": score.rank,
        "excess": _estimate(score, "excess"),
        "agree": score.agree.value,
        "weights": score.weights,
        "overlap": score.overlap.raw,
        "overlap_centered": score.overlap.centered,
    }


def _estimate(score: HeadScore, name: str) -> list[float | None]:
    estimate = getattr(score, name)
    return [estimate.value, estimate.error]


def _text(part: TextPart) -> str:
    return f"{counted(part.tokens, 'token')} of {named(part.name)}"


def by_model(heads: Sequence[Head], results: Iterable[Any]) -> dict[int, Repacking]:
    """Return which of some results are narrower heads of which model, by its number.

    Raises
    ------
    UsageError
        Narrower heads are of no model of the page, or it is not clear of which one.
    """
    found: dict[int, Repacking] = {}
    for result in results:
        if isinstance(result, Repacking):
            found[_owner(heads, result)] = result
    return found


def _owner(heads: Sequence[Head], of: Repacking) -> int:
    shape = f"{of.rows:,} × {of.width:,}"
    able = [
        k
        for k, head in enumerate(heads)
        if of.width == head.width and of.rows in (head.features, head.stored.shape[0])
    ]
    if not able:
        raise UsageError(
            f"the narrower heads are those of {named(of.model)}, {shape}; no model of this page "
            "has a head of this shape"
        )
    name = PurePath(of.model).name
    called = [k for k in able if PurePath(heads[k].provenance.model).name == name]
    if len(able) > 1 and len(called) != 1:
        raise UsageError(
            f"several models of this page have a head of {shape}, and none is called {name} alone; "
            f"explore {named(of.model)} by itself"
        )
    return called[0] if called else able[0]
