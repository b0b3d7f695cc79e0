"""Rows that were never trained are told from others, with as many false finds as expected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

import superscope
from superscope import Head
from superscope.errors import HeadDataError, UsageError
from superscope.heads.kinds import TokenKind, Vocabulary
from superscope.lens import Undertrained, undertrained

V, M, NEVER = 1500, 24, 120
Float64 = npt.NDArray[np.float64]


def trained(seed: int, count: int = V, width: int = M) -> Float64:
    """Return rows with a few common directions, as those of trained heads."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(6, width)) * 2
    return 1.5 + rng.normal(size=(count, 6)) @ common + rng.normal(size=(count, width))


def planted(seed: int, never: int = NEVER, noise: float = 0.3) -> Float64:
    """Return rows of which the first were never trained: one drift, and the noise of the start."""
    rng = np.random.default_rng(1000 + seed)
    rows = trained(seed)
    rows[:never] = -3 + noise * rng.normal(size=(never, M))
    return rows


def of(rows: Float64, **options: object) -> Undertrained:
    return superscope.lens(rows).undertrained(**options)  # type: ignore[arg-type]


def test_planted_rows_are_found() -> None:
    """Those found are those that were planted, and the number is known."""
    found = of(planted(0), reference=range(10))
    assert found.told
    assert set(found.found) == set(range(NEVER))
    assert found.estimated == pytest.approx(NEVER, abs=3)
    assert "120 rows seem never trained" in str(found)


def test_no_known_rows_are_needed_where_the_group_is_dense() -> None:
    """Without a tokenizer and without ids the densest group is the reference."""
    found = of(planted(1))
    assert found.reference is not None
    assert not found.reference.known
    assert len({*found.found} ^ set(range(NEVER))) <= 2


def test_equal_rows_are_a_group() -> None:
    """Long training leaves rows that are equal, to within rounding."""
    rows = planted(2, 9, noise=0)
    found = of(rows)
    assert found.found == tuple(range(9))


def test_false_finds_are_as_many_as_expected() -> None:
    """Over many heads whose trained rows reach into the group, the rate asked for holds."""
    false = total = expected = missed = 0.0
    for seed in range(20):
        rng, rows = np.random.default_rng(seed), planted(seed)
        # Rows seen a few times moved by up to the whole way.
        way = rng.random((100, 1))
        rows[NEVER : NEVER + 100] = rows[:100] * (1 - way) + way * rows[NEVER : NEVER + 100]
        found = of(rows, reference=range(10), fdr=0.1)
        ids = np.array(found.found)
        false += (ids >= NEVER).sum()
        total += len(ids)
        missed += NEVER - (ids < NEVER).sum()
        expected += (found.expected_fdr or 0) * len(ids)
    assert false / total < 0.1
    assert missed / (20 * NEVER) < 0.1
    assert false == pytest.approx(expected, abs=0.05 * total)


@pytest.mark.parametrize("width", [4, 16, 64])
def test_no_alarm_without_such_rows(width: int) -> None:
    """Neither in heads with structure nor in random ones."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        for rows in (trained(seed, 600, width), rng.normal(size=(600, width)),
                     rng.standard_t(4, size=(600, width))):  # fmt: skip
            found = of(rows)
            assert not found.told
            assert found.found == ()
            assert "no group of rows that seem never trained can be told" in str(found)
            assert not of(rows, reference=range(20)).told


@pytest.mark.parametrize("seed", range(4))
def test_a_wrong_reference_finds_no_group(seed: int) -> None:
    """Rows near the middle of a cloud are not all at one distance from it, as noise would be."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(600, 64)) * rng.lognormal(size=(600, 1))
    assert not of(rows, reference=range(5)).told


def test_rotations_change_nothing() -> None:
    """Nor does the scale."""
    rows = planted(3)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(M, M)))[0]
    one, other = of(rows, reference=range(10)), of(7 * rows @ turn, reference=range(10))
    assert one.found == other.found
    np.testing.assert_allclose(one.distance, other.distance, rtol=1e-4)


def test_untouched_input_rows_are_found() -> None:
    """Where the head alone does not tell, the input embedding does."""
    rng = np.random.default_rng(0)
    head, embedding = trained(4), trained(5)
    embedding[:NEVER] = 0.3 * rng.normal(size=(NEVER, M))
    assert not of(head, reference=range(10)).told
    found = of(head, embedding=embedding, reference=range(10))
    assert len({*found.found} ^ set(range(NEVER))) <= 3
    assert "embedding_norm_rank" in found.to_frame()


