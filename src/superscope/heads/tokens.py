"""Token strings: what text each row of a head stands for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from superscope.errors import FormatError

MAX_IDS = 1 << 24  # more than any vocabulary has; a hostile id is a list of that length


def from_tokenizer_json(data: bytes, name: str) -> tuple[str | None, ...]:
    """Return the text of every id of a ``tokenizer.json``; None for ids it lacks.

    Raises
    ------
    FormatError
        The tokenizers library cannot read it.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(data.decode("utf-8"))
        description = json.loads(data)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # tokenizers raises bare Exception; a panic is not even that
        raise FormatError(f"{name} cannot be read as a tokenizer: {error}") from None
    vocabulary: Mapping[str, int] = tokenizer.get_vocab(with_added_tokens=True)
    if max(vocabulary.values(), default=0) >= MAX_IDS:
        raise FormatError(f"{name} has an id of {max(vocabulary.values())}; damaged")
    added = {entry["id"] for entry in description.get("added_tokens") or ()}
    pieces: list[str | None] = [None] * (max(vocabulary.values(), default=-1) + 1)
    for piece, index in vocabulary.items():
        pieces[index] = piece
    read = piece_reader(_style(description))
    return tuple(
        piece if piece is None or index in added else read(piece)
        for index, piece in enumerate(pieces)
    )


def from_gguf(pieces: Sequence[str | None], model: object) -> tuple[str | None, ...]:
    """Return the text of the pieces in a GGUF file's metadata; None stays None.

    `model` is its ``tokenizer.ggml.model``.
    """
    style = {"gpt2": "bytes", "llama": "metaspace", "t5": "metaspace"}.get(str(model), "plain")
    read = piece_reader(style)
    return tuple(None if piece is None else read(piece) for piece in pieces)


def _style(description: Mapping[str, Any]) -> str:
    """Return how a ``tokenizer.json`` writes spaces and bytes into its pieces."""
    text = json.dumps([description.get("decoder"), description.get("pre_tokenizer")])
    if '"ByteLevel"' in text:
        return "bytes"
    model = description.get("model") or {}
    if '"Metaspace"' in text or "\\u2581" in text or model.get("byte_fallback"):
        return "metaspace"
    return "plain"


def piece_reader(style: str) -> Any:
    """Return the function from a vocabulary's piece to the text it stands for."""
    if style == "bytes":
        return _from_bytes
    if style == "metaspace":
        return lambda piece: piece.replace("\u2581", " ")
    return lambda piece: piece


def _from_bytes(piece: str) -> str:
    """Undo GPT-2's spelling of bytes as printable characters."""
    table = _byte_of_character()
    try:
        raw = bytes(table[character] for character in piece)
    except KeyError:  # an added token, spelled as it is
        return piece
    return raw.decode("utf-8", "backslashreplace")


@cache
def _byte_of_character() -> dict[str, int]:
    # GPT-2 keeps the printable bytes of Latin-1 and moves the others to 256 and above, in order.
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    moved = (byte for byte in range(256) if byte not in printable)
    table = {chr(byte): byte for byte in printable}
    return table | {chr(256 + index): byte for index, byte in enumerate(moved)}
