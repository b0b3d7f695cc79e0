"""From models to the page that shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from superscope.atomic import occupied, write_file, write_folder
from superscope.errors import UsageError
from superscope.explorer.about import about_part
from superscope.explorer.page import asset, single_page, write_page, write_part
from superscope.explorer.parts import Part
from superscope.explorer.rows import row_parts
from superscope.lens import Lens
from superscope.progress import Progress, ProgressChoice, chosen
from superscope.text import named


def write_explorer(
    models: Sequence[Lens], out: Path, *, single: bool = False, progress: ProgressChoice = "auto"
) -> None:
    """Write the page in which models are explored.

    Parameters
    ----------
    models
        One or more, each as :func:`superscope.lens` returns it.
    out
        A folder, which must not exist, or with `single` an HTML file. It appears whole or not at
        all.
    single
        Write one file.
    progress
        As of :func:`superscope.lens`.

    Raises
    ------
    UsageError
        There is no model, the folder exists, or it cannot be written.
    """
    if not models:
        raise UsageError("name at least one model to explore")
    asset("explorer.js")
    title = "explore " + ", ".join(named(lens.model) for lens in models)
    if not single and occupied(out):
        raise UsageError(f"{out} exists; name a new folder, or remove it")
    with chosen(progress) as report:
        if single:
            parts = {name: part.packed() for name, part in _parts(models, report)}
            write_file(out, single_page(title, _listed(models, list(parts)), parts))
            return
        with write_folder(out) as folder:
            names = []
            for name, part in _parts(models, report):
                write_part(folder, name, part.packed())
                names.append(name)
            write_page(folder, title, _listed(models, names))


def _parts(models: Sequence[Lens], report: Progress) -> Iterator[tuple[str, Part]]:
    for k, lens in enumerate(models):
        report("models of the page", k, len(models))
        yield f"{k}-about", about_part(lens)
        for kind, part in row_parts(lens):
            yield f"{k}-{kind}", part
    report("models of the page", len(models), len(models))


def _listed(models: Sequence[Lens], names: Sequence[str]) -> list[dict[str, object]]:
    return [
        {
            "name": named(lens.model),
            "parts": [name for name in names if name.startswith(f"{k}-")],
        }
        for k, lens in enumerate(models)
    ]
