"""From a head to its geometry."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from superscope._version import __version__
from superscope.device import resolved
from superscope.errors import HeadDataError, UsageError
from superscope.geometry import pairs as pair_statistics
from superscope.geometry import stages
from superscope.geometry.geometry import Geometry, Settings
from superscope.geometry.gram import gram
from superscope.geometry.norms import Norms
from superscope.geometry.overlap import Overlap
from superscope.geometry.pairs import PairStatistics
from superscope.geometry.unit_rows import Float64, UnitRows, centered, prepare
from superscope.geometry.weighted import mean_row, stored_frequencies, weighted_overlap
from superscope.heads import Head
from superscope.progress import Progress, ProgressChoice, chosen, expect


def measure_head(
    head: Head,
    *,
    pairs: str = "sample",
    neighbors: int = 0,
    top: int = 20,
    samples: int = pair_statistics.SAMPLES,
    seed: int = 0,
    device: str = "auto",
    dtype: str = "float32",
    frequencies: npt.ArrayLike | None = None,
    threshold: float | None = None,
    progress: ProgressChoice = "auto",
) -> Geometry:
    """Measure the geometry of a head, raw and centered.

    Parameters
    ----------
    head
        Rows of shape (V, m).
    pairs
        ``none``: only what the Gram matrix gives, O(V m²). ``sample``: also estimates from
        random pairs. ``exact``: also every pair, O(V² m).
    neighbors
        Nearest rows to keep of each row; needs ``exact``.
    top
        Most colliding pairs to keep.
    samples, seed
        Number of sampled pairs, and the seed that draws them.
    device
        Where products are computed: ``auto`` is a GPU where there is one, else ``cpu``.
    dtype
        Precision of the tiles of ``exact``: ``float32``, ``bfloat16`` or ``float16``.
    frequencies
        Token frequencies by id, on any scale; ids beyond them, up to the stored rows, count
        as 0. Adds the overlaps weighted by them, and a third centering: the mean row weighted
        by them.
    threshold
        Norm above which a row counts as represented; half the rms norm by default.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress(stage, done, total)``.

    Returns
    -------
    Geometry
        Every number that the head alone gives.

    Raises
    ------
    HeadDataError
        Non-finite rows, or all rows zero.
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
    settings = Settings(
        pairs=pairs, samples=samples, seed=seed, neighbors=neighbors, top=top,
        device=resolved(device), dtype=dtype, version=__version__,
    )  # fmt: skip

    _check(settings, threshold)
    weights = None if frequencies is None else stored_frequencies(frequencies, head)
    prepared = prepare(head)
    if neighbors >= prepared.raw.features:
        raise UsageError(
            f"{neighbors:,} neighbors were asked for of {prepared.raw.features:,} rows; "
            "a row has one neighbor less than there are rows"
        )

    centers = {"none": None, "mean": prepared.mean}
    if weights is not None:
        centers["frequency"] = mean_row(prepared.raw.head, weights)
    with chosen(progress) as report:
        expect(report, _costs(prepared.raw, centers, settings))
        overlaps = {
            center: _overlap(
                prepared.raw if row is None else centered(prepared, row), prepared.raw, center,
                frequencies=weights, settings=settings, progress=report,
            )
            for center, row in centers.items()
        }  # fmt: skip
    kept = prepared.raw.head
    return Geometry(
        provenance=head.provenance,
        settings=settings,
        stored_features=head.stored.shape[0],
        width=head.width,
        zero_rows=tuple(prepared.zero_ids.tolist()),
        norms=Norms.of(prepared.norms, threshold),
        raw=overlaps["none"],
        centered=overlaps["mean"],
        frequency_centered=overlaps.get("frequency"),
        ids=kept.ids,
        texts=_texts(kept),
    )


def _texts(head: Head) -> tuple[str | None, ...] | None:
    if head.tokens is None:
        return None
    return tuple(head.token(head.id_of(position)) for position in range(head.features))


def _costs(
    rows: UnitRows, centers: Mapping[str, Float64 | None], settings: Settings
) -> dict[str, float]:
    """Return the stages to come and about how many operations each takes."""
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
    progress: Progress,
) -> Overlap:
    if rows.features < 2:
        raise HeadDataError(
            f"{raw.head.provenance.model}: {rows.features} row(s) with a direction are left "
            f"(center={center}); an overlap takes two"
        )

    def report(stage: str, done: int, total: int) -> None:
        progress(stages.of(center, stage), done, total)

    products = gram(rows, settings.device, report)
    interference = products.token_interference(rows, settings.device, report)
    weighted = None
    if frequencies is not None:
        weighted = weighted_overlap(rows, interference, frequencies, settings.device, report)
    kept = rows.head.ids
    before = raw.head.ids if raw.head.ids is not None else np.arange(raw.features)
    left_out = () if kept is None else tuple(np.setdiff1d(before, kept).tolist())
    return Overlap(
        center=center,
        features=rows.features,
        width=rows.width,
        left_out=left_out,
        mean_square_overlap=products.mean_square_overlap,
        mean_overlap=products.mean_overlap,
        spectrum=products.spectrum(),
        token_interference=interference,
        pairs=_pairs(rows, settings, report),
        weighted=weighted,
    )


def _pairs(rows: UnitRows, settings: Settings, progress: Progress) -> PairStatistics | None:
    if settings.pairs == "none":
        return None
    if not _every_pair(rows, settings):
        return pair_statistics.sampled(
            rows, samples=settings.samples, top=settings.top, seed=settings.seed
        )
    return pair_statistics.exact(
        rows,
        neighbors=settings.neighbors,
        top=settings.top,
        device=settings.device,
        dtype=settings.dtype,
        progress=progress,
    )


def _every_pair(rows: UnitRows, settings: Settings) -> bool:
    """Return whether all pairs are measured: also where they are no more than the sample."""
    every = rows.features * (rows.features - 1) // 2
    few = settings.pairs == "sample" and every <= settings.samples
    return settings.pairs == "exact" or few


def _check(settings: Settings, threshold: float | None) -> None:
    known = pair_statistics.ROUNDING
    if settings.pairs not in ("none", "sample", "exact"):
        raise UsageError(f"pairs={settings.pairs!r}; expected 'none', 'sample' or 'exact'")
    if settings.neighbors < 0 or settings.top < 0 or settings.seed < 0:
        raise UsageError("neighbors, top and seed must not be negative")
    if settings.neighbors and settings.pairs != "exact":
        raise UsageError("neighbors need every pair: pass pairs='exact'")
    if settings.samples < 2:
        raise UsageError("at least 2 sampled pairs are needed for a standard error")
    if settings.dtype not in known:
        raise UsageError(f"unknown dtype {settings.dtype!r} of tiles; known: {', '.join(known)}")
    if settings.dtype != "float32" and settings.pairs != "exact":
        raise UsageError("dtype is the precision of every pair: pass pairs='exact'")
    if threshold is not None and not 0 <= threshold < math.inf:
        raise UsageError(f"threshold {threshold} of the norm must be a finite number, 0 or more")
