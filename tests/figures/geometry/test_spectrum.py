from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from superscope.figures.geometry import spectrum
from superscope.figures.geometry._spectrum import (
    POINTS,
    drawn_ranks,
    tight_spectrum,
)
from superscope.geometry import Geometry, measure_head
from superscope.geometry.baselines import welch_floor
from superscope.heads import Head


@pytest.mark.parametrize(("features", "width"), [(100, 10), (11, 10), (10, 10), (3, 10)])
def test_the_tight_spectrum_is_that_of_the_welch_floor(features: int, width: int) -> None:
    tight = tight_spectrum(features, width)
    assert tight.shape == (width,)
    assert tight.sum() == pytest.approx(features)
    mean_square = (np.sum(tight**2) - features) / (features * (features - 1))
    assert mean_square == pytest.approx(welch_floor(features, width), abs=1e-12)


def test_a_tight_frame_lies_on_its_line() -> None:
    rows = np.vstack([np.eye(8), -np.eye(8), np.eye(8)])
    geometry = measure_head(Head.from_array(rows))
    np.testing.assert_allclose(geometry.raw.spectrum, tight_spectrum(24, 8), rtol=1e-6)


def test_points_are_few_descending_and_keep_both_ends() -> None:
    spectrum = np.linspace(50, 1, 8192)
    ranks, values = drawn_ranks(spectrum)
    assert len(ranks) <= POINTS
    assert (ranks[0], ranks[-1]) == (1, 8192)
    assert (values[0], values[-1]) == (50, 1)
    assert np.all(np.diff(values) < 0)


def test_zeros_cannot_stand_on_a_logarithmic_axis() -> None:
    ranks, values = drawn_ranks(np.array([3.0, 1.0, 1e-15, 0.0]))
    assert ranks.tolist() == [1, 2]
    assert values.tolist() == [3, 1]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_key_names_what_is_ideal(random_geometry: Geometry) -> None:
    assert legend(spectrum(random_geometry)) == [
        "raw", "mean-centered", "tight frame: V/m = 31.25 each",
    ]  # fmt: skip
    square = measure_head(Head.from_array(np.eye(5)))
    assert legend(spectrum(square))[-1] == "orthonormal rows: V eigenvalues of 1"


def test_every_eigenvalue_lies_within_the_axes(random_geometry: Geometry) -> None:
    (panel,) = spectrum(random_geometry).axes
    ideal, raw, centered = panel.lines
    assert ideal.get_ydata()[0] == pytest.approx(2000 / 64)
    assert raw.get_ydata()[0] == pytest.approx(random_geometry.raw.spectrum[0])
    (left, right), (low, high) = panel.get_xlim(), panel.get_ylim()
    for curve in panel.lines:
        x, y = curve.get_data()
        assert left < np.min(x) <= np.max(x) < right
        assert low < np.min(y) <= np.max(y) < high
    assert high / low > 30  # what is flat looks flat
    assert centered.get_color() != raw.get_color()
