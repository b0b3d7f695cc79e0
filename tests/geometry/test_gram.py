"""Facts of the field about what the Gram matrix gives."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superscope.geometry import measure_head
from superscope.geometry.baselines import welch_floor
from superscope.geometry.geometry import Geometry
from superscope.geometry.gram import gram
from superscope.heads import Head

ROUNDING = 2.0**-24  # of float32

shapes = st.tuples(st.integers(2, 60), st.integers(1, 24))
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=50, deadline=None)


def measure(matrix: np.ndarray) -> Geometry:
    return measure_head(Head.from_array(np.asarray(matrix, np.float32)), pairs="none")


def random_head(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Rows with a common direction and norms over two decades."""
    generator = np.random.default_rng(seed)
    rows = generator.standard_normal(shape) + generator.standard_normal(shape[1])
    return (rows * 10 ** generator.uniform(-1, 1, (shape[0], 1))).astype(np.float32)


def rotation(width: int, seed: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((width, width)))[0]


def assert_same_overlaps(one: Geometry, other: Geometry, off: float) -> None:
    """Overlaps c that may be `off` by so much change a mean of c² by ≤ 2·off·√(mean c²) + off²."""
    for a, b in zip(one.overlaps, other.overlaps, strict=True):
        square = a.mean_square_overlap
        assert b.mean_square_overlap == pytest.approx(
            square, rel=1e-6, abs=2 * off * math.sqrt(square) + off**2
        )
        assert b.mean_overlap == pytest.approx(a.mean_overlap, abs=off + 1e-7)


