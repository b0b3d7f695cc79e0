"""The rows of a head in few bytes, for a search, and as they are, for the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.explorer.parts import Part
from superscope.geometry.unit_rows import Float32
from superscope.heads import Head
from superscope.lens import Lens

_BYTES = 8 << 20  # of a part
_LEVELS = 127
_SIZES = {"q8": 1, "bf16": 2, "f16": 2, "f32": 4}  # bytes of a number
_GROUP = 32  # numbers of a row that share a scale in ggml's Q8_0


def row_parts(lens: Lens) -> Iterator[tuple[str, Part]]:
    """Yield the parts that hold the rows of a head, each with its kind.

    Before rows are stored as int8 their mean is subtracted, which leaves the least to store.
    """
    head, width = lens.head, lens.head.width
    base = lens.views.prepared.mean.astype(np.float32)
    rows = stored_rows(head, base)
    centers = [center for center in ("none", "mean", "frequency") if usable(lens, center)]
    repeated = np.isin(head.kept_ids, np.array(lens.repeated, np.int64)).astype(np.uint8)
    arrays: dict[str, npt.NDArray[Any]] = {
        "base": base, "scale": rows.scale, "error": rows.error, "repeated": repeated
    }  # fmt: skip
    vectors = np.zeros((len(centers), width), np.float32)
    for k, center in enumerate(centers):
        view = lens.views.rows(center)
        if view.center is not None:
            vectors[k] = view.center
        inverse = np.zeros(head.features)
        inverse[np.searchsorted(head.kept_ids, view.head.kept_ids)] = view.inverse_norms
        arrays[f"inverse_{center}"] = inverse
    arrays["center"] = vectors
    meta = {
        "part": "search", "features": head.features, "width": width, "kind": rows.kind,
        "centers": centers,
    }  # fmt: skip
    yield "search", Part(meta, arrays)
    for k, part in enumerate(rows.small):
        yield f"small-{k}", part
    for k, part in enumerate(rows.exact):
        yield f"exact-{k}", part


def usable(lens: Lens, center: str) -> bool:
    """Return whether rows can be compared under a centering."""
    if center == "frequency" and lens.frequencies is None:
        return False
    return lens.views.measurable(center)


def small_rows(rows: Float32, base: Float32) -> tuple[npt.NDArray[np.int8], Float32, Float32]:
    """Return rows less `base` as int8, the scale of each, and the length of what is lost.

    Parameters
    ----------
    rows
        Rows, shape (V, m).
    base
        Subtracted first, shape (m,).

    Returns
    -------
    tuple of arrays
        q (V, m), scale (V,) and error (V,), with ‖rows − base − scale·q‖ ≤ error.
    """
    wide = rows.astype(np.float64) - base
    scale = (np.abs(wide).max(axis=1, initial=0.0) / _LEVELS).astype(np.float32)
    safe = np.where(scale > 0, scale, 1).astype(np.float64)[:, None]
    q = np.clip(np.rint(wide / safe), -_LEVELS, _LEVELS)
    lost = np.linalg.norm(wide - q * scale.astype(np.float64)[:, None], axis=1)
    return q.astype(np.int8), scale, np.nextafter(lost.astype(np.float32), np.float32(np.inf))


@dataclass(frozen=True, eq=False)
class StoredRows:
    """The rows of a head, as they are stored.

    Attributes
    ----------
    kind
        The smallest form that holds every number: ``q8``, int8 of which each 32 of a row share a
        float16 scale, as in ggml's Q8_0; ``bf16``; ``f16``; or ``f32``.
    small, exact
        Parts of them in int8, and in this form.
    scale, error
        Of each row in int8, as of :func:`small_rows`.
    """

    kind: str
    small: Sequence[Part]
    exact: Sequence[Part]
    scale: Float32
    error: Float32


def stored_rows(head: Head, base: Float32) -> StoredRows:
    """Return the rows of a head less `base` as int8, and in the smallest form that holds them.

    The forms are tried in turn, each until it does not hold a block: most do not hold the first.
    """
    return next(made for kind in _SIZES if (made := _stored_as(head, base, kind)) is not None)


def _stored_as(head: Head, base: Float32, kind: str) -> StoredRows | None:
    scale, error = np.zeros(head.features, np.float32), np.zeros(head.features, np.float32)
    small, exact = [], []
    step = max(1, _BYTES // (head.width * _SIZES[kind]))
    for start in range(0, head.features, step):
        stop = min(start + step, head.features)
        rows = head.block(start, stop)
        arrays = stored(rows, kind)
        if arrays is None:
            return None
        q, scale[start:stop], error[start:stop] = small_rows(rows, base)
        small.append(Part({"part": "small", "start": start}, {"rows": q}))
        exact.append(Part({"part": "exact", "start": start}, arrays))
    return StoredRows(kind, small, exact, scale, error)


def stored(rows: Float32, kind: str) -> dict[str, npt.NDArray[Any]] | None:
    """Return rows in a form, or None if it does not hold each of their numbers."""
    if kind == "q8":
        if rows.shape[1] % _GROUP:
            return None
        q, scales = _grouped(rows)
        back = (scales.astype(np.float32)[:, :, None] * q).reshape(rows.shape)
        if not np.array_equal(back, rows):
            return None
        return {"rows": q.reshape(rows.shape).astype(np.int8), "scales": scales.view(np.uint16)}
    if kind == "f16":
        with np.errstate(over="ignore"):
            half = rows.astype(np.float16)
        held = np.array_equal(half.astype(np.float32), rows)
        return {"rows": half.view(np.uint16)} if held else None
    if kind == "bf16":
        bits = np.ascontiguousarray(rows).view(np.uint32)
        return None if (bits & 0xFFFF).any() else {"rows": (bits >> 16).astype(np.uint16)}
    return {"rows": rows}


def _grouped(rows: Float32) -> tuple[Float32, npt.NDArray[np.float16]]:
    """Return whole numbers up to 127 and the scales that give a row of Q8_0 back."""
    groups = rows.reshape(len(rows), -1, _GROUP)
    with np.errstate(over="ignore"):
        scales = (np.abs(groups).max(axis=2) / _LEVELS).astype(np.float16)
    safe = np.where(scales > 0, scales, 1).astype(np.float32)[:, :, None]
    return np.rint(groups / safe), scales
