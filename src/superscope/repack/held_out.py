"""Documents of the calibration text that choose among heads, and are not learned from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError
from superscope.evaluation.states import StoredStates

Int64 = npt.NDArray[np.int64]

MOST = 2048  # positions that choose: they are read often


def parted(states: StoredStates, share: float, seed: int) -> tuple[StoredStates, StoredStates]:
    """Return the positions that are learned from, and those that choose.

    Parameters
    ----------
    states
        The calibration text.
    share
        Of the documents that choose; at least one does, and so many that they have no more than
        `MOST` positions. Where every document is longer, the first positions of the shortest
        choose. Of a single document, the last positions choose.
    seed
        Of the draw.

    Raises
    ------
    UsageError
        The text has a single position.
    """
    if len(states) < 2:
        raise UsageError("a head cannot be trained on a text of one position; give a longer text")
    documents, counts = np.unique(states.documents, return_counts=True)
    if len(documents) == 1:
        first = len(states) - min(MOST, max(1, round(share * len(states))))
        choosing = np.arange(len(states)) >= first
    else:
        order = np.random.default_rng([seed, len(documents)]).permutation(len(documents))
        order = order[counts[order] <= MOST]
        few = max(1, round(share * len(documents)))
        within = int(np.searchsorted(np.cumsum(counts[order]), MOST, side="right"))
        drawn = documents[order[: min(few, within)]]
        if not len(drawn):
            drawn = documents[[counts.argmin()]]
        choosing = np.isin(states.documents, drawn)
    learned, choose = np.flatnonzero(~choosing), np.flatnonzero(choosing)
    return states.only(learned), states.only(choose[:MOST])
