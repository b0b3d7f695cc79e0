"""From a head as a lens looks at it to one of its tokens."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float32, UnitRows
from superscope.geometry.weighted import shares
from superscope.lens.hubs import in_degree
from superscope.lens.lensed_head import LensedHead
from superscope.lens.neighbors import nearest, shortest
from superscope.lens.products import overlaps_of
from superscope.lens.token import Neighbor, Token

FIRST = 5  # neighbors that must differ for the list without short rows to be given


def token_of(lens: LensedHead, index: int, others: Iterable[int]) -> Token:
    """Return what a lens shows of one token; `others` are entries of the same word."""
    center, norms = lens.options.center, lens.views.prepared.norms
    at = lens.views.prepared.raw.head.position_of(index)
    norm = 0.0 if at is None else float(norms[at])
    asked: dict[str, tuple[UnitRows, int]] = {}
    for view in dict.fromkeys(("none", "mean", center)):
        measurable = lens.views.measurable(view)
        place = lens.views.position(view, index) if measurable else None
        if place is not None:
            asked[view] = lens.views.rows(view), place
    own = dict(zip(asked, overlaps_of(list(asked.values())), strict=True)) if asked else {}
    near, longer = _near(lens, index, own.get(center))
    degree = None
    if near:
        rows, place = lens.views.rows(center), lens.views.position(center, index) or 0
        degree = in_degree(
            rows, place, own[center], lens.options.neighbors, _equal(lens, index, rows)
        )
    return Token(
        model=lens.head.provenance.model,
        entry=lens.named(index),
        equal=tuple(map(lens.named, lens.equal(index))),
        others=tuple(map(lens.named, others)),
        features=lens.head.features,
        width=lens.head.width,
        norm=norm,
        norm_rank=1 + int((norms > norm).sum()),
        interference=_interference(lens, "none", index, own),
        centered_interference=_interference(lens, "mean", index, own),
        frequency_interference=_frequency_interference(lens, index, own),
        center=center,
        chance=lens.views.chance(center),
        neighbors=near,
        longer_neighbors=longer,
        in_degree=degree,
    )


def _near(
    lens: LensedHead, index: int, own: Float32 | None
) -> tuple[tuple[Neighbor, ...], tuple[Neighbor, ...] | None]:
    """Return the nearest rows, and those without the shortest where the first differ."""
    if own is None:
        return (), None
    rows = lens.views.rows(lens.options.center)
    out = _equal(lens, index, rows)
    out[rows.head.position_of(index)] = True
    near = _neighbors(lens, rows, own, out)
    longer = _neighbors(lens, rows, own, out | shortest(1 / rows.inverse_norms))
    same = near[:FIRST] == longer[:FIRST]
    return near, None if same else longer


def _equal(lens: LensedHead, index: int, rows: UnitRows) -> npt.NDArray[np.bool_]:
    """Return which rows equal this one or an earlier row, shape (V,): they are nearest to none."""
    out = np.zeros(rows.features, bool)
    for left_out in (*lens.equal(index), *lens.repeated):
        place = rows.head.position_of(left_out)
        if place is not None and left_out != index:
            out[place] = True
    return out


def _neighbors(
    lens: LensedHead, rows: UnitRows, own: Float32, out: npt.NDArray[np.bool_]
) -> tuple[Neighbor, ...]:
    found = nearest(own, lens.options.neighbors, out)
    return tuple(Neighbor(lens.named(rows.head.id_of(i)), float(own[i])) for i in found.tolist())


def _interference(
    lens: LensedHead, center: str, index: int, own: dict[str, Float32]
) -> float | None:
    if center not in own:
        return None
    c = own[center].astype(np.float64)
    c[lens.views.position(center, index)] = 0
    return float(c @ c) / (len(c) - 1)


def _frequency_interference(lens: LensedHead, index: int, own: dict[str, Float32]) -> float | None:
    if lens.frequencies is None or "mean" not in own:
        return None
    p, _ = shares(lens.frequencies, lens.views.rows("mean").head.ids)
    p[lens.views.position("mean", index)] = 0
    total = float(p.sum())
    return float(p @ own["mean"].astype(np.float64) ** 2) / total if total else None
