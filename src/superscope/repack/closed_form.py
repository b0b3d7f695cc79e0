"""Narrower heads in closed form: the best of a rank for a weighted square error."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from superscope.heads.narrow_head import Block, NarrowHead
from superscope.repack.calibration import Calibration
from superscope.repack.full_head import PIECE, FullHead

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]


def closed_forms(
    head: FullHead, ranks: tuple[int, ...], weights: Float64 | None, second: Float64 | None,
    center: Float64 | None,
) -> Iterator[tuple[int, NarrowHead]]:  # fmt: skip
    """Yield the head of each rank that is nearest to the full head.

    It minimizes E_h ‖D (W − W_r) h‖², where W_r − 1 w̄ᵀ has rank r and E[h hᵀ] = C. With M = W −
    1 w̄ᵀ, W_r is M C^½ P_r C^−½ + 1 w̄ᵀ, and P_r projects on the r leading right singular vectors
    of D M C^½, found as eigenvectors of its Gram matrix, m × m. See definitions §8.

    Parameters
    ----------
    head
        The full head.
    ranks
        From 1 to m.
    weights
        Squares of the diagonal of D, shape (V,); None for equal weights.
    second
        C, shape (m, m); None for the identity.
    center
        Weights of the mean row w̄, shape (V,); None to leave the rows as they are.
    """
    mean = None if center is None else mean_row(head, center)
    root, inverse = roots(second, head.width)
    _, vectors = np.linalg.eigh(root @ gram_of(head, mean, weights) @ root)
    vectors = vectors[:, ::-1][:, : max(ranks)]
    into, columns = root @ vectors, (vectors.T @ inverse).astype(np.float32)
    factor = factor_of(head, mean, into)
    shift = None if mean is None else mean.astype(np.float32)
    for rank in ranks:
        block = Block(factor[:, :rank], columns[:rank])
        yield rank, NarrowHead((block,), head.bias, shift)


def closed_form_heads(
    way: str, head: FullHead, calibration: Calibration, fisher: Float64 | None,
    ranks: tuple[int, ...], *, power: float = 1.0,
) -> Iterator[tuple[int, NarrowHead]]:  # fmt: skip
    """Yield the heads of a way, by rank.

    Parameters
    ----------
    way
        ``svd``, ``centered``, ``whitened``, ``frequency`` or ``fisher``.
    head
        The full head.
    calibration
        Of the calibration text.
    fisher
        Of each row (:func:`~superscope.repack.calibration.fisher_weights`), for ``fisher``.
    ranks
        From 1 to m.
    power
        Of the weights of rows, for ``frequency`` and ``fisher``.
    """
    p, c = calibration.frequencies, calibration.second
    center = p if head.shift_free else None
    if way == "svd":
        yield from closed_forms(head, ranks, None, None, None)
    elif way == "centered":
        yield from closed_forms(head, ranks, None, None, center)
    elif way == "whitened":
        yield from closed_forms(head, ranks, None, c, center)
    elif way == "frequency":
        yield from closed_forms(head, ranks, p**power, c, center)
    else:
        assert fisher is not None
        yield from closed_forms(head, ranks, fisher**power, c, None if center is None else fisher)


def mean_row(head: FullHead, weights: Float64) -> Float64:
    """Return the weighted mean row, float64, shape (m,)."""
    total = np.zeros(head.width)
    for where, rows in pieces(head, None):
        total += weights[where] @ rows
    return np.asarray(total / weights.sum(), np.float64)


def gram_of(
    head: FullHead, mean: Float64 | None, weights: Float64 | None, ids: Int64 | None = None
) -> Float64:
    """Return Mᵀ D² M of all rows or of some, shape (m, m); `weights` are those of all rows."""
    gram = np.zeros((head.width, head.width))
    own = weights if weights is None or ids is None else weights[ids]
    for where, rows in pieces(head, mean, ids):
        weighted = rows if own is None else rows * np.sqrt(own[where])[:, None]
        gram += weighted.T @ weighted
    return gram


def factor_of(
    head: FullHead, mean: Float64 | None, into: Float64, ids: Int64 | None = None
) -> Float32:
    """Return the products of all rows of M, or of some, with a matrix (m, r), shape (V, r)."""
    made = np.empty((len(head.rows) if ids is None else len(ids), into.shape[1]), np.float32)
    for where, rows in pieces(head, mean, ids):
        made[where] = rows @ into
    return made


def pieces(
    head: FullHead, mean: Float64 | None, ids: Int64 | None = None
) -> Iterator[tuple[slice, Float64]]:
    """Yield the rows, or some of them, less their mean, a piece at a time."""
    size, count = max(1, PIECE // head.width), len(head.rows) if ids is None else len(ids)
    for start in range(0, count, size):
        where = slice(start, min(start + size, count))
        rows = head.rows[where if ids is None else ids[where]].astype(np.float64)
        yield where, rows if mean is None else rows - mean


def roots(second: Float64 | None, width: int) -> tuple[Float64, Float64]:
    """Return C^½ and C^−½, of shape (m, m); that of None is the identity."""
    if second is None:
        return np.eye(width), np.eye(width)
    values, vectors = np.linalg.eigh(second)
    least = np.finfo(np.float64).eps * width * values[-1]
    scale = np.sqrt(np.maximum(values, least))
    return (vectors * scale) @ vectors.T, (vectors / scale) @ vectors.T
