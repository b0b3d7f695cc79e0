"""From models to the page that shows them, on disk or in a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt
import pandas as pd

from superscope.arguments import checked
from superscope.atomic import check_writable, occupied, write_file, write_folder
from superscope.errors import UsageError, install_hint
from superscope.explorer.about import about_part
from superscope.explorer.map import LayoutName, layouts_made, map_part
from superscope.explorer.overview import overview_part
from superscope.explorer.page import asset, single_page, write_page, write_part
from superscope.explorer.parts import Part
from superscope.explorer.published import published_part
from superscope.explorer.repacked import by_model, repack_part
from superscope.explorer.results import result_part
from superscope.explorer.rows import row_parts
from superscope.explorer.shown import Shown, opened, shown
from superscope.geometry.frequencies import TokenCounts
from superscope.heads import HeadOptions
from superscope.options import changed, taking
from superscope.progress import Progress, ProgressChoice, chosen
from superscope.study import Study
from superscope.text import named

if TYPE_CHECKING:
    from superscope.explorer.widget import Explorer


@taking(HeadOptions)
@checked
def explore(
    *models: Any,
    options: HeadOptions = HeadOptions(),  # noqa: B008 - frozen
    frequencies: npt.ArrayLike | TokenCounts | None = None,
    tables: Sequence[pd.DataFrame] = (),
    results: Sequence[Any] = (),
    layouts: Sequence[LayoutName] | None = None,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> Explorer:
    """Explore models in a notebook: find tokens, compare them, see what is near.

    Parameters
    ----------
    *models
        Each a lens, a geometry, a study or its folder, or a model as :func:`superscope.lens`
        takes it.
    options
        How heads are read; the keywords change them.
    frequencies
        Token frequencies by id, on any scale, or what counted them: of the first model, and of
        those with its vocabulary.
    tables
        What else is known of the first model's tokens: tables with a column ``id``, such as
        ``lens.argmax()`` and ``lens.cost(…)`` give.
    results
        Results of other rooms to show with their pictures: traces of a training, laws, and so on.
        Narrower heads of a model, from :func:`superscope.repack`, are in the story too.
        Those of a study that is explored are shown in any case.
    layouts
        Layouts of the map: ``pca``, and ``tsne``, which looks for the rows nearest to every row
        and takes about a minute for 50,000 rows. By default both, or ``pca`` where openTSNE is not
        installed; an empty list leaves the map out.
    progress
        As of :func:`superscope.lens`.
    **changes
        Options, by name.

    Returns
    -------
    Explorer
        The widget. Its ``selected`` are the ids of the tokens chosen in it.

    Raises
    ------
    UsageError
        There is no model, or a table does not go with one.
    MissingExtraError
        anywidget is not installed, or openTSNE, and a layout needs it.
    SuperscopeError
        A model cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> rows = np.random.default_rng(0).normal(size=(9, 4))
    >>> explorer = superscope.explore(rows)  # doctest: +SKIP
    >>> explorer.selected  # doctest: +SKIP
    [3]
    """
    try:
        from superscope.explorer.widget import Explorer
    except ImportError as error:
        raise install_hint("anywidget", "explore", "the explorer in a notebook") from error
    o = changed(options, changes, "explore")
    with _page(
        models, o, frequencies=frequencies, tables=tables, results=results, layouts=layouts,
        progress=progress,
    ) as (_, parts):  # fmt: skip
        return Explorer(parts)


@taking(HeadOptions)
@checked
def write_explorer(
    *models: Any,
    out: Path,
    options: HeadOptions = HeadOptions(),  # noqa: B008 - frozen
    frequencies: npt.ArrayLike | TokenCounts | None = None,
    tables: Sequence[pd.DataFrame] = (),
    results: Sequence[Any] = (),
    layouts: Sequence[LayoutName] | None = None,
    single: bool = False,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> None:
    """Write the page in which models are explored; it opens from disk.

    Parameters
    ----------
    *models
        As of :func:`explore`.
    out
        A folder, which must not exist, or with `single` an HTML file. It appears whole or not at
        all.
    options, frequencies, tables, results, layouts
        As of :func:`explore`.
    single
        Write one file.
    progress
        As of :func:`superscope.lens`.
    **changes
        Options, by name.

    Raises
    ------
    UsageError
        There is no model, the folder exists or cannot be written, or a table does not go with a
        model.
    MissingExtraError
        openTSNE is not installed, and a layout needs it.
    SuperscopeError
        A model cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> from pathlib import Path
    >>> from superscope.explorer import write_explorer
    >>> rows = np.random.default_rng(0).normal(size=(9, 4))
    >>> write_explorer(rows, out=Path("page"))  # doctest: +SKIP
    """
    o = changed(options, changes, "write_explorer")
    asset("explorer.js")
    if not single and occupied(out):
        raise UsageError(f"{out} exists; name a new folder, or remove it")
    if single or not out.is_dir():
        check_writable(out)  # before the work starts
    with _page(
        models, o, frequencies=frequencies, tables=tables, results=results, layouts=layouts,
        progress=progress,
    ) as (title, every):  # fmt: skip
        if single:
            parts = {name: part.packed() for name, part in every}
            write_file(out, single_page(title, list(parts), parts))
            return
        with write_folder(out) as folder:
            names = []
            for name, part in every:
                write_part(folder, name, part.packed())
                names.append(name)
            write_page(folder, title, names)


@contextmanager
def _page(
    models: Sequence[Any],
    options: HeadOptions,
    *,
    frequencies: npt.ArrayLike | TokenCounts | None,
    tables: Sequence[pd.DataFrame],
    results: Sequence[Any],
    layouts: Sequence[LayoutName] | None,
    progress: ProgressChoice,
) -> Iterator[tuple[str, Iterator[tuple[str, Part]]]]:
    """Give a page's title and its parts, each with its name, which are made as they are asked for.

    The arguments are those of :func:`explore`.
    """
    made = layouts_made(layouts)
    models = opened(models)
    every = [*(model for model in models if isinstance(model, Study)), *results]
    with chosen(progress) as report:
        found = shown(models, options, frequencies, tuple(tables), report)
        title = "explore " + ", ".join(named(one.lens.model) for one in found)
        yield title, parts_of(found, every, made, report)


def parts_of(
    models: Sequence[Shown],
    results: Sequence[Any],
    layouts: Sequence[LayoutName],
    report: Progress,
) -> Iterator[tuple[str, Part]]:
    """Yield the parts of a page, each with its name."""
    names = [named(one.lens.model) for one in models]
    repacked = by_model([one.lens.head for one in models], results)
    for k, one in enumerate(models):
        report("models of the page", k, len(models))
        before = names[:k].count(names[k])
        yield f"{k}-about", about_part(one, f"{names[k]} ({before + 1})" if before else names[k])
        yield f"{k}-overview", overview_part(one.lens.geometry)
        if k == 0:
            yield f"{k}-published", published_part()
        placed = map_part(one.lens, layouts, progress=report)
        if placed is not None:
            yield f"{k}-map", placed
        if k in repacked:
            yield f"{k}-repack", repack_part(repacked[k])
        for kind, part in row_parts(one.lens):
            yield f"{k}-{kind}", part
    for k, result in enumerate(results):
        yield f"page-result-{k}", result_part(result)
    report("models of the page", len(models), len(models))
