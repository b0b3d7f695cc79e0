from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from superscope.errors import UsageError
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawing import Missing
from superscope.figures.geometry import overlap
from superscope.figures.geometry._overlap import overlap_drawing, overlap_shares
from superscope.geometry import Geometry, measure_head
from superscope.heads import Head


@pytest.mark.parametrize(("features", "width"), [(300, 2), (300, 8), (300, 64), (100, 400)])
def test_shares_sum_to_one_and_chance_has_variance_one_over_m(
    rng: np.random.Generator, features: int, width: int
) -> None:
    shares = overlap_shares(measure_head(Head.from_array(rng.normal(size=(features, width)))))
    assert shares is not None
    for curve in shares.curves:
        assert curve.sum() == pytest.approx(1, abs=1e-12)
    centers = (shares.edges[:-1] + shares.edges[1:]) / 2
    bin_width = shares.edges[1] - shares.edges[0]
    assert np.sum(centers**2 * shares.chance) == pytest.approx(
        1 / width, rel=0.02, abs=bin_width**2 / 4
    )


def test_random_rows_follow_chance(random_geometry: Geometry) -> None:
    shares = overlap_shares(random_geometry)
    assert shares is not None
    pairs = random_geometry.raw.pairs
    assert pairs is not None
    (center, raw), _ = shares.measured
    assert center == "none"
    error = np.sqrt(shares.chance / pairs.pairs)
    common = shares.chance * pairs.pairs > 20
    assert common.sum() > 40
    assert np.abs((raw - shares.chance)[common] / error[common]).max() < 5


def test_bins_are_finer_than_chance_is_wide_and_have_an_edge_at_zero(
    rng: np.random.Generator,
) -> None:
    geometry = measure_head(Head.from_array(rng.normal(size=(1000, 400)) + 0.5), samples=20_000)
    shares = overlap_shares(geometry)
    assert shares is not None
    assert shares.edges[1] - shares.edges[0] < 1 / np.sqrt(400)
    assert np.abs(shares.edges).min() < 1e-12
    low, high = shares.span()
    assert low < -2 / np.sqrt(400)  # chance is all there
    assert high > geometry.raw.mean_overlap  # and so are raw rows, which share a direction


def test_few_pairs_get_few_bins(rng: np.random.Generator) -> None:
    shares = overlap_shares(measure_head(Head.from_array(rng.normal(size=(12, 6)))))
    assert shares is not None
    assert len(shares.chance) == 40


def test_the_span_leaves_out_no_more_than_it_says(random_geometry: Geometry) -> None:
    shares = overlap_shares(random_geometry)
    assert shares is not None
    low, high = shares.span()
    for curve in shares.curves:
        assert curve[shares.edges[1:] <= low].sum() <= shares.outside
        assert curve[shares.edges[:-1] >= high].sum() <= shares.outside


def test_without_pairs_it_says_why_there_is_no_figure(rng: np.random.Generator) -> None:
    geometry = measure_head(Head.from_array(rng.normal(size=(30, 4))), pairs="none")
    assert overlap_shares(geometry) is None
    drawing = overlap_drawing(geometry)
    assert isinstance(drawing, Missing)
    assert "pairs were not measured" in drawing.reason
    with pytest.raises(UsageError, match="pairs were not measured"):
        overlap(geometry)


def test_both_panels_show_chance_and_every_centering(random_geometry: Geometry) -> None:
    above, below = overlap(random_geometry).axes
    shares = overlap_shares(random_geometry)
    assert shares is not None
    for panel in (above, below):
        y = panel.lines[0].get_ydata()
        np.testing.assert_allclose(y, shares.chance)
        assert panel.get_xlim()[0] < 0 < panel.get_xlim()[1]
        assert float(np.max(y)) < panel.get_ylim()[1]
        steps = {patch.get_edgecolor()[:3] for patch in panel.patches}
        assert steps >= {to_rgb(LIGHT["raw"]), to_rgb(LIGHT["centered"])}
    assert (above.get_yscale(), below.get_yscale()) == ("linear", "log")
