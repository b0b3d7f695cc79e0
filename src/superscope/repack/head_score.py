"""From what a head makes of each position to its means, with errors clustered by document."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from superscope.evaluation.states import StoredStates
from superscope.heads.narrow_head import NarrowHead
from superscope.lens.clusters import Clusters
from superscope.lens.estimate import Estimate, estimates
from superscope.repack.overlap import RowOverlap
from superscope.repack.repacking import HeadScore
from superscope.repack.scoring import Positions

Float64 = npt.NDArray[np.float64]

FULL = "full"  # the way of the head as it is
_QUANTITIES = ("count", "bytes", "nats", "excess", "agree", "kl")


def head_score(  # noqa: PLR0917
    way: str,
    rank: int,
    head: NarrowHead,
    overlap: RowOverlap,
    found: Positions,
    full: Positions,
    states: StoredStates,
) -> HeadScore:
    """Return what a head makes of a text.

    Parameters
    ----------
    way, rank
        How the head was made.
    head, overlap
        It, and the overlaps of its rows.
    found, full
        What it makes of each position, and what the full head does.
    states
        The positions.
    """
    values = np.stack(
        [
            np.ones(len(states)), states.nbytes, found.nats, found.nats - full.nats, found.agree,
            found.kl,
        ],
        axis=1,
    )  # fmt: skip
    clusters = Clusters(1, _QUANTITIES)
    clusters.add(states.documents, np.zeros(len(states), np.int64), values)

    def of(above: dict[str, float], below: str = "count") -> Estimate:
        (made,) = estimates(clusters, above, below)
        assert made is not None
        return made

    loss, whole = of({"nats": 1.0}), of({"nats": 1.0, "excess": -1.0})
    unpaired = None
    if loss.error is not None and whole.error is not None:
        unpaired = math.hypot(loss.error, whole.error)
    weights = head.vocabulary * head.width if way == FULL else head.weights
    return HeadScore(
        way=way,
        rank=rank,
        loss=loss,
        excess=of({"excess": 1.0}),
        unpaired_error=unpaired,
        bits_per_byte=of({"nats": 1 / math.log(2)}, "bytes"),
        agree=of({"agree": 1.0}),
        kl=of({"kl": 1.0}),
        weights=weights,
        multiply_adds=weights,
        rows=head.vocabulary,
        row_rank=min(head.width, sum(block.rank for block in head.blocks)),
        overlap=overlap,
    )


def mean_of(values: Float64, states: StoredStates) -> Estimate:
    """Return the mean of a number of each position, with its error clustered by document."""
    clusters = Clusters(1, ("count", "value"))
    rows = np.stack([np.ones(len(values)), values], axis=1)
    clusters.add(states.documents, np.zeros(len(values), np.int64), rows)
    (made,) = estimates(clusters, {"value": 1.0}, "count")
    assert made is not None
    return made
