"""Sums over a text by group, with what their errors need: tokens of a document hang together."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


class Clusters:
    """Sums of q quantities by group, and their squares and products summed over documents.

    A ratio of two sums over clusters has the linearized error sqrt(D/(D − 1) Σ_d (x_d − r n_d)²) /
    Σ n_d, so that nothing need be kept of a single document.

    Parameters
    ----------
    groups
        Number of groups.
    names
        Names of the quantities.
    """

    def __init__(self, groups: int, names: tuple[str, ...]):
        self.names = names
        self.sums = np.zeros((groups, len(names)))
        self.products = np.zeros((groups, len(names), len(names)))
        self.documents = np.zeros(groups, np.int64)

    def add(self, documents: Int64, groups: Int64, values: Float64) -> None:
        """Add rows of whole documents: none of these documents may come again.

        Parameters
        ----------
        documents, groups
            Of each row, shape (n,).
        values
            Quantities of each row, shape (n, q).
        """
        count = len(self.sums)
        keys, place = np.unique(documents.astype(np.int64) * count + groups, return_inverse=True)
        totals = np.zeros((len(keys), len(self.names)))
        np.add.at(totals, place, values)
        group = keys % count
        np.add.at(self.sums, group, totals)
        np.add.at(self.products, group, totals[:, :, None] * totals[:, None, :])
        np.add.at(self.documents, group, 1)

    def ratio(self, above: dict[str, float], below: str) -> tuple[Float64, Float64]:
        """Return a ratio of sums in each group, and its error clustered by document.

        Parameters
        ----------
        above
            Quantities with their factors, added.
        below
            A quantity.

        Returns
        -------
        ratio, error
            float64, shape (groups,); NaN where nothing is below, or where a single document has no
            error.
        """
        a, b = np.zeros(len(self.names)), np.zeros(len(self.names))
        for name, factor in above.items():
            a[self.names.index(name)] = factor
        b[self.names.index(below)] = 1
        with np.errstate(divide="ignore", invalid="ignore"):
            n = self.sums @ b
            ratio: Float64 = self.sums @ a / n
            away = a - ratio[:, None] * b
            squares = np.einsum("gi,gij,gj->g", away, self.products, away)
            scale = self.documents / (self.documents - 1.0)
            error: Float64 = np.sqrt(scale * np.maximum(squares, 0)) / n
        error[self.documents < 2] = np.nan
        return ratio, error


class Whole:
    """Holds back the rows of the last document, which may go on in the next block."""

    def __init__(self) -> None:
        self._held: tuple[npt.NDArray[Any], ...] | None = None

    def closed(self, *rows: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        """Return the rows of documents that are whole; the first array is the documents."""
        if self._held is not None:
            rows = tuple(np.concatenate(both) for both in zip(self._held, rows, strict=True))
        last = rows[0] == rows[0].max(initial=-1)
        self._held = tuple(part[last] for part in rows)
        return tuple(part[~last] for part in rows)

    def rest(self) -> tuple[npt.NDArray[Any], ...]:
        """Return the rows that are held."""
        held, self._held = self._held, None
        assert held is not None, "a block comes first"
        return held
