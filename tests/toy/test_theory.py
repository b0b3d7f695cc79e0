"""Theory: the functions against what they claim, and against each other."""

from __future__ import annotations

import numpy as np
import pytest

from superscope.laws import fit_exponent
from superscope.toy import make_features, theory


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
    assert theory.importance_exponent(1.75) == 1.5


def test_the_strong_loss_falls_as_1_over_m_and_ends_at_n() -> None:
    """Interference is gone where every feature has a dimension of its own."""
    loss = theory.strong_loss([10, 20, 1000, 2000], n=1000, at_width=10, loss=3.0)
    assert loss[0] == pytest.approx(3)
    assert loss[1] == pytest.approx(1.5, rel=0.02)
    assert list(loss[2:]) == [0, 0]
    assert theory.strong_loss(10, n=1000, at_width=10, loss=3.0).shape == ()
