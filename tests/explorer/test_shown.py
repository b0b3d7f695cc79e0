"""A page takes whatever a person has at hand, and refuses what does not go together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pages import needs_assets
from studies import NO_LAWS, make_evaluation, make_geometry

import superscope
from superscope.errors import UsageError
from superscope.explorer import read_parts, write_explorer
from superscope.lens.token_columns import ARGMAX
from superscope.study import Member, Study
from superscope.study.result import RESULT

pytestmark = needs_assets


@pytest.fixture
def matrix(tmp_path):
    """A head in a file."""
    rows = np.random.default_rng(0).normal(size=(30, 8)).astype(np.float32)
    np.save(tmp_path / "rows.npy", rows)
    return tmp_path / "rows.npy"


def _written(tmp_path, *models, **options):
    write_explorer(*models, out=tmp_path / "page", layouts=[], progress=None, **options)
    return read_parts(tmp_path / "page")


def test_a_geometry_is_read_again_and_the_page_finds_its_neighbors(tmp_path, matrix):
    geometry = superscope.measure(matrix, pairs="none")
    parts = _written(tmp_path, geometry)
    assert np.array_equal(parts["0-exact-0"].arrays["rows"], np.load(matrix))


def test_a_geometry_of_other_rows_is_refused(tmp_path, matrix):
    geometry = superscope.measure(matrix, pairs="none")
    np.save(matrix, np.ones((4, 3), np.float32) + np.eye(4, 3))
    with pytest.raises(UsageError, match="has changed since it was measured"):
        _written(tmp_path, geometry)


def test_a_geometry_of_memory_is_refused(tmp_path):
    geometry = superscope.measure(np.eye(4), pairs="none")
    with pytest.raises(UsageError, match="explore the matrix, or"):
        _written(tmp_path, geometry)


def test_a_study_shows_its_members_with_their_losses(tmp_path, matrix):
    name = str(matrix)
    evaluation = make_evaluation(8, name, rows=30, documents=20)
    member = Member(name, None, make_geometry(8, name, rows=30), evaluation)
    study = Study("text", (member,), NO_LAWS)
    (tmp_path / RESULT).write_text(study.to_json())
    parts = _written(tmp_path, tmp_path)
    about = parts["0-about"]
    names = [column["name"] for column in about.meta["columns"]]
    losses = about.arrays[f"column_{names.index('loss')}"]
    assert np.array_equal(np.isfinite(losses), np.isin(np.arange(30), evaluation.token_losses.ids))
    assert "page-result-0" in parts


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"token": ["a"]}, "needs a column id"),
        ({"id": [1, 1]}, "each id once"),
        ({"id": ["x"]}, "each id once, as a whole number"),
        ({"id": [1.5]}, "each id once, as a whole number"),
        ({"id": [30]}, "has 30 rows; is it of another model"),
    ],
)
def test_a_table_that_does_not_go_with_the_model_is_refused(tmp_path, matrix, table, said):
    with pytest.raises(UsageError, match=said):
        _written(tmp_path, matrix, tables=[pd.DataFrame(table)])
    assert not (tmp_path / "page").exists()


def test_two_tables_are_joined(tmp_path, matrix):
    tables = [pd.DataFrame({"id": [1], "a": [0.5]}), pd.DataFrame({"id": [2], "b": [True]})]
    about = _written(tmp_path, matrix, tables=tables)["0-about"]
    assert [column["name"] for column in about.meta["columns"]] == ["a", "b"]
    assert about.arrays["column_0"][1] == 0.5
    assert about.meta["columns"][1]["values"][about.arrays["column_1"][2]] == "True"


def test_a_table_is_of_the_first_model_alone(tmp_path, matrix):
    """The ids of another model are other tokens, of which the table says nothing."""
    other = np.random.default_rng(1).normal(size=(20, 8))
    table = pd.DataFrame({"id": ["25", "3"], "cost": [0.5, 0.25]})
    parts = _written(tmp_path, matrix, other, tables=[table])
    cost = parts["0-about"].arrays["column_0"]
    assert np.array_equal(np.flatnonzero(np.isfinite(cost)), [3, 25])
    assert parts["1-about"].meta["columns"] == []


def test_a_folder_that_is_not_empty_and_no_model_are_refused(tmp_path, matrix):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "own.txt").write_text("mine")
    with pytest.raises(UsageError, match="exists; name a new folder"):
        _written(tmp_path, matrix)
    with pytest.raises(UsageError, match="at least one model"):
        write_explorer(out=tmp_path / "other", progress=None)


def test_long_texts_that_begin_alike_are_told_apart(tmp_path):
    tokens = ["a" * 300 + "b", "a" * 300 + "c", "a" * 300 + "\ud800", "a"]
    one, other = (
        superscope.lens(np.eye(4) + 0.1, tokens=order, progress=None)
        for order in (tokens, tokens[::-1])
    )
    parts = _written(tmp_path, one, other)
    first, second = (parts[f"{k}-about"].meta["cut"] for k in range(2))
    assert list(first.values()) == list(second.values())[::-1]
    assert len({*first.values()}) == 3 and list(first) == ["0", "1", "2"]


def test_frequencies_go_to_models_of_one_vocabulary(tmp_path):
    random = np.random.default_rng(0)
    first, same, other = (
        superscope.lens(random.normal(size=(5, 3)), tokens=list(tokens), progress=None)
        for tokens in ("abcde", "abcde", "vwxyz")
    )
    parts = _written(tmp_path, *(one.head for one in (first, same, other)), frequencies=range(1, 6))
    assert ["frequency" in parts[f"{k}-about"].arrays for k in range(3)] == [True, True, False]


def test_a_column_of_the_same_name_is_kept_beside_the_first(tmp_path, matrix):
    tables = [pd.DataFrame({"id": [1], "a": [0.5]}), pd.DataFrame({"id": [1], "a": [1e300]})]
    about = _written(tmp_path, matrix, tables=tables)["0-about"]
    assert [column["name"] for column in about.meta["columns"]] == ["a", "a (2)"]


def test_columns_mean_what_superscope_says_where_the_table_is_its_own(tmp_path):
    """A person's own column of the same name may mean anything."""
    head = superscope.Head.from_array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0], [0.0, 1.0]])
    own = pd.DataFrame({"id": [1], "margin": [1.0]})
    tables = [own, superscope.lens(head, progress=None).argmax().tokens()]
    about = _written(tmp_path, head, tables=tables)["0-about"]
    columns = {column["name"]: column for column in about.meta["columns"]}
    assert columns["margin"]["meaning"] == columns["margin"]["unit"] == ""
    assert columns["margin (2)"]["meaning"] == ARGMAX["margin"].meaning
    assert columns["margin (2)"]["unit"] == "logits"
    twin = about.arrays[f"column_{list(columns).index('twin')}"]
    assert columns["twin"]["ids"] and twin.tolist() == [-1, 3, -1, 1]
