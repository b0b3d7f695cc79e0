"""Single tokens: what is near them, what chance gives, and how they are named."""

from __future__ import annotations

import numpy as np
import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

import superscope
from superscope.errors import HeadDataError, NotFoundError, UsageError
from superscope.heads import Head
from superscope.lens import Comparison, Lens, Token, hubs
from superscope.lens.hubs import in_degree
from superscope.lens.products import overlaps
from superscope.lens.views import Views

WORDS = ("Paris", " Paris", "London", " Eiffel", "Eiffel", " sandwich")


def head(rows: np.ndarray, tokens: tuple[str | None, ...] | None = None) -> Lens:
    return superscope.lens(Head.from_array(rows.astype(np.float32), tokens=tokens))


def random_rows(count: int = 60, width: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, width))


def test_orthonormal_rows_do_not_collide():
    lens = superscope.lens(np.eye(6), center="none")
    token = lens[2]
    assert token.interference == 0
    assert {n.overlap for n in token.neighbors} == {0.0}


def test_a_shift_of_all_rows_changes_no_centered_neighbor():
    rows = random_rows()
    plain, shifted = head(rows)[3], head(rows + 5)[3]
    assert [n.entry.id for n in plain.neighbors] == [n.entry.id for n in shifted.neighbors]
    assert shifted.centered_interference == pytest.approx(plain.centered_interference, rel=1e-4)
    assert shifted.interference > 2 * plain.interference


def test_a_rotation_changes_no_neighbor():
    rows = random_rows()
    turn = np.linalg.qr(random_rows(8, 8, seed=1))[0]
    plain, turned = head(rows)[3], head(rows @ turn)[3]
    assert [n.entry.id for n in plain.neighbors] == [n.entry.id for n in turned.neighbors]
    assert turned.interference == pytest.approx(plain.interference, rel=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 40), st.integers(2, 9), st.integers(0, 99))
def test_one_product_gives_what_every_pair_gives(count, width, seed):
    lens = head(random_rows(count, width, seed))
    geometry = superscope.measure_head(lens.head, pairs="exact", neighbors=min(2, count - 1))
    frame = geometry.tokens()
    token = lens[count // 2]
    row = frame.iloc[count // 2]
    assert token.interference == pytest.approx(row["interference"], rel=1e-4)
    assert token.centered_interference == pytest.approx(row["interference_centered"], rel=1e-4)
    assert token.neighbors[0].entry.id == row["nearest_centered"]
    assert token.neighbors[0].overlap == pytest.approx(row["nearest_overlap_centered"], abs=1e-5)


def test_frequencies_weigh_the_others():
    lens = superscope.lens(random_rows(), frequencies=np.eye(60)[7] + np.eye(60)[3])
    rows = lens.views.rows("mean")
    c = overlaps(rows, rows.block(3, 4))[0]
    assert lens[3].frequency_interference == pytest.approx(float(c[7]) ** 2, rel=1e-5)


def test_the_in_degree_is_that_of_the_rows_asked_and_a_lower_bound():
    rows = Views(Head.from_array(random_rows(600, 25).astype(np.float32)), None).rows("mean")
    none = np.zeros(600, bool)
    c = overlaps(rows, rows.block(0, 600))
    near = np.argsort(2.0 * np.eye(600) - c, axis=1)[:, :5]
    has = np.zeros((600, 600), bool)
    np.put_along_axis(has, near, True, axis=1)
    found = [in_degree(rows, i, c[i], 5, none) for i in range(0, 600, 7)]
    order = np.argsort(2.0 * np.eye(600) - c, axis=1)
    for i, degree in zip(range(0, 600, 7), found, strict=True):
        assert degree.count == has[order[i, : degree.asked], i].sum() <= has[:, i].sum()
    assert any(degree.asked < 599 for degree in found)


def test_of_equal_rows_one_counts_in_every_list():
    rows = random_rows(40, 3)
    twice = np.concatenate([rows, rows[[3, 3, 9]]])
    plain, more = superscope.lens(rows, center="none"), superscope.lens(twice, center="none")
    for i in (0, 3, 9, 20):
        assert more[i].in_degree == plain[i].in_degree
        assert [n.entry.id for n in more[i].neighbors] == [n.entry.id for n in plain[i].neighbors]


def test_a_hub_of_short_rows_is_named_and_left_out():
    generator = np.random.default_rng(0)
    rows = 3 + generator.standard_normal((400, 16))
    mean = rows.mean(0)
    rows[:4] = mean + 0.01 * generator.standard_normal((4, 16)) + 0.05 * (rows[9] - mean)
    token = superscope.lens(rows)[9]
    assert {n.entry.id for n in token.neighbors[:4]} == {0, 1, 2, 3}
    assert token.longer_neighbors is not None
    assert not {n.entry.id for n in token.longer_neighbors} & {0, 1, 2, 3}


def test_a_random_pair_has_the_overlap_of_chance():
    chance = head(random_rows(2000, 25)).views.chance("mean")
    assert abs(chance.mean) < 0.01
    assert chance.std == pytest.approx(0.2, rel=0.03)


def test_tokens_are_named_by_text_and_id():
    lens = head(random_rows(6), WORDS)
    assert lens.find("Paris") == (1, 0)
    assert lens.find(" Paris") == (1,)
    assert lens["#2"].text == lens[2].text == "London"
    assert [other.id for other in lens["Eiffel"].others] == [4]


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("Pariss", NotFoundError, '"Pariss"; spelled like it: "Paris" (#0)'),
        ("qqqqqqqqqq", NotFoundError, "none is spelled like it"),
        ("", NotFoundError, 'no token ""'),
        ("#6", UsageError, "ids go from 0 to 5"),
        (-1, UsageError, "ids go from 0 to 5"),
        (True, UsageError, "a token is a text"),
        (2.5, UsageError, "a token is a text"),
    ],
)
def test_what_is_no_token_is_said(name, error, words):
    with pytest.raises(error, match=r".") as raised:
        head(random_rows(6), WORDS)[name]
    assert words in str(raised.value)


