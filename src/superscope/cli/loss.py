"""``superscope loss``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from superscope.cli.text_arguments import TextArguments
from superscope.evaluation.options import LossOptions


def loss(
    model: Annotated[str, Parameter(name="MODEL")],
    *,
    text: TextArguments = TextArguments(),  # noqa: B008  (frozen)
    options: Annotated[LossOptions, Parameter(name="*")] = LossOptions(),  # noqa: B008  (frozen)
    revision: str | None = None,
    base: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    out: Path | None = None,
    figures: Path | None = None,
) -> None:
    """Evaluate the loss of a language model on a text, with its error.

    Parameters
    ----------
    model
        Hub id, local folder or GGUF file of a causal language model that transformers loads, or of
        a PEFT adapter, which is applied to its base.
    revision
        Branch, tag or commit of a hub repository.
    base
        Model that a PEFT adapter was trained on, if its adapter_config.json names none or one that
        is not there.
    json
        Print everything as one line of JSON.
    out
        Write a row of the table of observations to this .csv or .parquet file, and each token's
        mean loss and count to NAME.tokens.parquet beside it. Finished parts are kept in
        NAME.blocks, and the same command continues from there.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG.
    """
    from superscope.cli.figures import check_folder, write_figures
    from superscope.cli.terminal import progress_bar
    from superscope.evaluation import evaluate

    tokens = blocks = None
    if out is not None:
        tokens, blocks = _beside(out)
    read = text.text()
    check_folder(figures)
    with progress_bar(lines=True) as progress:
        try:
            found = evaluate(
                model, read, options, revision=revision, base=base, keep=blocks, progress=progress
            )
        except KeyboardInterrupt:
            raise KeyboardInterrupt(stopped_with(blocks)) from None
    if out is not None and tokens is not None:
        from superscope.observations import to_frame
        from superscope.tables import write_table

        write_table(found.tokens(), tokens)
        write_table(to_frame([found.observation()]), out)
    write_figures(figures, "evaluation", lambda room: room.evaluation_drawings(found))
    print(found.to_json() if json else found)


def stopped_with(blocks: Path | None) -> str:
    """Return what a stopped command did, and how to continue."""
    from superscope.cli.terminal import stopped

    if blocks is None:
        return "stopped: nothing was kept; with --out, finished parts are kept"
    return stopped("block", blocks)


def _beside(out: Path) -> tuple[Path, Path]:
    """Return the paths for losses by token and finished blocks, after checks that they work."""
    from superscope.atomic import check_writable
    from superscope.cli.outputs import check_table

    check_table(out)
    tokens = out.with_suffix(".tokens.parquet")
    check_writable(tokens)
    return tokens, out.with_suffix(".blocks")
