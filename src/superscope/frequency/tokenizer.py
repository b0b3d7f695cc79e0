"""Text to token ids, with the bytes that each document's tokens stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.arguments import checked
from superscope.errors import FormatError, raise_panic
from superscope.frequency.checkpoint import Loadable, loading, tokenizer_place
from superscope.frequency.text import Document

Ids = npt.NDArray[np.int32]

BATCH = 64  # documents given to the tokenizer at once
_WORD = re.compile(r"\S+")
LETTERS = 1 << 20  # no further document is added to so much text


@dataclass(frozen=True, eq=False)
class Encoded:
    """The tokens of one document, without any that the tokenizer adds.

    Attributes
    ----------
    ids
        int32, shape (tokens,).
    ends
        Bytes of the text up to the end of each token, int64, shape (tokens,), the last one being
        the end of the text. What the tokenizer does not tell is shared out evenly: the bytes of a
        letter among the tokens it was split into, of a text where there are no offsets at all.
    text
        What was encoded.
    """

    ids: Ids
    ends: npt.NDArray[np.int64]
    text: str = ""

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Bytes of each token, shape (tokens,)."""
        lengths: npt.NDArray[np.int64] = np.diff(self.ends, prepend=0)
        return lengths

    @property
    def words(self) -> npt.NDArray[np.int64]:
        """Words, separated by white space, that end in each token, shape (tokens,)."""
        ends = np.fromiter((found.end() for found in _WORD.finditer(self.text)), np.int64)
        place = np.searchsorted(self.ends, _byte_offsets(self.text)[ends])
        counts: npt.NDArray[np.int64] = np.bincount(place, minlength=len(self.ids))
        return counts[: len(self.ids)].astype(np.int64)

    @property
    def read_text(self) -> str:
        """The text up to the end of the last token."""
        end = int(self.ends[-1]) if len(self.ends) else 0
        return self.text.encode()[:end].decode(errors="ignore")

    def first(self, count: int) -> Encoded:
        """Return no more than so many tokens."""
        if len(self.ids) <= count:
            return self
        return Encoded(self.ids[:count], self.ends[:count], self.text)


class Tokenizer:
    """A tokenizer that transformers loaded.

    Parameters
    ----------
    name
        The model it belongs to.
    loaded
        The tokenizer as transformers loaded it.
    special
        How special tokens that a text spells are read: as ``tokens`` or as ``text``.

    Attributes
    ----------
    name
        The model it belongs to.
    prefix, suffix
        Ids that it puts before and after every text, such as a begin-of-text token.
    end
        Id of the end-of-text token, or None.
    size
        One more than the largest id it can produce.
    """

    _special = "tokens"
    _spelled = re.compile(r"(?!)")  # none, where a subclass has no loaded tokenizer

    def __init__(self, name: str, loaded: Any, special: str = "tokens"):
        self.name, self._loaded, self._special = name, loaded, special
        spelled = {t for t in map(str, loaded.all_special_tokens) if t}
        spelled |= {str(t) for t in loaded.added_tokens_decoder.values() if t.special and str(t)}
        longest_first = sorted(spelled, key=lambda t: (-len(t), t))
        self._spelled = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        before, after = _added(loaded)
        self.prefix, self.suffix = np.asarray(before, np.int32), np.asarray(after, np.int32)
        self.end: int | None = loaded.eos_token_id
        self.size = max(loaded.get_vocab().values(), default=-1) + 1

    def reading(self, special: str) -> Tokenizer:
        """Return this tokenizer, reading special tokens in a text as ``tokens`` or ``text``."""
        if special == self._special:
            return self
        return Tokenizer(self.name, self._loaded, special)

    def save(self, folder: Path) -> None:
        """Write the tokenizer to a folder, as transformers does."""
        self._loaded.save_pretrained(str(folder))

    def special_in(self, text: str) -> list[str]:
        """Return the special tokens that a text spells, in their order."""
        return self._spelled.findall(text)

    def token(self, index: int) -> str | None:
        """Return the text of a token as the vocabulary spells it, or None if there is none."""
        found = self._loaded.convert_ids_to_tokens(index) if 0 <= index < self.size else None
        return None if found is None else str(found)

    def tokens(self) -> list[str | None]:
        """Return the text of each id, as the vocabulary spells it."""
        texts: list[str | None] = [None] * self.size
        for text, index in self._loaded.get_vocab().items():
            texts[index] = text
        return texts

    def encode(self, documents: Iterable[Document]) -> Iterator[tuple[Document, Encoded]]:
        """Yield each document with its tokens."""
        batch: list[Document] = []
        held = 0
        for document in documents:
            batch.append(document)
            held += len(document.text)
            if len(batch) == BATCH or held >= LETTERS:
                yield from zip(batch, self._encode([d.text for d in batch]), strict=True)
                batch, held = [], 0
        if batch:
            yield from zip(batch, self._encode([d.text for d in batch]), strict=True)

    def _encode(self, texts: Sequence[str]) -> Iterator[Encoded]:
        fast = bool(self._loaded.is_fast)
        try:
            done = self._loaded(
                list(texts), add_special_tokens=False, return_attention_mask=False, verbose=False,
                return_offsets_mapping=fast, split_special_tokens=self._special == "text",
            )  # fmt: skip
        except BaseException as error:
            raise_panic(error, f"the tokenizer of {self.name}")
            raise
        for k, text in enumerate(texts):
            ids = np.asarray(done["input_ids"][k], np.int32)
            if fast and len(ids):
                ends = np.asarray(done["offset_mapping"][k], np.int64)[:, 1]
                ends[-1] = len(text)  # with what the tokenizer left out at the end
                yield Encoded(ids, _spread(_byte_offsets(text)[np.maximum.accumulate(ends)]), text)
            else:
                share = np.arange(1, len(ids) + 1) * len(text.encode()) // max(1, len(ids))
                yield Encoded(ids, share.astype(np.int64), text)