def tokenizer() -> tokenizers.Tokenizer:
    vocabulary = {"[UNK]": 0, "sand": 1, "##wich": 2, "Paris": 3}
    made = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.decoder = tokenizers.decoders.WordPiece()
    made.enable_padding(length=8)
    return made


def test_a_word_of_several_tokens_says_which():
    lens = superscope.lens(random_rows(5), tokens=tokenizer())
    with pytest.raises(NotFoundError, match=r'it reads it as 2 tokens: "sand" .#1., "##wich" .#2.'):
        lens["sandwich"]


def test_rows_have_classes_and_equal_rows_are_listed_once():
    rows = random_rows(6)
    rows[4] = rows[3]
    lens = superscope.lens(rows, tokens=tokenizer())
    frame = lens.tokens()
    assert frame["class"].tolist() == ["special", "word", "word", "word", "duplicate", "padding"]
    assert frame["equal_to"].tolist()[4] == 3
    assert [entry.id for entry in lens["Paris"].equal] == [4]
    listed = [n.entry.id for n in lens[1].neighbors]
    assert listed.count(3) + listed.count(4) == 1
    assert [e.id for e in lens.overview.groups[0]] == [3, 4]


def test_a_zero_row_is_in_the_table():
    rows = random_rows(6)
    rows[2] = 0
    frame = superscope.lens(rows).tokens()
    assert frame["class"][2] == "zero"
    assert np.isnan(frame["norm"][2])


def test_without_a_tokenizer_ids_work_and_texts_are_refused():
    lens = head(random_rows(6))
    assert lens[1].text is None
    with pytest.raises(UsageError, match="name a token by its id"):
        lens["Paris"]


