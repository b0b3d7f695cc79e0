"""``superscope lens MODEL --text FILES``: what the nearest rows cost on a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.cli.text_arguments import TextArguments
from superscope.errors import UsageError
from superscope.lens.cost_options import CostOptions

if TYPE_CHECKING:
    from superscope.frequency.text import Text
    from superscope.lens import Lens, NeighborCost


def check(
    text: TextArguments,
    options: CostOptions,
    tokens: Sequence[str],
    out: Path | None,
    argmax: bool,
) -> None:
    """Refuse options that do not go together, or cannot be followed, before anything is read.

    Raises
    ------
    SuperscopeError
        Naming them.
    """
    if not text.given:
        if out is not None:
            raise UsageError("--out goes with --text or --dataset")
        other = replace(options, device=CostOptions.device) if argmax else options
        if text != TextArguments() or other != CostOptions():
            raise UsageError("options of a text are given, and no text; add --text or --dataset")
        return
    if tokens:
        raise UsageError("--text looks at all tokens; leave out TOKEN, or --text")
    if argmax:
        raise UsageError("--argmax and --text are two questions; ask one at a time")
    if out is not None:
        _check_places(out)


def check_words(read: Text) -> None:
    """Refuse a text without a word in it, before anything else is read.

    Raises
    ------
    UsageError
        Naming it.
    """
    if not any(document.text.strip() for document in read):
        raise UsageError(f"{read.name} has no text in it")


def show(  # noqa: PLR0917 - what is read, and where it goes
    found: Lens,
    read: Text,
    options: CostOptions,
    out: Path | None,
    table: Path | None,
    json: bool,
) -> NeighborCost:
    """Print what the nearest rows cost, and write what is asked for.

    Returns
    -------
    NeighborCost
        What was found.
    """
    from superscope.cli.loss import stopped_with
    from superscope.cli.terminal import progress_bar
    from superscope.tables import write_table

    blocks = None if out is None else out.with_suffix(".blocks")
    with progress_bar(lines=True) as progress:
        try:
            cost = found.cost(read, options, keep=blocks, progress=progress)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(stopped_with(blocks)) from None
    if out is not None:
        write_table(cost.tokens(), _beside(out, "tokens"))
        if cost.intervention is not None:
            write_table(cost.intervention.to_frame(), _beside(out, "pairs"))
        write_table(cost.to_frame(), out)
    if table is not None:
        write_table(cost.tokens(), table)
    print(cost.to_json() if json else cost)
    return cost


def _beside(out: Path, name: str) -> Path:
    return out.with_suffix(f".{name}.parquet")


def _check_places(out: Path) -> None:
    """Refuse a file that cannot be written, or beside which the others cannot."""
    from superscope.atomic import check_writable
    from superscope.tables import check_suffix

    check_suffix(out)
    for path in (out, _beside(out, "tokens"), _beside(out, "pairs")):
        check_writable(path)
