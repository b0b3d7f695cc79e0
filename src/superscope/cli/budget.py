"""``superscope budget``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from superscope.errors import NotFoundError, UsageError
from superscope.heads import HeadOptions
from superscope.lens.budget_options import BudgetOptions

if TYPE_CHECKING:
    import numpy.typing as npt

    from superscope.heads import Head


def budget(
    direction: Annotated[str, Parameter(name="DIRECTION")],
    *,
    dictionary: str,
    direction_layer: int | None = None,
    rates: str | None = None,
    amplitudes: Path | None = None,
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
        superscope measure. The options below say how it is read.
    direction_layer
        Which vector of the file DIRECTION to read, from 0, if it has one for each layer.
    rates
        How often each direction is active, from 0 to 1: one number for all, or a file with one
        for each: .npy, a .parquet or .csv table with columns id and rate, or the
        sparsity.safetensors of SAELens. By default that of the dictionary's folder, if it is
        there, and else 0.01.
    amplitudes
        Mean amplitude of each direction when it is active, in place of --amplitude: a .npy file,
        or a .parquet or .csv table with columns id and amplitude.
    json
        Print one line of JSON.
    table
        Write a row for each direction that disturbs most to this .parquet or .csv file.
    """
    from superscope.atomic import check_writable
    from superscope.heads import read_head
    from superscope.lens import budget as predict
    from superscope.tables import check_suffix, write_table

    if table is not None:
        check_suffix(table)
        check_writable(table)
    p = None if rates is None else _rates(rates)
    sizes = None if amplitudes is None else _column(amplitudes, "amplitude")
    vector = _vector(direction, direction_layer)
    head = read_head(dictionary, read)
    if isinstance(vector, str):
        _check_name(vector, head)
    found = predict(vector, head, options, rates=p, amplitudes=sizes)
    if table is not None:
        write_table(found.to_frame(), table)
    print(found.to_json() if json else found)


def _vector(direction: str, layer: int | None) -> Any:
    """Return the vector of a file, or the name of a direction."""
    from superscope.heads import read_vector

    if Path(direction).exists():
        try:
            return read_vector(direction, layer)
        except UsageError as error:
            raise UsageError(str(error).replace("layer=", "direction_layer=")) from error
    if layer is not None:
        raise UsageError(f"--direction-layer is for a file, and there is no file {direction}")
    return direction


def _check_name(name: str, head: Head) -> None:
    """Raise, saying that there is no such file either, if a dictionary has no such direction."""
    from superscope.lens.vocabulary import find, id_in, of_directions

    if id_in(name) is not None:
        return
    try:
        find(of_directions(head), name, lambda _: False)
    except (NotFoundError, UsageError) as error:
        raise type(error)(f"there is no file {name}, and {error}") from error


def _rates(given: str) -> float | npt.NDArray[Any]:
    """Return one rate, or those of a file."""
    from superscope.heads import read_rates

    try:
        return float(given)
    except ValueError:
        pass
    path = Path(given)
    if not path.exists():
        raise UsageError(f"--rates {given} is neither a number nor a file")
    return read_rates(path) if path.suffix == ".safetensors" else _column(path, "rate")


def _column(path: Path, name: str) -> npt.NDArray[Any]:
    """Return a number for each direction from a .npy file, or from a column of a table."""
    from superscope.tables import read_numbers, read_table

    if path.suffix == ".npy":
        return read_numbers(path)
    frame = read_table(path)
    if name not in frame.columns:
        raise UsageError(f"{path} has no column {name}, but {', '.join(map(str, frame.columns))}")
    if "id" not in frame.columns:
        return frame[name].to_numpy()
    ordered = frame.sort_values("id")
    if ordered["id"].tolist() != list(range(len(ordered))):
        raise UsageError(f"{path} does not have each id from 0 once")
    return ordered[name].to_numpy()
