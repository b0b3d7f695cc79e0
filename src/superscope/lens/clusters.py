"""Sums over a text by group, with what their errors need: tokens of a document hang together."""

from __future__ import annotations

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
    """Holds back the sums of the last document, which may go on in the next block."""

    def __init__(self) -> None:
        self._held: tuple[Int64, Int64, Float64] | None = None

    def closed(
        self, documents: Int64, within: Int64, sums: Float64
    ) -> tuple[Int64, Int64, Float64]:
        """Return the rows of documents that are whole, and hold the others, summed.

        Parameters
        ----------
        documents
            Of each row, ascending from block to block, shape (n,).
        within
            What a row is about within its document, as a token: of the document that goes on, rows
            of the same are added up, so that no more is held than one document has of them.
            Shape (n,).
        sums
            Of each row, shape (n, …).
        """
        rows = documents, within, sums
        if self._held is not None:
            rows = (
                np.concatenate([self._held[0], documents]),
                np.concatenate([self._held[1], within]),
                np.concatenate([self._held[2], sums]),
            )
        last = rows[0] == rows[0].max(initial=-1)
        named, place = np.unique(rows[1][last], return_inverse=True)
        held = np.zeros((len(named), *sums.shape[1:]))
        np.add.at(held, place, rows[2][last])
        self._held = np.full(len(named), rows[0].max(initial=-1)), named, held
        return rows[0][~last], rows[1][~last], rows[2][~last]

    def rest(self) -> tuple[Int64, Int64, Float64]:
        """Return the rows that are held."""
        held, self._held = self._held, None
        assert held is not None, "a block comes first"
        return held
