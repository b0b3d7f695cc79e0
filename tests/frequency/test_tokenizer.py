"""Tokenizers: what they add to a text, and the bytes that tokens stand for."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from extras import needed
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import END, KINDS, VOCABULARY, byte_tokenizer, tiny_model, word_tokenizer

from superscope.errors import FormatError, NotFoundError, SuperscopeError
from superscope.frequency.text import Document, text_of
from superscope.frequency.tokenizer import BATCH, Encoded, Tokenizer, load_tokenizer

needed("transformers")


@cache
def by_bytes() -> Tokenizer:
    return load_tokenizer(byte_tokenizer(Path(mkdtemp()), vocabulary=280))


def encoded(tokenizer: Tokenizer, *texts: str) -> list[Encoded]:
    return [tokens for _, tokens in tokenizer.encode(text_of(texts))]


@pytest.mark.parametrize("begin", [False, True])
@pytest.mark.parametrize("finish", [False, True])
@pytest.mark.parametrize("end", [False, True])
def test_what_a_tokenizer_adds(tmp_path: Path, begin: bool, finish: bool, end: bool) -> None:
    folder = byte_tokenizer(tmp_path, begin=begin, finish=finish, end=end)
    tokenizer = load_tokenizer(folder)
    assert tokenizer.prefix.tolist() == [0] * begin
    assert tokenizer.suffix.tolist() == [1] * finish
    assert tokenizer.end == (1 if end else None)
    assert tokenizer.size == VOCABULARY
    (tokens,) = encoded(tokenizer, "the cat")
    assert not {0, 1} & set(tokens.ids.tolist())
    assert tokens.ids.dtype == np.int32


def test_what_is_added_is_found_where_the_first_letter_is_no_token(tmp_path: Path) -> None:
    from tokenizers import Tokenizer as Raw
    from tokenizers import models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    raw = Raw(models.WordLevel({"<s>": 0, "</s>": 1, "cat": 2}, unk_token="<none>"))
    raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    raw.model = models.BPE({"<s>": 0, "</s>": 1, "c": 2, "t": 3}, [])  # drops what it lacks
    raw.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    loaded = PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<s>", eos_token="</s>")
    loaded.save_pretrained(str(tmp_path))
    tokenizer = load_tokenizer(tmp_path)
    assert (tokenizer.prefix.tolist(), tokenizer.suffix.tolist()) == ([0], [1])


@settings(deadline=None)
@given(text=st.text())
def test_a_byte_level_tokenizer_loses_nothing(text: str) -> None:
    (tokens,) = encoded(by_bytes(), text)
    data = text.encode()
    assert len(tokens.ids) == len(tokens.ends)
    assert (np.diff(tokens.ends) >= 0).all()
    assert not len(data) or tokens.ends[-1] == len(data)
    assert by_bytes()._loaded.decode(tokens.ids, clean_up_tokenization_spaces=False) == text


@settings(deadline=None)
@given(text=st.text(st.sampled_from("ab é東🙂")))
def test_ends_are_those_of_the_letters_in_a_token(text: str) -> None:
    (tokens,) = encoded(by_bytes(), text)
    spelled = by_bytes().tokens()
    exact = np.cumsum([len(spelled[k] or "") for k in tokens.ids])  # a letter stands for a byte
    data = text.encode()
    assert (np.diff(tokens.ends, prepend=0) > 0).all()
    for end, bytes_so_far in zip(tokens.ends, exact, strict=True):
        letters = len(data[:bytes_so_far].decode(errors="ignore"))
        if bytes_so_far == len(text[:letters].encode()):
            assert end == bytes_so_far
        else:  # within a letter, the bytes of which are shared among its tokens
            assert len(text[:letters].encode()) < end < len(text[: letters + 1].encode())


@settings(deadline=None, max_examples=30)
@given(texts=st.lists(st.text(max_size=20), max_size=3 * BATCH))
def test_documents_come_back_with_their_own_tokens_in_order(texts: list[str]) -> None:
    pairs = list(by_bytes().encode(Document(text, place=str(k)) for k, text in enumerate(texts)))
    assert [document.place for document, _ in pairs] == [str(k) for k in range(len(texts))]
    for document, tokens in pairs:
        (alone,) = encoded(by_bytes(), document.text)
        np.testing.assert_array_equal(tokens.ids, alone.ids)
        np.testing.assert_array_equal(tokens.ends, alone.ends)


def test_what_a_tokenizer_leaves_out_belongs_to_the_next_token_or_the_last(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(word_tokenizer(tmp_path, ("the", "cat")))
    (tokens, blank) = encoded(tokenizer, "  the   cat zebra \n", "  ")
    assert tokens.ids.tolist() == [2, 3, 0]
    assert tokens.ends.tolist() == [5, 11, 19]
    assert len(blank.ids) == len(blank.ends) == 0


def test_tokens_by_id(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(word_tokenizer(tmp_path, ("the", "cat")))
    assert tokenizer.tokens() == ["<unk>", END, "the", "cat"]
    assert [tokenizer.token(k) for k in (-1, 2, 3, 4, 10**6)] == [None, "the", "cat", None, None]


def test_a_letter_of_several_tokens_shares_its_bytes_among_them() -> None:
    (tokens,) = encoded(by_bytes(), "🙃")  # never seen: a token a byte
    assert tokens.ends.tolist() == [1, 2, 3, 4]


def test_a_tokenizer_file_alone(tmp_path: Path) -> None:
    folder = byte_tokenizer(tmp_path, begin=True, vocabulary=280)
    alone = load_tokenizer(folder / "tokenizer.json")
    assert alone.prefix.tolist() == [0]
    text = "Grüße, 東京"
    assert encoded(alone, text)[0].ids.tolist() == encoded(by_bytes(), text)[0].ids.tolist()


def test_a_tokenizer_that_tells_no_offsets_shares_bytes_evenly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = load_tokenizer(byte_tokenizer(tmp_path))
    monkeypatch.setattr(type(tokenizer._loaded), "is_fast", False)
    for text in ("Grüße aus Köln", "", "é"):
        (tokens,) = encoded(tokenizer, text)
        size = len(text.encode())
        share = [size * (k + 1) // len(tokens.ids) for k in range(len(tokens.ids))]
        assert tokens.ends.tolist() == share


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_without_a_tokenizer(tmp_path: Path, kind: str) -> None:
    with pytest.raises(FormatError, match="tokenizer"):
        load_tokenizer(tiny_model(kind, tmp_path))


@pytest.mark.parametrize("damage", [json.dumps({"model": 1}), '{"version": "1.0", "tru', ""])
def test_a_damaged_tokenizer(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "model"
    file = byte_tokenizer(tiny_model("gpt2", folder)) / "tokenizer.json"
    file.write_text(damage)
    for place in (folder, file):
        with pytest.raises(SuperscopeError, match=r"model.*: the tokenizer") as raised:
            load_tokenizer(place)
        assert "\n" not in str(raised.value)


def test_no_model_at_all(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nothing"):
        load_tokenizer(tmp_path / "nothing")
