"""Read tables from JSON: records, columns, and nested objects and lists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from superscope.numerals import NOT_NUMBERS

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 10_000_000


def read_records(data: bytes, *, lines: bool) -> pd.DataFrame:
    """Return the table in JSON; null is missing, and NaN and Infinity are failed numbers.

    Objects within a record become columns named with a dot, ``config.width``; a list of objects
    in it becomes rows, and lists of one length, such as a curve's steps and losses, do together.

    Parameters
    ----------
    data
        UTF-8 text.
    lines
        Whether each line is a record; otherwise the whole is a list of records, an object of
        columns, or a record.

    Raises
    ------
    ValueError
        The text is not JSON of this kind.
    """
    import pandas as pd

    text = data.decode("utf-8-sig")
    if lines:
        found: Any = [json.loads(line) for line in text.splitlines() if line.strip()]
        if not all(isinstance(record, dict) for record in found):
            raise ValueError("one of its lines is not an object")
    else:
        found = _as_list(json.loads(text))
    rows: list[dict[str, Any]] = []
    for record in found:
        rows += _rows(record)
        if len(rows) > MOST_ROWS:
            raise ValueError(f"it has more than {MOST_ROWS:,} rows")
    names = dict.fromkeys(name for row in rows for name in row)
    return pd.DataFrame({name: _column([row.get(name) for row in rows]) for name in names})


def _as_list(found: Any) -> list[Any]:
    """Return the records of a JSON value."""
    if isinstance(found, Mapping):
        columns = list(found.values())
        if columns and all(isinstance(c, Mapping) for c in columns):
            first = columns[0].keys()
            if all(c.keys() == first for c in columns) and not any(
                isinstance(v, (Mapping, list)) for c in columns for v in c.values()
            ):  # pandas' own: an object of columns by row; or records by name
                if all(str(key).isdecimal() for key in first):
                    return [{n: c[key] for n, c in found.items()} for key in first]
                return [{"name": name} | dict(record) for name, record in found.items()]
        found = [found]
    if not isinstance(found, list) or not all(isinstance(record, Mapping) for record in found):
        raise ValueError("it is neither a list of objects nor an object of columns")
    return found


def _rows(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    flat = dict(_flat(record))
    lists = {n: v for n, v in flat.items() if isinstance(v, list)}
    objects = [n for n, v in lists.items() if v and all(isinstance(i, Mapping) for i in v)]
    plain = {n: v for n, v in flat.items() if n not in lists}
    if len(objects) > 1:
        raise ValueError(
            f"a record has several lists of objects, {' and '.join(objects)}: which are rows?"
        )
    if objects:
        (name,) = objects
        others = {n: json.dumps(v) for n, v in lists.items() if n != name}
        inner = [row for item in lists[name] for row in _rows(item)]
        twice = [key for row in inner[:1] for key in row if key in plain]
        if twice:
            inner = [{f"{name}.{k}" if k in plain else k: v for k, v in r.items()} for r in inner]
        return [plain | others | row for row in inner]
    lengths = {len(v) for v in lists.values()}
    if len(lengths) == 1 and lengths != {0}:
        (length,) = lengths
        return [plain | {n: v[i] for n, v in lists.items()} for i in range(length)]
    return [plain | {n: json.dumps(v) for n, v in lists.items()}]


def _flat(record: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _column(values: Sequence[Any]) -> Any:
    """Return values as numbers, truth or text; None is absent, and NaN is not."""
    import numpy as np
    import pandas as pd

    absent = np.array([v is None for v in values])
    filled = [v for v in values if v is not None]
    if filled and all(isinstance(v, bool) for v in filled):
        return pd.array(values, dtype="boolean")
    if filled and all(type(v) is int and abs(v) < 2**63 for v in filled):
        return pd.array(values, dtype="Int64")
    words = [isinstance(v, str) and v.strip().lower() in NOT_NUMBERS for v in filled]
    numbers = [isinstance(v, (int, float)) and not isinstance(v, bool) for v in filled]
    if any(numbers) and all(a or b for a, b in zip(words, numbers, strict=True)):
        found = np.array([1.0 if v is None else float(v) for v in values])
        return pd.arrays.FloatingArray(found, absent)
    return pd.array(
        [None if v is None else v if isinstance(v, str) else json.dumps(v) for v in values],
        dtype="string",
    )
