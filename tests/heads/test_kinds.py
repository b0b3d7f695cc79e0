"""What a tokenizer says of its ids: tokenizers of each kind, made here."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from superscope.errors import FormatError
from superscope.geometry import classify
from superscope.heads import head_of
from superscope.heads.gguf_vocabulary import GgufVocabulary
from superscope.heads.kinds import JsonVocabulary, TokenKind

LEVEL = sorted(pre_tokenizers.ByteLevel.alphabet())


def kinds_of(tokenizer: Tokenizer) -> dict[str, str]:
    """The kind of each piece."""
    found = JsonVocabulary(tokenizer.to_str().encode(), "made").kinds
    return {piece: str(found[index]) for piece, index in tokenizer.get_vocab().items()}


def byte_level(*merges: tuple[str, str], **options: object) -> Tokenizer:
    pieces = [*LEVEL, *("".join(pair) for pair in merges), "never", "12"]
    vocabulary = {piece: k for k, piece in enumerate(dict.fromkeys(pieces))}
    made = Tokenizer(models.BPE(vocabulary, [*merges, ("1", "2")]))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(**options)]
    )
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(["<s>"])
    made.add_tokens([AddedToken("<tool>", special=False)])
    return made


@pytest.mark.parametrize("space", [True, False])
def test_a_byte_level_vocabulary(space: bool) -> None:
    made = byte_level(("i", "n"), ("in", "g"), ("Ġ", "a"), ("Ã", "©"), add_prefix_space=space)
    kinds = kinds_of(made)
    assert kinds["<s>"] == "special"
    assert kinds["Ã"] == kinds["©"] == kinds["À"] == "byte"
    assert kinds["ing"] == kinds["Ġa"] == kinds["Ã©"] == kinds["<tool>"] == "word"
    assert kinds["!"] == kinds["Ċ"] == "word"
    assert kinds["never"] == "unreachable"  # no merges make it
    assert kinds["12"] == "unreachable"  # digits are split before merging


def test_a_unigram_vocabulary_with_byte_fall_back() -> None:
    pieces = [("<unk>", 0.0), ("▁the", -2.0), ("ing", -2.0), ("▁", -3.0), ("thing", -99.0)]
    letters = [(letter, -4.0) for letter in "aeghint"]
    bytes_ = [(f"<0x{k:02X}>", -20.0) for k in range(256)]
    made = Tokenizer(models.Unigram([*pieces, *letters, *bytes_], 0, byte_fallback=True))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    kinds = kinds_of(made)
    assert kinds["<unk>"] == "special"
    assert kinds["<0x0A>"] == kinds["<0x41>"] == "byte"
    assert kinds["▁the"] == kinds["ing"] == kinds["a"] == "word"
    assert kinds["thing"] == "unreachable"  # its parts are always likelier


def test_a_word_piece_vocabulary() -> None:
    words = [
        "[PAD]",
        "[UNK]",
        "[unused1]",
        "paris",
        "sing",
        "##ing",
        "Paris",
        "!",
        "##!",
        "中",
        "##中",
    ]
    made = Tokenizer(models.WordPiece({w: k for k, w in enumerate(words)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    made.add_special_tokens(["[PAD]"])
    kinds = kinds_of(made)
    assert kinds["[PAD]"] == kinds["[UNK]"] == "special"
    assert kinds["paris"] == kinds["##ing"] == kinds["!"] == kinds["中"] == "word"
    # Letters are made small, and signs stand alone, before pieces are found.
    unreachable = ("[unused1]", "Paris", "##!", "##中")
    assert {kinds[piece] for piece in unreachable} == {"unreachable"}


def test_what_is_put_around_a_text_is_special() -> None:
    made = byte_level()
    made.add_tokens(["<end>"])
    made.post_processor = processors.TemplateProcessing(
        single="$A <end>", special_tokens=[("<end>", made.token_to_id("<end>"))]
    )
    assert kinds_of(made)["<end>"] == "special"


def test_rows_beyond_the_tokenizer_are_padding() -> None:
    made = byte_level()
    rows = np.random.default_rng(0).standard_normal((300, 4))
    found = classify(head_of(rows, tokens=made))
    assert found.of(299) == "padding" and found.of(made.token_to_id("a")) == "word"
    assert found.reason is None


def test_a_list_of_texts_tells_no_words() -> None:
    found = classify(head_of(np.eye(3), tokens=["a", "b", "c"]))
    assert found.counts == {"unknown": 3} and found.reason == "there is no tokenizer"


@pytest.mark.parametrize("damage", ["merges", "model", "cut"])
def test_a_damaged_tokenizer_is_named(damage: str) -> None:
    description = json.loads(byte_level(("i", "n")).to_str())
    if damage == "merges":
        description["model"]["merges"] = [["no", "such"]]
    if damage == "model":
        description["model"] = {"type": "Markov", "vocab": {"a": 0}}
    data = json.dumps(description).encode()[: 100 if damage == "cut" else None]
    with pytest.raises(FormatError, match=r"cannot be read as a tokenizer|is not valid JSON"):
        _ = JsonVocabulary(data, "here/tokenizer.json").kinds


def test_a_gguf_header_has_types_and_merges() -> None:
    pieces = (*LEVEL, "<s>", "in", "never", "12", None)
    types = [1] * len(pieces)
    types[len(LEVEL)] = 3
    merges = ("i n", "1 2")
    vocabulary = GgufVocabulary(pieces, tuple(types), "gpt2", "smollm", merges)
    kinds = dict(zip(pieces, map(str, vocabulary.kinds), strict=True))
    assert (kinds["<s>"], kinds["in"], kinds[None]) == ("special", "word", "absent")
    assert kinds["never"] == kinds["12"] == "unreachable"
    assert vocabulary.encode("in") == (pieces.index("in"),)
    # With another splitting, merges say only what is never made.
    other = GgufVocabulary(pieces, tuple(types), "gpt2", "of-tomorrow", merges)
    kinds = dict(zip(pieces, map(str, other.kinds), strict=True))
    assert (kinds["in"], kinds["12"], kinds["never"]) == ("unknown", "unknown", "unreachable")
    assert other.encode("in") == ()


def test_a_gguf_header_of_sentence_piece() -> None:
    pieces = ("<unk>", "<0x0A>", "▁the", "▁t", "▁", "t", "h", "e", "he", "xy")
    types, scores = (2, 6, *[1] * 8), (0.0, 0.0, -1.0, -2.0, -9.0, -9.0, -9.0, -9.0, -3.0, -4.0)
    found = GgufVocabulary(pieces, types, "llama", "default", None, scores).kinds
    kinds = dict(zip(pieces, map(str, found), strict=True))
    assert (kinds["<unk>"], kinds["<0x0A>"]) == ("special", "byte")
    assert kinds["▁the"] == kinds["he"] == "word"
    assert kinds["xy"] == "unreachable"


def test_a_gguf_header_of_another_kind_tells_only_its_types() -> None:
    found = GgufVocabulary(("<s>", "a"), (3, 1), "rwkv").kinds
    assert found == (TokenKind.SPECIAL, TokenKind.UNKNOWN)
