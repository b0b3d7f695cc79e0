"""Frequencies that belong to the head are taken; those of another tokenizer are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from superscope.errors import UsageError
from superscope.geometry import Geometry, measure_head
from superscope.geometry.frequencies import Frequencies
from superscope.heads import Head

TEXTS = ("<s>", " the", " cat", "ing", "é", "\n", "<0x0A>", " of", None, None)


def measure(frequencies: object, tokens: tuple[str | None, ...] | None = TEXTS) -> Geometry:
    rows = np.random.default_rng(0).standard_normal((len(TEXTS), 4))
    return measure_head(Head.from_array(rows, tokens=tokens), pairs="none", frequencies=frequencies)


def of(*texts: str | None) -> Frequencies:
    return Frequencies(np.arange(1.0, len(texts) + 1), texts)


@pytest.mark.parametrize(
    "texts",
    [
        TEXTS[:8],
        ("<s>", "Ġthe", "Ġcat", "ing", "Ã©", "Ċ", "<0x0A>", "Ġof"),  # as GPT-2 spells them
        ("<s>", "▁the", "▁cat", "ing", "é", "\n", "<0x0A>", "▁of"),  # as SentencePiece does
        ("<s>", "the", "cat", "##ing", "é", "", "<0x0A>", "of"),  # decoded, or WordPiece's
        ("<s>", None, None, None, None, None, None, None),
    ],
)
def test_spellings_of_the_same_tokens_are_the_same(texts: tuple[str | None, ...]) -> None:
    assert measure(of(*texts)) == measure(of(*texts).counts)


def test_tokens_of_another_vocabulary_are_refused() -> None:
    shifted = Frequencies(np.ones(8), (*TEXTS[1:8], " and"))
    with pytest.raises(UsageError, match=r"another tokenizer .*: 0 % .*id 0 is \" the\" in"):
        measure(shifted)
    alone = Frequencies(np.eye(10)[8], (*(None,) * 8, " of"))
    with pytest.raises(UsageError, match=r"id 8 is \" of\" in the frequencies and no text in"):
        measure(alone)


def test_ids_that_do_not_occur_are_not_compared() -> None:
    counts = np.array([1.0, 2, 0, 0, 0])
    given = Frequencies(counts, ("<s>", " the", "x", "y", "z"))
    assert measure(given) == measure(counts)


def test_a_part_of_other_tokens_is_told_with_its_share() -> None:
    given = of("<s>", " the", " cat", "x", "é", "\n", "<0x0A>", " of")
    (note,) = set(measure(given).notes) - set(measure(given.counts).notes)
    assert "88.9 % of their tokens" in note
    assert 'id 3 is "x" in the frequencies and "ing" in the head' in note


def test_texts_of_one_side_alone_are_no_evidence() -> None:
    given = of("a", "b", "c", "d", "e")
    assert measure(given, tokens=None) == measure(given.counts, tokens=None)


@pytest.mark.parametrize(
    ("ids", "rows", "noted"),
    [(2, 3000, True), (50_265, 50_272, False), (32_000, 50_257, True), (1500, 3000, True),
     (100_002, 102_400, False), (151_669, 151_936, False), (2, 10, True), (50, 60, False)],
)  # fmt: skip
def test_far_fewer_frequencies_than_rows_are_told(ids: int, rows: int, noted: bool) -> None:
    matrix = np.random.default_rng(0).standard_normal((rows, 2)).astype(np.float32)
    notes = measure_head(Head.from_array(matrix), pairs="none", frequencies=np.ones(ids)).notes
    both = f"there are {ids:,} frequencies for the {rows:,} stored rows"
    assert any(note.startswith(both) for note in notes) == noted


def test_a_series_is_taken_in_the_order_of_ids_alone() -> None:
    counts = pd.Series([5, 3, 2, 1, 1, 0, 0, 0, 0, 0])
    assert measure(counts) == measure(counts.to_numpy())
    with pytest.raises(UsageError, match=r"pass .reindex\(range\(V\), fill_value=0\)"):
        measure(counts.sort_values())
