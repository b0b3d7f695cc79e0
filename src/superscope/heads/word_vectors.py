"""Read word vectors: text as of GloVe, word2vec and fastText, and word2vec's binary files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from superscope.errors import FormatError
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.encodings import Float32
from superscope.heads.stored import StoredTensor
from superscope.heads.transport import RangeFile
from superscope.text import counted, encodable

SUFFIXES = (".txt", ".vec")
LONGEST = 1 << 20  # bytes of a line, or of a word
_BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(rb"(\d{1,10}) (\d{1,6})\s*\n")  # how many words, and of how many numbers
_MOST = 1 << 33  # numbers


@dataclass(frozen=True)
class WordVectors:
    """Words and their vectors, float32, shape (V, m), and what the file's format is called."""

    file: RangeFile
    words: tuple[str, ...]
    matrix: Float32
    format: str

    @property
    def tensor(self) -> StoredTensor:
        """The matrix as if it were stored."""
        return StoredTensor("vectors", "F32", self.matrix.shape, 0, self.matrix.nbytes)


def word_vectors(checkpoint: Checkpoint) -> WordVectors | None:
    """Return the word vectors of a file, if it is one of them by its suffix and first bytes.

    Raises
    ------
    FormatError
        A line has another number of numbers than the others, or one that is none; the message
        names the line.
    """
    name = checkpoint.only
    if name is None or not name.endswith((*SUFFIXES, ".bin")):
        return None
    file = checkpoint.open(name)
    header = _HEADER.match(file.read_at(0, min(64, file.size)))
    if name.endswith(".bin"):
        return None if header is None else _binary(file, header)
    return _text(file)


def _text(file: RangeFile) -> WordVectors:
    lines = enumerate(_lines(file), 1)
    begin = [next(lines, (number, b"")) for number in (1, 2)]
    header = _HEADER.fullmatch(begin[0][1] + b"\n")
    count = None if header is None else int(header[1])
    rows = begin if header is None else begin[1:]
    if header is None:  # two lines, because a word may have spaces
        width = min(len(line.split(b" ")) - 1 for _, line in begin if line or line is begin[0][1])
    else:
        width = int(header[2])
    for number, line in rows:
        if (line or number == 1) and not _is_number(line.rpartition(b" ")[2]):
            raise FormatError(
                f"{file.name} is not a table of word vectors, in which every line is a word and "
                f"its numbers: line {number} does not end with a number"
            )
    if not width or (width == 1 and header is None):
        raise FormatError(
            f"{file.name} is not a table of word vectors: it has "
            f"{'one number' if width else 'no numbers'} for each word"
        )
    words: list[str] = []
    vectors: list[Float32] = []
    for number, line in chain(rows, lines):
        if line:
            word, vector = _parsed(f"{file.name}: line {number:,}", line, width)
            words.append(word)
            vectors.append(vector)
    if count is not None and count != len(words):
        raise FormatError(
            f"{file.name} says in line 1 that it has {counted(count, 'word')}, and it has "
            f"{len(words):,}; it may be cut off"
        )
    if not words:
        raise FormatError(f"{file.name} has no word vectors")
    return WordVectors(file, tuple(words), np.stack(vectors), "word vectors")


def _parsed(where: str, line: bytes, width: int) -> tuple[str, Float32]:
    """Return the word of a line and its vector; `where` names the line."""
    word, *parts = line.rsplit(b" ", width)
    # A word may have spaces, but no number as its last part: the line would then have too many.
    if len(parts) != width or (b" " in word and _is_number(word.rpartition(b" ")[2])):
        has = len(line.split(b" ")) - 1
        raise FormatError(f"{where} has {counted(has, 'number')}, and those before have {width:,}")
    try:
        if b"_" in line[len(word) :]:  # which Python allows within a number
            raise ValueError
        with np.errstate(over="ignore"):  # then it is not finite
            vector = np.array(list(map(float, parts))).astype(np.float32)
    except ValueError:
        bad = next(part for part in parts if not _is_number(part))
        shown = bad[:40].decode("utf-8", "backslashreplace")
        raise FormatError(f"{where} has {shown!r} in place of a number") from None
    if not np.isfinite(vector).all():
        raise FormatError(f"{where} has a number that is not finite")
    return _word(word), vector


def _is_number(part: bytes) -> bool:
    try:
        float(part)
    except ValueError:
        return False
    return b"_" not in part


def _word(raw: bytes) -> str:
    return encodable(raw.decode("utf-8", "backslashreplace"))


def _lines(file: RangeFile) -> Iterator[bytes]:
    """Yield lines without the white space at their end; only a line feed ends one."""
    rest = b""
    for at, chunk in enumerate(file.chunks(0, file.size)):
        *whole, rest = (rest + (chunk if at else chunk.removeprefix(_BOM))).split(b"\n")
        if len(rest) > LONGEST:
            raise FormatError(f"{file.name} is not a table of word vectors: a line is too long")
        for line in whole:
            yield line.rstrip(b" \t\r").replace(b"\t", b" ")
    if rest:
        yield rest.rstrip(b" \t\r").replace(b"\t", b" ")


def _binary(file: RangeFile, header: re.Match[bytes]) -> WordVectors:
    """Read word2vec's binary format: a header, then each word, a space, and its numbers."""
    count, width = int(header[1]), int(header[2])
    if not width or count * (4 * width + 2) > file.size or count * width > _MOST:
        raise FormatError(
            f"{file.name} is cut off or damaged: it says that it has {count:,} words with "
            f"{width:,} numbers each"
        )
    words: list[str] = []
    matrix = np.empty((count, width), np.float32)
    data, at, chunks = b"", header.end(), file.chunks(0, file.size)
    for row in range(count):
        while (end := data.find(b" ", at)) < 0 or end + 1 + 4 * width > len(data):
            more = next(chunks, b"")
            if not more or (end < 0 and len(data) - at > LONGEST):
                raise FormatError(f"{file.name} is cut off or damaged at word {row + 1:,}")
            data, at = data[at:] + more if data else more, at if not data else 0
        words.append(_word(data[at:end].lstrip(b"\n")))
        matrix[row] = np.frombuffer(data, "<f4", width, end + 1)
        at = end + 1 + 4 * width
    if data[at:].strip(b"\n") or next(chunks, b""):
        raise FormatError(
            f"{file.name} says that it has {counted(count, 'word')}, and goes on after them"
        )
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(bad):
        raise FormatError(f"{file.name}: word {bad[0] + 1:,} has a number that is not finite")
    return WordVectors(file, tuple(words), matrix, "word2vec")
