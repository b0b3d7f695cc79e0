"""What the search for certificates has found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from tempfile import TemporaryFile

import numpy as np
import numpy.typing as npt

from superscope.lens.centered_rows import KEPT, CenteredRows, Float64, Int64
from superscope.lens.certificates import ARGMAXABLE, IMPOSSIBLE, UNDECIDED, Certificates

EPS = 2.0**-24
"""Half a unit of float32's last place."""

FAR = 1e3
"""A hidden state is so long that biases change its margin by less than a thousandth."""


@dataclass(eq=False)
class Found:
    """What a search has found so far, for V rows.

    Attributes
    ----------
    status, margin, scale
        As in the results, shape (V,).
    places, states
        The rows that have a hidden state of their own, by position: its place in `states`, float64,
        shape (k, m). These are in memory if all rows that are left when the first comes would take
        no more than ``KEPT`` bytes, and else in a temporary file.
    twins
        The equal row of each tied one.
    combinations
        Rows and weights that make an impossible row.
    """

    status: npt.NDArray[np.int8]
    margin: Float64
    scale: Float64
    places: dict[int, int] = field(default_factory=dict)
    states: Float64 | None = None
    twins: dict[int, int] = field(default_factory=dict)
    combinations: dict[int, tuple[Int64, Float64]] = field(default_factory=dict)

    @classmethod
    def nothing(cls, count: int) -> Found:
        """Return that all rows are undecided."""
        status = np.full(count, UNDECIDED, np.int8)
        return cls(status, np.full(count, np.nan), np.zeros(count))

    @property
    def left(self) -> Int64:
        """Positions of the rows without a certificate."""
        return np.flatnonzero(self.status == UNDECIDED)

    def stated(self, row: int, state: Float64) -> None:
        """Note the hidden state of a row that has no certificate so far."""
        if self.states is None:
            self.states = _room(len(self.left), len(state))
        self.status[row] = ARGMAXABLE
        self.states[len(self.places)] = state
        self.places[row] = len(self.places)

    def combined(self, row: int, parts: Int64, weights: Float64) -> None:
        """Note that a row is a combination of others."""
        self.status[row] = IMPOSSIBLE
        self.combinations[row] = parts, weights

    def certificates(self, rows: CenteredRows) -> Certificates:
        """Return what was found as certificates."""
        head = rows.head
        tied, impossible = (np.array(sorted(d), np.int64) for d in (self.twins, self.combinations))
        combinations = [self.combinations[i] for i in impossible.tolist()]
        none: list[tuple[Int64, Float64]] = [(np.empty(0, np.int64), np.empty(0))]
        return Certificates(
            head.kept_ids,
            self.status,
            rows.mean,
            rows.whitening @ rows.whitening,
            self.scale,
            np.array(list(self.places), np.int64),
            np.empty((0, head.width)) if self.states is None else self.states[: len(self.places)],
            tied,
            np.array([self.twins[i] for i in tied.tolist()], np.int64),
            impossible,
            np.cumsum([0, *(len(parts) for parts, _ in combinations)], dtype=np.int64),
            np.concatenate([parts for parts, _ in combinations or none]),
            np.concatenate([weights for _, weights in combinations or none]),
        )


def _room(count: int, width: int) -> Float64:
    """Return an array for hidden states; pages that are never written take no room."""
    if 8 * count * width <= KEPT:
        return np.empty((count, width))
    with TemporaryFile() as file:  # which lives as long as the array does
        return np.memmap(file, np.float64, "w+", shape=(count, width))
