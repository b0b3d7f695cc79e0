"""Tables of single tokens and of pairs, as data frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope.geometry.norms import Norms
from superscope.geometry.overlap import Overlap
from superscope.geometry.stages import CENTERINGS

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = {"none": "", "mean": "_centered", "frequency": "_frequency_centered"}
"""What the columns of each centering end in."""

Ids = npt.NDArray[np.int64]
Texts = Sequence[str | None]


def token_frame(
    norms: Norms, overlaps: Sequence[Overlap], ids: Ids | None, texts: Texts | None
) -> pd.DataFrame:
    """Return one row for each kept row of a head.

    Parameters
    ----------
    norms
        Norms of the V kept rows.
    overlaps
        Overlaps under each centering, which may have left out some of those rows.
    ids
        Ids of the kept rows; None if they are 0 to V − 1.
    texts
        Texts of the kept rows, or None.

    Returns
    -------
    pandas.DataFrame
        See :meth:`superscope.Geometry.tokens`.
    """
    import pandas as pd

    every = np.arange(len(norms.values)) if ids is None else ids
    names = _texts(range(len(every)), texts)
    columns: dict[str, Any] = {
        "id": every,
        "token": names,
        "norm": norms.values,
        "represented": norms.values > norms.threshold,
    }
    for overlap in overlaps:
        kept = ~np.isin(every, overlap.left_out)
        suffix = SUFFIXES[overlap.center]
        columns[f"interference{suffix}"] = _spread(overlap.token_interference, kept)
    for overlap in overlaps:
        kept = ~np.isin(every, overlap.left_out)
        columns |= _neighbors(overlap, every, kept, texts)
    return pd.DataFrame(columns)


def _neighbors(overlap: Overlap, every: Ids, kept: Any, texts: Texts | None) -> dict[str, Any]:
    """Return the columns of the nearest rows under one centering, nearest first."""
    import pandas as pd

    pairs = overlap.pairs
    if pairs is None or pairs.neighbors is None or pairs.neighbor_overlaps is None:
        return {}
    columns: dict[str, Any] = {}
    positions = np.flatnonzero(kept)
    suffix = SUFFIXES[overlap.center]
    for k, near in enumerate(pairs.neighbors.T.astype(np.int64), start=1):
        name = "nearest" if k == 1 else f"nearest_{k}"
        ids = pd.array([pd.NA] * len(every), "Int64")
        ids[positions] = near
        strings = np.full(len(every), None, object)
        strings[positions] = _texts(np.searchsorted(every, near), texts)
        columns[f"{name}{suffix}"] = ids
        columns[f"{name}_token{suffix}"] = pd.array(strings, "string")
        columns[f"{name}_overlap{suffix}"] = _spread(pairs.neighbor_overlaps[:, k - 1], kept)
    return columns


def _spread(values: npt.NDArray[Any], kept: Any) -> Any:
    """Return an array over all rows with the values of the kept rows; the others are missing."""
    if kept.all():
        return values.astype(np.float64)
    import pandas as pd

    spread = np.full(len(kept), np.nan)
    spread[kept] = values
    return pd.arrays.FloatingArray(spread, ~kept)


def _texts(positions: Any, texts: Texts | None) -> Any:
    return text_column(None if texts is None else texts[i] for i in positions)


def text_column(texts: Iterable[str | None]) -> Any:
    """Return texts as a column; lone surrogates, which Arrow cannot hold, are escaped."""
    import pandas as pd

    found = list(texts)
    try:
        return pd.array(found, "string")
    except UnicodeEncodeError:
        held = (t and t.encode("utf-8", "backslashreplace").decode() for t in found)
        return pd.array(list(held), "string")


def collision_frame(overlaps: Sequence[Overlap]) -> pd.DataFrame:
    """Return the most colliding pairs under each centering; see `Geometry.collisions`."""
    import pandas as pd

    pairs = [(CENTERINGS[o.center], p) for o in overlaps if o.pairs for p in o.pairs.top]
    return pd.DataFrame(
        {
            "center": pd.array([center for center, _ in pairs], "string"),
            "first": np.array([p.first for _, p in pairs], np.int64),
            "second": np.array([p.second for _, p in pairs], np.int64),
            "first_token": pd.array([p.first_text for _, p in pairs], "string"),
            "second_token": pd.array([p.second_text for _, p in pairs], "string"),
            "overlap": np.array([p.overlap for _, p in pairs], np.float64),
        }
    )
