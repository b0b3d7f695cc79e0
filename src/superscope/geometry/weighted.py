"""Token frequencies as weights of rows: overlaps of the tokens of a text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.device import multiplier
from superscope.errors import UsageError
from superscope.geometry import stages
from superscope.geometry.unit_rows import Float64, UnitRows, blocks
from superscope.heads import Head
from superscope.progress import Progress, silent
from superscope.result import Result


@dataclass(frozen=True)
class WeightedOverlap(Result):
    """Overlaps c_ij weighted by p_i, the frequency of token i in a text.

    The p_i are frequencies of nonzero rows, normalized to sum 1. With all p_i = 1/V the
    numbers equal those of :class:`~superscope.Overlap`.

    Attributes
    ----------
    covered
        Share of the text's tokens with a nonzero row; the others are left out.
    effective_tokens
        1/Σ p_i². Two tokens drawn from the text are equal with the same probability as if it had
        this many distinct tokens, all equally frequent. None if no token of the text is covered.
    mean_square_overlap
        Σ_{i≠j} p_i p_j c_ij² / (1 − Σ p_i²): mean of c² over two different tokens drawn from the
        text. None if fewer than two tokens have weight.
    token_interference
        Σ_i p_i Σ_{j≠i} c_ij² / (V − 1): mean of c² between a token drawn from the text and
        another token drawn uniformly from the vocabulary. None if no token of the text is covered.
    effective_width
        1/‖G_p‖_F², G_p = Σ p_i ŵ_i ŵ_iᵀ: the participation ratio of its spectrum, of trace 1.
        At most m, and at most `effective_tokens`. None if no token of the text is covered.
    """

    covered: float
    effective_tokens: float | None
    mean_square_overlap: float | None
    token_interference: float | None
    effective_width: float | None


def weighted_overlap(
    rows: UnitRows,
    token_interference: Float64,
    frequencies: Float64,
    device: str = "cpu",
    progress: Progress = silent,
) -> WeightedOverlap:
    """Return the overlaps of unit rows under token frequencies, exactly, in O(V m²).

    Parameters
    ----------
    rows
        The V nonzero rows.
    token_interference
        Mean of c_ij² over j ≠ i for each row, shape (V,).
    frequencies
        Frequencies of the stored rows, on any scale, finite and not negative.
    device
        Where products are computed.
    progress
        Called after each block.
    """
    p, covered = shares(frequencies, rows.head.ids)
    if not p.any():
        return WeightedOverlap(covered, None, None, None, None)

    # The pairs of the most frequent token k are added separately: if nearly all of the text is k,
    # they would be lost in the rounding of p_k² in ‖G_p‖_F². With a = p_k, r = 1 − a, and q the
    # shares among the other tokens, G_p = a ŵ_k ŵ_kᵀ + r G_q.
    k = int(p.argmax())
    a, others = float(p[k]), p.copy()
    others[k] = 0
    r = float(others.sum())
    interference = float(p @ token_interference)
    if r == 0:
        return WeightedOverlap(covered, 1.0, None, interference, 1.0)
    q = others / r
    gram, itself = _gram(rows, q, device, progress)
    top = rows.take(np.array([k]))[0].astype(np.float64)
    with_top = float(top @ gram @ top)
    square_norm = float(np.vdot(gram, gram))
    repeated = float(q @ q)
    mean = (2 * a * with_top + r * (square_norm - itself)) / (2 * a + r * (1 - repeated))
    # Use the mean, so that p_i = 1/V gives the numbers of Overlap: ‖ŵ_i‖ is 1 up to rounding.
    same = a * a + r * r * repeated
    mean = min(1.0, max(0.0, mean))
    return WeightedOverlap(
        covered=covered,
        effective_tokens=1 / same,
        mean_square_overlap=mean,
        token_interference=interference,
        effective_width=min(1 / (same + (1 - same) * mean), float(rows.width)),
    )


def shares(frequencies: Float64, ids: npt.NDArray[np.int64] | None) -> tuple[Float64, float]:
    """Return the frequencies of the kept rows, and the share of the text that they cover.

    Parameters
    ----------
    frequencies
        Frequencies of the stored rows, on any scale.
    ids
        Ids of the kept rows; None for all.

    Returns
    -------
    tuple
        p_i of each kept row, with sum 1 (or all 0 if no token of the text is kept), and the
        share of all frequencies that belongs to kept rows.
    """
    rows = slice(None) if ids is None else ids
    p = frequencies[rows]
    if not p.any():
        return np.zeros(len(p)), 0.0
    p = p / p.max()  # their sum is then finite
    scaled = frequencies / frequencies.max()
    kept = scaled[rows].sum()
    scaled[rows] = 0
    return p / p.sum(), float(kept / (kept + scaled.sum()))


def mean_row(head: Head, frequencies: Float64) -> Float64:
    """Return the mean row weighted by the frequencies of the stored rows, shape (m,).

    Raises
    ------
    UsageError
        No kept row has a frequency above 0.
    """
    weights, _ = shares(frequencies, head.ids)
    if not weights.any():
        raise UsageError("no kept row has a frequency above 0")
    mean = np.zeros(head.width)
    for start, stop in blocks(head.features, head.width):
        mean += weights[start:stop] @ head.block(start, stop).astype(np.float64)
    return mean


def _gram(
    rows: UnitRows, weights: Float64, device: str, progress: Progress
) -> tuple[Float64, float]:
    """Return Σ q_i ŵ_i ŵ_iᵀ, float64, shape (m, m), and Σ q_i² ‖ŵ_i‖⁴."""
    matrix, itself = np.zeros((rows.width, rows.width)), 0.0
    precision, multiply = _precision(rows, weights), multiplier(device)
    for start, stop in blocks(rows.features, rows.width):
        q = weights[start:stop]
        occurring = np.flatnonzero(q)
        if len(occurring):
            q, unit = q[occurring], rows.block(start, stop)[occurring]
            square = np.einsum("ij,ij->i", unit, unit, dtype=np.float64)
            itself += float(np.sum((q * square) ** 2))
            unit = np.sqrt(q)[:, None].astype(precision) * unit.astype(precision, copy=False)
            matrix += multiply(unit.T, unit)
        progress(stages.WEIGHTED_GRAM, stop, rows.features)
    return matrix, itself


def _precision(rows: UnitRows, weights: Float64) -> np.dtype[np.floating]:
    # As for the Gram matrix of all rows, with 1/Σq² in place of V: above 2m, overlaps are at
    # least half of ‖G_q‖_F² ≥ 1/m. Few texts are that uniform; most need float64.
    single = 1 / float(weights @ weights) > 2 * rows.width and rows.width > 128
    return np.dtype(np.float32 if single else np.float64)
