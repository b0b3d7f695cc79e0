"""Read the text of every token id."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from superscope.errors import FormatError
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.json_text import parsed
from superscope.heads.stored import Directory
from superscope.text import encodable

MAX_IDS = 1 << 24  # a list is as long as its largest id, so a damaged id could fill the memory


def of_checkpoint(checkpoint: Checkpoint) -> tuple[str | None, ...] | None:
    """Return the text of every id from a checkpoint's ``tokenizer.json``; None without one."""
    data = checkpoint.small("tokenizer.json")
    return None if data is None else from_tokenizer_json(data, f"{checkpoint.name}/tokenizer.json")


def from_tokenizer_json(data: bytes, name: str) -> tuple[str | None, ...]:
    """Return the text of every id in a ``tokenizer.json``; None for ids that it lacks.

    The tokenizers library is not used, because it crashes on damaged files.

    Raises
    ------
    FormatError
        The vocabulary cannot be read.
    """
    description = parsed(data, name)
    try:
        vocabulary = _vocabulary(description["model"])
        added = _added(description.get("added_tokens") or [], vocabulary)
        numbers = [*vocabulary.values(), *added.values()]
        if not all(type(n) is int and n >= 0 for n in numbers):
            raise ValueError("an id is not a whole number")
        if max(numbers, default=0) >= MAX_IDS:
            raise ValueError(f"it has the id {max(numbers)}, and the limit is {MAX_IDS - 1}")
        read = piece_reader(style_of(description))
        pieces: list[str | None] = [None] * (max(numbers, default=-1) + 1)
        for piece, index in vocabulary.items():
            pieces[index] = encodable(read(piece))
        for piece, index in added.items():
            pieces[index] = encodable(piece)
    except (TypeError, KeyError, ValueError, AttributeError, RecursionError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else str(error)[:200]
        raise FormatError(f"{name} cannot be read as a tokenizer: {reason}") from None
    return tuple(pieces)


def _vocabulary(model: Mapping[str, Any]) -> dict[str, int]:
    """Return the ids of the pieces; Unigram has a list of pieces and scores, others a map."""
    vocabulary = model["vocab"]
    if isinstance(vocabulary, dict):
        return vocabulary
    return {piece: index for index, (piece, _) in enumerate(vocabulary)}


def _added(entries: Sequence[Mapping[str, Any]], vocabulary: Mapping[str, int]) -> dict[str, int]:
    """Return the ids of added tokens, by the rule of the tokenizers library.

    Tokens of the vocabulary keep their id. Others get the next free ids, even if the file has
    other ids for them.
    """
    added: dict[str, int] = {}
    following = len(vocabulary)
    for entry in entries:
        content = entry["content"]
        known = vocabulary.get(content, added.get(content))
        added[content] = following if known is None else known
        following = max(following, added[content] + 1)
    return added


def from_gguf(pieces: Sequence[str | None], model: object) -> tuple[str | None, ...]:
    """Return the text of the pieces in a GGUF header; `model` is its ``tokenizer.ggml.model``."""
    style = {"gpt2": "bytes", "llama": "metaspace", "t5": "metaspace"}.get(str(model), "plain")
    read = piece_reader(style)
    return tuple(None if piece is None else read(piece) for piece in pieces)


def of_directory(directory: Directory) -> tuple[str | None, ...] | None:
    """Return the text of every id in a GGUF file; None for other files."""
    if directory.tokens is None:
        return None
    return from_gguf(directory.tokens, directory.properties.get("tokenizer.ggml.model"))


def style_of(description: Mapping[str, Any]) -> str:
    """Return how a ``tokenizer.json`` writes spaces and bytes into its pieces."""
    text = json.dumps([description.get("decoder"), description.get("pre_tokenizer")])
    if '"ByteLevel"' in text:
        return "bytes"
    model = description.get("model") or {}
    if '"Metaspace"' in text or "\\u2581" in text or model.get("byte_fallback"):
        return "metaspace"
    return "plain"


def piece_reader(style: str) -> Any:
    """Return the function that converts a piece of the vocabulary to text."""
    if style == "bytes":
        return _from_bytes
    if style == "metaspace":
        return lambda piece: piece.replace("\u2581", " ")
    return lambda piece: piece


def _from_bytes(piece: str) -> str:
    """Decode a piece in which GPT-2 writes bytes as printable characters."""
    raw = bytes_of(piece)
    return piece if raw is None else raw.decode("utf-8", "backslashreplace")


def bytes_of(piece: str) -> bytes | None:
    """Return the bytes that GPT-2 writes as the characters of a piece; None if it does not.

    It does not for an added token, which is stored as plain text.
    """
    try:
        return piece.translate(_byte_of_character()).encode("latin-1")
    except UnicodeEncodeError:
        return None


@cache
def _byte_of_character() -> dict[int, int]:
    # GPT-2 keeps the printable bytes of Latin-1 and moves the others to 256 and above, in order.
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    moved = [byte for byte in range(256) if byte not in printable]
    # The characters it moves are never in a piece: they become one that is no byte.
    return dict.fromkeys(moved, 0xFFFF) | {256 + index: byte for index, byte in enumerate(moved)}
