"""Token strings, as the tokenizers library stores them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from files import matrix, safetensors, save
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

from superscope.errors import FormatError, HeadDataError, NotFoundError
from superscope.heads import read_head
from superscope.heads.tokens import from_tokenizer_json


def strings(tokenizer: Tokenizer) -> tuple[str | None, ...]:
    return from_tokenizer_json(tokenizer.to_str().encode(), "tokenizer.json")


def byte_level(vocabulary: list[str]) -> Tokenizer:
    ids = {piece: index for index, piece in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def test_byte_level_bpe_decodes_as_the_library_does() -> None:
    pieces = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = byte_level([*pieces, "Ġthe", "Ã©", "ðŁĺ", "ðŁĺĢ"])
    texts = strings(tokenizer)
    assert texts[256:] == (" the", "é", "\\xf0\\x9f\\x98", "😀")
    for index, text in enumerate(texts):
        decoded = tokenizer.decode([index])
        if "\ufffd" not in decoded:  # the library's sign for bytes that are no whole character
            assert text == decoded
    assert sorted(t for t in texts[:256] if t and len(t) == 1) == [chr(i) for i in range(128)]


def test_added_tokens_are_spelled_as_they_are() -> None:
    tokenizer = byte_level(["a", "Ġb"])
    tokenizer.add_special_tokens([AddedToken("<|endĠof text|>", special=True)])
    tokenizer.add_tokens(["Ġplain"])
    assert strings(tokenizer) == ("a", " b", "<|endĠof text|>", "Ġplain")


@pytest.mark.parametrize("kind", ["metaspace", "replace", "byte fallback"])
def test_metaspace(kind: str) -> None:
    pieces = {"<unk>": 0, "▁the": 1, "▁": 2, "a▁b": 3}
    if kind == "byte fallback":
        tokenizer = Tokenizer(models.BPE(vocab=pieces, merges=[], byte_fallback=True))
    else:
        tokenizer = Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], 0))
    if kind == "metaspace":
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    if kind == "replace":
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse()])
    assert strings(tokenizer) == ("<unk>", " the", " ", "a b")


def test_word_piece() -> None:
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "play": 1, "##ing": 2}, unk_token="[UNK]"))
    tokenizer.decoder = decoders.WordPiece()
    assert strings(tokenizer) == ("[UNK]", "play", "##ing")


def test_ids_with_gaps() -> None:
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 3}, unk_token="a"))
    assert strings(tokenizer) == ("a", None, None, "b")


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"model": 3}', b'{"model": {"type": "BPE"}}', b"null"],
)
def test_what_is_no_tokenizer(data: bytes) -> None:
    with pytest.raises(
        FormatError, match=r"m/tokenizer\.json (cannot be read as a tokenizer|is not valid JSON)"
    ):
        from_tokenizer_json(data, "m/tokenizer.json")


def checkpoint(tmp_path: Path, rows: int, tokenizer: Tokenizer | None) -> Path:
    files: dict[str, bytes | str] = {
        "model.safetensors": safetensors({"lm_head.weight": matrix(rows, 4)})
    }
    if tokenizer is not None:
        files["tokenizer.json"] = tokenizer.to_str()
    return save(tmp_path, files)


def test_rows_that_only_pad_the_vocabulary_are_left_out(tmp_path: Path) -> None:
    """As in Pythia: more rows than ids, so that their number divides well."""
    path = checkpoint(tmp_path, 16, byte_level(list("abcdefghij")))
    everything = read_head(path)
    assert (everything.features, everything.ids, everything.provenance.rows) == (16, None, "all")
    assert everything.token(9) == "j"
    assert everything.token(10) is None
    head = read_head(path, rows="tokenizer")
    assert (head.features, head.provenance.rows) == (10, "tokenizer")
    np.testing.assert_array_equal(head.block(0, 10), matrix(16, 4)[:10])


def test_ids_that_the_tokenizer_skips_are_left_out(tmp_path: Path) -> None:
    vocabulary = {"a": 0, "b": 7, "c": 8, "d": 15, "beyond": 20}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="a"))
    head = read_head(checkpoint(tmp_path, 16, tokenizer), rows="tokenizer")
    np.testing.assert_array_equal(head.block(0, 4), matrix(16, 4)[[0, 7, 8, 15]])
    np.testing.assert_array_equal(head.block(1, 3), matrix(16, 4)[[7, 8]])
    np.testing.assert_array_equal(head.take(np.array([3, 1])), matrix(16, 4)[[15, 7]])
    assert [head.id_of(i) for i in range(4)] == [0, 7, 8, 15]
    assert head.token(head.id_of(2)) == "c"


def test_rows_of_a_tokenizer_need_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no tokenizer.json, .* choose rows='all'"):
        read_head(checkpoint(tmp_path, 16, None), rows="tokenizer")


def test_a_tokenizer_of_another_model(tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.WordLevel({"a": 90}, unk_token="a"))
    with pytest.raises(HeadDataError, match="the tokenizer can produce none of the ids"):
        read_head(checkpoint(tmp_path, 16, tokenizer), rows="tokenizer")


def test_an_id_too_large_is_no_list_of_that_length() -> None:
    vocabulary = {"a": 0, "b": (1 << 32) - 1}
    data = json.dumps({"version": "1.0", "model": {"type": "WordLevel", "vocab": vocabulary,
                                                   "unk_token": "a"}})  # fmt: skip
    with pytest.raises(FormatError, match="the id 4294967295"):
        from_tokenizer_json(data.encode(), "tokenizer.json")
