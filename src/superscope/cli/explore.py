"""``superscope explore``."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from superscope.errors import UsageError
from superscope.heads import HeadOptions


def explore(
    *models: Annotated[str, Parameter(name="MODEL")],
    out: Path,
    options: Annotated[HeadOptions, Parameter(name="*")] = HeadOptions(),  # noqa: B008  (frozen)
    frequencies: Path | None = None,
    single: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Write a page in which a person walks through a model's vocabulary.

    It opens from disk, without a network, a server or a GPU.

    Parameters
    ----------
    models
        Hub id, URI, local folder or file, as of superscope measure. Several are shown side by side.
    out
        A new folder, which then holds index.html. With --single, an .html file.
    frequencies
        Token frequencies: .npy, or a .parquet or .csv table with columns id and count.
    single
        Write one file, with all data in it.
    """
    from superscope.cli.outputs import check_page
    from superscope.cli.terminal import progress_bar
    from superscope.explorer import write_explorer
    from superscope.frequency import read_frequencies
    from superscope.lens import LensOptions, lens

    if not models:
        raise UsageError("name a MODEL; see: superscope explore --help")
    if single:
        check_page(out)
    o = LensOptions(**{f.name: getattr(options, f.name) for f in fields(options)})
    weights = None if frequencies is None else read_frequencies(frequencies)
    with progress_bar() as progress:
        looked = [lens(model, o, frequencies=weights, progress=progress) for model in models]
        write_explorer(looked, out, single=single, progress=progress)
    print(f"page: {out if single else out / 'index.html'}")
