"""The laws of a result: of each way, of the best one at each rank, and of a family beside it."""

from __future__ import annotations

from dataclasses import replace

from superscope.laws import Law
from superscope.repack.repacking import Repacking
from superscope.repack.width_law import BEST, family_law, head_law


def with_laws(found: Repacking, name: str = "", family: Law | None = None) -> Repacking:
    """Return a result with its laws.

    Parameters
    ----------
    found
        The result.
    name
        Of the table of a family.
    family
        The law of that family; or None.
    """
    laws = [
        head_law(way, [s.rank for s in curve], [s.excess for s in curve], found.width)
        for way in (BEST, *found.ways)
        for curve in (found.curve(way),)
    ]
    beside = None if family is None else family_law(name, family, found.ranks, found.width)
    return replace(found, laws=tuple(laws), family=beside)
