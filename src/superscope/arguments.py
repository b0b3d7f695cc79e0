"""Check the arguments of public functions and of dataclasses of options by their annotations.

A misspelt name, a missing argument and a value of the wrong type are errors of the user, so
:func:`checked` raises UsageError for them in one place.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache, wraps
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from superscope.errors import UsageError, did_you_mean

Checked = TypeVar("Checked", bound=Callable[..., Any])

LISTS = (tuple, Sequence, Iterable)
NAMES: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "a string",
    bool: "True or False",
    Path: "a path",
    NoneType: "None",
    Mapping: "a mapping",
    tuple: "a list",
    Sequence: "a list",
    Iterable: "a list",
}


def checked(wanted: Checked) -> Checked:
    """Let a function, or a dataclass, raise UsageError for arguments that it does not take.

    Numbers, strings, paths, choices, lists and classes are compared with the annotations; what
    else is annotated is not checked. Whole numbers become ``int``, and paths :class:`Path`.
    """
    made: Any = wanted
    if isinstance(wanted, type):
        made.__init__ = _checking(made.__init__, wanted, "option")
        return wanted
    call: Checked = _checking(made, wanted, "argument")
    return call


def refuse_unknown(what: str, kind: str, names: Iterable[str], known: Sequence[str]) -> None:
    """Raise UsageError for the first name that is not known, with the nearest that is."""
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known).strip() or f"{kind}s: {', '.join(known)}"
            raise UsageError(f"{what} has no {kind} {name!r}; {hint}")


def _checking(function: Any, wanted: Any, kind: str) -> Any:
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.name != "self"]
    by_name = [p.name for p in own if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    open_ended = by_name and own[-1].kind is inspect.Parameter.VAR_KEYWORD

    @wraps(function)
    def call(*values: Any, **named: Any) -> Any:
        if not open_ended:
            refuse_unknown(wanted.__name__, kind, named, by_name)
        try:
            bound = signature.bind(*values, **named)
        except TypeError as error:
            raise UsageError(f"{wanted.__name__}: {error}") from None
        for name, kinds in _annotations(wanted).items():
            if name in bound.arguments and not (open_ended and name == own[-1].name):
                bound.arguments[name] = _taken(name, bound.arguments[name], kinds)
        return function(*bound.args, **bound.kwargs)

    return call


@cache
def _annotations(wanted: Any) -> dict[str, tuple[Any, ...]]:
    """Return the kinds that each argument may have, of those that are checked."""
    hints: dict[str, Any] = {}
    if isinstance(wanted, type):
        hints = get_type_hints(wanted)
    else:
        for name, hint in wanted.__annotations__.items():
            with suppress(NameError):  # a name that only type checkers import
                alone = SimpleNamespace(__annotations__={name: hint})
                hints |= get_type_hints(alone, wanted.__globals__)
    kinds = {name: _kinds(hint) for name, hint in hints.items()}
    return {name: of for name, of in kinds.items() if all(map(_is_known, of))}


def _kinds(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the type itself."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _is_known(kind: Any) -> bool:
    origin = get_origin(kind)
    if origin is not None:
        return origin in (Literal, Mapping, *LISTS)
    return isinstance(kind, type) and kind is not Any and not getattr(kind, "_is_protocol", False)


def _taken(name: str, value: Any, kinds: tuple[Any, ...]) -> Any:
    """Return a value as one of its kinds; raise UsageError if it is none."""
    if _fits(value, kinds):
        return int(value) if int in kinds and float not in kinds and _is_number(value) else value
    if Path in kinds and isinstance(value, (str, os.PathLike)):
        return Path(value)
    if str in kinds and (isinstance(value, os.PathLike) or type(value).__name__ == "device"):
        return str(value)  # a device of torch is known by its text
    raise _refusal(name, value, kinds)


def _fits(value: Any, kinds: tuple[Any, ...]) -> bool:
    if any(_is_a(value, kind) for kind in kinds):
        return True
    return _is_number(value) and (float in kinds or (int in kinds and float(value).is_integer()))


def _is_a(value: Any, kind: Any) -> bool:
    """Return whether a value needs no conversion to be of a kind."""
    origin = get_origin(kind)
    if origin is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if origin is Mapping:
        return isinstance(value, Mapping) and _unfit(value.values(), kind) is None
    if origin in LISTS:
        if isinstance(value, str) or not isinstance(value, Iterable):  # one alone
            return (origin is tuple or isinstance(value, str)) and _fits(value, _members(kind))
        return not isinstance(value, Mapping) and (
            not isinstance(value, (list, tuple)) or _unfit(value, kind) is None
        )
    if kind is bool:
        return type(value).__name__ in ("bool", "bool_")  # numpy's too
    return isinstance(value, kind) and not (isinstance(value, bool) and kind in (int, float))


def _members(kind: Any) -> tuple[Any, ...]:
    """Return the kinds of a list's items, or of a mapping's values."""
    *names, of = (one for one in get_args(kind) if one is not ...)
    return _kinds(of if get_origin(kind) is Mapping or not names else names[0])


def _unfit(values: Iterable[Any], kind: Any) -> tuple[Any] | None:
    """Return the first of a list's items that is of no kind that they may have."""
    of = _members(kind)
    if not all(map(_is_known, of)):
        return None
    return next(((value,) for value in values if not _fits(value, of)), None)


def _is_number(value: Any) -> bool:
    """Return whether a value is a real number of any library, but no truth value or text."""
    if type(value).__name__ in ("bool", "bool_") or getattr(value, "ndim", None):
        return False
    try:
        return hasattr(value, "__float__") and float(value) is not None
    except (TypeError, ValueError, OverflowError):
        return False


def _refusal(name: str, value: Any, kinds: tuple[Any, ...]) -> UsageError:
    """Return the error for a value that is of none of its kinds."""
    for kind in kinds:
        items = value.values() if isinstance(value, Mapping) else value
        if get_origin(kind) in (Mapping, *LISTS) and isinstance(value, (Mapping, list, tuple)):
            unfit = _unfit(items, kind)
            if unfit and isinstance(value, Mapping) == (get_origin(kind) is Mapping):
                whole = name.removeprefix("every item of ")
                return _refusal(f"every item of {whole}", unfit[0], _members(kind))
    choices = [choice for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)]
    if choices and all(kind is NoneType or get_origin(kind) is Literal for kind in kinds):
        hint = did_you_mean(str(value), choices, 0.6)
        return UsageError(f"{name}={value!r}; {hint}expected one of {', '.join(choices)}")
    plain = value is None or isinstance(value, (str, int, float))
    given = repr(value) if plain else _article(type(value))
    *others, last = dict.fromkeys(map(_described, kinds))
    either = f"{', '.join(others)} or {last}" if others else last
    return UsageError(f"{name} must be {either}, not {given}")


def _described(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(map(repr, get_args(kind)))
    return NAMES.get(get_origin(kind) or kind) or _article(kind)


def _article(kind: type) -> str:
    """Return the name of a class after an article, with the package if it is another's."""
    package = kind.__module__.partition(".")[0]
    name = kind.__name__ if package in ("builtins", "superscope") else f"{package}.{kind.__name__}"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
