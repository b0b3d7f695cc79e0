"""The unit rows of a head under each centering, found once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from superscope.errors import HeadDataError, UsageError
from superscope.geometry.rescore import overlaps_of
from superscope.geometry.unit_rows import Float32, Float64, Prepared, UnitRows, centered, prepare
from superscope.geometry.weighted import mean_row
from superscope.heads import Head
from superscope.lens.token import Chance

Int64 = npt.NDArray[np.int64]

PAIRS = 10_000  # drawn at random to say what a random pair has
SEED = 0


class Views:
    """A head's unit rows: raw, less their mean, and less their frequency-weighted mean.

    Attributes
    ----------
    prepared
        Norms, mean row and raw unit rows, without rows that are zero.
    frequencies
        Of the stored rows, shape (stored V,), or None.
    """

    def __init__(self, head: Head, frequencies: Float64 | None):
        self.prepared: Prepared = prepare(head)
        self.frequencies = frequencies
        self._rows: dict[str, UnitRows] = {"none": self.prepared.raw}
        self._chance: dict[str, Chance] = {}

    def rows(self, center: str) -> UnitRows:
        """Return the unit rows under a centering.

        Raises
        ------
        HeadDataError
            Too few rows have a direction.
        UsageError
            The centering needs frequencies, and there are none.
        """
        if center not in self._rows:
            self._rows[center] = centered(self.prepared, self._center(center))
        rows = self._rows[center]
        if rows.features < 2:
            head = self.prepared.raw.head
            said = (
                ""
                if center == "none"
                else (
                    "; all rows may be equal: choose center='none', and name the tokens to look at"
                )
            )
            raise HeadDataError(
                f"{head.provenance.model}: {rows.features} of {head.stored.shape[0]:,} rows have a "
                f"direction with center='{center}', and an overlap needs two{said}"
            )
        return rows

    def _center(self, center: str) -> Float64:
        if center == "mean":
            return self.prepared.mean
        if self.frequencies is None:
            raise UsageError("center='frequency' needs token frequencies; pass frequencies=")
        return mean_row(self.prepared.raw.head, self.frequencies)

    def measurable(self, center: str) -> bool:
        """Return whether at least two rows have a direction under a centering."""
        try:
            return self.rows(center).features > 1
        except HeadDataError:
            return False

    def position(self, center: str, index: int) -> int | None:
        """Return the place of an id among the rows of a centering; None if it has no direction."""
        return self.rows(center).head.position_of(index)

    def chance(self, center: str) -> Chance:
        """Return what a random pair of rows has."""
        if center not in self._chance:
            rows, generator = self.rows(center), np.random.default_rng(SEED)
            first = generator.integers(rows.features, size=PAIRS)
            second = (first + generator.integers(1, rows.features, size=PAIRS)) % rows.features
            c = overlaps_of(rows, first, second).astype(np.float64)
            self._chance[center] = Chance(center, float(c.mean()), float(c.std()), PAIRS)
        return self._chance[center]

    def square(self, center: str, ids: list[int], named: Mapping[int, str]) -> Float32:
        """Return the overlaps of some rows with each other, float32, shape (k, k).

        Raises
        ------
        UsageError
            One of them has no direction.
        """
        rows = self.rows(center)
        places = [rows.head.position_of(i) for i in ids]
        for index, place in zip(ids, places, strict=True):
            if place is None:
                raise UsageError(
                    f"{named[index]} has no direction to compare: its row is "
                    + ("zero" if center == "none" else "the mean row")
                )
        unit = rows.take(np.array(places, np.int64))
        c: Float32 = np.clip(unit @ unit.T, -1, 1)
        np.fill_diagonal(c, 1)
        return c
