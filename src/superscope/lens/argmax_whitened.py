"""Certify rows by their own whitened direction C⁻¹(w_i − w̄), all pairs at once."""

from __future__ import annotations

import numpy as np

from superscope.device import multiplier
from superscope.lens.argmax_found import EPS, FAR, Found
from superscope.lens.centered_rows import KEPT, CenteredRows
from superscope.lens.certificates import ARGMAXABLE, UNDECIDED
from superscope.progress import Progress

_TILE = 4096  # rows of a tile of the product of all rows with all
_CLEAR = 100  # times the greatest error of a gap in float32, from which it is right to 1 %


def by_whitened(
    rows: CenteredRows, spread: float, found: Found, device: str, progress: Progress
) -> None:
    """Certify the rows that have the highest logit for their own whitened direction.

    With z_i = S y_i, row i has it if z_i·z_i > z_j·z_i for all j. So the products of all pairs,
    each formed once, serve both rows of a pair.
    """
    count, width = rows.head.features, rows.head.width
    multiply = multiplier(device)
    highest = np.full(count, -np.inf, np.float32)
    squares = np.empty(count)
    segment = max(KEPT // (4 * width) // _TILE, 1) * _TILE  # whitened rows that are held
    tiles = [(a, min(a + _TILE, count)) for a in range(0, count, _TILE)]
    done, total = 0, len(tiles) * (len(tiles) + 1) // 2
    for begin in range(0, count, segment):
        held = rows.whitened(begin, min(begin + segment, count))
        squares[begin : begin + len(held)] = np.einsum("ij,ij->i", held, held, dtype=np.float64)
        own = [(a, b) for a, b in tiles if begin <= a < begin + segment]
        for c, d in tiles:
            if c < begin:
                continue
            others = held[c - begin : d - begin] if c < begin + segment else rows.whitened(c, d)
            for a, b in own:
                if a > c:
                    break
                products = multiply(held[a - begin : b - begin], others.T)
                if a == c:
                    np.fill_diagonal(products, -np.inf)
                else:
                    np.maximum(highest[c:d], products.max(axis=0), out=highest[c:d])
                np.maximum(highest[a:b], products.max(axis=1), out=highest[a:b])
                done += 1
                progress("whitened directions", done, total)
    gaps = squares - highest
    error = 2 * (width + 4) * EPS * np.sqrt(squares * squares.max(initial=0.0))
    sure = np.flatnonzero((gaps > _CLEAR * error) & (found.status == UNDECIDED))
    gaps -= error  # so that no margin is stated that is too large
    matrix = rows.whitening @ rows.whitening
    for start in range(0, len(sure), _TILE):
        some = sure[start : start + _TILE]
        norms = np.linalg.norm(rows.take(some) @ matrix, axis=1)
        found.status[some] = ARGMAXABLE
        found.margin[some] = rows.size * gaps[some] / norms
        found.scale[some] = 1.0
        if spread:  # so far along the direction that no bias matters
            found.scale[some] = FAR * spread / (rows.size**2 * gaps[some])
            found.margin[some] *= 1 - 1 / FAR
