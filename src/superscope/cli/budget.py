"""``superscope budget``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from superscope.errors import NotFoundError, UsageError
from superscope.heads import HeadOptions
from superscope.lens.budget_options import BudgetOptions

if TYPE_CHECKING:
    import numpy.typing as npt

    from superscope.heads import Head
    from superscope.lens import ReadingBudget, ReadingBudgets


EVERY = "all"


def budget(
    *directions: Annotated[str, Parameter(name="DIRECTION")],
    dictionary: str,
    direction_layer: int | None = None,
    rates: str | None = None,
    amplitudes: Path | None = None,
    options: Annotated[BudgetOptions, Parameter(name="*")] = BudgetOptions(),  # noqa: B008
    read: Annotated[HeadOptions, Parameter(name="*")] = HeadOptions(),  # noqa: B008
    json: Annotated[bool, Parameter(negative="")] = False,
    table: Path | None = None,
    figures: Path | None = None,
    report: Path | None = None,
) -> None:
    """Predict how well directions can be read among the others of a dictionary.

    Parameters
    ----------
    directions
        A file with one vector, or one for each layer; or a direction of the dictionary by its
        name or #id. Several of them, or all, which stands for every direction of the dictionary,
        make one table.
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
        Write a row for each direction that disturbs most to this .parquet or .csv file; of
        several DIRECTIONs, a row for each, with AUC, d′, interference and verdict.
    figures
        Write the figure to this folder, as PNG, PDF and SVG.
    report
        Write a page to this .html file.
    """
    from superscope.cli.figures import check_folder, write_figures
    from superscope.cli.outputs import check_page, check_table
    from superscope.heads import read_head
    from superscope.lens import budget as predict
    from superscope.lens import budgets as predict_all
    from superscope.tables import write_table

    if not directions:
        raise UsageError("name a DIRECTION, or all; see: superscope budget --help")
    if EVERY in directions and (len(directions) > 1 or direction_layer is not None):
        raise UsageError(f"{EVERY} stands for every direction, so it stands alone")
    check_table(table)
    check_page(report)
    check_folder(figures)
    p = None if rates is None else _rates(rates)
    sizes = None if amplitudes is None else _column(amplitudes, "amplitude")
    every = directions == (EVERY,)
    vectors = [] if every else [_vector(one, direction_layer) for one in directions]
    head = read_head(dictionary, read)
    for vector in vectors:
        if isinstance(vector, str):
            _check_name(vector, head)
    given: dict[str, Any] = {"rates": p, "amplitudes": sizes}
    found: ReadingBudget | ReadingBudgets
    if len(vectors) == 1:
        found = predict(vectors[0], head, options, **given)
    else:
        found = predict_all(head, None if every else vectors, options, **given)
        if not every:
            found = replace(found, directions=_files_named(found.directions, directions))
    if table is not None:
        write_table(found.to_frame(), table)
    write_figures(figures, "lens", lambda room: room.drawings_of(found))
    if report is not None:
        from superscope.report import write_budget_report

        write_budget_report(found, report)
    print(found.to_json() if json else found)


def _files_named(found: Sequence[str], given: Sequence[str]) -> tuple[str, ...]:
    """Return what directions are called: by their file, if they were read from one."""
    return tuple(
        own if Path(own).exists() else name for name, own in zip(found, given, strict=True)
    )


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
