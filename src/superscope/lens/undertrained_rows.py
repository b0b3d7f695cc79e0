"""Which rows of a head seem never trained: the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float64
from superscope.lens.indicators import Indicators
from superscope.lens.reference import Reference
from superscope.lens.two_groups import listed
from superscope.plotting import Pictured
from superscope.result import Result

if TYPE_CHECKING:
    import pandas as pd

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Undertrained(Result, Pictured):
    """Which rows of a head seem never trained.

    A list at a false-discovery rate: some of its rows may have been trained after all.

    Attributes
    ----------
    model
        Name of the head.
    width
        Number of columns, m.
    ids, tokens
        Id and text of each row that is not zero, int64 and strings, V of them.
    reference
        The rows that distances are taken from; None where there are none.
    fdr
        The false-discovery rate asked for.
    distance
        Distance of each row from the mean of the group, over the median of the known rows: the
        root of the sum of squares over the matrices, float64, shape (V,).
    probability
        Probability that a row was never trained, float64, shape (V,).
    center, spread, background
        Median distance of the group and its standard deviation; median distance of all rows, or
        of the others where many are of the group.
    matrices
        The single indicators of the head and of the input embedding, if that is another matrix.
    zero
        Ids of rows that are exactly zero, which are left out.
    components
        How many first principal components one of the indicators leaves out.
    notes
        Remarks for the user.
    """

    DERIVED: ClassVar[tuple[str, ...]] = (
        "told", "estimated", "estimated_se", "found", "expected_fdr", "rare"
    )  # fmt: skip

    model: str
    width: int
    ids: Int64
    tokens: tuple[str | None, ...]
    reference: Reference | None
    fdr: float
    distance: Float64
    probability: Float64
    center: float
    spread: float
    background: float
    matrices: tuple[Indicators, ...]
    zero: Int64
    components: int = 1
    notes: tuple[str, ...] = ()

    @property
    def told(self) -> bool:
        """Whether a group of rows that were never trained can be told from the others."""
        return bool(self.probability.any())

    @property
    def estimated(self) -> float:
        """Estimated number of rows that were never trained: the sum of the probabilities."""
        return float(self.probability.sum())

    @property
    def estimated_se(self) -> float:
        """Standard error of that number, from the rows of which it is not certain.

        It is too small where rows were seen once or twice and did not move: those are counted
        without doubt.
        """
        return float(np.sqrt((self.probability * (1 - self.probability)).sum()))

    @property
    def found(self) -> tuple[int, ...]:
        """Ids of the longest list whose expected share of trained rows is `fdr`, nearest first."""
        return tuple(self.ids[self._listed].tolist())

    @property
    def expected_fdr(self) -> float | None:
        """Expected share of trained rows in that list; None where it is empty."""
        chosen = self._listed
        return float((1 - self.probability[chosen]).mean()) if len(chosen) else None

    @property
    def rare(self) -> tuple[int, ...]:
        """Ids of rows off the list that are nearer than half the median distance, nearest first.

        They moved away from the group, but little: they were seen a few times.
        """
        if not self.told:
            return ()
        near = self.distance < self.background / 2
        near[self._listed] = False
        places = np.flatnonzero(near)
        return tuple(self.ids[places[np.argsort(self.distance[places])]].tolist())

    @property
    def _listed(self) -> npt.NDArray[np.intp]:
        if not self.told:
            return np.empty(0, np.intp)
        chosen = listed(self.probability, self.fdr)
        return chosen[np.argsort(self.distance[chosen], kind="stable")]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each token: its probability, and every indicator with its rank.

        :data:`superscope.lens.token_columns.UNDERTRAINED` says what the columns mean. Rank 1 is
        the least trained by that indicator.

        Examples
        --------
        >>> import numpy as np
        >>> import superscope
        >>> rows = np.random.default_rng(0).normal(size=(200, 16))
        >>> rows[:20] = 3 + rows[:20] / 20
        >>> found = superscope.lens(rows).undertrained(reference=range(5))
        >>> len(found.found), found.to_frame().columns[:5].tolist()
        (20, ['id', 'token', 'reference', 'listed', 'probability'])
        """
        import pandas as pd

        origin = () if self.reference is None else self.reference.ids
        data: dict[str, object] = {
            "id": self.ids,
            "token": list(self.tokens),
            "reference": np.isin(self.ids, origin),
            "listed": np.isin(self.ids, self.found),
            "probability": self._of_rows(self.probability),
            "distance": self._of_rows(self.distance),
        }
        if len(self.distance):
            data["distance_rank"] = ranks(self.distance)
        for matrix in self.matrices:
            for name, values in matrix.named().items():
                if len(values):
                    data[name] = values
                    data[f"{name}_rank"] = ranks(values)
        return pd.DataFrame(data)

    def _of_rows(self, values: Float64) -> Float64:
        """Return a value for each row: missing ones where there is no reference to compare with."""
        return values if len(values) else np.full(len(self.ids), np.nan)

    def __repr__(self) -> str:
        return f"Undertrained({self.model}: {len(self.found):,} of {len(self.ids):,} rows)"


def ranks(values: Float64) -> Int64:
    """Return the rank of each value, 1 for the smallest."""
    order = np.empty(len(values), np.int64)
    order[np.argsort(values, kind="stable")] = np.arange(1, len(values) + 1)
    return order
