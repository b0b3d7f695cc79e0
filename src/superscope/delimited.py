"""Read delimited text with any usual separator, header, comments and encoding."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = (",", ";", "\t", "|")
NAMED = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "space": " ", "bar": "|"}
WORDS = {",": "commas", ";": "semicolons", "\t": "tabs", " ": "spaces", "|": "bars"}
TRIED_ROWS = 50  # rows that tell the separator
# A spreadsheet runs a cell that begins with one of these.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
INERT = "'"  # a spreadsheet takes the rest of such a cell for text


def read_delimited(
    data: bytes, separator: str | None = None, *, tabs: bool = False
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a table of strings, null where a cell is empty, and notes on how it was read.

    Lines above the header that begin with ``#`` are skipped.

    Parameters
    ----------
    data
        A file's bytes: UTF-8, or UTF-16 with its mark.
    separator
        Between cells, as it is or by its name; None: the first of comma, semicolon, tab and bar
        that gives every row the same number of cells.
    tabs
        Whether tabs are to be tried first.

    Raises
    ------
    ValueError
        The text is not a table.
    """
    import pandas as pd

    lines, comments = _without_comments(_text(data))
    skipped = counted(comments, "line above the header was", "lines above the header were")
    notes = [f"{skipped} skipped"] if comments else []
    found = NAMED.get(separator, separator) if separator else _separator(lines, tabs=tabs)
    if len(found) != 1 or found in '"\n\r':
        raise ValueError(f"the separator is one character, not {found!r}")
    usual = "\t" if tabs else ","
    if found != usual and separator is None:
        notes.append(f"the cells are separated by {WORDS.get(found, found)}")
    rows = _rows(lines, found)
    if not rows:
        raise ValueError("it has no rows")
    (first, names), *body = rows
    header = _header(names, body)
    for line, row in body:
        if len(row) > len(header):
            raise ValueError(
                f"line {line + comments} has {len(row)} cells, but the header (line "
                f"{first + comments}) has {len(header)}; name the separator (separator=';'), or "
                "begin lines above the header with #"
            )
    columns = {
        name: [_cell(row[i]) if i < len(row) else None for _, row in body]
        for i, name in enumerate(header)
        if name
    }
    return pd.DataFrame({n: pd.array(v, dtype="string") for n, v in columns.items()}), tuple(notes)


def inert(text: str) -> str:
    """Return a cell that spreadsheets do not run as a formula; reading the table undoes it."""
    return INERT + text if text.lstrip(INERT).startswith(FORMULA) else text


def _cell(text: str) -> str | None:
    if text.startswith(INERT) and text.lstrip(INERT).startswith(FORMULA):
        return text[1:]
    return text or None


def _text(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"byte {error.start:,} is not UTF-8; save the file as UTF-8 text"
        ) from None


def _without_comments(text: str) -> tuple[str, int]:
    """Return the text from its header on, and how many lines stood above it.

    Where the first row holds numbers alone, the header is the last comment, as numpy writes it.
    """
    skipped, rest = 0, text
    last = ""
    while rest.startswith("#") or re.match(r"sep=.\r?\n", rest):
        last, _, rest = rest.partition("\n")
        skipped += 1
    first = rest.partition("\n")[0]
    cells = re.split(r"[,;\t| ]+", first.strip())
    if last.startswith("#") and all(map(_is_number, cells)):
        return f"{last.lstrip('#').strip()}\n{rest}", skipped - 1
    return rest, skipped


def _is_number(text: str) -> bool:
    try:
        float(text.strip('"'))
    except ValueError:
        return False
    return True


def _rows(text: str, separator: str, most: int | None = None) -> list[tuple[int, list[str]]]:
    """Return the line each row ends in and its cells; rows without a cell are left out."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=separator == " "
    )
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            if row and any(row):
                rows.append((reader.line_num, row))
            if most is not None and len(rows) >= most:
                break
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from None
    return rows


def _separator(text: str, *, tabs: bool) -> str:
    order = ("\t", *(s for s in SEPARATORS if s != "\t")) if tabs else SEPARATORS
    for separator in order:
        counts = {len(row) for _, row in _rows(text, separator, TRIED_ROWS)}
        if len(counts) == 1 and counts != {1}:
            return separator
    # Rows of different lengths, or one column.
    header = text.partition("\n")[0]
    inside = [s for s in order if s in header]
    return inside[0] if inside else order[0]


def _header(cells: Sequence[str], body: Sequence[tuple[int, list[str]]]) -> list[str]:
    """Return the columns' names without spaces around them; empty of a column to be left out."""
    names = [cell.strip() for cell in cells]
    for i, name in enumerate(names):
        if not name and any(i < len(row) and row[i].strip() for _, row in body):
            names[i] = f"Unnamed: {i}"  # what pandas calls it
    for i, name in enumerate(names):
        if name and name in names[:i]:
            raise ValueError(
                f"it has the column {name!r} more than once (columns {names.index(name) + 1} and "
                f"{i + 1}); rename or remove one of them"
            )
    return names
