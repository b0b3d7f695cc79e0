"""What the header of a GGUF file says of its tokenizer's ids."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from superscope.errors import FormatError
from superscope.heads.kinds import JsonVocabulary, TokenKind, Vocabulary
from superscope.heads.stored import Directory

_UNKNOWN, _CONTROL, _USER, _UNUSED, _BYTE = 2, 3, 4, 5, 6  # token types of ggml
_BY_TYPE = {
    _UNKNOWN: TokenKind.SPECIAL,
    _CONTROL: TokenKind.SPECIAL,
    _UNUSED: TokenKind.ABSENT,
    _BYTE: TokenKind.BYTE,
}
_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN2 = _LLAMA3.replace("{1,3}", "")
_DIGITS = {"type": "Digits", "individual_digits": True}
_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
_WHOLE = {**_LEVEL, "use_regex": False}


def _split(pattern: str) -> list[dict[str, Any]]:
    how = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return [how, _WHOLE]


_SPLITS: dict[str, list[dict[str, Any]]] = {
    "gpt-2": [_LEVEL],
    **{name: [_DIGITS, _LEVEL] for name in ("smollm", "starcoder", "refact", "command-r")},
    **{name: _split(_LLAMA3) for name in ("llama-bpe", "llama3", "llama-v3")},
    "qwen2": _split(_QWEN2),
}
"""How a text is split before merging, by the names of llama.cpp, for those that are known here."""


@dataclass(frozen=True, eq=False)
class GgufVocabulary(Vocabulary):
    """The vocabulary in a GGUF header.

    Attributes
    ----------
    pieces
        Piece of each id, None for one that only pads.
    types
        Token type of each id, as ggml numbers them; None if the header has none.
    model, splitting
        Kind of the tokenizer, and of the splitting before it; None if the header has none.
    merges, scores
        What tells which pieces a text is made of; None if the header has none.
    spaced
        Whether a space is put before every text.
    """

    pieces: tuple[str | None, ...]
    types: tuple[int, ...] | None = None
    model: str | None = None
    splitting: str | None = None
    merges: tuple[str, ...] | None = None
    scores: tuple[float, ...] | None = None
    spaced: bool = True

    @cached_property
    def kinds(self) -> tuple[TokenKind, ...]:
        """The kind of each id; of ordinary pieces unknown where texts cannot be encoded as here."""
        kinds = [
            TokenKind.ABSENT if piece is None else _BY_TYPE.get(kind, TokenKind.UNKNOWN)
            for piece, kind in zip(self.pieces, self._types, strict=True)
        ]
        try:
            found = () if self._json is None else self._json.kinds
        except FormatError:  # its merges do not fit its pieces
            found = ()
        for index, kind in enumerate(found):
            certain = self._certain or kind is not TokenKind.WORD
            if kinds[index] is TokenKind.UNKNOWN and certain:
                kinds[index] = kind
        return tuple(kinds)

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the ids of a text; none where texts cannot be encoded as the model does."""
        return () if self._json is None or not self._certain else self._json.encode(text)

    @cached_property
    def _json(self) -> JsonVocabulary | None:
        description = self.description()
        if description is None:
            return None
        return JsonVocabulary(json.dumps(description).encode(), "the GGUF header")

    @property
    def _certain(self) -> bool:
        return self.model == "llama" or self.splitting in _SPLITS

    @property
    def _types(self) -> Sequence[int]:
        return (1,) * len(self.pieces) if self.types is None else self.types

    def description(self) -> dict[str, Any] | None:
        """Return the tokenizer as a ``tokenizer.json`` has it; None for other kinds of it."""
        pieces = {piece: k for k, piece in enumerate(self.pieces) if piece is not None}
        known: dict[str, Any] = {"version": "1.0", "added_tokens": list(self._added())}
        model = {"type": "BPE", "vocab": pieces, "ignore_merges": False}
        if self.model == "gpt2" and self.merges is not None:
            split = _SPLITS.get(str(self.splitting), [_WHOLE])
            model |= {"merges": list(self.merges), "ignore_merges": split == _split(_LLAMA3)}
            return known | {
                "model": model,
                "pre_tokenizer": {"type": "Sequence", "pretokenizers": split},
                "decoder": _LEVEL,
            }
        if self.model == "llama" and self.scores is not None:
            model |= {"merges": list(self._merges(pieces)), "byte_fallback": True}
            space = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
            begin = [{"type": "Prepend", "prepend": "\u2581"}] if self.spaced else []
            return known | {
                "model": model,
                "normalizer": {"type": "Sequence", "normalizers": [*begin, space]},
                "decoder": {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
            }
        return None

    def _added(self) -> Iterator[dict[str, Any]]:
        for index, (piece, kind) in enumerate(zip(self.pieces, self._types, strict=True)):
            if piece and kind in (_UNKNOWN, _CONTROL, _USER):
                yield {
                    "id": index, "content": piece, "special": kind != _USER, "normalized": False,
                    "single_word": False, "lstrip": False, "rstrip": False,
                }  # fmt: skip

    def _merges(self, pieces: Mapping[str, int]) -> Iterator[tuple[str, str]]:
        """Yield the pairs of pieces that make a third, that of the highest score first."""
        assert self.scores is not None
        of = self.scores
        for piece in sorted(pieces, key=lambda piece: -of[pieces[piece]]):
            for at in range(1, len(piece)):
                if piece[:at] in pieces and piece[at:] in pieces:
                    yield piece[:at], piece[at:]


def of_directory(directory: Directory) -> GgufVocabulary | None:
    """Return the vocabulary of a GGUF file; None for other files."""
    if directory.tokens is None or directory.format != "gguf":
        return None
    p, count = directory.properties, len(directory.tokens)

    def listed(name: str, kind: type) -> tuple[Any, ...] | None:
        values = p.get(f"tokenizer.ggml.{name}")
        whole = isinstance(values, list) and all(isinstance(value, kind) for value in values)
        return tuple(values) if whole and isinstance(values, list) else None

    types, scores = listed("token_type", int), listed("scores", float)
    model, splitting = p.get("tokenizer.ggml.model"), p.get("tokenizer.ggml.pre")
    return GgufVocabulary(
        directory.tokens,
        types if types is not None and len(types) == count else None,
        None if model is None else str(model),
        None if splitting is None else str(splitting),
        listed("merges", str),
        scores if scores is not None and len(scores) == count else None,
        p.get("tokenizer.ggml.add_space_prefix") is not False,
    )
