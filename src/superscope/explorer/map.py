"""The map of a vocabulary: its rows in a plane, and what is left there of their neighborhoods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from superscope.errors import install_hint
from superscope.explorer.embedding import EARLY, LATE, NEIGHBORS, PERPLEXITY, installed, tsne
from superscope.explorer.layouts import preserved, principal
from superscope.explorer.parts import Part
from superscope.geometry.pairs import exact
from superscope.geometry.unit_rows import Float32, UnitRows
from superscope.lens import Lens
from superscope.lens.neighbors import nearest_rows
from superscope.progress import Progress, silent
from superscope.text import percent

Int64 = npt.NDArray[np.int64]
LayoutName = Literal["pca", "tsne"]

NEAR = 10
"""How many nearest rows of each are looked for in the plane."""
SAMPLE = 2000
"""Rows that are looked at where the nearest of all are not needed otherwise."""
SEED = 0


def layouts_made(asked: Sequence[LayoutName] | None) -> tuple[LayoutName, ...]:
    """Return the layouts to make: those asked for, or all that can be made here.

    Raises
    ------
    MissingExtraError
        A library of one that is asked for is not installed.
    """
    if asked is None:
        return ("pca", "tsne") if installed() else ("pca",)
    if "tsne" in asked and not installed():
        raise install_hint("openTSNE", "explore", "the layout tsne")
    return tuple(asked)


def map_part(
    lens: Lens, layouts: Sequence[LayoutName], seed: int = SEED, progress: Progress = silent
) -> Part | None:
    """Return the layouts of the mean-centered rows, each with what it preserves.

    Of rows that are equal one is placed, and the others with it.

    Parameters
    ----------
    lens
        Whose rows they are.
    layouts
        Which.
    seed
        Of the sample of rows that are looked at if PCA is alone.
    progress
        Called with what is done.

    Returns
    -------
    Part or None
        None where no layout is asked for, or too few rows have a direction.
    """
    if not layouts or not lens.views.measurable("mean"):
        return None
    rows = lens.compared("mean")
    if rows.features < 3:
        return None
    plane = principal(rows)
    places: dict[str, tuple[str, str, Float32]] = {}
    if "pca" in layouts:
        along = [percent(share) for share in plane.shares]
        places["pca"] = (
            "PCA",
            "The plane in which the centered rows, all at length 1, spread most: its axes hold "
            f"{along[0]} and {along[1]} of their spread.",
            plane.points,
        )
    if "tsne" in layouts:
        near, overlaps = _nearest(rows, progress)
        of = np.arange(rows.features)
        places["tsne"] = (
            "t-SNE",
            _words_of_tsne(near.shape[1]),
            tsne(near, overlaps, plane.points, progress),
        )
    else:
        of, near = _sampled(rows, seed, progress)
    near = near[:, :NEAR]
    arrays: dict[str, npt.NDArray[Any]] = {}
    described = []
    for name, (title, words, points) in places.items():
        arrays[name] = _of_all(lens, rows, points)
        kept = asdict(preserved(points, of, near))
        described.append({"name": name, "title": title, "words": words, **kept})
    meta = {
        "part": "map",
        "near": near.shape[1],
        "placed": rows.features,
        "layouts": described,
        "missing": None if installed() else "pip install 'superscope[explore]'",
    }
    return Part(meta, arrays)


def _nearest(rows: UnitRows, progress: Progress) -> tuple[Int64, Float32]:
    """Return the positions of the rows nearest to each, and their overlaps."""
    found = exact(rows, neighbors=NEIGHBORS, top=1, progress=progress)
    assert found.neighbors is not None
    assert found.neighbor_overlaps is not None
    near = np.searchsorted(rows.head.kept_ids, found.neighbors)
    return near.astype(np.int64), found.neighbor_overlaps


def _sampled(rows: UnitRows, seed: int, progress: Progress) -> tuple[Int64, Int64]:
    """Return positions of rows drawn at random, and of the rows nearest to each."""
    looked = min(SAMPLE, rows.features)
    of = np.sort(np.random.default_rng(seed).choice(rows.features, looked, replace=False))
    found = nearest_rows(rows, rows.head.kept_ids[of], NEAR, progress)
    return of.astype(np.int64), np.searchsorted(rows.head.kept_ids, found.neighbors)


def _words_of_tsne(neighbors: int) -> str:
    from importlib.metadata import version

    return (
        f"A layout that draws each row to the {neighbors} nearest to it, by exact overlap of "
        f"centered rows, and away from others: openTSNE {version('opentsne')}, perplexity "
        f"{PERPLEXITY}, {EARLY} + {LATE} rounds from the layout of PCA. Distances beyond a "
        "neighborhood say little."
    )


def _of_all(lens: Lens, rows: UnitRows, points: Float32) -> Float32:
    """Return the places of all rows of a head; NaN where a row has no direction."""
    ids = lens.head.kept_ids
    every = np.full((len(ids), 2), np.nan, np.float32)
    every[np.searchsorted(ids, rows.head.kept_ids)] = points
    for group in lens.classes.groups:
        first, *others = np.searchsorted(ids, np.array(group))
        every[others] = every[first]
    return every
