"""The rows of a head in few bytes, for a search, and as they are, for the truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.explorer.parts import Part
from superscope.geometry.unit_rows import Float32, blocks
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
    subtracted = lens.views.prepared.mean.astype(np.float32)
    scale, error = np.zeros(head.features, np.float32), np.zeros(head.features, np.float32)
    smalls, exacts = [], []
    kind = exact_kind(head)
    step = max(1, _BYTES // (width * _SIZES[kind]))
    for start in range(0, head.features, step):
        stop = min(start + step, head.features)
        rows = head.block(start, stop)
        q, scale[start:stop], error[start:stop] = small_rows(rows, subtracted)
        smalls.append(Part({"part": "small", "start": start}, {"rows": q}))
        exacts.append(Part({"part": "exact", "start": start}, stored(rows, kind)))
    centers = [center for center in ("none", "mean", "frequency") if usable(lens, center)]
    repeated = np.isin(head.kept_ids, np.array(lens.repeated, np.int64)).astype(np.uint8)
    arrays: dict[str, npt.NDArray[Any]] = {
        "base": subtracted, "scale": scale, "error": error, "repeated": repeated
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
        "part": "search", "features": head.features, "width": width, "kind": kind,
        "centers": centers,
    }  # fmt: skip
    yield "search", Part(meta, arrays)
    for k, part in enumerate(smalls):
        yield f"small-{k}", part
    for k, part in enumerate(exacts):
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


def exact_kind(head: Head) -> str:
    """Return the smallest form that holds every number of a head.

    Returns
    -------
    str
        ``q8``: int8, of which each 32 of a row share a float16 scale, as in ggml's Q8_0; ``bf16``;
        ``f16``; or ``f32``.
    """
    able = list(_SIZES)
    for start, stop in blocks(head.features, head.width):
        rows = head.block(start, stop)
        able = [kind for kind in able if kind == "f32" or _holds(rows, kind)]
        if able == ["f32"]:
            break
    return able[0]


def _holds(rows: Float32, kind: str) -> bool:
    if kind == "q8":
        if rows.shape[1] % _GROUP:
            return False
        q, scales = _grouped(rows)
        wide = scales.astype(np.float32)[:, :, None] * q
        return np.array_equal(wide.reshape(rows.shape), rows)
    if kind == "bf16":
        return not (np.ascontiguousarray(rows).view(np.uint32) & 0xFFFF).any()
    with np.errstate(over="ignore"):
        return np.array_equal(rows.astype(np.float16).astype(np.float32), rows)


def _grouped(rows: Float32) -> tuple[Float32, npt.NDArray[np.float16]]:
    """Return whole numbers up to 127 and the scales that give a row of Q8_0 back."""
    groups = rows.reshape(len(rows), -1, _GROUP)
    with np.errstate(over="ignore"):
        scales = (np.abs(groups).max(axis=2) / _LEVELS).astype(np.float16)
    safe = np.where(scales > 0, scales, 1).astype(np.float32)[:, :, None]
    return np.rint(groups / safe), scales


def stored(rows: Float32, kind: str) -> dict[str, npt.NDArray[Any]]:
    """Return rows in a form that holds each of their numbers."""
    if kind == "q8":
        q, scales = _grouped(rows)
        return {"rows": q.reshape(rows.shape).astype(np.int8), "scales": scales.view(np.uint16)}
    if kind == "f32":
        return {"rows": rows}
    if kind == "f16":
        return {"rows": rows.astype(np.float16).view(np.uint16)}
    return {"rows": (np.ascontiguousarray(rows).view(np.uint32) >> 16).astype(np.uint16)}
