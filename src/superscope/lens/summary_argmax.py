"""What a head can say, as lines for people."""

from __future__ import annotations

import numpy as np

from superscope.lens._argmax import Argmax
from superscope.lens.certificates import ARGMAXABLE, IMPOSSIBLE, TIED, UNDECIDED
from superscope.lens.verification import Verification
from superscope.text import as_text, counted, labelled, named, number, percent, visible

SHOWN = 20  # tokens of a list
_LABEL = 13  # characters of the longest label


@as_text.register
def argmax_text(can: Argmax) -> str:
    """Return how many tokens can be said, those that cannot by name, and the least margins."""
    total = len(can.ids)
    share = percent(can.argmaxable / total)
    facts = [("argmaxable", f"{counted(can.argmaxable, 'token')} of {total:,} ({share})")]
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


def _listed(can: Argmax, status: int) -> str:
    rows = np.flatnonzero(can.status == status).tolist()
    more = f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""
    return ", ".join(_token(can, i) for i in rows[:SHOWN]) + more


def _token(can: Argmax, row: int) -> str:
    text = None if can.texts is None else can.texts[row]
    return f"#{can.ids[row]}" if text is None else visible(text)
