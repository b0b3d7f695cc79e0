"""What a head can say, as lines for people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from superscope.lens._argmax import Argmax
from superscope.lens.certificates import ARGMAXABLE, IMPOSSIBLE, STATUSES, TIED, UNDECIDED
from superscope.lens.verification import Verification
from superscope.text import (
    NONE,
    as_text,
    columns,
    counted,
    labelled,
    named,
    number,
    visible,
)

SHOWN = 20  # tokens of a list
_LABEL = 13  # characters of the longest label


@as_text.register
def argmax_text(can: Argmax) -> str:
    """Return how many tokens can be said, those that cannot by name, and the least margins."""
    total = len(can.ids)
    facts = [("argmaxable", f"{can.argmaxable:,} of {counted(total, 'token')}")]
    if can.tied:
        facts.append(("tied", f"{can.tied:,} with an equal row: {_listed(can, TIED)}"))
    if can.impossible:
        what = "combinations of other rows" if can.impossible > 1 else "a combination of other rows"
        facts.append(("impossible", f"{can.impossible:,}, {what}: {_listed(can, IMPOSSIBLE)}"))
    if can.undecided:
        facts.append((
            "undecided", f"{can.undecided:,}, where rounding decides: {_listed(can, UNDECIDED)}"
        ))  # fmt: skip
    able = np.flatnonzero(can.status == ARGMAXABLE)
    worst = able[np.argsort(can.margin[able], kind="stable")][:5]
    if len(worst) and np.isfinite(can.margin[worst[0]]):
        shown = (f"{_token(can, i)} {number(can.margin[i], 3)}" for i in worst.tolist())
        facts.append(("least margins", ", ".join(shown)))
    bias = ", with a logit bias" if can.biased else ""
    title = f"{named(can.model)}: V = {total:,}, m = {can.width:,}{bias}"
    return labelled(title, facts, _LABEL + 2)


@as_text.register
def verification_text(found: Verification) -> str:
    """Return whether all certificates hold."""
    facts = [("rows", f"{len(found.ids):,}, {found.undecided:,} of them without a certificate")]
    if found.least_margin is not None:
        facts.append(("least margin", number(found.least_margin, 3)))
    facts.append(("residual", number(found.residual, 2)))
    facts.append(("faults", f"{len(found.faults):,}" if found.faults else "none"))
    facts += [("", f"#{fault.id}: {fault.reason}") for fault in found.faults[:SHOWN]]
    return labelled(f"certificates of {named(found.model)}", facts, _LABEL + 2)


def status_lines(can: Argmax, ids: Sequence[int]) -> list[str]:
    """Return a table of some tokens: what each is, and why."""
    rows = [int(np.flatnonzero(can.ids == i)[0]) for i in ids]
    return columns(
        ["token", "status", "margin", "because"],
        [(_token(can, r), STATUSES[can.status[r]], _margin(can, r), _why(can, r)) for r in rows],
    )


def _margin(can: Argmax, row: int) -> str:
    return number(float(can.margin[row]), 3) if can.status[row] == ARGMAXABLE else NONE


def _why(can: Argmax, row: int) -> str:
    if can.status[row] == TIED:
        return f"row #{can.twin[row]} is equal"
    if can.status[row] == IMPOSSIBLE:
        return f"it is a combination of {counted(int(can.combined[row]), 'row')}"
    return "a hidden state is known" if can.status[row] == ARGMAXABLE else "rounding decides"


def _listed(can: Argmax, status: int) -> str:
    rows = np.flatnonzero(can.status == status).tolist()
    more = f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""
    return ", ".join(_token(can, i) for i in rows[:SHOWN]) + more


def _token(can: Argmax, row: int) -> str:
    text = None if can.texts is None else can.texts[row]
    return f"#{can.ids[row]}" if text is None else visible(text)
