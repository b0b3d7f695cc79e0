"""``superscope lens MODEL --argmax`` and ``--verify``: which tokens can have the highest logit."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.errors import UsageError

if TYPE_CHECKING:
    from superscope.heads import Head
    from superscope.lens import Argmax, LensOptions


def check_verify(file: Path | None, others: Sequence[object]) -> None:
    """Refuse what does not go with checking a file of certificates, before anything is read.

    Raises
    ------
    UsageError
        Another question, or an output that this one does not have, is asked for too.
    """
    if file is not None and any(others):
        raise UsageError(
            "--verify is a question of its own about a file; beside it go only --json, --table and "
            "the options that choose the rows of the model"
        )


def head_of(model: str, options: LensOptions) -> Head:
    """Return the head alone: one whose rows have no overlaps has an answer here too."""
    from superscope.heads import any_head
    from superscope.lens._lens import MEMORY

    return any_head(model, options).in_memory(MEMORY)


def show(  # noqa: PLR0917 - what is read, and where it goes
    head: Head,
    names: Sequence[str],
    device: str,
    certificates: Path | None,
    table: Path | None,
    json: bool,
) -> Argmax:
    """Print what a head can say, or the status of the named tokens; write what is asked for.

    Returns
    -------
    Argmax
        What was found.
    """
    from superscope.lens import argmax
    from superscope.lens.summary_argmax import status_lines
    from superscope.tables import write_table

    ids = _ids(head, names)
    can = argmax(head, device=device)
    if certificates is not None and can.certificates is not None:
        can.certificates.save(certificates)
    frame = can.tokens()
    some = frame.set_index("id", drop=False).loc[ids] if ids else frame
    if table is not None:
        write_table(some.reset_index(drop=True), table)
    if not json:
        print("\n".join(status_lines(can, ids)) if ids else can)
    elif not ids:
        print(can.to_json())
    else:
        for row in some.astype(object).where(some.notna(), None).to_dict("records"):
            print(json_module.dumps(row))
    return can


def verify(head: Head, file: Path, table: Path | None, json: bool) -> None:
    """Print whether the certificates of a file hold; exit 1 if one does not."""
    from superscope.lens import Certificates
    from superscope.lens import verify as check
    from superscope.tables import write_table

    found = check(head, Certificates.load(file))
    if table is not None:
        write_table(found.tokens(), table)
    print(found.to_json() if json else found)
    if not found.holds:
        sys.exit(1)


def _ids(head: Head, names: Sequence[str]) -> list[int]:
    from superscope.geometry.row_classes import RowClass, classify
    from superscope.lens.vocabulary import find

    def is_special(index: int) -> bool:
        return classify(head).of(index) is RowClass.SPECIAL

    return [find(head, name, is_special)[0] for name in names]
