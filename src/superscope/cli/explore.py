"""``superscope explore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from superscope.errors import UsageError
from superscope.heads import HeadOptions


def explore(
    *models: Annotated[str, Parameter(name="MODEL")],
    out: Path,
    options: Annotated[HeadOptions, Parameter(name="*")] = HeadOptions(),  # noqa: B008  (frozen)
    frequencies: Path | None = None,
    tokens: Annotated[tuple[Path, ...], Parameter(consume_multiple=True, negative="")] = (),
    watch: Annotated[tuple[Path, ...], Parameter(consume_multiple=True, negative="")] = (),
    layouts: Annotated[
        tuple[Literal["pca", "tsne"], ...] | None,
        Parameter(consume_multiple=True, negative="--no-map", show_default=False),
    ] = None,
    repack: Annotated[tuple[Path, ...], Parameter(consume_multiple=True, negative="")] = (),
    single: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Write a page in which a person walks through a model's vocabulary.

    It opens from disk, without a network, a server or a GPU.

    Parameters
    ----------
    models
        Hub id, URI, local folder or file, as of superscope measure; or the folder of a study, whose
        members are shown with the losses of their tokens. Several are shown side by side.
    out
        A new folder, which then holds index.html. With --single, an .html file.
    frequencies
        Token frequencies of the first MODEL, and of those with its vocabulary: .npy, or a .parquet
        or .csv table with columns id and count.
    tokens
        Tables with a column id, whose other columns are shown of each token of the first model:
        those that superscope lens writes with --table or --out, or of your own.
    watch
        Traces of trainings to show, as superscope watch reads them.
    layouts
        Layouts of the map: pca, and tsne, which takes about a minute for 50,000 rows. By default
        both, or pca where openTSNE is not installed. --no-map leaves the map out.
    repack
        Narrower heads of these models, as superscope repack --json prints them: the story shows
        what a rank costs.
    single
        Write one file, with all data in it.
    """
    from superscope.cli.outputs import check_page
    from superscope.cli.terminal import progress_bar
    from superscope.cli.written import read_repacking
    from superscope.explorer import write_explorer
    from superscope.frequency import read_frequencies
    from superscope.tables import read_table
    from superscope.watch import read_trace

    if not models:
        raise UsageError("name a MODEL; see: superscope explore --help")
    if single:
        check_page(out)
    elif out.suffix in (".html", ".htm"):
        raise UsageError(f"{out} would be a folder; add --single for one file")
    weights = None if frequencies is None else read_frequencies(frequencies)
    tables = [read_table(path) for path in tokens]
    for path, table in zip(tokens, tables, strict=True):
        table.attrs["file"] = str(path)  # for messages
    results = [*map(read_trace, watch), *map(read_repacking, repack)]
    with progress_bar() as progress:
        write_explorer(
            *models, out=out, options=options, frequencies=weights, tables=tables,
            results=results, layouts=layouts, single=single, progress=progress,
        )  # fmt: skip
    print(f"page: {out if single else out / 'index.html'}")