def harmonic_frame(features: int, width: int) -> np.ndarray:
    """Cosines and sines of width // 2 frequencies (and the constant): a unit-norm tight frame."""
    angle = 2 * np.pi * np.outer(np.arange(features), np.arange(1, width // 2 + 1)) / features
    columns = [np.cos(angle), np.sin(angle)]
    if width % 2:
        columns.append(np.full((features, 1), math.sqrt(0.5)))
    return np.hstack(columns) * math.sqrt(2 / width)


def simplex(width: int) -> np.ndarray:
    """The m + 1 corners of a regular simplex around the origin."""
    corners = np.eye(width + 1) - 1 / (width + 1)
    return corners @ np.linalg.svd(corners)[2][:width].T


MERCEDES_BENZ = np.array([[0, 1], [-math.sqrt(0.75), -0.5], [math.sqrt(0.75), -0.5]])


@quick
@given(st.integers(2, 64), st.integers(0, 40), seeds)
def test_orthonormal_rows_do_not_overlap(features: int, more: int, seed: int) -> None:
    geometry = measure(rotation(features + more, seed)[:features])
    # Each entry rounded to float32 puts an overlap off by at most 2 roundings.
    assert geometry.raw.mean_square_overlap < (4 * ROUNDING) ** 2
    assert geometry.raw.token_interference.max() < (4 * ROUNDING) ** 2
    assert abs(geometry.raw.mean_overlap) < 4 * ROUNDING
    assert geometry.raw.effective_width == pytest.approx(features, rel=1e-6)
    assert geometry.raw.ratio_to_welch is None
    assert geometry.regime == "none"


@quick
@given(shapes, seeds)
def test_a_rotation_of_the_width_changes_nothing(shape: tuple[int, int], seed: int) -> None:
    rows = random_head(shape, seed)
    turned = measure(rows.astype(np.float64) @ rotation(shape[1], seed + 1))
    plain = measure(rows)
    # Centering takes rows of norm n apart to a difference d, at a loss of n/d.
    difference = np.linalg.norm(rows - rows.mean(axis=0, dtype=np.float64), axis=1).min()
    loss = np.linalg.norm(rows, axis=1).max() / difference
    assert_same_overlaps(plain, turned, 8 * ROUNDING * max(1.0, loss))
    assert turned.norms.values == pytest.approx(plain.norms.values, rel=1e-6)


@quick
@given(shapes, seeds)
def test_a_permutation_of_the_rows_changes_nothing(shape: tuple[int, int], seed: int) -> None:
    rows = random_head(shape, seed)
    order = np.random.default_rng(seed).permutation(shape[0])
    plain, shuffled = measure(rows), measure(rows[order])
    assert shuffled.raw.mean_square_overlap == pytest.approx(
        plain.raw.mean_square_overlap, rel=1e-6, abs=ROUNDING**2
    )
    assert shuffled.raw.token_interference == pytest.approx(
        plain.raw.token_interference[order], rel=1e-5, abs=1e-7
    )
    assert shuffled.raw.spectrum == pytest.approx(plain.raw.spectrum, rel=1e-5, abs=1e-5)


@quick
@given(shapes, seeds)
def test_scaling_rows_changes_no_raw_overlap(shape: tuple[int, int], seed: int) -> None:
    rows = random_head(shape, seed)
    powers = np.exp2(np.random.default_rng(seed).integers(-20, 20, (shape[0], 1)))
    assert measure(rows * powers).raw.mean_square_overlap == pytest.approx(
        measure(rows).raw.mean_square_overlap, rel=1e-7, abs=ROUNDING**2
    )


@quick
@given(shapes.filter(lambda s: s[1] > 1), seeds)
def test_adding_a_vector_to_every_row_leaves_the_centered_alone(
    shape: tuple[int, int], seed: int
) -> None:
    generator = np.random.default_rng(seed)
    # Multiples of 1/64 below 2¹⁴: adding them is exact in float32.
    rows = generator.integers(-256, 256, shape) / 64
    shift = generator.integers(-4096, 4096, shape[1]) / 64
    plain, moved = measure(rows), measure(rows + shift)
    least = np.linalg.norm(rows - rows.mean(axis=0), axis=1).min()
    if least == 0:
        return
    # The mean row is rounded to float32, at the size of the shifted numbers.
    off = 4 * ROUNDING * (1 + np.linalg.norm(shift) / least)
    a, b = plain.centered, moved.centered
    assert b.mean_square_overlap == pytest.approx(
        a.mean_square_overlap, rel=1e-6, abs=2 * off * math.sqrt(a.mean_square_overlap) + off**2
    )
    assert b.mean_overlap == pytest.approx(a.mean_overlap, abs=off + 1e-7)


def test_adding_a_vector_does_change_the_raw() -> None:
    rows = np.random.default_rng(0).standard_normal((200, 10))
    assert measure(rows + 10).raw.mean_square_overlap > 0.9
    assert measure(rows).raw.mean_square_overlap < 0.12


@pytest.mark.parametrize(("features", "width"), [(60, 10), (200, 7), (30, 100)])
def test_random_rows_overlap_by_one_over_m_within_the_standard_error(
    features: int, width: int, unit_rows
) -> None:
    # Overlaps that share a row are uncorrelated for isotropic directions, so the variance of
    # their mean is Var c² = E c⁴ − 1/m² = 3/(m(m+2)) − 1/m² over the number of pairs.
    variance = 3 / (width * (width + 2)) - 1 / width**2
    error = math.sqrt(variance / (features * (features - 1) / 2))
    runs = 400
    z = np.empty(runs)
    for seed in range(runs):
        rows = np.random.default_rng(seed).standard_normal((features, width))
        z[seed] = (gram(unit_rows(rows)).mean_square_overlap - 1 / width) / error
    assert abs(z.mean()) < 4 / math.sqrt(runs)
    assert abs(z.var() - 1) < 4 * math.sqrt(2.5 / runs)  # excess kurtosis below ½


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(MERCEDES_BENZ, id="Mercedes-Benz"),
        *(pytest.param(simplex(m), id=f"simplex {m}") for m in (1, 2, 3, 10, 100, 300)),
        *(
            pytest.param(harmonic_frame(V, m), id=f"harmonic {V}x{m}")
            for V, m in [(5, 2), (7, 3), (20, 8), (101, 100), (300, 15), (1000, 64), (2000, 37)]
        ),
        pytest.param(
            np.vstack([rotation(32, seed) for seed in range(5)]), id="five orthonormal bases"
        ),
    ],
)
def test_a_tight_frame_reaches_the_welch_floor(frame: np.ndarray) -> None:
    features, width = frame.shape
    overlap = measure(frame).raw
    assert overlap.mean_square_overlap == pytest.approx(welch_floor(features, width), rel=1e-6)
    assert overlap.ratio_to_welch == pytest.approx(1, rel=1e-6)
    assert 1 - 1e-6 < overlap.packing_efficiency <= 1
    assert overlap.effective_width == pytest.approx(width, rel=1e-6)
    assert overlap.entropy_rank == pytest.approx(width, rel=1e-6)
    assert overlap.stable_rank == pytest.approx(width, rel=1e-5)
    assert overlap.spectrum == pytest.approx(np.full(width, features / width), rel=1e-5)
    # In a tight frame all rows interfere alike.
    assert overlap.token_interference == pytest.approx(
        np.full(features, overlap.mean_square_overlap), rel=2e-5
    )


