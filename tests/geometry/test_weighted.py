"""Facts about the overlaps that a random text meets."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superscope.geometry import Geometry, WeightedOverlap, measure_head
from superscope.geometry.gram import gram
from superscope.geometry.unit_rows import prepare
from superscope.geometry.weighted import weighted_overlap
from superscope.heads import Head

ROUNDING = 2.0**-24  # of float32

shapes = st.tuples(st.integers(2, 60), st.integers(1, 24))
seeds = st.integers(0, 2**32 - 1)
exponents = st.floats(0, 6)
quick = settings(max_examples=50, deadline=None)


def measure(matrix: np.ndarray, frequencies: object) -> Geometry:
    head = Head.from_array(np.asarray(matrix, np.float32))
    return measure_head(head, pairs="none", frequencies=frequencies)


def raw(matrix: np.ndarray, frequencies: object) -> WeightedOverlap:
    """Only the raw rows: few of them may be left by centering."""
    rows = prepare(Head.from_array(np.asarray(matrix, np.float32))).raw
    interference = gram(rows).token_interference(rows)
    return weighted_overlap(rows, interference, np.asarray(frequencies, np.float64))


def random_rows(shape: tuple[int, int], seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    rows = generator.standard_normal(shape) + generator.standard_normal(shape[1])
    return rows.astype(np.float32)


def zipf(features: int, exponent: float, seed: int) -> np.ndarray:
    """Frequencies i^(−exponent) in a random order."""
    ranks = np.random.default_rng(seed).permutation(features) + 1.0
    return ranks**-exponent


def by_definition(rows: np.ndarray, frequencies: np.ndarray) -> tuple[float, float, float]:
    """Mean square overlap, interference of a token, effective width: sums over all pairs."""
    unit = rows / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    squares = (unit @ unit.T) ** 2
    np.fill_diagonal(squares, 0)
    p = frequencies / frequencies.sum()
    weights = np.outer(p, p)
    np.fill_diagonal(weights, 0)
    pairs = float((weights * squares).sum())
    interference = float(p @ squares.sum(axis=1)) / (len(p) - 1)
    return pairs / weights.sum(), interference, 1 / (pairs + float(p @ p))


@quick
@given(shapes, seeds, st.sampled_from([1e-300, 1e-3, 1.0, 1e308]))
def test_even_frequencies_change_nothing(shape: tuple[int, int], seed: int, each: float) -> None:
    for overlap in measure(random_rows(shape, seed), np.full(shape[0], each)).overlaps:
        weighted = overlap.weighted
        assert weighted is not None
        if not overlap.left_out:
            assert weighted.covered == 1
        assert weighted.effective_tokens == pytest.approx(overlap.features, rel=1e-12)
        assert weighted.mean_square_overlap == pytest.approx(
            overlap.mean_square_overlap, rel=1e-6, abs=ROUNDING**2
        )
        assert weighted.token_interference == pytest.approx(
            overlap.mean_square_overlap, rel=1e-6, abs=ROUNDING**2
        )
        assert weighted.effective_width == pytest.approx(overlap.effective_width, rel=1e-6)


@quick
@given(shapes, seeds, exponents)
def test_weights_equal_the_definition(shape: tuple[int, int], seed: int, exponent: float) -> None:
    rows, frequencies = random_rows(shape, seed), zipf(shape[0], exponent, seed)
    square, interference, width = by_definition(rows, frequencies)
    weighted = raw(rows, frequencies)
    # Rounding of unit rows puts an overlap off by 2 roundings, its square by twice that.
    assert weighted.mean_square_overlap == pytest.approx(square, rel=1e-6, abs=4 * ROUNDING)
    assert weighted.token_interference == pytest.approx(interference, rel=1e-6, abs=4 * ROUNDING)
    assert weighted.effective_width == pytest.approx(width, rel=1e-6)


@pytest.mark.parametrize("exponent", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("shape", [(65, 64), (1500, 200), (3000, 130)])
def test_wide_heads_equal_the_definition(shape: tuple[int, int], exponent: float) -> None:
    rows, frequencies = random_rows(shape, 7), zipf(shape[0], exponent, 8)
    square, interference, width = by_definition(rows, frequencies)
    weighted = raw(rows, frequencies)
    assert weighted.mean_square_overlap == pytest.approx(square, rel=1e-6)
    assert weighted.token_interference == pytest.approx(interference, rel=1e-6)
    assert weighted.effective_width == pytest.approx(width, rel=1e-6)


def test_each_centering_is_weighted_by_its_own_rows() -> None:
    rows, frequencies = random_rows((200, 9), 3), zipf(200, 1, 4)
    geometry = measure(rows, frequencies)
    centers = (0, rows.mean(axis=0), np.average(rows, axis=0, weights=frequencies))
    for overlap, center in zip(geometry.overlaps, centers, strict=True):
        square, interference, width = by_definition(rows.astype(float) - center, frequencies)
        weighted = overlap.weighted
        assert weighted is not None
        assert weighted.mean_square_overlap == pytest.approx(square, rel=1e-5)
        assert weighted.token_interference == pytest.approx(interference, rel=1e-5)
        assert weighted.effective_width == pytest.approx(width, rel=1e-5)


@quick
@given(shapes, seeds, exponents)
def test_a_rotation_changes_nothing(shape: tuple[int, int], seed: int, exponent: float) -> None:
    rows, frequencies = random_rows(shape, seed), zipf(shape[0], exponent, seed)
    generator = np.random.default_rng(seed + 1)
    rotation = np.linalg.qr(generator.standard_normal((shape[1], shape[1])))[0]
    plain, turned = raw(rows, frequencies), raw(rows.astype(np.float64) @ rotation, frequencies)
    for name in ("mean_square_overlap", "token_interference", "effective_width"):
        assert getattr(turned, name) == pytest.approx(
            getattr(plain, name), rel=1e-5, abs=32 * ROUNDING
        )


@quick
@given(shapes, seeds, st.integers(-900, 900))
def test_the_scale_of_frequencies_does_not_matter(
    shape: tuple[int, int], seed: int, power: int
) -> None:
    rows, frequencies = random_rows(shape, seed), zipf(shape[0], 1, seed)
    assert raw(rows, frequencies * 2.0**power) == raw(rows, frequencies)


@quick
@given(st.integers(2, 40), st.integers(0, 20), seeds, exponents)
def test_orthonormal_rows_do_not_interfere(
    features: int, more: int, seed: int, exponent: float
) -> None:
    generator = np.random.default_rng(seed)
    square = generator.standard_normal((features + more, features + more))
    frequencies = zipf(features, exponent, seed)
    weighted = raw(np.linalg.qr(square)[0][:features], frequencies)
    assert weighted.mean_square_overlap is not None
    assert weighted.mean_square_overlap < (4 * ROUNDING) ** 2 + 1e-15
    assert weighted.token_interference < (4 * ROUNDING) ** 2
    # Nothing but the text itself bounds the width it makes use of.
    assert weighted.effective_width == pytest.approx(weighted.effective_tokens, rel=1e-9)


@quick
@given(shapes, seeds, exponents)
def test_width_is_bounded_by_the_head_and_by_the_text(
    shape: tuple[int, int], seed: int, exponent: float
) -> None:
    weighted = raw(random_rows(shape, seed), zipf(shape[0], exponent, seed))
    assert weighted.effective_width is not None
    assert weighted.effective_tokens is not None
    assert 1 - 1e-9 <= weighted.effective_width <= shape[1]
    assert weighted.effective_width <= weighted.effective_tokens * (1 + 1e-9)
    assert weighted.effective_tokens <= shape[0] * (1 + 1e-9)


@pytest.mark.parametrize("ratio", [1.0, 0.1, 1e-6, 1e-12, 1e-100, 1e-300])
def test_two_tokens_meet_at_their_own_overlap(ratio: float) -> None:
    rows = random_rows((80, 30), 5)
    unit = rows / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    frequencies = np.zeros(80)
    frequencies[[13, 57]] = [1, ratio]
    weighted = raw(rows, frequencies)
    # However rare the second of them: it is never the same as the first.
    assert weighted.mean_square_overlap == pytest.approx((unit[13] @ unit[57]) ** 2, rel=1e-6)
    assert weighted.effective_tokens == pytest.approx((1 + ratio) ** 2 / (1 + ratio**2))


def test_the_most_frequent_token_does_not_drown_the_others() -> None:
    rows, frequencies = random_rows((300, 20), 2), zipf(300, 1, 3)
    unit = rows / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    frequencies[7] = 1e15
    others = np.delete(np.arange(300), 7)
    expected = np.average((unit[others] @ unit[7]) ** 2, weights=frequencies[others])
    assert raw(rows, frequencies).mean_square_overlap == pytest.approx(expected, rel=1e-6)


def test_parallel_rows_meet_in_one_dimension() -> None:
    rows = np.outer(np.random.default_rng(0).uniform(-3, 3, 500), np.linspace(1, 2, 30))
    weighted = raw(rows, zipf(500, 1, 0))
    assert weighted.mean_square_overlap == pytest.approx(1, rel=1e-6)
    assert weighted.token_interference == pytest.approx(1, rel=1e-5)
    assert weighted.effective_width == pytest.approx(1, rel=1e-6)


def test_random_rows_overlap_by_one_over_m_under_any_frequencies() -> None:
    width, runs = 12, 400
    p = zipf(150, 1, 0)
    p /= p.sum()
    # Overlaps of different pairs of isotropic rows are uncorrelated: the variance of their
    # weighted mean is Var c² = 3/(m(m + 2)) − 1/m² times the sum of the squared weights.
    squared = 2 * (np.sum(p**2) ** 2 - np.sum(p**4)) / (1 - np.sum(p**2)) ** 2
    error = math.sqrt((3 / (width * (width + 2)) - 1 / width**2) * squared)
    z = np.array([
        (raw(np.random.default_rng(s).standard_normal((150, width)), p).mean_square_overlap
         - 1 / width) / error
        for s in range(runs)
    ])  # fmt: skip
    assert abs(z.mean()) < 4 / math.sqrt(runs)
    assert 0.7 < z.std() < 1.3


def test_a_text_of_one_token_has_no_two_that_differ() -> None:
    rows = random_rows((40, 5), 0)
    interference = measure(rows, None).raw.token_interference
    frequencies = np.zeros(40)
    frequencies[9] = 3
    weighted = raw(rows, frequencies)
    assert weighted == WeightedOverlap(1.0, 1.0, None, interference[9], 1.0)


def test_a_text_whose_only_row_is_the_center_has_no_overlap() -> None:
    frequencies = np.zeros(40)
    frequencies[9] = 3
    overlap = measure(random_rows((40, 5), 0), frequencies).frequency_centered
    assert overlap is not None
    assert overlap.left_out == (9,)
    assert overlap.weighted == WeightedOverlap(0.0, None, None, None, None)


def test_what_falls_on_rows_left_out_is_reported() -> None:
    rows = random_rows((60, 7), 0)
    rows[5] = 0
    frequencies = np.random.default_rng(1).pareto(1, 60)
    head = dataclasses.replace(Head.from_array(rows), ids=np.arange(50))
    part = measure_head(head, pairs="none", frequencies=frequencies).raw.weighted
    kept = np.delete(np.arange(50), 5)
    alone = raw(rows[kept], frequencies[kept])
    assert part is not None
    assert part.covered == pytest.approx(frequencies[kept].sum() / frequencies.sum(), rel=1e-12)
    assert dataclasses.replace(part, covered=1.0) == alone


def test_rows_that_never_occur_change_nothing_but_what_they_meet() -> None:
    rows, frequencies = random_rows((60, 7), 0), zipf(60, 1, 0)
    frequencies[::3] = 0
    all_rows, occurring = (
        raw(rows, frequencies),
        raw(rows[frequencies > 0], frequencies[frequencies > 0]),
    )
    assert all_rows.mean_square_overlap == pytest.approx(occurring.mean_square_overlap, rel=1e-12)
    assert all_rows.effective_width == pytest.approx(occurring.effective_width, rel=1e-12)
    assert all_rows.token_interference != pytest.approx(occurring.token_interference, rel=1e-3)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, frequencies = random_rows((1000, 9), 1), zipf(1000, 1, 1)
    whole = raw(rows, frequencies)
    monkeypatch.setattr("superscope.geometry.unit_rows.block_rows", lambda width: 7)
    assert dataclasses.astuple(raw(rows, frequencies)) == pytest.approx(
        dataclasses.astuple(whole), rel=1e-6
    )


@pytest.mark.parametrize("exponent", [0.0, 1.0])  # in float32 and in float64
def test_a_device_gives_the_same(exponent: float) -> None:
    rows = prepare(Head.from_array(random_rows((700, 160), 0))).raw
    frequencies = zipf(700, exponent, 1)
    interference = gram(rows).token_interference(rows)
    here = weighted_overlap(rows, interference, frequencies)
    there = weighted_overlap(rows, interference, frequencies, "cpu:0")  # torch's
    assert dataclasses.astuple(there) == pytest.approx(dataclasses.astuple(here), rel=1e-6)


def test_without_frequencies_nothing_is_weighted() -> None:
    assert [o.weighted for o in measure(random_rows((40, 5), 0), None).overlaps] == [None, None]
