"""How features share the dimensions: what part of a dimension each has, and in which phase it is.

Source: Elhage et al. 2022, Toy Models of Superposition (E22).
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from superscope.toy.features import Float64

THRESHOLD = 0.5
"""Norm above which a feature counts as represented (LLG25)."""


class Phase(StrEnum):
    """What a model does with a feature (E22's phase diagram).

    Attributes
    ----------
    NOT_REPRESENTED
        Its norm is at most ½.
    DEDICATED
        No other feature overlaps with it.
    ANTIPODAL
        It shares its direction, most of all with a feature on the opposite side.
    ALIGNED
        It shares its direction, most of all with a feature on the same side.
    """

    NOT_REPRESENTED = "not represented"
    DEDICATED = "dedicated dimension"
    ANTIPODAL = "superposed, antipodal"
    ALIGNED = "superposed, aligned"


def feature_dimensionality(W: npt.ArrayLike) -> Float64:
    """Return each feature's dimensionality, ‖W_i‖² / Σ_j (Ŵ_i·W_j)² over all j (E22).

    A feature with a dimension of its own has 1, one of an antipodal pair ½, of a triangle ⅔, of a
    tetrahedron ¾, of a pentagon ⅖.

    Parameters
    ----------
    W
        A row for each feature, shape (n, m).

    Returns
    -------
    ndarray of float64
        From 0 to 1, shape (n,); 0 for a row that is 0.

    Examples
    --------
    >>> from superscope.toy import feature_dimensionality
    >>> feature_dimensionality([[1, 0], [0, 1], [0, -1]]).tolist()
    [1.0, 0.5, 0.5]
    """
    rows = np.asarray(W, np.float64)
    largest = float(np.abs(rows).max(initial=0.0))
    rows = rows / largest if largest else rows  # so that no square overflows
    norms = np.linalg.norm(rows, axis=1)
    units = rows / np.where(norms > 0, norms, 1)[:, None]
    # Σ_j (Ŵ_i·W_j)² is a quadratic form in WᵀW, which needs no matrix of all pairs.
    shared = np.einsum("ij,jk,ik->i", units, rows.T @ rows, units, optimize=True)
    found = np.zeros(len(rows))
    np.divide(norms**2, shared, out=found, where=(norms > 0) & (shared > 0))
    return np.minimum(found, 1)


def phase_of(W: npt.ArrayLike, feature: int = -1) -> Phase:
    """Return the phase of one feature: represented or not, alone or superposed.

    Others overlap with it where Σ_j (Ŵ_i·W_j)² over the other features exceeds ¼: as much as one
    feature of norm ½ on the same line.

    Parameters
    ----------
    W
        A row for each feature, shape (n, m).
    feature
        Its number; the last by default, which is E22's extra feature.

    Returns
    -------
    Phase
        Not represented, dedicated, antipodal or aligned.
    """
    rows = np.asarray(W, np.float64)
    norm = float(np.linalg.norm(rows[feature]))
    if not norm > THRESHOLD:
        return Phase.NOT_REPRESENTED
    along = np.delete(rows @ (rows[feature] / norm), feature)
    if float(along @ along) <= THRESHOLD**2:
        return Phase.DEDICATED
    return Phase.ANTIPODAL if along[np.abs(along).argmax()] < 0 else Phase.ALIGNED
