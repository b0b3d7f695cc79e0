"""``superscope lens MODEL --undertrained``: which rows seem never trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.errors import UsageError

if TYPE_CHECKING:
    from superscope.lens import Lens, Undertrained


def check(asked: bool, own: Sequence[object], others: Sequence[object]) -> None:
    """Refuse options that do not go together, before anything is read.

    Parameters
    ----------
    asked
        Whether the question is asked.
    own, others
        What was given of its own options, and of those of other questions.

    Raises
    ------
    UsageError
        Naming them.
    """
    if not asked and any(given not in (None, ()) for given in own):
        raise UsageError("--fdr and --unused go with --undertrained")
    if asked and any(others):
        raise UsageError(
            "--undertrained is a question of its own about all rows; leave out TOKEN, --argmax, "
            "--text and --dataset"
        )


def show(
    found: Lens, unused: tuple[int, ...], fdr: float | None, table: Path | None, json: bool
) -> Undertrained:
    """Print which rows seem never trained, and write a row for each token if asked.

    Returns
    -------
    Undertrained
        What was found.
    """
    from superscope.tables import write_table

    never = found.undertrained(reference=unused or None, fdr=0.05 if fdr is None else fdr)
    if table is not None:
        write_table(never.to_frame(), table)
    print(never.to_json() if json else never)
    return never
