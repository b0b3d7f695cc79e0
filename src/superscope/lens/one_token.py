"""From a head as a lens looks at it to one of its tokens."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float32, UnitRows
from superscope.geometry.weighted import shares
from superscope.lens.looked import Looked
from superscope.lens.neighbors import in_degree, nearest, overlaps_of, shortest
from superscope.lens.token import Neighbor, Token

FIRST = 5  # neighbors that must differ for the list without short rows to be given


def token_of(looked: Looked, index: int, others: Iterable[int]) -> Token:
    """Return what a lens shows of one token; `others` are entries of the same word."""
    center, norms = looked.center, looked.views.prepared.norms
    at = looked.views.prepared.raw.head.position_of(index)
    norm = 0.0 if at is None else float(norms[at])
    asked: dict[str, tuple[UnitRows, int]] = {}
    for view in dict.fromkeys(("none", "mean", center)):
        measurable = looked.views.measurable(view)
        place = looked.views.position(view, index) if measurable else None
        if place is not None:
            asked[view] = looked.views.rows(view), place
    own = dict(zip(asked, overlaps_of(list(asked.values())), strict=True)) if asked else {}
    near, longer = _near(looked, index, own.get(center))
    degree = None
    if near:
        rows, place = looked.views.rows(center), looked.views.position(center, index) or 0
        degree = in_degree(rows, place, own[center], looked.nearest, _equal(looked, index, rows))
    return Token(
        model=looked.head.provenance.model,
        entry=looked.named(index),
        equal=tuple(map(looked.named, looked.equal(index))),
        others=tuple(map(looked.named, others)),
        features=looked.head.features,
        width=looked.head.width,
        norm=norm,
        norm_rank=1 + int((norms > norm).sum()),
        interference=_interference(looked, "none", index, own),
        centered_interference=_interference(looked, "mean", index, own),
        frequency_interference=_frequency_interference(looked, index, own),
        center=center,
        chance=looked.views.chance(center),
        neighbors=near,
        longer_neighbors=longer,
        in_degree=degree,
    )


def _near(
    looked: Looked, index: int, own: Float32 | None
) -> tuple[tuple[Neighbor, ...], tuple[Neighbor, ...] | None]:
    """Return the nearest rows, and those without the shortest where the first differ."""
    if own is None:
        return (), None
    rows = looked.views.rows(looked.center)
    out = _equal(looked, index, rows)
    out[rows.head.position_of(index)] = True
    near = _neighbors(looked, rows, own, out)
    longer = _neighbors(looked, rows, own, out | shortest(1 / rows.inverse_norms))
    same = near[:FIRST] == longer[:FIRST]
    return near, None if same else longer


def _equal(looked: Looked, index: int, rows: UnitRows) -> npt.NDArray[np.bool_]:
    """Return which rows equal this one or an earlier row, shape (V,): they are nearest to none."""
    out = np.zeros(rows.features, bool)
    for left_out in (*looked.equal(index), *looked.repeated):
        place = rows.head.position_of(left_out)
        if place is not None and left_out != index:
            out[place] = True
    return out


def _neighbors(
    looked: Looked, rows: UnitRows, own: Float32, out: npt.NDArray[np.bool_]
) -> tuple[Neighbor, ...]:
    found = nearest(own, looked.nearest, out)
    return tuple(Neighbor(looked.named(rows.head.id_of(i)), float(own[i])) for i in found.tolist())


def _interference(looked: Looked, center: str, index: int, own: dict[str, Float32]) -> float | None:
    if center not in own:
        return None
    c = own[center].astype(np.float64)
    c[looked.views.position(center, index)] = 0
    return float(c @ c) / (len(c) - 1)


def _frequency_interference(looked: Looked, index: int, own: dict[str, Float32]) -> float | None:
    if looked.frequencies is None or "mean" not in own:
        return None
    p, _ = shares(looked.frequencies, looked.views.rows("mean").head.ids)
    p[looked.views.position("mean", index)] = 0
    total = float(p.sum())
    return float(p @ own["mean"].astype(np.float64) ** 2) / total if total else None
