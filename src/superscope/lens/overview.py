"""What a lens shows of a whole head."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from superscope.geometry import Geometry
from superscope.geometry.row_classes import RowClass
from superscope.lens.token import Named
from superscope.result import Result

if TYPE_CHECKING:
    import pandas as pd

FEW = 5  # tokens at each end


@dataclass(frozen=True)
class Extreme:
    """A token at one end of an order.

    Attributes
    ----------
    entry
        Which one.
    value
        Its norm, or its interference: mean of c² with every other mean-centered row.
    """

    entry: Named
    value: float


@dataclass(frozen=True)
class Overview(Result):
    """A head in a few lines.

    Attributes
    ----------
    model
        Name of the head.
    features, width
        V without rows that are zero, and m.
    classes
        Rows of each class, most first.
    norm_mean, norm_min, norm_max
        Row norms.
    mean_square_overlap, mean_square_overlap_centered
        Mean of c² over all pairs, of raw and of mean-centered rows.
    most_packed, least_packed
        Words of the most and of the least interference, mean-centered.
    longest, shortest
        Words of the longest and of the shortest rows.
    groups
        Entries whose rows are equal, the largest group first.
    notes
        Remarks for the user.
    """

    model: str
    features: int
    width: int
    classes: Mapping[str, int]
    norm_mean: float
    norm_min: float
    norm_max: float
    mean_square_overlap: float
    mean_square_overlap_centered: float
    most_packed: tuple[Extreme, ...]
    least_packed: tuple[Extreme, ...]
    longest: tuple[Extreme, ...]
    shortest: tuple[Extreme, ...]
    groups: tuple[tuple[Named, ...], ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Overview({self.model}: V = {self.features:,}, m = {self.width:,})"


def overview(
    geometry: Geometry,
    tokens: pd.DataFrame,
    groups: tuple[tuple[Named, ...], ...],
    notes: tuple[str, ...],
) -> Overview:
    """Return the overview of a head.

    Parameters
    ----------
    geometry
        Of the head.
    tokens
        A row for each token: id, token, class, norm, interference, interference_centered.
    groups
        Entries whose rows are equal.
    notes
        Remarks for the user.
    """
    g = geometry
    classes = Counter(tokens["class"].tolist())
    words = tokens[tokens["class"] == "word"] if "word" in classes else tokens

    def ends(column: str, most: bool) -> tuple[Extreme, ...]:
        some = words.dropna(subset=[column]).sort_values(column, ascending=not most, kind="stable")
        return tuple(
            Extreme(Named(int(row["id"]), _text(row["token"]), RowClass(row["class"])), row[column])
            for row in some[:FEW].to_dict("records")
        )

    return Overview(
        model=g.provenance.model,
        features=g.features,
        width=g.width,
        classes=dict(classes.most_common()),
        norm_mean=g.norms.mean,
        norm_min=g.norms.min,
        norm_max=g.norms.max,
        mean_square_overlap=g.raw.mean_square_overlap,
        mean_square_overlap_centered=g.centered.mean_square_overlap,
        most_packed=ends("interference_centered", most=True),
        least_packed=ends("interference_centered", most=False),
        longest=ends("norm", most=True),
        shortest=ends("norm", most=False),
        groups=tuple(sorted(groups, key=len, reverse=True)),
        notes=notes,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
