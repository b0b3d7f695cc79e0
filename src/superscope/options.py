"""Options declared once, as a frozen dataclass, and taken as keywords by functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from superscope.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Options = TypeVar("Options", bound=DataclassInstance)
Function = TypeVar("Function", bound=Callable[..., Any])


def changed(options: Options, changes: Mapping[str, Any], what: str) -> Options:
    """Return options with some replaced; UsageError for a name that is none of `what`'s options."""
    names = [f.name for f in fields(options)]
    for name in changes:
        if name not in names:
            hint = did_you_mean(name, names).strip() or f"options: {', '.join(names)}"
            raise UsageError(f"{what} has no option {name!r}; {hint}")
    return replace(options, **changes)


def check_choices(options: DataclassInstance) -> None:
    """Refuse a value that is not one of its field's Literal."""
    for name, kind in get_type_hints(type(options)).items():
        value, known = getattr(options, name), get_args(kind)
        if known and all(isinstance(choice, str) for choice in known) and value not in known:
            raise UsageError(f"{name}={value!r}; expected one of {', '.join(known)}")


def taking(options: type[DataclassInstance]) -> Callable[[Function], Function]:
    """Show the fields of `options` in help and completion, in place of a function's ``**changes``.

    The function's docstring describes the fields as the dataclass does, where ``**changes`` stands.
    """

    def shown(function: Function) -> Function:
        signature = inspect.signature(function)
        kinds = get_type_hints(options)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        keywords = [
            inspect.Parameter(
                f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=kinds[f.name]
            )
            for f in fields(options)
        ]
        function.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*own, *keywords]
        )
        if function.__doc__:
            function.__doc__ = inspect.cleandoc(function.__doc__).replace(
                "**changes\n    Options, by name.\n", _described(options)
            )
        return function

    return shown


def _described(options: type) -> str:
    """Return what the docstrings of a dataclass and its bases say of the fields, in order."""
    docs = [c.__dict__.get("__doc__") or "" for c in reversed(options.__mro__)]
    parts = [inspect.cleandoc(doc).partition("Attributes\n----------\n")[2] for doc in docs]
    return "".join(f"{part.strip()}\n" for part in parts if part)
