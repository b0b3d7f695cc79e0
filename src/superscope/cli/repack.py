"""``superscope repack``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from superscope.cli.text_arguments import TextArguments
from superscope.repack.options import RepackOptions


def repack(
    model: Annotated[str, Parameter(name="MODEL")],
    *,
    text: TextArguments = TextArguments(),  # noqa: B008  (frozen)
    score_text: Annotated[
        tuple[str, ...], Parameter(consume_multiple=True, negative="", show_default=False)
    ] = (),
    other_text: Annotated[
        tuple[str, ...], Parameter(consume_multiple=True, negative="", show_default=False)
    ] = (),
    family: Path | None = None,
    options: Annotated[RepackOptions, Parameter(name="*")] = RepackOptions(),  # noqa: B008  (frozen)
    revision: str | None = None,
    base: str | None = None,
    keep: Path | None = None,
    out: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    table: Path | None = None,
    figures: Path | None = None,
) -> None:
    """Make a model's output head narrower in several ways, and score each on a text.

    Parameters
    ----------
    model
        Hub id, local folder or GGUF file of a causal language model that transformers loads.
    score_text
        Files that the heads are scored on; by default some documents of the text.
    other_text
        Files of a text of another kind, on which the same heads are scored too.
    family
        Losses of models of several widths, a table with the columns width and loss, whose law is
        set beside this head's.
    revision
        Branch, tag or commit of a hub repository.
    base
        Model that a PEFT adapter was trained on.
    keep
        Folder that keeps hidden states and finished parts; the same command continues from there.
    out
        Write the model with one of these heads to this folder: its factors, for
        superscope.repack.load, and in DIR/full a checkpoint that transformers loads alone. Finished
        parts are kept in DIR.parts until then.
    json
        Print everything as one line of JSON.
    table
        Write a row for each head to this .csv or .parquet file.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG.
    """
    from superscope.cli.figures import check_folder, write_figures
    from superscope.cli.outputs import check_table
    from superscope.cli.terminal import progress_bar
    from superscope.frequency import text_files
    from superscope.repack import repack as narrowed
    from superscope.tables import write_table

    check_table(table)
    check_folder(figures)
    read = text.text()
    held, other = (
        text_files(files, split=text.split or "file", field=text.field or "text") if files else None
        for files in (score_text, other_text)
    )
    with progress_bar(lines=True) as progress:
        try:
            found = narrowed(
                model, read, options, score_text=held, other_text=other, family=family,
                revision=revision, base=base, keep=keep, out=out, progress=progress,
            )  # fmt: skip
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_stopped(keep, out)) from None
    if table is not None:
        write_table(found.to_frame(), table)
    write_figures(figures, "repack", lambda room: room.repack_drawings(found))
    print(found.to_json() if json else found)


def _stopped(keep: Path | None, out: Path | None) -> str:
    """Return what a stopped command did, and how to continue."""
    kept = keep or (None if out is None else out.with_name(f"{out.name}.parts"))
    if kept is None:
        return "stopped: nothing was kept; with --keep, finished parts are kept"
    if not any(kept.rglob("[!.]*.np[yz]")):
        return "stopped: no part was done yet"
    return f"stopped: finished parts are kept in {kept}; the same command continues from there"
