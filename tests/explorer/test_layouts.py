"""Layouts of rows in a plane, and what they keep of the rows' neighborhoods."""

from __future__ import annotations

import numpy as np
import pytest
from extras import needed

import superscope
from superscope.errors import MissingExtraError
from superscope.explorer.embedding import tsne
from superscope.explorer.layouts import preserved, principal
from superscope.explorer.map import layouts_made, map_part
from superscope.geometry.unit_rows import prepare
from superscope.heads import Head


def _unit(rows):
    return prepare(Head.from_array(rows)).raw


def _nearest(unit, keep):
    overlaps = unit @ unit.T
    np.fill_diagonal(overlaps, -2)
    near = np.argsort(-overlaps, axis=1, kind="stable")[:, :keep]
    return near, np.take_along_axis(overlaps, near, 1)


def _clusters(random, groups=8, each=30, width=16):
    centers = random.normal(size=(groups, width))
    rows = np.repeat(centers, each, axis=0) + 0.2 * random.normal(size=(groups * each, width))
    return rows.astype(np.float32)


def test_rows_that_lie_in_a_plane_keep_all_their_neighbors():
    random = np.random.default_rng(0)
    plane, _ = np.linalg.qr(random.normal(size=(12, 2)))
    rows = _unit(random.normal(size=(400, 2)) @ plane.T)
    near, _ = _nearest(rows.block(0, 400).astype(np.float64), 10)
    found = principal(rows)
    kept = preserved(found.points, np.arange(400), near)
    assert kept.share > 0.995  # but for ties within float32's rounding
    assert kept.error == 0
    assert sum(found.shares) == pytest.approx(1)


def test_a_random_layout_keeps_k_of_the_other_rows():
    random = np.random.default_rng(0)
    near, _ = _nearest(random.normal(size=(3000, 8)), 10)
    kept = preserved(random.normal(size=(3000, 2)), np.arange(3000), near)
    assert kept.chance == 10 / 2999
    assert kept.share == pytest.approx(kept.chance, rel=0.1)  # 100 of 30,000 places; se 0.06


def test_a_rotation_changes_nothing():
    random = np.random.default_rng(0)
    rows = _clusters(random)
    turn, _ = np.linalg.qr(random.normal(size=(16, 16)))
    shares = []
    for head in (rows, rows @ turn):
        unit = _unit(head)
        near, _ = _nearest(unit.block(0, 240).astype(np.float64), 10)
        found = principal(unit)
        shares.append((preserved(found.points, np.arange(240), near).share, *found.shares))
    assert shares[0] == pytest.approx(shares[1], abs=1e-3)


def test_principal_components_are_those_of_the_singular_values():
    random = np.random.default_rng(1)
    unit = _unit(_clusters(random))
    rows = unit.block(0, 240).astype(np.float64)
    rows -= rows.mean(axis=0)
    u, s, _ = np.linalg.svd(rows, full_matrices=False)
    points = np.abs(principal(unit).points)
    assert points == pytest.approx(np.abs(u[:, :2] * s[:2]), abs=1e-5)


def test_a_sample_agrees_with_all_rows_within_its_error():
    random = np.random.default_rng(2)
    unit = _unit(_clusters(random))
    near, _ = _nearest(unit.block(0, 240).astype(np.float64), 10)
    points = principal(unit).points
    every = preserved(points, np.arange(240), near)
    of = random.choice(240, 100, replace=False)
    sample = preserved(points, of, near[of])
    assert 0 < sample.error < 0.02
    assert abs(sample.share - every.share) < 3 * sample.error


def test_rows_at_one_point_are_near_each_other():
    points = np.array([[0, 0]] * 4 + [[5, 5], [5, 6], [6, 5], [6, 6.5]])
    near = np.array([[j for j in range(4) if j != i] for i in range(4)])
    assert preserved(points, np.arange(4), near).share == 1


def test_tsne_keeps_more_than_pca_and_is_the_same_again(progress_of):
    needed("openTSNE")
    random = np.random.default_rng(3)
    unit = _unit(random.normal(size=(300, 3)) @ random.normal(size=(3, 12)))
    near, overlaps = _nearest(unit.block(0, 300), 15)
    plane = principal(unit).points
    first = tsne(near, overlaps, plane, progress_of)
    assert np.array_equal(first, tsne(near, overlaps, plane))
    every = np.arange(300)
    near = near[:, :10]
    kept = preserved(first, every, near).share
    assert kept > preserved(plane, every, near).share + 0.1
    assert [done for _, done, total in progress_of.seen] == list(range(0, 501, 10))


@pytest.fixture
def progress_of():
    class Seen:
        def __init__(self):
            self.seen = []

        def __call__(self, *report):
            self.seen.append(report)

    return Seen()


def test_equal_rows_lie_together_and_a_row_without_direction_nowhere():
    random = np.random.default_rng(4)
    rows = random.normal(size=(40, 6)).astype(np.float32)
    rows[7] = rows[3]
    rows[20] = 0
    part = map_part(superscope.lens(rows, progress=None), ["pca"])
    points = part.arrays["pca"]
    assert points.shape == (len(part.arrays["pca"]), 2)
    assert part.meta["placed"] == 38
    assert np.array_equal(points[7], points[3])
    assert [one["name"] for one in part.meta["layouts"]] == ["pca"]
    assert part.meta["near"] == 10


@pytest.mark.parametrize("rows", [np.ones((5, 3)), np.eye(2)])
def test_rows_that_have_no_neighborhoods_have_no_map(rows):
    assert map_part(superscope.lens(rows, center="none", progress=None), ["pca"]) is None


def test_rows_of_one_dimension_lie_on_a_line():
    rows = np.random.default_rng(0).normal(size=(30, 1))
    points = map_part(superscope.lens(rows, progress=None), ["pca"]).arrays["pca"]
    assert not points[:, 1].any()


def test_without_opentsne_the_map_is_pca_and_the_page_says_how_to_get_more(monkeypatch):
    monkeypatch.setattr("superscope.explorer.map.installed", lambda: False)
    assert layouts_made(None) == ("pca",)
    with pytest.raises(MissingExtraError, match=r"pip install 'superscope\[explore\]'"):
        layouts_made(["pca", "tsne"])
    rows = np.random.default_rng(0).normal(size=(30, 4))
    part = map_part(superscope.lens(rows, progress=None), ["pca"])
    assert part.meta["missing"] == "pip install 'superscope[explore]'"


def test_with_opentsne_both_are_made_unless_others_are_asked_for():
    needed("openTSNE")
    assert layouts_made(None) == ("pca", "tsne")
    assert layouts_made([]) == ()
    rows = np.random.default_rng(0).normal(size=(30, 4))
    part = map_part(superscope.lens(rows, progress=None), ["pca", "tsne"])
    assert {one["rows"] for one in part.meta["layouts"]} == {30}
    assert set(part.arrays) == {"pca", "tsne"}
