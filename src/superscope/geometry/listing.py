"""Which pairs of rows a list of the most colliding ones shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.geometry.row_classes import RowClasses
from superscope.heads.rows import Indices

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Listing:
    """Equal rows are listed once, and pairs of words before others.

    Attributes
    ----------
    first
        Whether each row equals no earlier one, shape (V,).
    words
        Whether each of these rows is a word, or could be one, shape (V,).
    """

    first: Mask
    words: Mask

    @classmethod
    def of_all(cls, features: int) -> Listing:
        """List every pair."""
        every = np.ones(features, bool)
        return cls(every, every)

    @classmethod
    def by(cls, classes: RowClasses, ids: Indices | None) -> Listing:
        """List the pairs of the rows of these ids, all those classified by default."""
        if ids is None:
            return cls(classes.first, classes.words)
        at = ids if classes.ids is None else np.searchsorted(classes.ids, ids)
        return cls(classes.first[at], classes.words[at])

    def listed(self, top: int) -> Mask:
        """Return the rows among which to look for the `top` pairs: words, if these are enough."""
        return self.first if self._few(top) else self.words

    def _few(self, top: int) -> bool:
        words = int(self.words.sum())
        return words * (words - 1) // 2 < top

    def pairs_of_words(self, top: int) -> npt.NDArray[np.int64]:
        """Return the positions of the pairs of words where they are fewer than `top`, else none."""
        words = np.flatnonzero(self.words) if self._few(top) else np.empty(0, np.int64)
        first, second = np.triu_indices(len(words), 1)
        return np.stack((words[first], words[second]), axis=1)
