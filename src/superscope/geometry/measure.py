"""From a head to its geometry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope._version import __version__
from superscope.arguments import checked
from superscope.device import resolved
from superscope.errors import HeadDataError, UsageError
from superscope.geometry import pairs as pair_statistics
from superscope.geometry import stages
from superscope.geometry.frequencies import TokenCounts, of_rows
from superscope.geometry.geometry import Geometry, Settings
from superscope.geometry.gram import gram
from superscope.geometry.listing import Listing
from superscope.geometry.moved import moved_rows
from superscope.geometry.norms import Norms
from superscope.geometry.options import GeometryOptions
from superscope.geometry.overlap import Overlap
from superscope.geometry.pairs import PairStatistics
from superscope.geometry.row_classes import RowClasses, classify
from superscope.geometry.shards import WHOLE, Shards
from superscope.geometry.unit_rows import Float64, UnitRows, centered, prepare
from superscope.geometry.weighted import mean_row, weighted_overlap
from superscope.heads import Head, near_zero
from superscope.heads.rows import Indices
from superscope.options import changed, taking
from superscope.progress import Progress, ProgressChoice, chosen, expect
from superscope.text import counted


@taking(GeometryOptions)
@checked
def measure_head(
    head: Head,
    options: GeometryOptions = GeometryOptions(),  # noqa: B008 - frozen
    *,
    frequencies: npt.ArrayLike | TokenCounts | None = None,
    initial: Head | None = None,
    shards: Shards = WHOLE,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> Geometry:
    """Measure the geometry of a head, raw and centered.

    Parameters
    ----------
    head
        Rows of shape (V, m).
    options
        How to measure; the keywords change them.
    frequencies
        Token frequencies by id, on any scale, or what counted them; ids beyond them, up to the
        stored rows, count as 0. Adds the overlaps weighted by them, and a third centering: the
        mean row weighted by them. Their texts, if known, are compared with the head's.
    initial
        The head before training. Adds how many rows moved from it.
    shards
        Where the rows are spread over processes: how to reach those of the others. Every process
        gets the geometry of all; only what is exact without pairs can be measured.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress(stage, done, total)``.
    **changes
        Options, by name.

    Returns
    -------
    Geometry
        Overlaps, norms, regime, and the rows that were left out.

    Raises
    ------
    HeadDataError
        A row is not finite, or all rows are zero.
    UsageError
        An option that cannot be used as given.

    Examples
    --------
    Orthonormal rows do not overlap:

    >>> import numpy as np
    >>> from superscope import Head, measure_head
    >>> measured = measure_head(Head.from_array(np.eye(4)), pairs="none")
    >>> measured.raw.mean_square_overlap, measured.raw.effective_width
    (0.0, 4.0)
    """
    o = changed(options, changes, "measure_head")
    settings = Settings(
        pairs=o.pairs, samples=o.samples, seed=o.seed, neighbors=o.neighbors, top=o.top,
        device=resolved(o.device), dtype=o.dtype, version=__version__,
    )  # fmt: skip
    weights, notes = (None, ()) if frequencies is None else of_rows(frequencies, head)
    if shards is not WHOLE and (o.pairs != "none" or weights is not None or initial is not None):
        raise UsageError("rows spread over processes are measured with pairs='none' alone")
    prepared = prepare(head, shards)
    if o.neighbors >= len(prepared.every_norm):
        raise UsageError(
            f"{o.neighbors:,} neighbors were asked for of {len(prepared.every_norm):,} rows; "
            "a row has one neighbor less than there are rows"
        )

    centers = {"none": None, "mean": prepared.mean}
    if weights is not None:
        centers["frequency"] = mean_row(prepared.raw.head, weights)
    classes = None if o.pairs == "none" or not o.top else classify(prepared.raw.head)
    with chosen(progress) as report:
        expect(report, _costs(prepared.raw, centers, settings))
        overlaps = {
            center: _overlap(
                prepared.raw if row is None else centered(prepared, row), prepared.raw, center,
                frequencies=weights, settings=settings, classes=classes, shards=shards,
                progress=report,
            )
            for center, row in centers.items()
        }  # fmt: skip
    kept, ids = prepared.raw.head, None
    if shards is not WHOLE or prepared.raw.head.ids is not None:
        ids = shards.join(kept.kept_ids + shards.first)
    return Geometry(
        provenance=replace(head.provenance, notes=(*head.provenance.notes, *notes)),
        settings=settings,
        stored_features=int(shards.sum(np.array([float(head.stored.shape[0])]))[0]),
        width=head.width,
        zero_rows=tuple(prepared.zero_ids.tolist()),
        near_zero_rows=_near_zero_ids(head, prepared.every_norm, ids),
        norms=Norms.of(prepared.every_norm, o.threshold),
        raw=overlaps["none"],
        centered=overlaps["mean"],
        frequency_centered=overlaps.get("frequency"),
        moved=None if initial is None else moved_rows(kept, initial),
        classes=classes,
        mean_row_norm=float(np.linalg.norm(prepared.mean)),
        ids=ids,
        texts=_texts(kept) if shards is WHOLE else None,
    )


def _near_zero_ids(head: Head, norms: Float64, ids: Indices | None) -> tuple[int, ...]:
    """Return the ids of rows near zero, also where they were left out."""
    if head.provenance.rows == "trained" and head.ids is not None:
        left_out: list[int] = np.setdiff1d(np.arange(head.stored.shape[0]), head.ids).tolist()
        return tuple(left_out)
    positions = np.flatnonzero(near_zero(norms))
    return tuple((positions if ids is None else ids[positions]).tolist())


def _texts(head: Head) -> tuple[str | None, ...] | None:
    if head.tokens is None:
        return None
    return tuple(head.token(head.id_of(position)) for position in range(head.features))


def _costs(
    rows: UnitRows, centers: Mapping[str, Float64 | None], settings: Settings
) -> dict[str, float]:
    """Return the coming stages and the approximate number of operations of each."""
    count, width = rows.features, rows.width
    square = count * width * width
    costs = {stages.GRAM: square, stages.INTERFERENCE: 2 * square}
    if "frequency" in centers:
        costs[stages.WEIGHTED_GRAM] = square
    if _every_pair(rows, settings):
        costs[stages.PAIRS] = count * count * (width + stages.OPERATIONS_A_PAIR)
    return {
        stages.of(center, stage): float(cost) for center in centers for stage, cost in costs.items()
    }


def _overlap(
    rows: UnitRows,
    raw: UnitRows,
    center: str,
    *,
    frequencies: Float64 | None,
    settings: Settings,
    classes: RowClasses | None,
    shards: Shards,
    progress: Progress,
) -> Overlap:
    def report(stage: str, done: int, total: int) -> None:
        progress(stages.of(center, stage), done, total)

    products = gram(rows, settings.device, report, shards)
    if products.features < 2:
        raise HeadDataError(
            f"{raw.head.provenance.model}: {counted(products.features, 'row has', 'rows have')} a "
            f"direction (center={center}); an overlap needs two"
        )

    interference = products.token_interference(rows, settings.device, report)
    weighted = None
    if frequencies is not None:
        weighted = weighted_overlap(rows, interference, frequencies, settings.device, report)
    kept = rows.head.ids
    before = raw.head.ids if raw.head.ids is not None else np.arange(raw.features)
    left_out = before[:0] if kept is None else np.setdiff1d(before, kept)
    return Overlap(
        center=center,
        features=products.features,
        width=rows.width,
        left_out=tuple(shards.join(left_out + shards.first).tolist()),
        mean_square_overlap=products.mean_square_overlap,
        mean_overlap=products.mean_overlap,
        spectrum=products.spectrum(rows),
        token_interference=shards.join(interference),
        pairs=_pairs(rows, settings, classes, report),
        weighted=weighted,
    )


def _pairs(
    rows: UnitRows, settings: Settings, classes: RowClasses | None, progress: Progress
) -> PairStatistics | None:
    if settings.pairs == "none":
        return None
    listing = None if classes is None else Listing.by(classes, rows.head.ids)
    if not _every_pair(rows, settings):
        return pair_statistics.sampled(
            rows, samples=settings.samples, top=settings.top, seed=settings.seed, listing=listing
        )
    return pair_statistics.exact(
        rows,
        neighbors=settings.neighbors,
        top=settings.top,
        device=settings.device,
        dtype=settings.dtype,
        listing=listing,
        progress=progress,
    )


def _every_pair(rows: UnitRows, settings: Settings) -> bool:
    """Return whether all pairs are measured, also because the sample would not be smaller."""
    every = rows.features * (rows.features - 1) // 2
    few = settings.pairs == "sample" and every <= settings.samples
    return settings.pairs == "exact" or few
