"""Which rows of a head are zero, and which are equal to within the precision they are stored in.

A number has a place among those of its stored type: the next ones are one step apart. Rows are
equal if none of their numbers is more than one step apart. Quantized types have coarse steps; rows
of these are equal if no number differs.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float32, blocks
from superscope.heads import ArrayRows, FileRows, Head
from superscope.heads.rows import Indices

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

Int32 = npt.NDArray[np.int32]

_KEYS = 6  # numbers of each row that are compared first
_SAMPLE = 1024  # rows that tell which numbers differ most between rows
_TAKEN = 1 << 22  # numbers read at once
_MIX = np.uint64(0x9E3779B97F4A7C15)
_NAMES = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16"}


def repeated_rows(head: Head) -> tuple[Indices, tuple[tuple[int, ...], ...]]:
    """Return the positions of zero rows, and those of other rows in groups of equal ones.

    Every row of a group equals its first one; two later ones may be two steps apart.
    """
    head = replace(head, gain=None)  # equal rows are equal without it
    steps, dtype = _precision(head)
    keys, zero = _keys(head, dtype)
    suspects = np.setdiff1d(_suspects(keys, steps), zero)
    if not len(suspects):
        return zero, ()
    tree = _tree(keys[suspects])
    left = np.zeros(len(keys), bool)
    left[suspects] = True
    groups: list[tuple[int, ...]] = []
    for row in suspects.tolist():
        if not left[row]:
            continue
        left[row] = False
        near = suspects[tree.query_ball_point(keys[row], steps + 0.5, p=np.inf)]
        equal = _equal(head, row, np.sort(near[left[near]]), steps, dtype)
        left[equal] = False
        if len(equal):
            groups.append((row, *equal.tolist()))
    return zero, tuple(groups)


def places(rows: Float32, dtype: str) -> Int32:
    """Return the place of each number among those of its stored type, in steps from 0.

    −0 is at the place of 0. Types other than BF16 and F16 are read as float32.
    """
    if dtype == "F16":
        bits: Int32 = rows.astype(np.float16).view(np.int16).astype(np.int32)
        size = bits & 0x7FFF
    else:
        bits = np.ascontiguousarray(rows).view(np.int32)
        size = bits & 0x7FFFFFFF
        if dtype == "BF16":  # the upper half of a float32
            size >>= 16
    return np.where(bits < 0, -size, size)


def _precision(head: Head) -> tuple[int, str]:
    """Return how many steps apart equal numbers may be, and the type whose steps these are."""
    p = head.provenance
    dtype = _NAMES.get(p.dtype, p.dtype)
    if p.quantized or dtype not in _NAMES.values():
        return 0, "F32"
    plain = isinstance(head.stored, (ArrayRows, FileRows))  # other rows are made of several numbers
    return 1, dtype if plain else "F32"


def _keys(head: Head, dtype: str) -> tuple[Int32, Indices]:
    """Return the places of a few numbers of each row, and the positions of zero rows."""
    sample = np.unique(np.linspace(0, head.features - 1, _SAMPLE).astype(np.int64))
    known = places(head.take(sample), dtype)
    distinct = (np.diff(np.sort(known, axis=0), axis=0) != 0).sum(axis=0)
    columns = np.sort(np.argsort(-distinct, kind="stable")[:_KEYS])
    keys = np.empty((head.features, len(columns)), np.int32)
    zero = np.empty(head.features, bool)
    for start, stop in blocks(head.features, head.width):
        rows = head.block(start, stop)
        zero[start:stop] = ~rows.any(axis=1)
        keys[start:stop] = places(rows[:, columns], dtype)
    return keys, np.flatnonzero(zero)


def _suspects(keys: Int32, steps: int) -> Indices:
    """Return the positions of rows with another that has nearly the same keys, ascending."""
    mixed = np.zeros(len(keys), np.uint64)
    for column in keys.T:  # rows of different keys that mix to the same number do no harm
        mixed = mixed * _MIX + column.astype(np.uint64)
    _, first, inverse, counts = np.unique(
        mixed, return_index=True, return_inverse=True, return_counts=True
    )
    crowded = counts > 1
    if steps:
        alone = keys[first]
        some = np.flatnonzero(_in_a_cell(alone[:, :3]) & _in_a_cell(alone[:, 3:]))
        if len(some):
            points = alone[some]
            tree = _tree(points)
            near = tree.query_ball_point(points, steps + 0.5, p=np.inf, return_length=True)
            crowded[some] |= near > 1
    return np.flatnonzero(crowded[inverse])


def _in_a_cell(keys: Int32) -> npt.NDArray[np.bool_]:
    """Return which rows share a cell with another: all do that are one step apart, and few else.

    Cells are two steps wide. Numbers one step apart share one of these, or one of those moved by a
    step. It takes a few sorts, where a tree of all rows takes seconds.
    """
    shared = np.zeros(len(keys), bool)
    for moved in product((0, 1), repeat=keys.shape[1]):
        mixed = np.zeros(len(keys), np.uint64)
        for column, by in zip(keys.T, moved, strict=True):
            mixed = mixed * _MIX + ((column.astype(np.int64) + by) >> 1).astype(np.uint64)
        order = np.argsort(mixed)
        same = np.flatnonzero(np.diff(mixed[order]) == 0)
        shared[order[same]] = shared[order[same + 1]] = True
    return shared


def _equal(head: Head, row: int, others: Indices, steps: int, dtype: str) -> Indices:
    """Return those of the others that equal a row."""
    own = places(head.take(np.array([row])), dtype).astype(np.int64)
    step = max(1, _TAKEN // head.width)
    found = [
        (np.abs(places(head.take(others[at : at + step]), dtype) - own) <= steps).all(axis=1)
        for at in range(0, len(others), step)
    ]
    return others[np.concatenate(found)] if found else others


def _tree(points: Int32) -> cKDTree:
    # Few heads need it, and it takes as long to import as the rest of a measurement.
    from scipy.spatial import cKDTree

    return cKDTree(points)
