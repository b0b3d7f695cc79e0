"""``superscope lens MODEL --argmax``: which tokens can have the highest logit."""

from __future__ import annotations

import json as json_module
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from superscope.lens import Argmax, Lens


def show(
    found: Lens, names: Sequence[str], certificates: Path | None, table: Path | None, json: bool
) -> Argmax:
    """Print what a head can say, or the status of the named tokens; write what is asked for.

    Returns
    -------
    Argmax
        What was found.
    """
    from superscope.lens.summary_argmax import status_lines
    from superscope.tables import write_table

    ids = [found.find(name)[0] for name in names]
    can = found.argmax()
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
