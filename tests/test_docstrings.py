"""The form of public docstrings, by numpydoc's validator."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from enum import Enum

from numpydoc.docscrape import get_doc_object
from numpydoc.validate import validate

import superscope

CHECKS = {
    "GL03": "no two empty lines together",
    "GL05": "no tabs",
    "GL06": "only sections that numpydoc knows",
    "GL07": "sections in numpydoc's order",
    "GL08": "there is a docstring",
    "GL10": "directives end with two colons",
    "SS01": "there is a summary",
    "SS03": "the summary ends with a full stop",
    "SS04": "the summary is not indented",
    "SS05": "the summary's verb is an imperative",
    "SS06": "the summary is one line",
    "PR01": "every parameter is described",
    "PR02": "no parameter is described that there is not",
    "PR03": "parameters stand in the signature's order",
    "PR05": "a type does not end with a full stop",
    "PR07": "a parameter's description is not empty",
    "PR09": "a parameter's description ends with a full stop",
    "PR10": "a space stands before the colon of a type",
    "RT01": "what a function returns is described",
    "RT03": "the description of what is returned is not empty",
    "YD01": "what is yielded is described",
}
# A method without sections says in a line or two what it takes and returns.
SHORT = frozenset({"PR01", "RT01", "YD01"})


def rooms() -> list[str]:
    """Return the packages whose ``__all__`` is the public interface."""
    packages = [found.name for found in pkgutil.iter_modules(superscope.__path__) if found.ispkg]
    return ["superscope", *(f"superscope.{name}" for name in sorted({*packages} - {"cli"}))]


def public() -> dict[str, object]:
    """Return what is public by its name, each thing once: functions, classes, their methods."""
    found: dict[str, object] = {}
    seen: set[int] = set()
    for room in rooms():
        module = importlib.import_module(room)
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if not (inspect.isfunction(value) or inspect.isclass(value)) or id(value) in seen:
                continue
            seen.add(id(value))
            found[f"{room}.{name}"] = value
            found |= {f"{room}.{name}.{n}": member for n, member in members(value)}
    return found


def members(owner: object) -> Iterator[tuple[str, object]]:
    """Yield the public methods and properties that a class defines itself."""
    for name, member in vars(owner).items() if inspect.isclass(owner) else ():
        bare = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
        if not name.startswith("_") and (inspect.isfunction(bare) or isinstance(bare, property)):
            yield name, bare


def faults(name: str, value: object) -> list[str]:
    """Return what is wrong with a docstring, a line each."""
    doc = get_doc_object(value)
    told = {code: text for code, text in validate(doc)["errors"] if code in CHECKS}
    is_method = "." in getattr(value, "__qualname__", "")
    if is_method and not doc["Parameters"] and not doc["Returns"]:
        told = {code: text for code, text in told.items() if code not in SHORT}
    if dataclasses.is_dataclass(value):
        told.pop("PR01", None)
        own = inspect.get_annotations(value)  # a base describes its own
        fields = [f.name for f in dataclasses.fields(value) if f.name in own and f.name[0] != "_"]
        described = {n.strip() for s in ("Attributes", "Parameters") for p in doc[s]
                     for n in p.name.split(",")}  # fmt: skip
        if missing := [f for f in fields if f not in described]:
            told["PR01"] = f"Fields {missing} not documented"
    if inspect.isclass(value) and issubclass(value, (Enum, Exception)):
        told.pop("PR01", None)
    return [f"{code}: {text}" for code, text in told.items()]


def test_public_docstrings_are_in_form() -> None:
    found = public()
    assert len(found) > 200
    wrong = [f"{name}: {fault}" for name, value in found.items() for fault in faults(name, value)]
    print("\n".join(wrong))
    assert not wrong, f"{len(wrong)} faults"


def test_a_fault_is_found() -> None:
    def wrong(x: int) -> int:
        """Returns twice x

        Parameters
        ----------
        y
            Nothing
        """
        return 2 * x

    assert {fault[:4] for fault in faults("wrong", wrong)} == {
        "SS03", "SS05", "PR01", "PR02", "PR09", "RT01",
    }  # fmt: skip
