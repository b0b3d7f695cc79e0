"""Which tokens can have the highest logit: facts of convex hulls, and what a head's user sees."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from superscope.errors import HeadDataError, UsageError
from superscope.heads import Head
from superscope.lens import (
    Argmax,
    argmax,
    argmax_found,
    argmax_rivals,
    argmax_search,
    argmax_whitened,
    verify,
)
from superscope.lens.argmax_found import Found
from superscope.lens.argmax_rivals import Rivals
from superscope.lens.centered_rows import CenteredRows
from superscope.progress import silent

ABLE, TIED, IMPOSSIBLE = 0, 1, 2


def found(rows, bias=None, **kept):
    """Return what a head can say, after its certificates were verified."""
    head = Head.from_array(np.asarray(rows, np.float32), **kept)
    can = argmax(head, bias=bias, progress=None)
    checked = verify(head, can.certificates, bias=bias, progress=None)
    assert not checked.faults, checked
    assert can.undecided == 0
    able = can.status == ABLE
    assert (can.margin[able] <= checked.margin[able] * (1 + 1e-9)).all()
    assert (can.margin[able] >= checked.margin[able] * 0.98).all()
    return can


@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_argmaxable_tokens_are_the_corners_of_the_hull(width, seed):
    rows = np.random.default_rng(seed).standard_normal((60, width)).astype(np.float32)
    corners = ConvexHull(rows.astype(np.float64)).vertices
    assert np.flatnonzero(found(rows).status == ABLE).tolist() == sorted(corners.tolist())


def test_on_a_line_only_the_two_ends_are_argmaxable():
    rows = np.random.default_rng(0).permutation(np.linspace(-1, 2, 50))[:, None]
    can = found(rows)
    assert sorted(np.flatnonzero(can.status == ABLE)) == sorted([rows.argmax(), rows.argmin()])


def test_on_a_circle_all_are_argmaxable_and_inside_it_none():
    angles = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    can = found(np.vstack([circle, 0.9 * circle]))
    assert (can.status[:100] == ABLE).all() and (can.status[100:] == IMPOSSIBLE).all()


@pytest.mark.parametrize("shift", [0.0, 5.0])
def test_planted_rows_inside_the_hull_are_impossible(shift):
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((300, 24))
    inside = [rows[:3].mean(0), 0.5 * rows[4] + 0.5 * rows[5], rng.dirichlet(np.ones(300)) @ rows]
    can = found(np.vstack([rows, inside]) + shift)
    assert (can.status[:300] == ABLE).all() and (can.status[300:] == IMPOSSIBLE).all()


def test_a_bias_makes_a_row_inside_the_hull_argmaxable_or_not():
    square = [[1, 1], [1, -1], [-1, 1], [-1, -1], [0, 0]]
    assert found(square, [0, 0, 0, 0, 1.0]).argmaxable == 5
    assert found(square, [0, 0, 0, 0, -1.0]).status[4] == IMPOSSIBLE
    # With equal biases the logit of the middle is the mean of two others, whatever h is.
    assert found(square, [3.0] * 5).status[4] == IMPOSSIBLE
    assert found(np.multiply(square, 1e-6), [1e9] * 5).argmaxable == 4


def test_the_bias_of_a_head_counts_unless_another_is_given():
    rows = np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [0, 0.0]], np.float32)
    head = replace(Head.from_array(rows), bias=np.array([0, 0, 0, 0, 1], np.float32))
    can = argmax(head, progress=None)
    assert can.biased and can.argmaxable == 5 and "with a logit bias" in str(can)
    assert verify(head, can.certificates, progress=None).holds
    assert argmax(head, bias=np.zeros(5), progress=None).argmaxable == 4
    kept = head.keeping(np.array([0, 1, 4]), "tokenizer")
    assert argmax(kept, progress=None).argmaxable == 3


def test_with_the_biases_of_a_parabola_every_point_of_a_grid_is_argmaxable():
    """The logits w·h − ‖w‖²/2 are highest for the row that is nearest to h."""
    grid = np.stack(np.meshgrid(range(6), range(6)), axis=-1).reshape(-1, 2)
    assert found(grid, -0.5 * (grid**2).sum(axis=1)).argmaxable == 36
    assert found(grid).argmaxable == 4


def test_rows_that_differ_in_their_last_digit_are_told_apart():
    rows = np.random.default_rng(11).standard_normal((60, 20)).astype(np.float32)
    assert found(np.vstack([rows, np.nextafter(rows, np.float32(9))])).argmaxable == 120


def test_rows_in_a_plane_are_settled():
    rng = np.random.default_rng(12)
    rows = rng.integers(-3, 4, (100, 2))
    corners = {tuple(rows[v]) for v in ConvexHull(rows).vertices}
    can = found(rows @ rng.integers(-2, 3, (2, 9)))
    proved = {tuple(row) for row, s in zip(rows, can.status, strict=True) if s == ABLE}
    unique, counts = np.unique(rows, axis=0, return_counts=True)
    alone = {tuple(row) for row, n in zip(unique, counts, strict=True) if n == 1}
    assert proved == corners & alone and len(proved) > 1
    tied = {tuple(row) for row, s in zip(rows, can.status, strict=True) if s == TIED}
    assert tied == {tuple(row) for row in unique} - alone


def test_biases_decide_as_one_more_coordinate_does():
    """With biases the argmaxable rows are the upper corners of the hull of (w, b)."""
    rng = np.random.default_rng(2)
    rows, bias = rng.standard_normal((80, 2)).astype(np.float32), rng.standard_normal(80)
    can = found(rows, bias)
    below = [[x, y, -100.0] for x, y in itertools.product((-9, 9), (-9, 9))]
    hull = ConvexHull(np.vstack([np.column_stack([rows, bias]), below]))
    upper = {v for face, n in zip(hull.simplices, hull.equations, strict=True)
             if n[2] > 1e-9 for v in face if v < 80}  # fmt: skip
    assert set(np.flatnonzero(can.status == ABLE).tolist()) == upper


def test_with_at_most_as_many_tokens_as_dimensions_all_are_argmaxable():
    assert found(np.random.default_rng(3).standard_normal((20, 32))).argmaxable == 20


def test_a_single_token_is_argmaxable():
    can = found([[0.0, 0.0]])
    assert can.argmaxable == 1 and can.margin[0] == np.inf


def test_equal_rows_are_tied_and_below_by_a_lower_bias():
    rows = np.vstack([np.eye(4), np.eye(4)[:1], np.zeros((2, 4))])
    can = found(rows)
    assert can.tokens()["status"].tolist()[:5] == [
        "tied", "argmaxable", "argmaxable", "argmaxable", "tied",
    ]  # fmt: skip
    assert can.twin.tolist() == [4, -1, -1, -1, 0, 6, 5]
    lower = found(rows, [0, 0, 0, 0, -1.0, 0, 0])
    assert lower.status[0] == ABLE and lower.status[4] == IMPOSSIBLE
    assert lower.combined[4] == 1


def test_equal_rows_are_all_tied():
    can = found(np.ones((5, 3)))
    assert can.tied == 5
    assert found(np.ones((3, 2)), [0, 1, 0.5]).status.tolist() == [IMPOSSIBLE, ABLE, IMPOSSIBLE]


def test_a_zero_row_is_a_row_whose_logit_is_its_bias():
    rows = [[0, 0], [1, 0], [2, 0.0]]
    assert found(rows).status.tolist() == [ABLE, IMPOSSIBLE, ABLE]


def test_neither_a_shift_nor_a_rotation_nor_the_scale_changes_a_status():
    rng = np.random.default_rng(4)
    rows = rng.standard_normal((200, 6))
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    status = found(rows).status
    assert 0 < (status == IMPOSSIBLE).sum() < 200
    for changed in (rows + rng.standard_normal(6), rows @ turn, 1e-20 * rows, 1e25 * rows):
        np.testing.assert_array_equal(found(changed).status, status)


def test_rows_of_bfloat16_have_close_neighbors_and_are_settled():
    rows = np.random.default_rng(5).standard_normal((400, 16)).astype(np.float32)
    rows = np.vstack([rows, rows[:50]])
    rows[400:, 3] *= 1 + 2.0**-7
    short = (rows.view(np.uint32) & 0xFFFF0000).view(np.float32)
    assert found(short).argmaxable > 300


def test_a_device_of_torch_gives_the_same():
    rows = np.random.default_rng(9).standard_normal((200, 4)).astype(np.float32)
    head = Head.from_array(rows)
    there = argmax(head, device="cpu:0", progress=None)  # by torch, as on a GPU
    np.testing.assert_array_equal(there.status, found(rows).status)


def test_where_most_rows_are_impossible_the_corners_are_those_of_the_hull():
    rows = np.random.default_rng(10).standard_normal((1500, 3)).astype(np.float32)
    corners = ConvexHull(rows.astype(np.float64)).vertices
    assert np.flatnonzero(found(rows).status == ABLE).tolist() == sorted(corners.tolist())


def test_neither_tiles_nor_batches_change_a_status(monkeypatch):
    rows = np.random.default_rng(6).standard_normal((150, 5))
    whole = found(rows)
    monkeypatch.setattr(argmax_whitened, "_TILE", 16)
    monkeypatch.setattr(argmax_whitened, "KEPT", 4 * 5 * 40)
    monkeypatch.setattr(argmax_rivals, "_LOGITS", 300)
    monkeypatch.setattr(argmax_rivals, "KEPT", 0)  # one row a batch
    monkeypatch.setattr(argmax_found, "KEPT", 0)
    parts = found(rows)
    assert len(parts.certificates.stated)
    assert isinstance(parts.certificates.directions, np.memmap)  # in a file, not in memory
    assert not isinstance(whole.certificates.directions, np.memmap)
    np.testing.assert_array_equal(parts.status, whole.status)
    np.testing.assert_allclose(parts.margin, whole.margin, rtol=1e-4)


def test_a_perceptron_that_settles_nothing_is_left_early(monkeypatch):
    rng = np.random.default_rng(13)
    rows = rng.standard_normal((120, 24))
    inside = rng.dirichlet(np.ones(120), 30) @ rows
    search = Found.nothing(150)
    search.status[:120] = ABLE
    kept = CenteredRows.of(Head.from_array(np.vstack([rows, inside]).astype(np.float32)))
    climber, calls = Rivals(kept, None, search, "cpu"), []
    step = climber._rivals
    monkeypatch.setattr(climber, "_rivals", lambda *rows: calls.append(0) or step(*rows))
    climber.climb(1000, "perceptron", silent)
    assert len(calls) == 10 and len(search.left) == 30


def test_what_least_squares_leave_a_linear_program_decides(monkeypatch):
    rows = np.random.default_rng(7).standard_normal((60, 3))
    status = found(rows).status
    monkeypatch.setattr(argmax_search.hull, "nearest", lambda vectors: None)
    np.testing.assert_array_equal(found(rows).status, status)


def test_ids_and_texts_are_those_of_the_vocabulary():
    rows = np.array([[9, 9], [1, 0], [0, 1], [-1, -1], [0.0, 0.0]], np.float32)
    head = Head.from_array(rows, tokens=("gone", "a", "b", "c", "d\n"))
    can = argmax(head.keeping(np.arange(1, 5), "tokenizer"), progress=None)
    table = can.tokens()
    assert table["id"].tolist() == [1, 2, 3, 4]
    assert table["status"].tolist() == ["argmaxable"] * 3 + ["impossible"]
    assert table["combined"].isna().tolist() == [True] * 3 + [False]
    assert '1, a combination of other rows: "d\\n"' in str(can)
    assert "3 of 4 tokens" in str(can)


def test_long_lists_are_folded():
    text = str(found(np.vstack([np.eye(2), -np.eye(2), np.zeros((1, 2)), np.full((40, 2), 0.1)])))
    assert "40 with an equal row: #5, #6, " in text and text.count("#") < 40
    assert "and 20 more" in text


def test_json_holds_the_result_without_its_certificates():
    can = found(
        np.random.default_rng(8).standard_normal((30, 3)), tokens=tuple(map(str, range(30)))
    )
    again = Argmax.from_json(can.to_json())
    assert again.certificates is None and again.texts == can.texts
    np.testing.assert_array_equal(again.margin, can.margin)
    assert str(again) == str(can)
    assert '"directions"' not in can.to_json() and '"argmaxable": ' in can.to_json()


def test_rows_and_biases_that_are_not_finite_are_refused():
    rows = np.eye(3, dtype=np.float32)
    rows[1, 1] = np.nan
    with pytest.raises(HeadDataError, match=r"ids 1$"):
        argmax(Head.from_array(rows), progress=None)
    with pytest.raises(HeadDataError, match="bias of row 2"):
        argmax(Head.from_array(np.eye(3)), bias=[0, 0, np.inf], progress=None)
    with pytest.raises(UsageError, match="one number for each of the 3 rows"):
        argmax(Head.from_array(np.eye(3)), bias=[0, 0], progress=None)


def test_progress_comes_to_its_end():
    calls = []
    argmax(Head.from_array(np.eye(3)), progress=lambda *call: calls.append(call))
    assert calls[-1][1] == calls[-1][2]
