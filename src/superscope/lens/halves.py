"""Two halves of a text: one chooses pairs of tokens, the other is scored with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Bool = npt.NDArray[np.bool_]
By = Literal["documents", "blocks"]


@dataclass(frozen=True, eq=False)
class Halves:
    """Which scored positions choose pairs: what is chosen must not be judged by what chose it.

    Attributes
    ----------
    chooses
        Of each document by its number, whether it chooses; None for a text of one document, of
        which the first half of each block of its tokens does.
    """

    chooses: Bool | None

    @classmethod
    def of(cls, documents: npt.NDArray[np.int64], seed: int) -> Halves:
        """Return halves of documents at random: the smaller one chooses.

        Parameters
        ----------
        documents
            Numbers of those with a scored token, distinct.
        seed
            Of the generator.
        """
        if len(documents) < 2:
            return cls(None)
        chosen = np.random.default_rng(seed).permutation(documents)[: len(documents) // 2]
        chooses = np.zeros(int(documents.max()) + 1, bool)
        chooses[chosen] = True
        return cls(chooses)

    @property
    def by(self) -> By:
        """What is halved."""
        return "blocks" if self.chooses is None else "documents"

    def choosing(self, documents: npt.NDArray[np.integer]) -> Bool:
        """Return which positions of a block choose, from the document of each, in their order."""
        if self.chooses is None:
            return np.arange(len(documents)) < len(documents) // 2
        made: Bool = self.chooses[documents]
        return made

    @property
    def settings(self) -> object:
        """What it depends on, as JSON."""
        return None if self.chooses is None else np.packbits(self.chooses).tobytes().hex()
