"""The sweep over all pairs, and the sample, against plain numpy."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from superscope.geometry import pairs, tiles_cpu
from superscope.geometry.gram import gram
from superscope.geometry.tiles import Keep, Tiles
from superscope.geometry.tiles_cpu import CpuTiles
from superscope.geometry.tiles_torch import DTYPES, TorchTiles
from superscope.geometry.unit_rows import prepare
from superscope.heads import Head

# How far an overlap in float32 may be off: each factor is rounded with its norm and as a product,
# and as much again for the sum.
OFF = 8 * 2.0**-24
Exact = Callable[..., pairs.PairStatistics]


@pytest.fixture(params=["numba", "torch"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Either way to add up tiles; the one for other devices runs on the CPU here."""
    if request.param == "torch":

        def tiles(keep: Keep, device: str, dtype: str) -> Tiles:
            return TorchTiles(keep, torch.device("cpu"), DTYPES[dtype])

        monkeypatch.setattr(pairs, "_tiles", tiles)
    return request.param


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "TILE_ROWS", 32)
    monkeypatch.setattr(pairs, "TILE_COLUMNS", 16)


def random_rows(features: int, width: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return (generator.standard_normal((features, width)) + 0.3).astype(np.float32)


def assert_histogram(counts: np.ndarray, overlaps: np.ndarray) -> None:
    """Counts below every edge are right but for overlaps that rounding may put on either side."""
    edges = np.linspace(-1, 1, 1001)
    assert counts.dtype == np.int64
    assert counts.shape == (1000,)
    assert counts.sum() == len(overlaps)
    below = np.cumsum(counts)[:-1]
    ordered = np.sort(overlaps)
    assert np.all(below >= np.searchsorted(ordered, edges[1:-1] - OFF, "left"))
    assert np.all(below <= np.searchsorted(ordered, edges[1:-1] + OFF, "right"))


def assert_neighbors(found: pairs.PairStatistics, others: np.ndarray, keep: int) -> None:
    ids, overlaps = found.neighbors, found.neighbor_overlaps
    assert ids is not None
    assert overlaps is not None
    count = len(others)
    assert ids.shape == overlaps.shape == (count, min(keep, count - 1))
    assert ids.dtype == np.int32
    assert overlaps.dtype == np.float32
    rows = np.arange(count)[:, None]
    assert np.all(ids != rows)
    assert all(len(set(line)) == len(line) for line in ids.tolist())
    assert np.all(np.diff(overlaps, axis=1) <= OFF)
    nearest = -np.sort(-np.partition(others, -ids.shape[1], axis=1)[:, -ids.shape[1] :], axis=1)
    assert overlaps == pytest.approx(nearest, abs=OFF)  # the nearest there are,
    assert others[rows, ids] == pytest.approx(overlaps, abs=OFF)  # with the right ids


def assert_top(found: pairs.PairStatistics, overlaps: np.ndarray, keep: int) -> None:
    """`overlaps` is the V × V matrix."""
    absolute = np.abs(overlaps[np.triu_indices(len(overlaps), 1)])
    largest = np.partition(absolute, -keep)[-keep:] if 0 < keep < len(absolute) else absolute
    ordered = -np.sort(-largest)[:keep]
    assert [abs(p.overlap) for p in found.top] == pytest.approx(ordered.tolist(), abs=OFF)
    assert found.coherence == pytest.approx(ordered[0] if keep else None, abs=OFF)
    assert len({(p.first, p.second) for p in found.top}) == len(found.top)
    for pair in found.top:
        assert pair.first < pair.second
        assert pair.overlap == pytest.approx(overlaps[pair.first, pair.second], abs=OFF)


def assert_exact(found: pairs.PairStatistics, expected, neighbors: int, top: int) -> None:
    overlaps = expected.pairs
    absolute = np.abs(overlaps)
    assert found.method == "exact"
    assert found.pairs == len(overlaps)
    assert found.mean_absolute == pytest.approx(absolute.mean(), rel=1e-6)
    assert found.mean_square == pytest.approx(np.mean(overlaps**2), rel=1e-6)
    assert found.std_absolute == pytest.approx(absolute.std(), rel=1e-5, abs=math.sqrt(OFF))
    assert found.mean_absolute_se == found.std_absolute_se == found.mean_square_se == 0
    assert_histogram(found.histogram, overlaps)
    assert_neighbors(found, expected.others, neighbors)
    assert_top(found, expected.overlaps, top)


@pytest.mark.parametrize("features", [2, 3, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 97, 150])
def test_exact_equals_the_definition(features, brute, unit_rows, engine, small_tiles) -> None:
    rows = random_rows(features, 6)
    found = pairs.exact(unit_rows(rows), neighbors=5, top=7)
    assert_exact(found, brute(rows), 5, 7)


@pytest.mark.slow
@pytest.mark.parametrize(("features", "width"), [(1025, 40), (4200, 20)])
def test_exact_with_real_tiles(features, width, brute, unit_rows, engine) -> None:
    rows = random_rows(features, width)
    found = pairs.exact(unit_rows(rows), neighbors=10, top=20)
    assert_exact(found, brute(rows), 10, 20)


@pytest.mark.parametrize("center", ["none", "mean"])
@pytest.mark.parametrize("shape", [(2, 3), (70, 100), (333, 8), (1100, 130), (4200, 33)])
def test_gram_and_exact_pairs_agree(shape, center, unit_rows) -> None:
    rows = unit_rows(random_rows(*shape), center)
    found = pairs.exact(rows)
    products = gram(rows)
    assert products.mean_square_overlap == pytest.approx(found.mean_square, rel=1e-6)
    edges = found.bin_edges
    mean = found.histogram @ (edges[1:] + edges[:-1]) / 2 / found.pairs
    assert products.mean_overlap == pytest.approx(mean, abs=0.001 + OFF)  # half a bin


def test_opposite_and_equal_rows_fall_into_the_end_bins(unit_rows, engine, small_tiles) -> None:
    generator = np.random.default_rng(0)
    direction = generator.standard_normal(50)
    sign = np.repeat([1, -1], [30, 20])
    # Scaling makes unit rows that differ in their rounding, so that |c| may pass 1.
    rows = np.outer(sign * generator.uniform(0.1, 10, 50), direction)
    found = pairs.exact(unit_rows(rows), neighbors=3, top=4)
    assert found.histogram[0] == 30 * 20
    assert found.histogram[-1] == 30 * 29 / 2 + 20 * 19 / 2
    assert found.histogram.sum() == 50 * 49 / 2
    assert found.largest <= 1
    assert found.neighbor_overlaps is not None
    assert found.neighbor_overlaps.max() <= 1
    assert all(abs(p.overlap) <= 1 for p in found.top)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_low_precision_past_one_stays_in_the_end_bins(dtype, unit_rows, engine) -> None:
    rows = np.tile(np.random.default_rng(0).standard_normal(7), (40, 1))
    found = pairs.exact(unit_rows(rows), dtype=dtype)
    assert found.histogram.sum() == found.pairs
    # The product of two rows that are equal but rounded: off 1 by two roundings, four bins wide.
    assert found.histogram[-8:].sum() == found.pairs


def test_orthonormal_rows_have_no_overlap(unit_rows, engine) -> None:
    found = pairs.exact(unit_rows(np.eye(40)), neighbors=2)
    assert found.mean_absolute == found.std_absolute == found.coherence == 0
    assert found.histogram[500] == found.pairs


def test_simplex_is_equiangular(unit_rows, engine, small_tiles) -> None:
    corners = np.eye(41) - 1 / 41
    found = pairs.exact(unit_rows(corners))
    assert found.coherence == pytest.approx(1 / 40, rel=1e-5)
    assert found.mean_absolute == pytest.approx(1 / 40, rel=1e-6)
    assert found.std_absolute == pytest.approx(0, abs=math.sqrt(OFF) / 40)


@pytest.mark.parametrize("threads", [1, 3, 7])
def test_the_number_of_threads_changes_nothing(
    threads, unit_rows, small_tiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = unit_rows(random_rows(100, 5))
    one = pairs.exact(rows, neighbors=4, top=9)
    monkeypatch.setattr(pairs, "_tiles", lambda keep, *_: CpuTiles(keep, threads=threads))
    other = pairs.exact(rows, neighbors=4, top=9)
    assert np.array_equal(one.histogram, other.histogram)
    assert one.neighbors is not None
    assert np.array_equal(one.neighbors, other.neighbors)
    assert one.top == other.top
    assert one.mean_absolute == pytest.approx(other.mean_absolute, rel=1e-14)


@pytest.mark.parametrize("top", [0, 1, 10_000])
def test_as_many_top_pairs_as_wanted_or_there_are(top, brute, unit_rows, engine) -> None:
    rows = random_rows(20, 4)
    found = pairs.exact(unit_rows(rows), top=top)
    assert len(found.top) == min(top, 190)
    assert found.coherence == pytest.approx(np.abs(brute(rows).pairs).max(), abs=OFF)


def test_no_neighbors_unless_asked_for(unit_rows) -> None:
    found = pairs.exact(unit_rows(random_rows(20, 4)))
    assert found.neighbors is None
    assert found.neighbor_overlaps is None


def crowded(features: int, width: int) -> np.ndarray:
    """Rows of which a third crowd closer together than low precision tells apart."""
    generator = np.random.default_rng(1)
    rows = generator.standard_normal((features, width))
    cluster = features // 3
    rows[:cluster] = rows[0] + 0.01 * rows[:cluster]
    return generator.permutation(rows).astype(np.float32)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("make", [random_rows, crowded])
def test_low_precision_finds_the_same_neighbors_and_pairs(
    make, dtype, brute, unit_rows, engine
) -> None:
    # Of the crowded ones, 333·332/2 pairs are far more than are listed as candidates.
    rows = make(1000, 64)
    found = pairs.exact(unit_rows(rows), neighbors=6, top=20, dtype=dtype)
    expected = brute(rows)
    assert_neighbors(found, expected.others, 6)
    assert_top(found, expected.overlaps, 20)
    error = pairs.ROUNDING[dtype]
    assert found.mean_absolute == pytest.approx(np.abs(expected.pairs).mean(), abs=error)
    assert found.histogram.sum() == found.pairs


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_rounding_bounds_what_low_precision_does(dtype, brute, unit_rows) -> None:
    rows = crowded(900, 200)
    unit = unit_rows(rows)
    tiles = pairs._tiles(Keep(np.ones(900, bool)), "cpu", dtype)
    loaded = tiles.load(unit.block(0, 900))
    off = np.abs(np.asarray(tiles.product(loaded, loaded)) - brute(rows).overlaps).max()
    assert off < pairs.ROUNDING[dtype]
    assert off > pairs.ROUNDING[dtype] / 20  # and is of that size


@pytest.mark.parametrize("statistic", ["mean_absolute", "std_absolute", "mean_square"])
def test_samples_are_unbiased_with_honest_errors(statistic, brute, unit_rows) -> None:
    runs = 300
    rows = random_rows(40, 5)
    overlaps = brute(rows).pairs
    truth = {
        "mean_absolute": np.abs(overlaps).mean(),
        "std_absolute": np.abs(overlaps).std(),
        "mean_square": np.mean(overlaps**2),
    }[statistic]
    prepared = unit_rows(rows)
    z = np.empty(runs)
    for seed in range(runs):
        found = pairs.sampled(prepared, samples=2000, top=0, seed=seed)
        z[seed] = (getattr(found, statistic) - truth) / getattr(found, f"{statistic}_se")
    assert abs(z.mean()) < 4 / math.sqrt(runs)
    assert abs(z.var(ddof=1) - 1) < 4 * math.sqrt(2 / (runs - 1))


def test_standard_errors_shrink_with_the_root_of_the_sample(unit_rows) -> None:
    rows = unit_rows(random_rows(300, 20))
    small = pairs.sampled(rows, samples=20_000, top=0, seed=0)
    large = pairs.sampled(rows, samples=320_000, top=0, seed=1)
    for name in ("mean_absolute_se", "std_absolute_se", "mean_square_se"):
        # An error of an error of at most √(kurtosis/4S) ≈ 1.5 %.
        assert getattr(small, name) / getattr(large, name) == pytest.approx(4, rel=0.06)


def test_a_sample_has_no_row_with_itself_and_takes_all_pairs_alike(unit_rows) -> None:
    # Rows 2^k apart in direction give every pair an overlap of its own.
    angles = 0.01 * 2.0 ** np.arange(6)
    found = pairs.sampled(
        unit_rows(np.stack((np.cos(angles), np.sin(angles)), axis=1)),
        samples=60_000,
        top=15,
        seed=3,
    )
    assert len({(p.first, p.second) for p in found.top}) == len(found.top) == 15  # each once
    assert all(p.first < p.second for p in found.top)
    eye = pairs.sampled(unit_rows(np.eye(4)), samples=60_000, top=6, seed=3)
    assert eye.largest == 0
    assert eye.histogram[500] == 60_000
    one_pair = np.eye(4)
    one_pair[1, 0] = 1  # overlaps with row 0 alone
    share = pairs.sampled(unit_rows(one_pair), samples=60_000, top=1, seed=3).mean_absolute
    expected, drawn = math.sqrt(0.5) / 6, math.sqrt(0.5) * math.sqrt(5 / 36 / 60_000)
    assert share == pytest.approx(expected, abs=4 * drawn)


def test_the_seed_decides_the_sample(unit_rows) -> None:
    rows = unit_rows(random_rows(300, 20))
    first, again, other = (pairs.sampled(rows, samples=500, top=3, seed=s) for s in (1, 1, 2))
    assert first.mean_absolute == again.mean_absolute
    assert first.mean_absolute != other.mean_absolute
    assert first.coherence is None
    assert first.largest == abs(first.top[0].overlap)


def test_sampled_histogram_counts_what_was_drawn(unit_rows) -> None:
    found = pairs.sampled(unit_rows(np.ones((10, 3))), samples=100, top=0, seed=0)
    assert found.histogram[-1] == 100
    assert found.std_absolute_se == 0 or found.std_absolute < OFF


def test_progress_is_told_to_the_end(unit_rows, small_tiles) -> None:
    told = []
    pairs.exact(unit_rows(random_rows(100, 3)), progress=lambda *args: told.append(args))
    done = [done for _, done, _ in told]
    assert done == list(range(1, len(told) + 1))
    assert {(stage, total) for stage, _, total in told} == {("all pairs", len(told))}


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_which_of_many_identical_rows_are_listed_depends_on_nothing(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(0)
    rows = generator.standard_normal((3000, 24)).astype(np.float32)
    alike = np.sort(generator.choice(3000, 40, replace=False))
    rows[alike] = rows[alike[0]] * generator.uniform(0.5, 2, (40, 1)).astype(np.float32)
    monkeypatch.setattr(tiles_cpu, "usable_cores", lambda: threads)
    found = pairs.exact(prepare(Head.from_array(rows)).raw, top=50)
    first, second = np.triu_indices(40, 1)
    expected = list(zip(alike[first].tolist(), alike[second].tolist(), strict=True))[:50]
    assert [(p.first, p.second) for p in found.top] == expected
    assert {p.overlap for p in found.top} == {1.0}