def test_a_zero_row_has_no_direction():
    rows = random_rows(6)
    rows[2] = 0
    token = head(rows, WORDS)["London"]
    assert (token.norm, token.interference, token.neighbors) == (0, None, ())
    assert "no direction" in str(token)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (np.ones((1, 3)), "an overlap needs two"),
        (np.ones((4, 3)), "all rows may be equal"),
        (np.array([[1.0, np.nan], [1, 0]]), "ids 0"),
        (np.zeros((4, 3)), "all 4 rows are zero"),
    ],
)
def test_heads_without_overlaps_are_refused(rows, words):
    with pytest.raises(HeadDataError, match=words):
        superscope.lens(rows)


def test_equal_rows_are_shown_uncentered_as_the_message_advises():
    with pytest.raises(HeadDataError, match="choose center='none', and name the tokens"):
        superscope.lens(np.ones((4, 3)))
    lens = superscope.lens(np.ones((4, 3)), center="none")
    with pytest.raises(HeadDataError, match="name the tokens to look at"):
        str(lens)
    token = lens[0]
    (square,) = lens.compare([0, 1]).squares
    assert square.chance.center == "none"
    assert square.overlaps == pytest.approx(np.ones((2, 2)))
    assert lens.compare([0, 1]).to_frame()["overlap"][0] == pytest.approx(1)
    assert (token.interference, token.centered_interference) == (pytest.approx(1), None)
    assert [entry.id for entry in token.equal] == [1, 2, 3]


def test_a_comparison_says_what_chance_gives():
    lens = head(random_rows(6), WORDS)
    found = lens.compare(["Eiffel", "Paris", "#5"])
    unit = random_rows(6)[[3, 1, 5]]
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    raw, centered = found.squares
    assert raw.overlaps == pytest.approx(unit @ unit.T, abs=1e-5)
    assert (raw.chance.center, centered.chance.center) == ("none", "mean")
    assert "a random pair has" in str(found)
    frame = found.to_frame()
    assert frame["first"].tolist() == [3, 3, 1]
    assert frame["second_token"].tolist() == [" Paris", " sandwich", " sandwich"]
    assert frame["overlap"].tolist() == pytest.approx(
        unit.dot(unit.T)[[1, 2, 2], [0, 0, 1]], abs=1e-5
    )
    with pytest.raises(UsageError, match="two tokens"):
        lens.compare(["Paris"])


def test_a_comparison_is_also_by_the_chosen_centering():
    rows, p = random_rows(6), np.array([5.0, 0, 0, 1, 1, 1])
    lens = superscope.lens(rows, frequencies=p, center="frequency")
    frame = lens.compare([0, 4]).to_frame()
    less = rows[[0, 4]] - p @ rows / p.sum()
    less /= np.linalg.norm(less, axis=1, keepdims=True)
    assert frame["overlap_frequency_centered"][0] == pytest.approx(less[0] @ less[1], abs=1e-5)
    assert lens[0].neighbors[0].overlap >= frame["overlap_frequency_centered"][0] - 1e-6
    assert "frequency-centered rows; a random pair has" in str(lens.compare([0, 4]))
    assert len(lens.compare([0, 4]).plot().axes) == 3


def test_results_go_to_json_and_back():
    lens = head(random_rows(6), WORDS)
    token, compared = lens["Paris"], lens.compare(["Paris", "London"])
    assert Token.from_json(token.to_json()) == token
    assert Comparison.from_json(compared.to_json()).to_json() == compared.to_json()
    assert "most packed" in str(lens)


def test_the_room_may_be_called_and_imported():
    assert isinstance(superscope.lens(random_rows(6)), Lens)


def test_the_search_for_those_who_have_a_hub_near_is_bounded_by_its_work(monkeypatch):
    rows = random_rows(600, 64) + 1
    rows[0] = 1  # nearer to all than they are to each other
    unit = Views(Head.from_array(rows.astype(np.float32)), None).rows("none")
    own = overlaps(unit, unit.block(0, 1))[0]
    every = in_degree(unit, 0, own, 10, np.zeros(600, bool))
    monkeypatch.setattr(hubs, "_WORK", 2 * 64 * 600 * 64 + 1)
    some = in_degree(unit, 0, own, 10, np.zeros(600, bool))
    assert every.count > 500 and every.asked == 599
    assert (some.count, some.asked) == (128, 128)
