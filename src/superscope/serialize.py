"""Frozen dataclasses with arrays, to JSON and back without loss."""

from __future__ import annotations

import base64
import dataclasses
import json
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from superscope.errors import FormatError

T = TypeVar("T")

LONG = 20_000  # numbers; longer arrays are written as base64 of their bytes


def encode(value: Any, derived: Callable[[Any], dict[str, Any]]) -> str:
    """Return a dataclass as one line of JSON.

    `derived` gives further numbers for a reader of the JSON; decoding ignores them.
    """
    return json.dumps(_plain(value, derived), allow_nan=False)


def _plain(value: Any, derived: Callable[[Any], dict[str, Any]]) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        stored = {k: getattr(value, f.name) for f in dataclasses.fields(value) if (k := _key(f))}
        more = derived(value)
        if more:
            stored["derived"] = more
        return {name: _plain(item, derived) for name, item in stored.items()}
    if isinstance(value, np.ndarray):
        little = value.astype(value.dtype.newbyteorder("<"), copy=False)
        form = {"dtype": little.dtype.str, "shape": list(value.shape)}
        if value.size > LONG or not np.isfinite(value).all():  # JSON has no NaN
            data = base64.b64encode(np.ascontiguousarray(little).tobytes()).decode("ascii")
            return form | {"base64": data}
        return form | {"values": value.tolist()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(item, derived) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item, derived) for item in value]
    return value


def _key(field: dataclasses.Field[Any]) -> str | None:
    """Return what JSON calls a field: its name, or what its metadata says; None leaves it out."""
    name: str | None = field.metadata.get("json", field.name)
    return name


def decode(cls: type[T], text: str) -> T:
    """Return the dataclass that :func:`encode` wrote.

    Raises
    ------
    FormatError
        The text is not JSON of this dataclass.
    """
    try:
        written = json.loads(text, parse_constant=_refuse)
    except (json.JSONDecodeError, RecursionError):
        raise FormatError(f"this is not JSON, and so no {cls.__name__}") from None
    except ValueError as error:
        raise FormatError(f"this JSON is not a {cls.__name__} of this version: {error}") from None
    try:
        value: T = _typed(cls, written)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as e:
        field = f"no {e.args[0]!r}" if isinstance(e, KeyError) else str(e)
        raise FormatError(f"this JSON is not a {cls.__name__} of this version: {field}") from None
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not valid JSON")


def _typed(kind: Any, value: Any) -> Any:
    """Return JSON `value` as the annotated type `kind`."""
    origin = typing.get_origin(kind)
    if origin is types.UnionType or origin is typing.Union:
        inner = [k for k in typing.get_args(kind) if k is not type(None)]
        return None if value is None else _first_that_fits(inner, value)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        # A field with a default may be newer than the JSON.
        known = [
            f
            for f in dataclasses.fields(kind)
            if _key(f) in value or f.default is dataclasses.MISSING
        ]
        content = {f.name: _typed(hints[f.name], value[_key(f)]) for f in known}
        return kind(**content)  # type: ignore[operator]
    if origin is tuple:
        item = typing.get_args(kind)[0]
        return tuple(_typed(item, v) for v in value)
    if origin in (dict, Mapping):
        return {str(k): _typed(typing.get_args(kind)[1], v) for k, v in value.items()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if origin is np.ndarray:
        return _array(kind, value)
    if kind is float and type(value) is int:  # other programs write 1.0 as 1
        return float(value)
    if isinstance(kind, type) and type(value) is not kind:
        raise TypeError(f"{value!r} is not of type {kind.__name__}")
    return value


def _first_that_fits(kinds: list[Any], value: Any) -> Any:
    for kind in kinds[:-1]:
        try:
            return _typed(kind, value)
        except TypeError:
            continue
    return _typed(kinds[-1], value)


def _array(kind: Any, value: Any) -> npt.NDArray[Any]:
    dtype = np.dtype(value["dtype"])
    expected = np.dtype(typing.get_args(typing.get_args(kind)[1])[0])
    if dtype != expected:
        raise TypeError(f"an array of {dtype}, not {expected}")
    if "base64" in value:
        flat = np.frombuffer(base64.b64decode(value["base64"], validate=True), dtype).copy()
    else:
        flat = np.array(value["values"], dtype)
    return flat.reshape(value["shape"])
