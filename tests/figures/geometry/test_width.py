from __future__ import annotations

import numpy as np
import pytest

from superscope.figures.geometry import width
from superscope.figures.geometry._width import placements, width_drawing
from superscope.geometry import Geometry, measure_head
from superscope.heads import Head


def test_random_rows_lie_on_the_line_of_chance(random_geometry: Geometry) -> None:
    (model,) = placements([random_geometry], ["random"])
    assert model.width == 64
    assert [center for center, _ in model.overlaps] == ["none", "mean"]
    for _, value in model.drawn:
        # c² has relative standard deviation √2, and there are two million pairs.
        assert value == pytest.approx(1 / 64, rel=5 * np.sqrt(2 / 2e6))


def test_a_shared_direction_lifts_raw_rows_and_not_centered_ones(
    rng: np.random.Generator,
) -> None:
    geometry = measure_head(Head.from_array(rng.normal(size=(2000, 64)) + 1.0))
    (model,) = placements([geometry], ["shifted"])
    overlaps = dict(model.overlaps)
    assert overlaps["none"] > 0.2
    assert overlaps["mean"] == pytest.approx(1 / 64, rel=0.01)


def test_orthonormal_rows_are_named_where_the_axis_cannot_show_them() -> None:
    geometry = measure_head(Head.from_array(np.eye(8)))
    (model,) = placements([geometry], ["eye & co"])
    assert [center for center, _ in model.drawn] == ["mean"]
    assert width_drawing([model]).caption.endswith(
        "Below 0.001/m, too near 0 for this axis: eye & co."
    )


def test_families_and_centerings_stand_in_the_key(random_geometry: Geometry) -> None:
    figure = width(random_geometry)
    handles = figure.legends[0].legend_handles
    assert [h.get_label() for h in handles] == [
        "this model, raw", "this model, mean-centered", "chance, 1/m", "OPT", "Qwen2.5", "GPT-2",
        "Pythia",
    ]  # fmt: skip
    looks = {(h.get_marker(), h.get_color(), h.get_linestyle()) for h in handles}
    assert len(looks) == len(handles)


def test_all_points_lie_within_the_axes_and_widths_are_ticked_by_powers_of_two(
    random_geometry: Geometry,
) -> None:
    (panel,) = width(random_geometry).axes
    drawn = np.concatenate(
        [line.get_xydata() for line in panel.lines if line.get_marker() not in ("None", None)]
    )
    assert len(drawn) == 25 + 2
    (left, right), (low, high) = panel.get_xlim(), panel.get_ylim()
    assert np.all((left < drawn[:, 0]) & (drawn[:, 0] < right))
    assert np.all((low < drawn[:, 1]) & (drawn[:, 1] < high))
    assert set(np.log2(panel.get_xticks()) % 1) == {0.0}
    chance = panel.lines[0].get_xydata()
    np.testing.assert_allclose(chance[:, 0] * chance[:, 1], 1)


def test_several_models_are_numbered_and_no_name_of_theirs_is_drawn(
    random_geometry: Geometry,
) -> None:
    names = ["$\\frac{1}", "漢字 $x$"]
    figure = width_drawing(placements([random_geometry] * 2, names)).figure()
    assert [text.get_text() for text in figure.axes[0].texts] == ["1", "2"]
    one, other = (text.get_position() for text in figure.axes[0].texts)
    assert one != other  # the models lie on each other; their numbers do not
