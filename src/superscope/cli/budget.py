"""``superscope budget``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from cyclopts import Parameter

from superscope.errors import UsageError
from superscope.heads import HeadOptions
from superscope.lens._budget import BudgetOptions

if TYPE_CHECKING:
    import numpy.typing as npt


def budget(
    direction: Annotated[str, Parameter(name="DIRECTION")],
    *,
    dictionary: str,
    rates: str = "0.01",
    options: Annotated[BudgetOptions, Parameter(name="*")] = BudgetOptions(),  # noqa: B008
    read: Annotated[HeadOptions, Parameter(name="*")] = HeadOptions(),  # noqa: B008
    json: Annotated[bool, Parameter(negative="")] = False,
    table: Path | None = None,
) -> None:
    """Predict how well a direction can be read among the others of a dictionary.

    Parameters
    ----------
    direction
        A file with one vector, or one for each layer; or a direction of the dictionary by its
        name or #id.
    dictionary
        Directions as rows, such as a sparse autoencoder's decoder: file, folder or hub id, as of
        superscope measure.
    rates
        How often each direction is active, from 0 to 1: one number for all, or a file with one
        for each: .npy, a .parquet or .csv table with columns id and rate, or the
        sparsity.safetensors of SAELens.
    json
        Print one line of JSON.
    table
        Write a row for each direction that disturbs most to this .parquet or .csv file.
    """
    from superscope.atomic import check_writable
    from superscope.heads import read_vector
    from superscope.lens import budget as predict
    from superscope.tables import check_suffix, write_table

    if table is not None:
        check_suffix(table)
        check_writable(table)
    vector = read_vector(direction, read.layer) if Path(direction).exists() else None
    found = predict(
        direction if vector is None else vector, dictionary, options,
        rates=_rates(rates), read=read,
    )  # fmt: skip
    if table is not None:
        write_table(found.to_frame(), table)
    print(found.to_json() if json else found)


def _rates(given: str) -> float | npt.NDArray[np.float64]:
    """Return one rate, or those of a file."""
    from superscope.tables import read_numbers, read_table

    try:
        return float(given)
    except ValueError:
        pass
    path = Path(given)
    if not path.exists():
        raise UsageError(f"--rates {given} is neither a number nor a file")
    if path.suffix == ".npy":
        return read_numbers(path)
    if path.suffix == ".safetensors":  # SAELens writes log10 of the rates
        from superscope.heads import read_vector

        return np.power(10.0, read_vector(path).astype(np.float64))
    frame = read_table(path)
    if "rate" not in frame.columns:
        raise UsageError(f"{given} has no column rate, but {', '.join(map(str, frame.columns))}")
    if "id" not in frame.columns:
        return frame["rate"].to_numpy()
    ordered = frame.sort_values("id")
    if ordered["id"].tolist() != list(range(len(ordered))):
        raise UsageError(f"{given} does not have each id from 0 once")
    return ordered["rate"].to_numpy()
