import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superscope.geometry import baselines


@pytest.mark.parametrize(
    ("features", "width", "floor"),
    [(3, 2, 1 / 4), (4, 3, 1 / 9), (1000, 10, 990 / 9990), (5, 1, 1.0), (50_000, 768, None)],
)
def test_welch_floor_is_its_formula(features: int, width: int, floor: float | None) -> None:
    expected = floor or (features - width) / (width * (features - 1))
    assert baselines.welch_floor(features, width) == pytest.approx(expected, rel=1e-15)


@given(st.integers(1, 500), st.integers(1, 500))
def test_welch_floor_is_zero_without_superposition_and_below_chance(V: int, m: int) -> None:
    floor = baselines.welch_floor(V, m)
    assert floor == 0 if m >= V else 0 < floor <= baselines.random_mean_square(m)


def test_random_mean_absolute_in_low_dimensions() -> None:
    assert baselines.random_mean_absolute(1) == pytest.approx(1)
    assert baselines.random_mean_absolute(2) == pytest.approx(2 / math.pi)
    assert baselines.random_mean_absolute(3) == pytest.approx(1 / 2)


def test_random_mean_absolute_tends_to_the_gaussian_value() -> None:
    # E|c| = √(2/(πm)) (1 + 1/(4m) + O(m⁻²))
    for width in (10, 100, 1000, 10_000):
        ratio = baselines.random_mean_absolute(width) / math.sqrt(2 / (math.pi * width))
        assert ratio == pytest.approx(1 + 1 / (4 * width), abs=1 / width**2)


@given(st.integers(1, 5000))
def test_random_share_sums_to_one_and_is_even(width: int) -> None:
    share = baselines.random_share(np.linspace(-1, 1, 1001), width)
    assert share.sum() == pytest.approx(1, rel=1e-12)
    assert share == pytest.approx(share[::-1], abs=1e-12)
    assert np.all(share >= 0)


@pytest.mark.parametrize("width", [1, 2, 3, 8, 64])
def test_random_share_is_what_random_directions_do(width: int) -> None:
    count = 100_000
    generator = np.random.default_rng(width)
    directions = generator.standard_normal((count, width))
    # By isotropy the overlap with the first axis is the overlap of any two.
    overlaps = directions[:, 0] / np.sqrt(np.sum(directions**2, axis=1))
    edges = np.linspace(-1, 1, 12)
    share = baselines.random_share(edges, width)
    seen = np.histogram(overlaps, edges)[0] / count
    assert np.all(np.abs(seen - share) <= 5 * np.sqrt(share * (1 - share) / count) + 1e-12)


def test_random_share_is_zero_beyond_one() -> None:
    for width in (1, 2, 10):
        share = baselines.random_share([-3, -2, -1, 1, 2], width)
        assert share == pytest.approx([0, 0, 1, 0], abs=1e-15)


def test_random_share_gives_the_moments() -> None:
    edges = np.linspace(-1, 1, 20_001)
    middle = (edges[1:] + edges[:-1]) / 2
    for width in (3, 17, 300):
        share = baselines.random_share(edges, width)
        assert share @ middle**2 == pytest.approx(baselines.random_mean_square(width), rel=1e-4)
        assert share @ abs(middle) == pytest.approx(baselines.random_mean_absolute(width), rel=1e-4)


@pytest.mark.parametrize(("features", "width"), [(5, 3), (12, 40), (60, 20)])
def test_chance_and_its_tolerance_are_those_of_random_rows(features: int, width: int) -> None:
    generator = np.random.default_rng(features)
    means: dict[str, list[float]] = {"raw": [], "centered": []}
    for _ in range(2000):
        rows = generator.standard_normal((features, width))
        for name, matrix in (("raw", rows), ("centered", rows - rows.mean(axis=0))):
            unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
            overlaps = (unit @ unit.T)[np.triu_indices(features, 1)]
            means[name].append(float(np.mean(overlaps**2)))
    sd = baselines.random_mean_square_sd(features, width)
    error = sd / math.sqrt(2000)
    assert np.std(means["raw"]) == pytest.approx(sd, rel=0.1)
    assert np.mean(means["raw"]) == pytest.approx(1 / width, abs=4 * error)
    expected = baselines.centered_mean_square(features, width)
    assert np.mean(means["centered"]) == pytest.approx(expected, abs=4 * error)


def test_the_tolerance_of_centered_rows_is_wider_in_narrow_heads() -> None:
    assert baselines.centered_mean_square(2, 50) == 1
    assert 4.7 < baselines.clear_deviation(50_000, 768) < 4.8
    assert baselines.clear_deviation(1000, 2) == pytest.approx(-math.log(1e-6) - 1)


def test_norms_of_gaussian_rows() -> None:
    norms = np.linalg.norm(np.random.default_rng(0).standard_normal((20_000, 3)), axis=1)
    assert norms.std() / norms.mean() == pytest.approx(baselines.random_norm_variation(3), rel=0.02)
    share = np.mean(norms > 0.5 * math.sqrt(3))
    assert share == pytest.approx(baselines.random_represented_fraction(3, 0.5), abs=0.01)
