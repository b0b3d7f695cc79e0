from __future__ import annotations

import numpy as np
import pytest

from superscope.figures.geometry.width import placements, width_figure
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
    block = width_figure([model], "k")
    assert block.caption.endswith("with less than 0.001/m: eye & co.")


def test_families_and_centerings_stand_in_the_legend(random_geometry: Geometry) -> None:
    legend = width_figure(placements([random_geometry], ["a"]), "k").legend
    assert [entry.text for entry in legend] == [
        "this model, raw", "this model, mean-centered", "OPT", "Qwen2.5", "GPT-2", "Pythia",
        "chance, 1/m",
    ]  # fmt: skip
    assert len({(entry.mark, entry.color) for entry in legend}) == len(legend)


def test_no_text_of_a_model_reaches_the_drawing(random_geometry: Geometry) -> None:
    names = ["$\\frac{1}", "漢字 $x$"]
    block = width_figure(placements([random_geometry] * 2, names), "k")
    plain = width_figure(placements([random_geometry] * 2, ["a", "b"]), "k")
    assert block.svg == plain.svg
