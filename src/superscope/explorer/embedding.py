"""Rows in a plane by t-SNE, which keeps the rows nearest to each near."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float32
from superscope.progress import Progress, silent

Int64 = npt.NDArray[np.int64]

NEIGHBORS = 15
PERPLEXITY = 5  # a third of the neighbors, as is usual
EARLY, LATE = 250, 250
"""Rounds of gradient descent, with exaggeration and without."""
STAGE = "map of the rows"
_BEGUN = 1e-4  # standard deviation of the first layout, as is usual
_TOLD = 10  # rounds between two reports


def installed() -> bool:
    """Return whether openTSNE can be imported."""
    return find_spec("openTSNE") is not None


def tsne(near: Int64, overlaps: Float32, first: Float32, progress: Progress = silent) -> Float32:
    """Return places of rows in a plane that keep the nearest rows near.

    Nothing here is random: the same rows have the same places on one machine with one version of
    openTSNE. It runs on one core.

    Parameters
    ----------
    near, overlaps
        Positions of the rows nearest to each, nearest first, and c with them, shape (V, k).
    first
        The layout to begin with, shape (V, 2).
    progress
        Called with the rounds that are done.

    References
    ----------
    Poličar et al. 2024, https://doi.org/10.18637/jss.v109.i03; begun at PCA as in Kobak and Berens
    2019, https://doi.org/10.1038/s41467-019-13056-x.
    """
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    done = 0

    def told(*_: object) -> None:
        nonlocal done
        done += _TOLD
        progress(STAGE, done, EARLY + LATE)

    progress(STAGE, 0, EARLY + LATE)
    distances = np.sqrt(np.maximum(0, 2 - 2 * overlaps.astype(np.float64)))  # of unit rows
    affinities = PerplexityBasedNN(
        knn_index=PrecomputedNeighbors(near, distances),
        perplexity=min(PERPLEXITY, near.shape[1] / 3),
    )
    spread = float(first[:, 0].std()) or 1.0
    descent = TSNE(
        early_exaggeration_iter=EARLY, n_iter=LATE, n_jobs=1, callbacks=told,
        callbacks_every_iters=_TOLD,
    )  # fmt: skip
    begun = first.astype(np.float64) * (_BEGUN / spread)
    points = descent.fit(affinities=affinities, initialization=begun)
    return np.asarray(points, np.float32)
