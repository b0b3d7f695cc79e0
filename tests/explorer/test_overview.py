"""The overview shows what `measure` reports."""

from __future__ import annotations

import numpy as np
import pytest
from pages import Opened, needs_page

import superscope
from superscope.explorer import Part, write_explorer
from superscope.explorer.overview import overview_part
from superscope.explorer.published import published_part
from superscope.geometry.baselines import welch_floor


def _rows(features, width, seed=0):
    return np.random.default_rng(seed).normal(size=(features, width)).astype(np.float32)


@pytest.mark.parametrize("shape", [(300, 12), (12, 300), (5, 1)])
def test_the_part_holds_the_numbers_of_the_geometry(shape):
    geometry = superscope.measure(_rows(*shape))
    part = Part.read(overview_part(geometry).packed())
    for overlap, found in zip(geometry.overlaps, part.meta["centerings"], strict=True):
        assert found["mean_square"] == overlap.mean_square_overlap
        assert found["floor"] == welch_floor(*shape) == overlap.welch_floor
        assert np.array_equal(part.arrays[f"spectrum_{overlap.center}"], overlap.spectrum)
    assert part.arrays["norm_counts"].sum() == shape[0]


def test_lines_without_a_value_are_left_out_with_what_belongs_to_them():
    labels = [
        line[0]
        for line in overview_part(superscope.measure(_rows(50, 5), pairs="none")).meta["overlaps"]
    ]
    assert "mean square overlap" in labels
    assert not {"mean |overlap|", "  by chance", "coherence, max |overlap|"} & set(labels)
    pairs = superscope.measure(_rows(50, 5), pairs="exact")
    assert "  by chance" in [line[0] for line in overview_part(pairs).meta["overlaps"]]


def test_published_overlaps_and_the_law_of_published_losses_come_with_every_page():
    meta = published_part().meta
    assert len(meta["overlaps"]) == 25
    law = meta["law"]
    assert law["low"] < law["alpha"] < law["high"]
    assert (law["models"], law["datasets"], len(law["points"])) == (27, 4, 108)
    # A part of the loss that is a power of the width: the points scatter about it.
    fitted = [law["amplitude"] * width ** -law["alpha"] for _, _, width, _ in law["points"]]
    over = [over for *_, over in law["points"]]
    assert np.corrcoef(fitted, over)[0, 1] > 0.95


@pytest.mark.slow
@needs_page
def test_the_page_shows_the_table_of_each_model(browser, tmp_path):
    lenses = [
        superscope.lens(_rows(*shape), tokens=tokens, progress=None)
        for shape, tokens in (((300, 12), [f"t{i}" for i in range(300)]), ((9, 20), None))
    ]
    write_explorer(*lenses, out=tmp_path / "page", layouts=[], progress=None)
    opened = Opened(browser, f"{(tmp_path / 'page' / 'index.html').as_uri()}#view=overview")
    shown = opened.page.locator("section").all_inner_texts()
    for lens, text in zip(lenses, shown, strict=True):
        for overlap in lens.geometry.overlaps:
            assert f"{overlap.mean_square_overlap:.6g}" in text
            assert f"{overlap.effective_width:.4g}" in text
    assert "superposition is not needed" not in shown[0]
    assert "superposition is not needed" in shown[1]
    opened.page.get_by_text("The numbers").first.click()
    opened.page.locator("figure .table td").first.wait_for()
    numbers = opened.page.locator("figure").first.inner_text()
    assert "opt-350m" in numbers and "0.0866" in numbers
    opened.check()
