"""Theory: the functions against what they claim, and against each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superscope.toy import Exponent, fit_exponent, make_features, theory


def test_the_mean_square_value_is_that_of_uniform_values() -> None:
    v = np.random.default_rng(0).uniform(0, 2, 1_000_000)
    assert np.mean(v**2) == pytest.approx(theory.MEAN_SQUARE_VALUE, abs=0.005)


def test_nothing_represented_costs_everything_and_all_represented_nothing() -> None:
    p = make_features(50).probabilities
    assert theory.unrepresented_loss(p, np.zeros(50, bool)) == pytest.approx(4 / 3)
    assert theory.unrepresented_loss(p, np.ones(50, bool)) == 0
    assert theory.weak_loss(p, 50) == 0


def test_weak_loss_leaves_out_the_rarest() -> None:
    p = np.array([0.1, 0.4, 0.2, 0.3])
    assert theory.weak_loss(p, 2) == pytest.approx(4 / 3 * 0.3)


@pytest.mark.parametrize("alpha", [1.75, 2.0, 3.0])
def test_weak_loss_of_a_power_law_falls_with_alpha_minus_1(alpha: float) -> None:
    p = make_features(300_000, alpha=alpha).probabilities
    widths = [50, 100, 200]
    fit = fit_exponent(widths, [theory.weak_loss(p, m) for m in widths])
    assert fit is not None
    assert fit.value == pytest.approx(float(theory.weak_exponent(alpha)), abs=0.02)


def test_exponents_by_alpha() -> None:
    assert np.isnan(theory.weak_exponent([0.5, 1.0])).all()
    assert list(theory.strong_exponent([0.0, 1.0, 1.5, 2.0])) == [1, 1, 1, 2]
    assert theory.importance_exponent(1.75) == 1.5


def test_the_strong_loss_falls_as_1_over_m_and_ends_at_n() -> None:
    """Interference is gone where every feature has a dimension of its own."""
    loss = theory.strong_loss([10, 20, 1000, 2000], n=1000, at_width=10, loss=3.0)
    assert loss[0] == pytest.approx(3)
    assert loss[1] == pytest.approx(1.5, rel=0.02)
    assert list(loss[2:]) == [0, 0]
    assert theory.strong_loss(10, n=1000, at_width=10, loss=3.0).shape == ()


@given(a=st.floats(-1, 3), amplitude=st.floats(0.01, 100))
def test_an_exact_power_law_has_its_exponent(a: float, amplitude: float) -> None:
    widths = np.array([10, 15, 25, 39, 63, 100])
    fit = fit_exponent(widths, amplitude * widths**-a)
    assert isinstance(fit, Exponent)
    assert fit.value == pytest.approx(a, abs=1e-9)
    assert fit.low <= fit.value + 1e-12 and fit.value <= fit.high + 1e-12
    np.testing.assert_allclose(fit.loss(widths), amplitude * widths**-a)


def test_the_interval_of_an_exponent_covers_it() -> None:
    rng = np.random.default_rng(0)
    widths = np.array([10, 15, 25, 39, 63, 100.0])
    covered = 0
    for _ in range(2000):
        fit = fit_exponent(widths, 3 / widths * np.exp(0.1 * rng.standard_normal(6)))
        assert fit is not None
        covered += fit.low <= 1 <= fit.high
    assert 0.93 < covered / 2000 < 0.97


def test_too_few_widths_have_no_exponent() -> None:
    assert fit_exponent([10, 10], [1.0, 2.0]) is None
    assert fit_exponent([10, 20], [1.0, float("nan")]) is None
    two = fit_exponent([10, 20], [1.0, 0.5])
    assert two is not None and two.value == pytest.approx(1)
    assert np.isnan(two.low)
