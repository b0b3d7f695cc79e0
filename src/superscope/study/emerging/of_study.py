"""The losses of tokens over the widths of a study."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from superscope.errors import UsageError
from superscope.evaluation import Evaluation
from superscope.evaluation.evaluation import LEAST_COUNT, PARTS
from superscope.geometry import Geometry
from superscope.geometry.row_classes import CLASSES
from superscope.study.emerging.classes import USUAL, Kind
from superscope.study.emerging.curves import Curves, Int64
from superscope.study.emerging.shapes import Floats
from superscope.study.members import Member
from superscope.study.result import Study
from superscope.text import listed, named


def curves_of(
    study: Study, least: int, family: str | None = None, classes: Collection[Kind] = USUAL
) -> Curves:
    """Return the losses of the tokens of a study that occur often enough.

    Parameters
    ----------
    study
        The study.
    least
        Occurrences.
    family
        Which family, if it has several.
    classes
        What is to be known of tokens beyond frequency and spelling.

    Raises
    ------
    UsageError
        The members have different tokenizers, or read the text differently; they are of several
        families; their losses by part were not kept; the narrowest has no head, and classes take
        it; there are too few widths, documents or occurrences.
    """
    if least < LEAST_COUNT:
        raise UsageError(f"least={least}; a study keeps what this needs from {LEAST_COUNT} on")
    members = _evaluated(study, family)
    found = [(m.name, m.evaluation) for m in members if m.evaluation is not None]
    first_name, first = found[0]
    for name, other in found[1:]:
        if other.vocabulary != first.vocabulary:
            raise UsageError(
                f"{named(name)} and {named(first_name)} have different tokenizers, so their "
                "tokens cannot be compared; make a study of models with one tokenizer"
            )
        if not _read_alike(first, other):
            raise UsageError(
                f"{named(name)} and {named(first_name)} read the text differently "
                f"({other.how}; {first.how}); make the study with one context for all"
            )
    tokens = first.token_losses
    often = tokens.counts >= least
    if not often.any():
        raise UsageError(
            f"no token occurs {least:,} times in {named(study.text)}; take a longer text, or a "
            f"smaller least= (at least {LEAST_COUNT})"
        )
    ids = tokens.ids[often]
    counts = _by_part(first, ids)[0]
    used = counts.any(axis=0)  # all, unless the text has few documents
    nats = np.stack([_by_part(one, ids)[1][:, used] for _, one in found], axis=1)
    vocabulary = first.vocabulary
    names = tuple(vocabulary[i] if i < len(vocabulary) else None for i in ids.tolist())
    widths = np.array([one.model.width for _, one in found], np.int64)
    rows = overlaps = None
    if not {"rows", "collision"}.isdisjoint(classes):
        head = _geometry(members[int(widths.argmin())])
        rows = _row_classes(head, ids) if "rows" in classes else None
        overlaps = _overlaps(head, ids) if "collision" in classes else None
    return Curves(ids, names, widths, counts[:, used], nats, rows, overlaps)


def _geometry(member: Member) -> Geometry:
    """Return the geometry of a member's head, which classes by rows and collision take."""
    if member.geometry is None or member.geometry.classes is None:
        why = next((f.reason for f in member.failures if f.part != "loss"), "it was not done")
        raise UsageError(
            f"the study has no head of {named(member.name)}, its narrowest model ({why}), which "
            "classes by rows and collision come from; run superscope study again into the same "
            "folder, or choose other classes"
        )
    return member.geometry


def _row_classes(head: Geometry, ids: Int64) -> tuple[str, ...]:
    """Return the class of the row of each token, empty where the head has none."""
    found = head.classes
    assert found is not None
    names = {int(i): str(CLASSES[k]) for i, k in zip(found.kept_ids, found.codes, strict=True)}
    return tuple(names.get(i, "") for i in ids.tolist())


def _overlaps(head: Geometry, ids: Int64) -> Floats:
    """Return the mean square overlap of each token's centered row with the others, or NaN."""
    frame = head.tokens()
    of = dict(zip(frame["id"].tolist(), frame["interference_centered"].tolist(), strict=True))
    return np.array([of.get(i, np.nan) for i in ids.tolist()])


def too_rare(study: Study, least: int, family: str | None = None) -> int:
    """Return how many tokens occur in the text, but too rarely, as a family reads it."""
    known = (e.evaluation for e in _evaluated(study, family) if e.evaluation is not None)
    return max(int((e.token_losses.counts < least).sum()) for e in known)


def _evaluated(study: Study, family: str | None) -> list[Member]:
    """Return the members of one family, all of which have a loss."""
    having = list(study.members)
    families = sorted({m.family for m in having if m.family is not None})
    if family is not None:
        having = [m for m in having if m.family == family]
        if not having:
            known = f"; it has {listed(families)}" if families else "; leave out family="
            raise UsageError(f"the study has no loss of a member of family {family!r}{known}")
    elif len(families) > 1:
        raise UsageError(
            f"the study has several families: {listed(families)}; name one with family="
        )
    lost = [m for m in having if m.evaluation is None]
    if lost:
        why = next((f.reason for f in lost[0].failures if f.part != "head"), "it was not done")
        raise UsageError(
            f"the study is not complete: {listed([named(m.name) for m in lost])} "
            f"{'has' if len(lost) == 1 else 'have'} no loss ({why}); run superscope study again, "
            "or without it"
        )
    without = [m.name for m in having if not _has_parts(m)]
    if without:
        raise UsageError(
            f"the losses by part of the text are missing of {listed(list(map(named, without)))}; "
            "they come from an earlier version: run superscope study again into the same folder"
        )
    return having


def _has_parts(member: Member) -> bool:
    return member.evaluation is not None and member.evaluation.token_parts is not None


def _read_alike(one: Evaluation, other: Evaluation) -> bool:
    a, b = one.token_losses, other.token_losses
    return np.array_equal(a.ids, b.ids) and np.array_equal(a.counts, b.counts)


def _by_part(one: Evaluation, ids: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[Floats]:
    """Return counts and nats of tokens by part, each (T, PARTS)."""
    parts = one.token_parts
    assert parts is not None
    token, part = parts.ids // PARTS, parts.ids % PARTS
    kept = np.isin(token, ids)
    place = np.searchsorted(ids, token[kept])
    found = []
    for values in (parts.counts, parts.nats):
        table = np.zeros((len(ids), PARTS))
        table[place, part[kept]] = values[kept]
        found.append(table)
    return found
