# mypy: ignore-errors
"""The inner loop that draws sparse samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import boolean, float64, int32, int64, typeof, types

from superscope.compiled import njit

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]


class Gates(NamedTuple):
    """The gates of :class:`superscope.toy.Features`, with what a draw needs of each."""

    rates: Float64
    starts: Int32
    members: Int32
    exclusive: npt.NDArray[np.bool_]
    ends: Float64


_GATES = types.NamedTuple([float64[::1], int32[::1], int32[::1], boolean[::1], float64[::1]], Gates)
_GENERATOR = typeof(np.random.default_rng(0))


@njit((_GATES, int64, _GENERATOR), set())
def draw(gates, size, rng):  # pragma: no cover
    """Draw the active entries of a batch, going from one opening of a gate to the next.

    ``rates`` is −1/log(1 − q) of each gate. Multiplied by a standard exponential and rounded
    down, it is the number of samples in which the gate stays closed before it opens. An exclusive
    gate activates the member in whose part of the gate's probability, up to its one of ``ends``,
    a uniform number falls.
    """
    rates, starts, members, exclusive, ends = gates
    opened = np.empty((size + 64, 3), np.int32)  # sample, and from which member to which
    count = 0
    entries = np.zeros(size, np.int32)
    for gate in range(len(rates)):
        at = np.floor(rng.standard_exponential() * rates[gate])
        while at < size:
            if count == len(opened):
                larger = np.empty((2 * count, 3), np.int32)
                larger[:count] = opened
                opened = larger
            opened[count, 0] = np.int32(at)
            first, end = starts[gate], starts[gate + 1]
            if exclusive[gate]:
                drawn = rng.random() * ends[end - 1]
                while first < end - 1 and drawn >= ends[first]:
                    first += 1
                end = first + 1
            opened[count, 1], opened[count, 2] = first, end
            entries[opened[count, 0]] += end - first
            count += 1
            at += 1 + np.floor(rng.standard_exponential() * rates[gate])
    filled = 0
    total = 0
    for s in range(size):
        filled += entries[s] > 0
        total += entries[s]
    offsets = np.empty(filled + 1, np.int32)
    offsets[0] = 0
    s = 0
    for sample in range(size):
        if entries[sample]:
            offsets[s + 1] = offsets[s] + entries[sample]
            entries[sample] = offsets[s]  # from here on: the position of its next entry
            s += 1
    ids = np.empty(total, np.int32)
    values = np.empty(total, np.float32)
    for k in range(count):
        sample, first, end = opened[k]
        for member in range(first, end):
            place = entries[sample]
            ids[place] = members[member]
            # Never 0, so that an active feature is nonzero in the dense form too.
            values[place] = np.float32(2 - 2 * rng.random())
            entries[sample] += 1
    return offsets, ids, values
