"""What single numbers of a row hint that it was never trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float64, blocks, row_norms
from superscope.heads import Head

_WITHOUT = "without_pc"


@dataclass(frozen=True, eq=False)
class Indicators:
    """The indicators of one matrix: the smaller, the less a row is trained (LB24).

    Attributes
    ----------
    matrix
        ``head`` or ``embedding``.
    tensor
        Name of the tensor, or None.
    norm
        Norm of each row, float64, shape (V,).
    cosine, euclidean
        Cosine distance, 1 − c, and Euclidean distance from the mean of the unused rows; None
        without such rows.
    cosine_without_pc, euclidean_without_pc
        The same of rows without the first principal components of all rows.
    """

    matrix: str
    tensor: str | None
    norm: Float64
    cosine: Float64 | None = None
    euclidean: Float64 | None = None
    cosine_without_pc: Float64 | None = None
    euclidean_without_pc: Float64 | None = None

    def named(self) -> dict[str, Float64]:
        """Return the indicators by the names of their columns, such as ``head_norm``."""
        names = ("norm", "cosine", "euclidean", f"cosine_{_WITHOUT}", f"euclidean_{_WITHOUT}")
        pairs = ((name, getattr(self, name)) for name in names)
        return {f"{self.matrix}_{name}": values for name, values in pairs if values is not None}


def indicators(
    head: Head, members: npt.NDArray[np.intp] | None, matrix: str, components: int
) -> Indicators:
    """Return the indicators of a matrix.

    Parameters
    ----------
    head
        The rows, V of them.
    members
        Positions of the unused rows, or None.
    matrix
        ``head`` or ``embedding``.
    components
        How many first principal components are left out.
    """
    count = head.features
    if members is None:
        norm = np.concatenate([row_norms(head.block(a, b)) for a, b in blocks(count, head.width)])
        return Indicators(matrix, head.provenance.tensor, norm)
    axes = principal_axes(head, components)
    center = mean_of(head, members)
    less = center - axes @ (axes.T @ center)
    found = np.empty((5, count))
    for start, stop in blocks(count, head.width):
        rows = head.block(start, stop).astype(np.float64)
        norm = row_norms(rows)
        found[0, start:stop] = norm
        found[1:3, start:stop] = _from(rows, center)
        rows -= (rows @ axes) @ axes.T
        found[3:, start:stop] = _from(rows, less)
    return Indicators(matrix, head.provenance.tensor, *found)


def _from(rows: Float64, center: Float64) -> tuple[Float64, Float64]:
    """Return the cosine distance and the Euclidean distance of rows from a point."""
    scale = row_norms(rows) * float(np.linalg.norm(center))
    cosine = np.divide(rows @ center, scale, out=np.zeros(len(rows)), where=scale > 0)
    return 1 - cosine, row_norms(rows - center)


def distances_from(head: Head, center: Float64) -> Float64:
    """Return the Euclidean distance of each row from a point, float64, shape (V,)."""
    found = np.empty(head.features)
    for start, stop in blocks(head.features, head.width):
        found[start:stop] = row_norms(head.block(start, stop).astype(np.float64) - center)
    return found


def mean_of(head: Head, positions: npt.NDArray[np.intp]) -> Float64:
    """Return the mean of some rows, float64, shape (m,)."""
    total = np.zeros(head.width)
    for start, stop in blocks(len(positions), head.width):
        total += head.take(positions[start:stop].astype(np.int64)).sum(axis=0, dtype=np.float64)
    return total / len(positions)


def principal_axes(head: Head, count: int) -> Float64:
    """Return the first principal components of the rows, float64, shape (m, count)."""
    from scipy.linalg import eigh

    m = head.width
    total, gram = np.zeros(m), np.zeros((m, m))
    for start, stop in blocks(head.features, m):
        rows = head.block(start, stop)
        total += rows.sum(axis=0, dtype=np.float64)
        gram += rows.T @ rows
    mean = total / head.features
    covariance = gram / head.features - np.outer(mean, mean)
    if not count:
        return np.zeros((m, 0))
    first: Float64 = eigh(covariance, subset_by_index=(m - count, m - 1))[1][:, ::-1]
    return first
