"""What a page shows of each model, from whatever a person has at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from superscope.errors import UsageError
from superscope.geometry import Geometry
from superscope.heads import HeadOptions
from superscope.lens import Lens, LensOptions, lens
from superscope.lens.token_columns import Column, meanings_of
from superscope.options import changed
from superscope.progress import Progress
from superscope.study import Study
from superscope.study import read as read_study
from superscope.study.result import RESULT
from superscope.text import named


@dataclass(frozen=True, eq=False)
class Shown:
    """A model on a page.

    Attributes
    ----------
    lens
        Its head.
    columns
        What else is known of its tokens: a table with a column ``id``; or None.
    meanings
        What its columns mean, by name; a column of a person's own has none.
    """

    lens: Lens
    columns: pd.DataFrame | None = None
    meanings: Mapping[str, Column] = field(default_factory=dict)


def shown(
    models: Sequence[Any],
    options: HeadOptions,
    frequencies: Any,
    tables: tuple[pd.DataFrame, ...],
    progress: Progress,
) -> list[Shown]:
    """Return what a page shows.

    Parameters
    ----------
    models
        Each a lens, a geometry, a study, or a model as :func:`superscope.lens` takes it.
    options
        How heads are read.
    frequencies
        Token frequencies of the first model, and of those with its vocabulary; or None.
    tables
        Of the first model's tokens, with a column ``id``.
    progress
        Called with the stage, and with what is done.

    Raises
    ------
    UsageError
        There is no model, a geometry is of a matrix in memory, or a table does not go with a model.
    SuperscopeError
        A model cannot be read.
    """
    if not models:
        raise UsageError("name at least one model to explore")
    reading = changed(LensOptions(), {f: getattr(options, f) for f in _FIELDS}, "explore")
    found: list[Shown] = []
    for model in models:
        # Ids that were counted are other tokens in another vocabulary.
        counted = None if found else frequencies
        for one in _of(model, reading, counted, progress):
            alike = bool(found) and _one_vocabulary(found[0].lens, one.lens)
            if alike and frequencies is not None and one.lens.frequencies is None:
                looked = lens(one.lens.head, reading, frequencies=frequencies, progress=progress)
                one = replace(one, lens=looked)  # noqa: PLW2901
            found.append(one)
    for table in tables:  # of one model: the same ids are other tokens in another
        found[0] = joined(found[0], table)
    return found


def _one_vocabulary(first: Lens, other: Lens) -> bool:
    return first.head.tokens is not None and first.head.tokens == other.head.tokens


_ROWS: dict[str, Literal["tokenizer", "trained"]] = {"tokenizer": "tokenizer", "trained": "trained"}
_FIELDS = tuple(HeadOptions.__dataclass_fields__)


def _of(model: Any, options: LensOptions, frequencies: Any, progress: Progress) -> Iterator[Shown]:
    if isinstance(model, Shown):
        yield model
    elif isinstance(model, Lens):
        yield Shown(model)
    elif isinstance(model, Study):
        yield from _of_study(model, options, frequencies, progress)
    elif isinstance(model, Geometry):
        yield Shown(_of_geometry(model, frequencies, progress))
    else:
        yield Shown(lens(model, options, frequencies=frequencies, progress=progress))


def opened(models: Sequence[Any]) -> tuple[Any, ...]:
    """Return what is to be shown with each folder of a study read."""
    return tuple(
        read_study(model)
        if isinstance(model, (str, Path)) and (Path(model) / RESULT).is_file()
        else model
        for model in models
    )


def _of_study(
    study: Study, options: LensOptions, frequencies: Any, progress: Progress
) -> Iterator[Shown]:
    """Yield the members, with the losses of their tokens."""
    for member in study.members:
        looked = lens(member.name, options, frequencies=frequencies, progress=progress)
        if member.evaluation is None:
            yield Shown(looked)
            continue
        losses = member.evaluation.tokens().drop(columns="token")
        known = losses[losses["id"] < looked.head.stored.shape[0]]
        yield Shown(looked, known, meanings_of(map(str, known)))


def _of_geometry(geometry: Geometry, frequencies: Any, progress: Progress) -> Lens:
    """Return the lens on the head that was measured: a geometry does not keep its rows."""
    p = geometry.provenance
    if p.format == "array":
        raise UsageError(
            f"the geometry of {named(p.model)} does not keep its rows, and they were read from "
            "memory; explore the matrix, or superscope.lens of it"
        )
    looked = lens(
        p.model,
        LensOptions(
            revision=p.revision,
            tensor=p.tensor if p.matrix is not None else None,
            rows=_ROWS.get(p.rows, "all"),
            fold_norm=p.folded_norm is not None,
        ),
        frequencies=frequencies,
        progress=progress,
    )
    if (looked.head.stored.shape[0], looked.head.width) != (
        geometry.stored_features,
        geometry.width,
    ):
        raise UsageError(f"{named(p.model)} has changed since it was measured; measure it again")
    return looked


def joined(shown: Shown, table: pd.DataFrame) -> Shown:
    """Return a model with the columns of one more table of its tokens.

    Raises
    ------
    UsageError
        The table has no column ``id``, an id twice, or one that the model lacks.
    """
    name = named(shown.lens.model)
    what = str(table.attrs.get("file", "a table of tokens"))
    if "id" not in table:
        raise UsageError(f"{what} needs a column id; it has {', '.join(map(str, table))}")
    ids = pd.to_numeric(table["id"], errors="coerce")
    if ids.isna().any() or (ids % 1 != 0).any() or ids.duplicated().any():
        raise UsageError(f"{what} must have each id once, as a whole number")
    if not ids.between(0, shown.lens.head.stored.shape[0] - 1).all():
        raise UsageError(
            f"{what} has id {int(ids.max()):,}, and {name} has "
            f"{shown.lens.head.stored.shape[0]:,} rows; is it of another model?"
        )
    table = table.assign(id=ids.astype("int64"))  # text in some files
    meanings = meanings_of(map(str, table))
    if shown.columns is None:
        return replace(shown, columns=table, meanings=meanings)
    again = {name: f"{name} (2)" for name in table if name != "id" and name in shown.columns}
    renamed = {again.get(name, name): meaning for name, meaning in meanings.items()}
    return replace(
        shown,
        columns=shown.columns.merge(table.rename(columns=again), on="id", how="outer"),
        meanings={**shown.meanings, **renamed},
    )
