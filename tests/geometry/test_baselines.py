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