@quick
@given(shapes, seeds)
def test_no_head_is_below_the_welch_floor(shape: tuple[int, int], seed: int) -> None:
    for overlap in measure(random_head(shape, seed)).overlaps:
        assert overlap.mean_square_overlap >= overlap.welch_floor * (1 - 1e-6)
        assert 0 < overlap.packing_efficiency <= 1
        assert 1 - 1e-6 <= overlap.effective_width <= min(shape) * (1 + 1e-6)


@pytest.mark.parametrize(("features", "width"), [(2, 3), (50, 4), (3000, 20), (1000, 200)])
def test_parallel_rows_have_one_dimension(features: int, width: int) -> None:
    generator = np.random.default_rng(0)
    multiples = generator.uniform(0.1, 9, features) * generator.choice([-1, 1], features)
    overlap = measure(np.outer(multiples, generator.standard_normal(width))).raw
    assert overlap.mean_square_overlap == pytest.approx(1, rel=1e-6)
    assert overlap.effective_width == pytest.approx(1, rel=1e-6)
    assert overlap.stable_rank == pytest.approx(1, rel=1e-6)
    # m − 1 eigenvalues that are but rounding, each with its −λ log λ.
    noise = 2 * ROUNDING
    assert overlap.entropy_rank == pytest.approx(1, abs=-width * noise * math.log(noise))
    assert overlap.token_interference == pytest.approx(np.ones(features), rel=1e-5)


@pytest.mark.parametrize("center", ["none", "mean"])
@pytest.mark.parametrize("shape", [(2, 3), (40, 64), (65, 64), (1500, 16), (1000, 300)])
def test_gram_equals_the_definition(shape, center, brute, unit_rows) -> None:
    rows = random_head(shape, 7)
    mean = rows.mean(axis=0, dtype=np.float64) if center == "mean" else None
    expected = brute(rows, mean)
    products = gram(unit_rows(rows, center))
    assert products.mean_square_overlap == pytest.approx(np.mean(expected.pairs**2), rel=1e-6)
    assert products.mean_overlap == pytest.approx(np.mean(expected.pairs), abs=1e-7)
    interference = products.token_interference(unit_rows(rows, center))
    assert interference == pytest.approx(expected.token_interference, rel=1e-5, abs=1e-9)
    assert interference.mean() == pytest.approx(products.mean_square_overlap, rel=1e-6)


@pytest.mark.parametrize("features", [500, 12, 5])
def test_spectrum_is_the_squared_singular_values(unit_rows, features: int) -> None:
    """Of fewer rows than m, the others are 0."""
    rows = random_head((features, 12), 3)
    unit = rows / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    spectrum = gram(unit_rows(rows)).spectrum(unit_rows(rows))
    singular = np.linalg.svd(unit)[1] ** 2
    assert spectrum == pytest.approx(np.pad(singular, (0, 12 - len(singular))), rel=1e-5)
    assert np.all(np.diff(spectrum) <= 0)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = random_head((1000, 9), 1)
    whole = measure(rows)
    monkeypatch.setattr("superscope.geometry.unit_rows.block_rows", lambda width: 7)
    assert_same_overlaps(whole, measure(rows), 4 * ROUNDING)
    assert measure(rows).norms.values == pytest.approx(whole.norms.values, rel=1e-15)
