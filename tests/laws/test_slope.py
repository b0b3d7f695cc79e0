"""The slope of logarithms: exact laws, and intervals that cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superscope.laws import Exponent, fit_exponent


@given(a=st.floats(-1, 3), amplitude=st.floats(0.01, 100))
@settings(deadline=None)
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
