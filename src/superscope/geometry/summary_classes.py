"""The classes of rows as lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from superscope.geometry.geometry import Geometry
from superscope.geometry.row_classes import RowClass, RowClasses
from superscope.text import as_text, counted, labelled, token_name

SHOWN_GROUPS, SHOWN_ROWS = 3, 4  # in the table of a geometry
LISTED = 10  # groups in a list of their own


def class_facts(g: Geometry) -> Iterator[tuple[str, str]]:
    """Yield how many rows there are of each class, and the groups of equal rows."""
    if g.classes is None:
        return
    c = g.classes
    if c.reason is None:
        yield "classes of rows", ", ".join(f"{kind} {n:,}" for kind, n in c.counts.items())
    else:
        yield "classes of rows", f"words are not told from others: {c.reason}"
    equal = sum(map(len, c.groups)) - len(c.groups)
    if not equal or g.raw.pairs is None:
        return
    rows, groups = counted(equal, "row equals", "rows equal"), counted(len(c.groups), "group")
    pairs = counted(g.raw.pairs.folded, "pair is", "pairs are")
    yield (
        "equal rows",
        (f"{rows} an earlier one, in {groups}; {pairs} folded into those of the first row of each"),
    )
    for group in _group_lines(c)[:SHOWN_GROUPS]:
        yield "", group
    if len(c.groups) > SHOWN_GROUPS:
        yield "", f"and {counted(len(c.groups) - SHOWN_GROUPS, 'more group')}"


def _group_lines(classes: RowClasses) -> list[str]:
    """Return the size, the first texts and the first ids of each group, the largest first."""
    texts = classes.texts or tuple((None,) * len(group) for group in classes.groups)
    by_size = sorted(zip(classes.groups, texts, strict=True), key=lambda both: -len(both[0]))
    return [
        f"{len(group)} rows: {', '.join(map(token_name, group[:SHOWN_ROWS], names[:SHOWN_ROWS]))}"
        + (", …" if len(group) > SHOWN_ROWS else "")
        for group, names in by_size
    ]


@as_text.register
def classes_text(classes: RowClasses) -> str:
    """Return how many rows there are of each class, and the groups of equal rows."""
    counts = classes.counts
    facts = [(f"{counts[kind]:,} {kind}", kind.meaning) for kind in RowClass if counts.get(kind)]
    facts += [("equal rows", group) for group in _group_lines(classes)[:LISTED]]
    if classes.reason:
        facts.append(("note", classes.reason))
    return labelled(f"classes of {counted(len(classes.codes), 'row')}", facts, width=20)
