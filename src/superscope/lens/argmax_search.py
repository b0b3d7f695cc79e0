"""The search for a certificate of every row of a head, from cheap to dear.

Each step is for the rows that are left: equal rows, the whitened direction C⁻¹(w_i − w̄), steps of
a perceptron from there, the nearest point of the hull of the rows that stand in the way, and a
linear program over them.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from superscope.geometry.unit_rows import blocks
from superscope.heads import Head
from superscope.lens import hull
from superscope.lens.argmax_found import Found
from superscope.lens.argmax_rivals import Rivals
from superscope.lens.argmax_whitened import by_whitened
from superscope.lens.centered_rows import KEPT, CenteredRows, Float64
from superscope.lens.certificates import ARGMAXABLE, TIED, Certificates
from superscope.progress import Progress

STEPS = 100  # of the perceptron


def search(
    head: Head, bias: Float64 | None, device: str, progress: Progress
) -> tuple[Certificates, Float64]:
    """Return a certificate for every row, and the margins of the argmaxable ones, shape (V,).

    Raises
    ------
    HeadDataError
        A row has numbers that are not finite.
    """
    rows = CenteredRows.of(head)
    found = Found.nothing(head.features)
    if bias is not None and not np.ptp(bias):
        bias = None
    if head.features == 1:  # there is no other token
        found.status[0], found.margin[0], found.scale[0] = ARGMAXABLE, np.inf, 1.0
    _equal_rows(head, bias, found)
    by_whitened(rows, 0.0 if bias is None else float(np.ptp(bias)), found, device, progress)
    able = np.flatnonzero(found.status == ARGMAXABLE)
    if len(able) < head.features / 2 and 4 * len(able) * head.width < KEPT:
        # Most rows are impossible, and so combinations of rows that are argmaxable.
        Rivals(rows, bias, found, device, able).run(hull.nearest, "known rows", progress)
    every = Rivals(rows, bias, found, device)
    every.climb(STEPS, "perceptron", progress)
    every.run(hull.nearest, "nearest points", progress)
    every.run(hull.widest, "linear programs", progress)
    return found.certificates(rows), found.margin


def _equal_rows(head: Head, bias: Float64 | None, found: Found) -> None:
    """Find rows that equal another bit for bit: tied to it, or below it by their bias."""
    seen: dict[bytes, list[int]] = {}
    for start, stop in blocks(head.features, head.width):
        for i, row in enumerate(head.block(start, stop) + np.float32(0), start):  # −0 is 0
            seen.setdefault(blake2b(row.tobytes(), digest_size=16).digest(), []).append(i)
    for group in seen.values():
        if len(group) == 1:
            continue
        highest = 0.0 if bias is None else max(bias[group])
        top = [i for i in group if bias is None or bias[i] == highest]
        for i in group:
            if bias is not None and bias[i] < highest:
                found.combined(i, np.array([top[0]], np.int64), np.ones(1))
            elif len(top) > 1:
                found.status[i] = TIED
                found.twins[i] = top[1] if i == top[0] else top[0]
