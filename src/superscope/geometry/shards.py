"""Where the rows of a head are spread over processes: what each hands to the others."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Numbers = TypeVar("Numbers", bound=np.generic)


class Shards:
    """All rows in this process; a subclass talks to the processes that have the others.

    Every process must make the same calls in the same order.

    Attributes
    ----------
    first
        Number of rows that the processes before this one have.
    """

    first: int = 0

    def sum(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the sum of arrays of one shape over the processes."""
        return values

    def join(self, values: npt.NDArray[Numbers]) -> npt.NDArray[Numbers]:
        """Return one array after the other, in the order of the processes; the first axis grows."""
        return values


WHOLE = Shards()
"""Of a head that one process has whole."""
