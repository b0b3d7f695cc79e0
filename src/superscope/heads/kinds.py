"""What a tokenizer says of each of its ids: word, control token, byte, or never produced."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Any

from superscope.errors import FormatError, raise_panic
from superscope.heads.json_text import parsed
from superscope.heads.reachable import ALONE, WITHIN, Context, unreachable
from superscope.heads.tokens import bytes_of, piece_reader, style_of


class TokenKind(StrEnum):
    """What a tokenizer says of an id."""

    SPECIAL = "special"
    """A control token, such as the end of a text or a piece that is not known."""
    BYTE = "byte"
    """A byte that is no whole character, or the fall-back for one."""
    UNREACHABLE = "unreachable"
    """Encoding the token's text, alone or beside other letters, does not give its id."""
    ABSENT = "absent"
    """The tokenizer has no such id."""
    WORD = "word"
    """A piece of text that the tokenizer produces."""
    UNKNOWN = "unknown"
    """A piece of text; whether the tokenizer produces it is not known."""


class Vocabulary(ABC):
    """What a tokenizer says of its ids; it is read when it is first asked."""

    @property
    @abstractmethod
    def kinds(self) -> tuple[TokenKind, ...]:
        """The kind of each id; ids beyond them are absent.

        Raises
        ------
        FormatError
            The tokenizer is damaged or of a kind that cannot be read.
        """

    @abstractmethod
    def encode(self, text: str) -> tuple[int, ...]:
        """Return the ids of a text, without any that the tokenizer adds."""


@dataclass(frozen=True, eq=False)
class JsonVocabulary(Vocabulary):
    """The vocabulary of a ``tokenizer.json``.

    Attributes
    ----------
    data
        Content of the file.
    name
        What to call it.
    """

    data: bytes = field(repr=False)
    name: str

    @cached_property
    def kinds(self) -> tuple[TokenKind, ...]:
        """The kind of each id."""
        try:
            return _kinds(parsed(self.data, self.name), self.data)
        except FormatError:
            raise
        except Exception as error:  # the library has no type of its own for what it refuses
            reason = " ".join(str(error).split())[:200]
            raise FormatError(f"{self.name} cannot be read as a tokenizer: {reason}") from None
        except BaseException as error:
            raise_panic(error, self.name)
            raise

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the ids of a text; none if the tokenizer cannot be read."""
        from tokenizers import Tokenizer

        try:
            library = Tokenizer.from_buffer(self.data)
            library.no_truncation()
            library.no_padding()
            return tuple(library.encode(text, add_special_tokens=False).ids)
        except Exception:  # the library has no type of its own for what it refuses
            return ()
        except BaseException as error:
            raise_panic(error, self.name)
            raise


_BYTE = re.compile(r"<0x[0-9A-Fa-f]{2}>")


def _kinds(description: Mapping[str, Any], data: bytes) -> tuple[TokenKind, ...]:
    from tokenizers import Tokenizer

    library = Tokenizer.from_buffer(data)
    library.no_truncation()
    library.no_padding()
    model = description["model"]
    if model.get("dropout"):
        library.model.dropout = None  # so that a text has one encoding
    pieces = {index: piece for piece, index in library.get_vocab().items()}
    added = library.get_added_tokens_decoder()
    special: set[int | None] = {index for index, token in added.items() if token.special}
    special |= {library.token_to_id(name) for name in _control(description)}
    bytes_: set[int] = set()
    texts: dict[int, str] = {}
    for index, text in _texts(pieces, added, description):
        if text is None:
            bytes_.add(index)
        elif index not in special:
            texts[index] = text

    def encode(batch: list[str]) -> list[list[int]]:
        return [e.ids for e in library.encode_batch_fast(batch, add_special_tokens=False)]

    whole = not (model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"))

    def possible(index: int) -> bool:
        # A piece that the model splits where it stands alone, it splits in every text.
        if index in added or not whole:
            return True
        return [token.id for token in library.model.tokenize(pieces[index])] == [index]

    never = unreachable(texts, encode, tuple(_contexts(description)), possible)
    kinds = [TokenKind.ABSENT] * (max(pieces, default=-1) + 1)
    for index in pieces:
        kinds[index] = (
            TokenKind.SPECIAL if index in special
            else TokenKind.BYTE if index in bytes_
            else TokenKind.UNREACHABLE if index in never
            else TokenKind.WORD
        )  # fmt: skip
    return tuple(kinds)


def _control(description: Mapping[str, Any]) -> Iterator[str]:
    """Yield the pieces that stand for no text: of what is not known, and of a text's ends."""
    model = description["model"]
    unknown = model.get("unk_token")
    if isinstance(unknown, str):
        yield unknown
    place = model.get("unk_id")
    if isinstance(place, int) and isinstance(model["vocab"], list):
        yield model["vocab"][place][0]
    processors = json.dumps(description.get("post_processor"))
    for token in re.findall(r'"SpecialToken": \{"id": ("(?:[^"\\]|\\.)*")', processors):
        yield json.loads(token)


def _texts(
    pieces: Mapping[int, str], added: Mapping[int, Any], description: Mapping[str, Any]
) -> Iterator[tuple[int, str | None]]:
    """Yield the text of each id, without the marks of a word's inside or end.

    It is None for a byte: of the fall-back, or such that are no whole characters.
    """
    model = description["model"]
    inside = model.get("continuing_subword_prefix") or ""
    end = model.get("end_of_word_suffix") or ""
    style = style_of(description)
    read = piece_reader(style)
    fall_back = style != "bytes" and model.get("byte_fallback")
    for index, piece in pieces.items():
        if fall_back and _BYTE.fullmatch(piece):
            yield index, None
            continue
        if index in added:
            yield index, added[index].content
            continue
        inner = piece.removeprefix(inside).removesuffix(end)
        if style == "bytes":
            text = _whole(inner)
            yield index, text if text or inner != piece else None  # an empty piece is no text
        else:
            yield index, read(inner)


def _whole(piece: str) -> str | None:
    """Return the text of a piece of a byte-level vocabulary; None if it is no whole characters."""
    raw = bytes_of(piece)
    try:
        return piece if raw is None else raw.decode()
    except UnicodeDecodeError:
        return None


def _contexts(description: Mapping[str, Any]) -> Iterator[Context]:
    """Yield what to put before and after a piece to find it, the likeliest first."""
    model = description["model"]
    usual = WITHIN if style_of(description) == "metaspace" else ALONE
    inside = _longest(model) if model.get("continuing_subword_prefix") else []
    yield usual[0]
    yield from ((word, "") for word in inside)  # where there are such words, most pieces need one
    yield from usual[1:]


def _longest(model: Mapping[str, Any]) -> list[str]:
    """Return a few words that begin no other word: a longest match ends with them."""
    words = sorted(piece for piece in model["vocab"] if piece.isascii() and piece.isalpha())
    alone = [a for a, b in pairwise((*words, "")) if not b.startswith(a)]
    return sorted(alone, key=lambda word: (word != word.lower(), len(word), word))[:3]