def _added(loaded: Any) -> tuple[list[int], list[int]]:
    """Return the ids that a tokenizer puts before and after a text."""
    special = set(loaded.all_special_tokens)
    for text in islice(("a", *(t for t in loaded.get_vocab() if t not in special)), 100):
        bare = list(loaded(text, add_special_tokens=False)["input_ids"])
        full = list(loaded(text)["input_ids"])
        for start in range(len(full) - len(bare) + 1 if bare else 0):
            if full[start : start + len(bare)] == bare:
                return full[:start], full[start + len(bare) :]
    return [], []


def _spread(ends: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the ends of tokens, where those of several are the same spread out evenly."""
    values, first, counts = np.unique(ends, return_index=True, return_counts=True)
    before = np.repeat(np.concatenate([[0], values[:-1]]), counts)
    place = np.arange(1, len(ends) + 1) - np.repeat(first, counts)
    spread: npt.NDArray[np.int64] = before + (ends - before) * place // np.repeat(counts, counts)
    return spread


def _byte_offsets(text: str) -> npt.NDArray[np.int64]:
    """Return the bytes before each character of a text, and before its end: its UTF-8."""
    if text.isascii():
        return np.arange(len(text) + 1, dtype=np.int64)
    codes = np.frombuffer(text.encode("utf-32-le"), "<u4")
    lengths = 1 + (codes > 0x7F).astype(np.int64) + (codes > 0x7FF) + (codes > 0xFFFF)
    return np.concatenate([[0], np.cumsum(lengths)])


@checked
def load_tokenizer(model: str | Path | Loadable, revision: str | None = None) -> Tokenizer:
    """Return the tokenizer of a model: hub id, local folder, GGUF file, or ``tokenizer.json``.

    Parameters
    ----------
    model
        Hub id, local folder, GGUF file or ``tokenizer.json``.
    revision
        Branch, tag or commit of the hub.

    Returns
    -------
    Tokenizer
        Ready to encode texts.

    Raises
    ------
    SuperscopeError
        It does not exist, cannot be reached, or cannot be read.
    """
    if isinstance(model, (str, Path)) and str(model).endswith(".json") and Path(model).is_file():
        place = Loadable(str(model), str(model), None, None, "")
        with loading(place, "the tokenizer") as transformers:
            loaded = transformers.PreTrainedTokenizerFast(tokenizer_file=str(model))
            return Tokenizer(place.name, loaded)
    place = model if isinstance(model, Loadable) else tokenizer_place(model, revision)
    place = place.tokenizer or place
    with loading(place, "the tokenizer") as transformers:
        loaded = transformers.AutoTokenizer.from_pretrained(place.source, **place.arguments)
        # Where there is no file, transformers makes an empty one of the model's usual kind.
        if set(loaded.get_vocab()) <= set(loaded.all_special_tokens):
            raise FormatError(f"{place.name} has no tokenizer with a vocabulary")
        return Tokenizer(place.name, loaded)
