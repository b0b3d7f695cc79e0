"""The table of observations: one row for each measured model, with the same columns for all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.arguments import checked

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Observation:
    """One row of the table of observations; a missing value is None, never 0.

    Attributes
    ----------
    source
        ``checkpoint``, ``toy``, ``lab`` or ``published``.
    run, family, model, revision
        What was measured.
    width, features, depth, parameters, tokens
        m; V or n; layers; weights; training tokens.
    dataset, loss, loss_se
        Loss in nats per token on that text (or the toy loss) and its standard error.
    mean_square_overlap, mean_square_overlap_centered
        Mean of c² of raw and mean-centered rows.
    effective_width, effective_width_centered
        Participation ratio of G's spectrum.
    represented_fraction, norm_mean, norm_cv
        Share of represented rows; mean and coefficient of variation of the row norms.
    frequency_exponent, decay, density, seed
        α, γ, activation density and seed of a toy model.
    represented_fraction_untrained
        Share of represented rows among as many untrained ones.
    overlap_deviation, overlap_deviation_centered
        Standard deviations of the mean c² from that of random rows, raw and mean-centered.
    outside_marchenko_pastur
        Share of the mean-centered spectrum outside the edges for random rows.
    random_direction_share
        Share of raw rows that overlap no more than random directions do.
    moved_fraction
        Share of rows that differ from the initialization given.
    evidence
        What shows that the rows were trained; see :class:`superscope.geometry.Evidence`.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> row = superscope.measure(np.eye(4), pairs="none").observation()
    >>> row.source, row.width, row.mean_square_overlap
    ('checkpoint', 4, 0.0)
    >>> from superscope.observations import to_frame
    >>> published = superscope.Observation("published", model="a", width=512, loss=3.2)
    >>> to_frame([published])[["model", "width", "loss"]]
      model  width  loss
    0     a    512   3.2
    """

    source: str
    run: str | None = None
    family: str | None = None
    model: str | None = None
    revision: str | None = None
    width: int | None = None
    features: int | None = None
    depth: int | None = None
    parameters: int | None = None
    tokens: int | None = None
    dataset: str | None = None
    loss: float | None = None
    loss_se: float | None = None
    mean_square_overlap: float | None = None
    mean_square_overlap_centered: float | None = None
    effective_width: float | None = None
    effective_width_centered: float | None = None
    represented_fraction: float | None = None
    norm_mean: float | None = None
    norm_cv: float | None = None
    frequency_exponent: float | None = None
    decay: float | None = None
    density: float | None = None
    seed: int | None = None
    represented_fraction_untrained: float | None = None
    overlap_deviation: float | None = None
    overlap_deviation_centered: float | None = None
    outside_marchenko_pastur: float | None = None
    random_direction_share: float | None = None
    moved_fraction: float | None = None
    evidence: str | None = None


def _dtype(annotation: str) -> str:
    kind = annotation.partition(" ")[0]
    return {"str": "string", "int": "Int64", "float": "Float64"}[kind]


DTYPES: dict[str, str] = {f.name: _dtype(str(f.type)) for f in fields(Observation)}
COLUMNS: tuple[str, ...] = tuple(DTYPES)
NEWER = COLUMNS[COLUMNS.index("represented_fraction_untrained") :]
"""Columns that older tables lack; they are then null."""


def to_frame(observations: Iterable[Observation]) -> pd.DataFrame:
    """Return observations as a data frame with nullable columns, in the table's order."""
    import pandas as pd

    # As objects first: pandas would turn integers into floats where some are missing.
    rows = [asdict(o) for o in observations]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).astype(DTYPES)


@checked
def read_observations(path: Path) -> pd.DataFrame:
    """Read a table of observations, with the types of its columns.

    Parameters
    ----------
    path
        A .csv, .parquet or .jsonl file.

    Returns
    -------
    DataFrame
        One row for each result; missing values are null.

    Raises
    ------
    NotFoundError, FormatError, UsageError
        The file does not exist, is not a table of observations, or has another suffix.

    Examples
    --------
    >>> from pathlib import Path
    >>> from superscope.tables import write_table
    >>> found = [Observation("published", width=256, loss=3.9), Observation("lab", width=512)]
    >>> write_table(to_frame(found), Path("runs.csv"))
    >>> read_observations(Path("runs.csv"))[["source", "width", "loss"]]
          source  width  loss
    0  published    256   3.9
    1        lab    512  <NA>
    """
    from superscope.tables import read_table

    return read_table(path, DTYPES, "table of observations", optional=NEWER)
