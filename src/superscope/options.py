"""Let functions take the fields of a frozen dataclass of options as keywords."""

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
    """Return options with some replaced; raise UsageError for an unknown name."""
    names = [f.name for f in fields(options)]
    for name in changes:
        if name not in names:
            hint = did_you_mean(name, names).strip() or f"options: {', '.join(names)}"
            raise UsageError(f"{what} has no option {name!r}; {hint}")
    return replace(options, **changes)


def check_choices(options: DataclassInstance) -> None:
    """Raise UsageError for a value that is not among the choices of its field."""
    for name, kind in get_type_hints(type(options)).items():
        value, known = getattr(options, name), get_args(kind)
        if known and all(isinstance(choice, str) for choice in known) and value not in known:
            raise UsageError(f"{name}={value!r}; expected one of {', '.join(known)}")


def taking(options: type[DataclassInstance]) -> Callable[[Function], Function]:
    """Show the fields of `options` in a function's help, in place of its ``**changes``.

    Signature and docstring list the fields, so completion in editors and notebooks knows them.
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
