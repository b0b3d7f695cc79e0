"""JSON is measured before it is parsed; tokenizers are read as their library reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from files import matrix, safetensors
from tokenizers import AddedToken, Tokenizer, models

from superscope import measure
from superscope.errors import FormatError
from superscope.heads import json_text, read_head
from superscope.heads.json_text import TooLargeError, parsed
from superscope.heads.tokens import from_tokenizer_json


@pytest.mark.parametrize("cell", [b"[],", b'{"a":0},', b'"",', b"1,"])
def test_many_small_values_are_refused_before_they_are_made(
    monkeypatch: pytest.MonkeyPatch, cell: bytes
) -> None:
    monkeypatch.setattr(json_text, "MAX_MEMORY", 100_000)
    with pytest.raises(TooLargeError, match="m is too large: its"):
        parsed(b"[" + cell * 2000 + b"0]", "m")


def test_a_vocabulary_of_gemmas_size_is_read() -> None:
    merges = b'["ab","cd"],' * 514_000
    assert json_text._memory(b"[" + merges + b"0]" + b" " * 27_000_000) < json_text.MAX_MEMORY


def test_a_tokenizer_too_large_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(safetensors({"lm_head.weight": matrix(9, 4)}))
    (tmp_path / "tokenizer.json").write_text('{"model": ' + " " * 9000 + "}")
    monkeypatch.setattr(json_text, "MAX_MEMORY", 10_000)
    head = read_head(tmp_path)
    assert head.tokens is None
    assert "tokens are shown without their text" in head.provenance.notes[-1]


@pytest.mark.parametrize("kind", ["WordLevel", "Unigram", "BPE"])
def test_ids_are_those_of_the_library(kind: str) -> None:
    pieces = {"<unk>": 0, "a": 1, "b": 2, "c": 3}
    model = {
        "WordLevel": lambda: models.WordLevel(pieces, unk_token="<unk>"),
        "Unigram": lambda: models.Unigram([(p, -1.0) for p in pieces], 0),
        "BPE": lambda: models.BPE(vocab=pieces, merges=[("a", "b")][:0]),
    }[kind]()
    tokenizer = Tokenizer(model)
    tokenizer.add_special_tokens([AddedToken("<s>", special=True), "<unk>"])
    tokenizer.add_tokens(["b", "new"])
    described = json.loads(tokenizer.to_str())
    described["added_tokens"][-1]["id"] = 90  # the library gives the next id, whatever is said
    text = json.dumps(described).encode()
    ids = Tokenizer.from_str(text.decode()).get_vocab(with_added_tokens=True)
    texts = from_tokenizer_json(text, "tokenizer.json")
    assert {t: i for i, t in enumerate(texts) if t is not None} == ids


def test_what_else_a_tokenizer_holds_makes_no_panic(capfd: pytest.CaptureFixture[str]) -> None:
    """The tokenizers library panics on this map, and prints a trace of its own."""
    described = {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"},
                 "model": {"type": "WordLevel", "vocab": {"a": 0, "\ud800": 1}}}  # fmt: skip
    assert from_tokenizer_json(json.dumps(described).encode(), "t") == ("a", "\\ud800")
    assert "panicked" not in capfd.readouterr().err


@pytest.mark.parametrize("layers", [1 << 63, 10**400, True, -1, "12", [1], None])
@pytest.mark.parametrize("kind", ["llama", [], {}, 3])
def test_a_config_of_other_types_does_no_harm(tmp_path: Path, layers: object, kind: object) -> None:
    weights = {"lm_head.weight": matrix(9, 4), "model.norm.weight": matrix(1, 4)[0]}
    (tmp_path / "model.safetensors").write_bytes(safetensors(weights))
    config = {"num_hidden_layers": layers, "model_type": kind}
    (tmp_path / "config.json").write_text(json.dumps(config))
    geometry = measure(tmp_path, pairs="none", fold_norm=True)
    assert geometry.provenance.depth is None


def test_a_tensor_in_two_parts_of_a_split_file_is_refused(tmp_path: Path) -> None:
    import hostile

    for part in (1, 2):
        (tmp_path / f"m-0000{part}-of-00002.gguf").write_bytes(hostile.gguf_bytes())
    with pytest.raises(FormatError, match=r"output.weight is in both m-00001.*and m-00002"):
        read_head(tmp_path)
