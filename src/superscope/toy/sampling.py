# mypy: ignore-errors
"""The inner loop that draws sparse samples."""

from __future__ import annotations

import numpy as np
from numba import float64, int32, int64, typeof

from superscope.compiled import njit

_GENERATOR = typeof(np.random.default_rng(0))


@njit((float64[::1], int32[::1], int32[::1], int64, _GENERATOR), set())
def draw(rates, starts, members, size, rng):  # pragma: no cover
    """Draw the active entries of a batch, going from one opening of a gate to the next.

    ``rates`` is −1/log(1 − q) of each gate. Multiplied by a standard exponential and rounded
    down, it is the number of samples in which the gate stays closed before it opens.
    """
    opened = np.empty((size + 64, 2), np.int32)
    count = 0
    entries = np.zeros(size, np.int32)
    for gate in range(len(rates)):
        at = np.floor(rng.standard_exponential() * rates[gate])
        while at < size:
            if count == len(opened):
                larger = np.empty((2 * count, 2), np.int32)
                larger[:count] = opened
                opened = larger
            opened[count, 0] = np.int32(at)
            opened[count, 1] = gate
            entries[opened[count, 0]] += starts[gate + 1] - starts[gate]
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
        sample, gate = opened[k]
        for member in range(starts[gate], starts[gate + 1]):
            place = entries[sample]
            ids[place] = members[member]
            # Never 0, so that an active feature is nonzero in the dense form too.
            values[place] = np.float32(2 - 2 * rng.random())
            entries[sample] += 1
    return offsets, ids, values
