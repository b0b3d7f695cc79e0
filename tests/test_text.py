"""How numbers, counts and other people's strings are shown."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from superscope.text import (
    alike,
    as_text,
    columns,
    counted,
    duration,
    fixed,
    number,
    rounded,
    signed,
    slug,
    token_name,
    visible,
)


@settings(database=None, deadline=None)
@given(st.text(), st.text())
@example("日" * 100, "語" * 100)
def test_slugs_are_file_names_and_distinct(a: str, b: str) -> None:
    for text in (a, b):
        name = slug(text)
        assert name.isprintable()
        assert name not in ("", ".", "..")
        assert not name.startswith(".")
        assert "/" not in name
        assert len(name.encode()) <= 255
    assert (slug(a) == slug(b)) == (a == b)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" the", '" the"'),
        ("naïve 日本 😀", '"naïve 日本 😀"'),
        ("\x1b[2J\x07\x00", '"\\x1b[2J\\x07\\x00"'),
        ("a\n\tb\r", '"a\\n\\tb\\r"'),
        ("\u202eabc\u2066", '"\\u202eabc\\u2066"'),
        ("\u200b\ufeff\u00a0\u00ad", '"\\u200b\\ufeff\\xa0\\xad"'),
        ("\ud800\udfff", '"\\ud800\\udfff"'),
        ("\U000e0001\ue000", '"\\U000e0001\\ue000"'),
        ('a"b\\n', '"a\\"b\\\\n"'),
        ("\x85\u2028", '"\\x85\\u2028"'),
        ("x" * 41, '"' + "x" * 39 + '…"'),
        ("x" * 40, '"' + "x" * 40 + '"'),
    ],
)
def test_what_is_shown_can_be_seen_and_does_nothing(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(text).isprintable()


def test_bytes_that_are_no_text_are_escaped_once() -> None:
    token = b"\xe2\x80".decode("utf-8", "backslashreplace")
    assert token_name(5, token) == r'"\xe2\x80" #5'
    assert visible(r"\x41 \n") == r'"\\x41 \\n"'  # ASCII is text
    assert visible(visible(token), quote="") == visible(token)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"), (59, "59 s"), (61, "1 min"), (3599, "1 h 0 min"), (7260, "2 h 1 min"),
        (47 * 3600, "47 h 0 min"), (75 * 3600, "3 d 3 h"),
    ],
)  # fmt: skip
def test_durations_read_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (number(None), "–"),
        (number(0.2161432), "0.216143"),
        (number(1234567.0, 3), "1.23e+06"),
        (rounded(None), "–"),
        (rounded(476083.2), "476,083"),
        (rounded(1.5e-7), "1.5e-7"),
        (signed(-0.25), "−0.25"),
        (fixed(-0.001), "0.00"),
        (counted(1, "run"), "1 run"),
        (counted(1200, "family", "families"), "1,200 families"),
    ],
)
def test_numbers_and_counts_read_as_people_write_them(shown: str, expected: str) -> None:
    assert shown == expected


def test_columns_line_up_and_trail_nothing() -> None:
    assert columns(("", "a"), [("long", "1"), ("b", "10")]) == ["       a", "long   1", "b     10"]


def test_a_value_no_room_knows_has_no_text() -> None:
    with pytest.raises(TypeError, match="no text form for a complex"):
        as_text(1j)


def test_ends_of_an_interval_have_one_notation() -> None:
    assert alike(954.0, 5040.0) == ("954", "5,040")
    assert alike(0.0, 5.04e7) == ("0", "5.04e7")
    assert alike(2e5, 3.1e6) == ("2e5", "3.1e6")
    assert alike(0.939, 0.97) == ("0.939", "0.97")
