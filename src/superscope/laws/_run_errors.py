"""Errors that the rows of a run share: their covariance, and what it leaves of residuals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.laws.formula import Floats
from superscope.laws.noise import basis, constant_within
from superscope.laws.points import Points

SHARES = 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 0.99  # of the variance, shared
LENGTHS = math.inf, 1.0, 0.25  # of the inputs' range, over which what is shared fades
MOST_ROWS = 500  # of a run; the matrices of more take long


def known_within(points: Points) -> bool:
    """Whether rows of a run tell how much they share: every input varies within runs."""
    varied = not any(constant_within(x, points.unit) for x in points.inputs.T)
    return not points.independent and varied and bool(np.bincount(points.unit).max() <= MOST_ROWS)


class RunErrors:
    """Gaussian errors of which rows of one run share a part, the more the nearer they are.

    Two rows of a run have the correlation s · exp(−d / ℓ), d their distance in the inputs'
    logarithms as a share of each one's range; rows of different runs have none. s and ℓ are those
    of a grid that are most likely to leave such residuals (restricted maximum likelihood; Patterson
    and Thompson 1971), found anew for each draw.
    """

    def __init__(
        self, inputs: Floats, unit: npt.NDArray[np.int64], fitted: Floats, columns: Floats
    ) -> None:
        """Prepare the grid.

        Parameters
        ----------
        inputs
            Shape (n, k).
        unit
            Each row's run, shape (n,).
        fitted
            What the law's parameters take up, an orthonormal basis, (n, P).
        columns
            Directions in which another law would show, (n, D).
        """
        logs = np.log(inputs)
        logs = logs / np.maximum(np.ptp(logs, axis=0), 1e-300)
        self._rows = [np.flatnonzero(unit == u) for u in range(int(unit.max()) + 1)]
        apart = [np.linalg.norm(logs[at][:, None] - logs[at][None], axis=2) for at in self._rows]
        self._bases: list[list[Floats]] = []
        self._grid: list[_Covariance] = []
        self._freedom = len(inputs) - fitted.shape[1]
        for length in LENGTHS:
            found = [np.linalg.eigh(np.exp(-distance / length)) for distance in apart]
            self._bases.append([vectors for _, vectors in found])
            shared = np.empty(len(inputs))
            for at, (values, _) in zip(self._rows, found, strict=True):
                shared[at] = np.maximum(values, 0)
            turned = [self._turned(part.T, len(self._bases) - 1).T for part in (fitted, columns)]
            for share in SHARES[len(self._bases) > 1 :]:  # nothing shared has no length
                roots = np.sqrt(1 - share + share * shared)
                self._grid.append(_covariance(len(self._bases) - 1, roots, *turned))

    def _turned(self, noise: Floats, at: int, *, back: bool = False) -> Floats:
        """Return noise (R, n) in the basis in which rows of a run are independent, or back."""
        result = np.empty_like(noise)
        for rows, vectors in zip(self._rows, self._bases[at], strict=True):
            result[:, rows] = noise[:, rows] @ (vectors.T if back else vectors)
        return result

    def _likeliest(self, noise: Floats) -> tuple[npt.NDArray[np.int64], Floats, list[Floats]]:
        """Return the covariance of each draw (R, n), the squares it leaves, and turned noise."""
        turned = [self._turned(noise, at) for at in range(len(self._bases))]
        squares = np.empty((len(noise), len(self._grid)))
        for g, one in enumerate(self._grid):
            even = turned[one.basis] / one.roots
            squares[:, g] = (even**2).sum(axis=1) - ((even @ one.fitted) ** 2).sum(axis=1)
        squares = np.maximum(squares, 1e-300)
        logs = np.array([one.log for one in self._grid]) - self._freedom / 2 * np.log(squares)
        best = logs.argmax(axis=1)
        return best, squares[np.arange(len(noise)), best], turned

    def statistics(self, noise: Floats) -> Floats:
        """Return squares along each direction over what is left beside it, (R, D)."""
        best, squares, turned = self._likeliest(noise)
        result = np.empty((len(noise), self._grid[0].columns.shape[1]))
        for g in np.unique(best):
            one, at = self._grid[g], best == g
            along = (turned[one.basis][at] / one.roots @ one.columns) ** 2
            result[at] = along / np.maximum(squares[at, None] - along, 1e-300)
        return result

    def changes(self, residuals: Floats) -> Floats:
        """Return how far residuals (n,) go along each direction, in its lengths; (D,)."""
        best, _, turned = self._likeliest(residuals[None])
        one = self._grid[best[0]]
        along = turned[one.basis][0] / one.roots @ one.columns
        return np.asarray(along / np.maximum(one.lengths, 1e-300))

    def draw(self, rng: np.random.Generator, count: int, residuals: Floats) -> Floats:
        """Return errors of variance 1 (count, n), correlated as residuals (n,) are."""
        one = self._grid[self._likeliest(residuals[None])[0][0]]
        noise = rng.standard_normal((count, len(residuals))) * one.roots
        return self._turned(noise, one.basis, back=True)


@dataclass(frozen=True)
class _Covariance:
    """One covariance of the grid: basis of eigenvectors, roots of eigenvalues, and in these terms
    what parameters take up, directions (of length 1, freed of that), their lengths before, and the
    part of the log likelihood that no residuals are in."""

    basis: int
    roots: Floats
    fitted: Floats
    columns: Floats
    lengths: Floats
    log: float


def _covariance(at: int, roots: Floats, fitted: Floats, columns: Floats) -> _Covariance:
    even = fitted / roots[:, None]
    orthonormal = basis(even)
    _, size = np.linalg.slogdet(even.T @ even)
    rest = columns / roots[:, None]
    whole = np.linalg.norm(rest, axis=0)
    rest = rest - orthonormal @ (orthonormal.T @ rest)
    lengths = np.linalg.norm(rest, axis=0)
    lengths = np.where(lengths > 1e-6 * whole, lengths, 0.0)
    rest = np.where(lengths > 0, rest / np.maximum(lengths, 1e-300), 0.0)
    return _Covariance(
        at, roots, orthonormal, rest, lengths, -float(np.log(roots).sum() + size / 2)
    )
