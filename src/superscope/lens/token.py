"""What a lens shows of one token, and of several beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from superscope.geometry.frames import SUFFIXES
from superscope.geometry.row_classes import RowClass
from superscope.lens.hubs import InDegree
from superscope.plotting import Pictured
from superscope.result import Result

if TYPE_CHECKING:
    import pandas as pd

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Named:
    """An entry of the vocabulary.

    Attributes
    ----------
    id
        Its row.
    text
        Its text, or None if unknown.
    row_class
        Class of its row.
    """

    id: int
    text: str | None
    row_class: RowClass = RowClass.UNKNOWN


@dataclass(frozen=True)
class Neighbor:
    """A row near to another.

    Attributes
    ----------
    entry
        Which one.
    overlap
        c of the two.
    """

    entry: Named
    overlap: float


@dataclass(frozen=True)
class Chance:
    """What a random pair of a head's rows has.

    Attributes
    ----------
    center
        What is subtracted from every row.
    mean, std
        Mean and standard deviation of c.
    pairs
        Pairs drawn at random to estimate them.
    """

    center: str
    mean: float
    std: float
    pairs: int


@dataclass(frozen=True)
class Token(Result, Pictured):
    """One token of a head.

    Attributes
    ----------
    model
        Name of the head.
    entry
        The token.
    equal
        Entries with an equal row.
    others
        Further entries that are the same word, such as one without the leading space.
    features, width
        V and m.
    norm, norm_rank
        Length of its row, and 1 for the longest: one more than how many rows are longer.
    interference
        Mean of c² with every other row, of raw rows; None if the row has no direction.
    centered_interference
        The same of rows less their mean.
    frequency_interference
        Mean of c² with another token drawn from the text, by centered rows; None without
        frequencies.
    center
        What is subtracted from every row for the neighbors.
    chance
        What a random pair has, of these rows.
    neighbors
        The nearest rows, nearest first; of equal rows one is listed.
    longer_neighbors
        The same without the shortest hundredth of the rows, where the first five differ; None
        where they do not.
    in_degree
        How many rows have this one among their nearest; None if the row has no direction.
    """

    model: str
    entry: Named
    equal: tuple[Named, ...]
    others: tuple[Named, ...]
    features: int
    width: int
    norm: float
    norm_rank: int
    interference: float | None
    centered_interference: float | None
    frequency_interference: float | None
    center: str
    chance: Chance | None
    neighbors: tuple[Neighbor, ...]
    longer_neighbors: tuple[Neighbor, ...] | None
    in_degree: InDegree | None

    DERIVED = ("id", "text")

    @property
    def id(self) -> int:
        """The token's id."""
        return self.entry.id

    @property
    def text(self) -> str | None:
        """The token's text, or None if unknown."""
        return self.entry.text

    def to_frame(self) -> pd.DataFrame:
        """Return the nearest rows: columns id, token, class, overlap."""
        import pandas as pd

        return pd.DataFrame({
            "id": [n.entry.id for n in self.neighbors],
            "token": [n.entry.text for n in self.neighbors],
            "class": [n.entry.row_class.value for n in self.neighbors],
            "overlap": [n.overlap for n in self.neighbors],
        })  # fmt: skip

    def __repr__(self) -> str:
        return f"Token({self.text!r}, id {self.id}, norm {self.norm:.4g})"


@dataclass(frozen=True, eq=False)
class Square:
    """The overlaps of some tokens with each other under one centering.

    Attributes
    ----------
    overlaps
        c of each two, float32, shape (k, k).
    chance
        What a random pair of rows has under this centering.
    """

    overlaps: Float32
    chance: Chance


@dataclass(frozen=True, eq=False)
class Comparison(Result, Pictured):
    """The overlaps of some tokens with each other.

    Attributes
    ----------
    model
        Name of the head.
    entries
        The tokens, k of them.
    squares
        Their overlaps of raw rows, of rows less their mean, and under the lens' own centering if
        that is another; without the mean where all rows are equal.
    """

    model: str
    entries: tuple[Named, ...]
    squares: tuple[Square, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each pair.

        Returns
        -------
        pandas.DataFrame
            Columns ``first`` and ``second`` (ids), ``first_token``, ``second_token``, and
            ``overlap``, ``overlap_centered`` and ``overlap_frequency_centered``, as far as there
            are such squares.
        """
        import pandas as pd

        second, first = np.tril_indices(len(self.entries), -1)
        columns = {
            name: [getattr(self.entries[k], of) for k in places]
            for of, suffix in (("id", ""), ("text", "_token"))
            for name, places in ((f"first{suffix}", first), (f"second{suffix}", second))
        }
        for square in self.squares:
            name = f"overlap{SUFFIXES[square.chance.center]}"
            columns[name] = square.overlaps[second, first].astype(np.float64).tolist()
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        return f"Comparison({len(self.entries)} tokens of {self.model})"
