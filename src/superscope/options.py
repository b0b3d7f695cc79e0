"""Let functions take the fields of a frozen dataclass of options as keywords."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from superscope.arguments import refuse_unknown
from superscope.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Options = TypeVar("Options", bound=DataclassInstance)
Function = TypeVar("Function", bound=Callable[..., Any])


def changed(options: Options, changes: Mapping[str, Any], what: str) -> Options:
    """Return options with some replaced; raise UsageError for an unknown name."""
    refuse_unknown(what, "option", changes, [f.name for f in fields(options)])
    return replace(options, **changes)


def check_least(options: DataclassInstance, least: Mapping[str, int]) -> None:
    """Raise UsageError for the first named option that is less than it may be; None is not."""
    for name, low in least.items():
        value = getattr(options, name)
        if value is not None and value < low:
            raise UsageError(f"{name}={value}; it must be at least {low}")


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
