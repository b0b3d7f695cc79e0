import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superscope.geometry import Geometry, Regime, measure_head
from superscope.geometry.norms import Norms, regime
from superscope.heads import Head


def synthetic(*norms: tuple[int, float], width: int) -> Geometry:
    """A head of random directions with given norms: (how many rows, their norm), …"""
    scale = np.concatenate([np.full(count, norm) for count, norm in norms])
    rows = np.random.default_rng(0).standard_normal((len(scale), width))
    rows *= scale[:, None] / np.linalg.norm(rows, axis=1, keepdims=True)
    return measure_head(Head.from_array(rows), pairs="none")


def test_weak_superposition_represents_few_features() -> None:
    weak = synthetic((40, 1.0), (960, 1e-5), width=40)
    assert weak.represented_fraction == 0.04
    assert weak.regime is Regime.WEAK
    # The median would call every row represented; half the rms norm does not.
    assert weak.norms.threshold == pytest.approx(0.5 * np.sqrt(0.04), rel=1e-6)
    assert weak.norms.threshold_rule == "half the rms norm"


def test_strong_superposition_represents_nearly_all() -> None:
    strong = synthetic((1000, 1.0), width=40)
    assert strong.represented_fraction == 1
    assert strong.regime is Regime.STRONG


def test_between_weak_and_strong() -> None:
    assert synthetic((500, 1.0), (500, 1e-5), width=40).regime is Regime.INTERMEDIATE


def test_no_superposition_is_needed_where_the_width_suffices() -> None:
    assert synthetic((40, 1.0), width=40).regime is Regime.NONE
    assert synthetic((5, 1.0), (30, 1e-5), width=40).regime is Regime.NONE


@pytest.mark.parametrize(
    ("features", "width", "fraction", "expected"),
    [
        (10, 10, 1.0, "none"),
        (11, 10, 0.9, "strong"),  # φ ≥ 0.9 comes before φV ≤ 2m
        (11, 10, 0.899, "weak"),
        (100, 10, 0.2, "weak"),  # φV = 2m
        (100, 10, 0.21, "intermediate"),
        (100, 10, 0.9, "strong"),
    ],
)
def test_regime_borders(features: int, width: int, fraction: float, expected: str) -> None:
    assert regime(features, width, fraction) == expected


def test_an_absolute_threshold_is_taken_and_named() -> None:
    head = Head.from_array(np.diag([0.25, 0.625, 1.0]))
    norms = measure_head(head, pairs="none", threshold=0.5).norms
    assert norms.threshold_rule == "absolute"
    assert norms.represented_fraction() == pytest.approx(2 / 3)
    assert norms.represented_fraction(0.625) == pytest.approx(1 / 3)  # strictly above


@given(st.lists(st.floats(1e-30, 1e30), min_size=1, max_size=50))
def test_moments_are_numpys(values: list[float]) -> None:
    norms = Norms.of(np.array(values))
    assert norms.mean == np.mean(values)
    assert norms.std == np.std(values)
    assert norms.root_mean_square**2 == pytest.approx(np.mean(np.square(values)))
    assert norms.coefficient_of_variation == pytest.approx(np.std(values) / np.mean(values))
    assert (norms.min, norms.max) == (min(values), max(values))
    assert norms.quantiles[0.5] == pytest.approx(np.median(values))
    assert norms.histogram()[0].sum() == len(values)


def test_norms_are_those_of_the_rows() -> None:
    rows = np.random.default_rng(0).standard_normal((70, 9)).astype(np.float32)
    norms = measure_head(Head.from_array(rows), pairs="none").norms
    assert norms.values == pytest.approx(np.linalg.norm(rows.astype(float), axis=1), rel=1e-14)
