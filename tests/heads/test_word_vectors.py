"""Word vectors are heads whose directions have the words as names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import superscope
from superscope import read_head
from superscope.errors import FormatError

WORDS = ("the", ". . .", "caf\u00e9", "a\u00a0b", "at x@y.org", "12")
ROWS = np.random.default_rng(0).standard_normal((6, 4)).round(4).astype(np.float32)


def lines(end: str = "\n") -> list[str]:
    return [f"{w} {' '.join(f'{x:.4f}' for x in r)}{end}" for w, r in zip(WORDS, ROWS, strict=True)]


@pytest.mark.parametrize("header", ["", "6 4\n", "\ufeff6 4\n"])
@pytest.mark.parametrize("end", ["\n", " \n", "\r\n"])
def test_text_is_read_with_its_words(tmp_path: Path, header: str, end: str) -> None:
    """With a header or without; words may have spaces, also such that are no line's end."""
    file = tmp_path / "w.vec"
    file.write_bytes((header + "".join(lines(end))).encode())
    head = read_head(file)
    assert head.tokens == WORDS
    np.testing.assert_array_equal(head.block(0, 6), ROWS)
    assert superscope.lens(file)["caf\u00e9"].id == 2
    assert superscope.measure(file, pairs="none").features == 6


def test_the_binary_form_of_word2vec(tmp_path: Path) -> None:
    words = [w.replace(" ", "_") for w in WORDS]
    for end in (b"\n", b""):
        data = b"6 4\n" + b"".join(
            w.encode() + b" " + r.tobytes() + end for w, r in zip(words, ROWS, strict=True)
        )
        file = tmp_path / "w.bin"
        file.write_bytes(data)
        head = read_head(file)
        assert head.tokens == tuple(words)
        np.testing.assert_array_equal(head.block(0, 6), ROWS)
    file.write_bytes(data[:-6])
    with pytest.raises(FormatError, match="cut off or damaged"):
        read_head(file)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("word 1 2 3", "line 4 has 3 numbers, and those before have 4"),
        ("word 1 2 3 4 5", "line 4 has 5 numbers, and those before have 4"),
        ("word 1 2 x 4", "line 4 has 'x' in place of a number"),
        ("word 1 nan 3 4", "line 4 has a number that is not finite"),
        ("word 1 2 3 1e99", "line 4 has a number that is not finite"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "w.txt"
    file.write_text("".join([*lines()[:3], line + "\n", *lines()[3:]]))
    with pytest.raises(FormatError, match=words):
        read_head(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9 4\n" + "".join(lines()), "has 9 words, and it has 6"),
        ("hello\nworld\n", "line 1 does not end with a number"),
        ("2 4\nA note about this.\n", "line 2 does not end with a number"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "w.txt"
    file.write_text(text)
    with pytest.raises(FormatError, match=words):
        read_head(file)