def test_the_reference_is_found_by_the_tokenizer() -> None:
    """Bytes that UTF-8 never has come first, then ids that the tokenizer lacks."""
    texts: list[str | None] = [f"word{i}" for i in range(V)]
    texts[:13] = [f"<0x{b:02X}>" for b in (0xC0, 0xC1, *range(0xF5, 0x100))]
    found = superscope.lens(planted(6), tokens=texts).undertrained()
    assert found.reference is not None
    assert found.reference.ids.tolist() == list(range(13))
    assert len(found.found) == NEVER
    padded = Head.from_array(planted(6), tokens=(None,) * 5 + tuple(texts[5:]))
    assert undertrained(padded).found == found.found


class Kinds(Vocabulary):
    """A tokenizer that says what it is told to say."""

    def __init__(self, kinds: list[TokenKind]) -> None:
        self._said = tuple(kinds)

    @property
    def kinds(self) -> tuple[TokenKind, ...]:
        """What was said."""
        return self._said

    def encode(self, text: str) -> tuple[int, ...]:
        """No text is asked for here."""
        raise NotImplementedError(text)


@pytest.mark.parametrize("kind", [TokenKind.UNREACHABLE, TokenKind.SPECIAL])
def test_what_the_tokenizer_says_is_a_reference(kind: TokenKind) -> None:
    """Tokens that their text does not give, and control tokens; one of these is in use."""
    kinds = [kind] * 6 + [TokenKind.WORD] * (V - 6)
    rows = planted(6)
    rows[5] = trained(0)[5]
    texts = tuple(f"word{i}" for i in range(V))
    found = undertrained(replace(Head.from_array(rows, tokens=texts), tokenizer=Kinds(kinds)))
    assert found.reference is not None
    assert found.reference.ids.tolist() == list(range(6))
    assert len({*found.found} ^ ({*range(NEVER)} - {5})) <= 2


def test_most_rows_may_be_untrained() -> None:
    """Of a vocabulary for many languages, most rows may never be trained."""
    found = of(planted(10, never=1100), reference=range(10))
    assert len({*found.found} ^ set(range(1100))) <= 2
    assert not of(planted(10, never=V), reference=range(10)).told


def test_a_reference_may_hold_trained_rows() -> None:
    """The densest of them are taken."""
    assert set(of(planted(7), reference=[*range(8), *range(1000, 1014)]).found) == set(range(NEVER))


def test_json_and_table() -> None:
    """A result goes to JSON and back; its table has each indicator with its rank."""
    found = of(planted(8), reference=range(10))
    assert Undertrained.from_json(found.to_json()).found == found.found
    table = found.to_frame()
    assert sorted(table["head_cosine_without_pc_rank"]) == list(range(1, V + 1))
    assert table["listed"].sum() == len(found.found)
    assert found._repr_html_().startswith("<pre")
    assert repr(found).startswith("Undertrained(array: 1")


def test_zero_rows_are_left_out() -> None:
    """They have no direction, and are counted."""
    rows = planted(9)
    rows[-2:] = 0
    found = of(rows, reference=range(10))
    assert found.zero.tolist() == [V - 2, V - 1]
    assert "2 rows left out, being exactly zero" in str(found)


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (np.ones((1, 4)), {}, "1 of 1 rows are not zero"),
        (np.ones((50, 4)), {"reference": [1, 2, 3]}, "half of all rows are equal"),
        (np.ones((50, 4)), {}, "half of all rows are equal"),
        (planted(0), {"reference": [1, 2]}, "needs 3 or more"),
        (planted(0), {"reference": [1, 2, V]}, "no row of id 1500"),
        (planted(0), {"reference": ["a"]}, "whole number"),
        (planted(0), {"fdr": 1.0}, "between 0 and 1"),
        (planted(0), {"components": M}, "from 0 to 23"),
        (planted(0), {"embedding": np.ones((3, 4))}, "has 3 rows as an input embedding"),
        (planted(0), {"embedding": np.full((V, 4), np.nan)}, "row of id 0"),
        (planted(0), {"embedding": "no"}, "'auto', None or a matrix"),
    ],
)
def test_bad_input_is_named(rows: Float64, options: dict[str, object], message: str) -> None:
    """What is wrong is said in words."""
    with pytest.raises((UsageError, HeadDataError), match=message):
        undertrained_or_lens(rows, options)


def undertrained_or_lens(rows: Float64, options: dict[str, object]) -> Undertrained:
    """Take what no lens opens directly."""
    if len(rows) == 1 or (rows == rows[0]).all():
        return undertrained(Head.from_array(rows), **options)  # type: ignore[arg-type]
    return of(rows, **options)


def test_without_a_reference_there_is_still_a_table() -> None:
    rows = np.random.default_rng(0).standard_normal((100, 16))
    frame = superscope.lens(rows).undertrained().to_frame()
    assert len(frame) == 100
    assert frame["distance"].isna().all()
