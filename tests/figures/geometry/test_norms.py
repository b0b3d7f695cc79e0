from __future__ import annotations

import numpy as np
import pytest

from superscope.figures.geometry import norms
from superscope.figures.geometry._norms import norm_counts, norms_drawing
from superscope.geometry import Geometry, measure_head
from superscope.heads import Head


def test_every_row_is_counted_once(random_geometry: Geometry) -> None:
    counts = norm_counts(random_geometry.norms)
    assert counts.counts.sum() == random_geometry.features
    assert counts.edges[0] == 0
    assert counts.edges[-1] == random_geometry.norms.max


def test_a_weak_head_has_two_groups_with_the_threshold_between(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(1000, 20))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[40:] *= 1e-5
    geometry = measure_head(Head.from_array(rows))
    counts = norm_counts(geometry.norms)
    assert counts.counts[0] == 960
    assert counts.counts[-1] == 40
    assert counts.threshold == pytest.approx(0.5 * np.sqrt(0.04), rel=1e-6)
    assert "40 of 1,000 rows lie above the threshold" in norms_drawing(geometry).caption


def test_a_threshold_beyond_every_norm_is_drawn(rng: np.random.Generator) -> None:
    geometry = measure_head(Head.from_array(rng.normal(size=(50, 4))), threshold=1000.0)
    drawing = norms_drawing(geometry)
    assert "0 of 50 rows" in drawing.caption
    figure = drawing.figure()
    (panel,) = figure.axes
    assert panel.get_xlim()[1] > 1000
    assert [t.get_text() for t in figure.legends[0].get_texts()] == [
        "rows", "threshold 1000, absolute",
    ]  # fmt: skip


def test_every_row_lies_within_the_axes(random_geometry: Geometry) -> None:
    (panel,) = norms(random_geometry).axes
    (low, high), (least, most) = panel.get_xlim(), panel.get_ylim()
    assert low <= random_geometry.norms.min <= random_geometry.norms.max <= high
    counts = norm_counts(random_geometry.norms).counts
    assert least < 1  # a single row shows
    assert counts.max() < most
