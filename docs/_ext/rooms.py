"""The API reference: a page for each room, made from the names that the room makes public."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from sphinx.application import Sphinx

FOLDER = "api"
# In the order of the line: heads, geometry, observations, laws, forecasts.
ROOMS = (
    "heads", "geometry", "observations", "tables", "laws", "forecasts", "toy", "frequency",
    "evaluation", "study", "runs", "figures", "report", "errors",
)  # fmt: skip


def public(module: ModuleType) -> dict[str, Any]:
    """Return the names that a module makes public, with what they stand for."""
    names = getattr(module, "__all__", None)
    if names is None:  # what it defines itself
        names = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
        ]
    found = {name: getattr(module, name) for name in names}
    return {n: v for n, v in found.items() if n != "__version__" and not inspect.ismodule(v)}


def directive(value: Any) -> str:
    """Return the directive that documents a value."""
    if isinstance(value, type):
        return "autoexception" if issubclass(value, BaseException) else "autoclass"
    return "autofunction" if inspect.isroutine(value) else "autodata"


def page(module: ModuleType, names: dict[str, Any]) -> str:
    """Return a room's page: a table of its names, then each with its docstring."""
    room = module.__name__
    lines = [room, "=" * len(room), "", f".. automodule:: {room}", "", f".. currentmodule:: {room}",
             "", ".. autosummary::", "", *(f"   {name}" for name in sorted(names)), ""]  # fmt: skip
    for name, value in sorted(names.items()):
        kind = directive(value)
        lines.append(f".. {kind}:: {name}")
        if kind in ("autoclass", "autoexception"):
            lines.append("   :members:")
        if kind == "autodata":
            lines.append("   :no-value:")
        lines.append("")
    return "\n".join(lines)


def front(shown: dict[str, ModuleType], homes: dict[int, str]) -> str:
    """Return the page of the package itself: its names, and where each is described."""
    import superscope

    lines = ["API reference", "=============", "",
             "Made from the docstrings. ``import superscope`` gives these names:", ""]  # fmt: skip
    for name, value in sorted(public(superscope).items()):
        home = homes.get(id(value), f"superscope.{name}")
        lines.append(f"- ``superscope.{name}``: :py:obj:`{home}`")
    lines += ["", "Each room has a page.", "", ".. toctree::", "   :maxdepth: 1", ""]
    lines += [f"   {room}" for room in shown]
    lines += ["", "superscope.measure", "------------------", "",
              ".. autofunction:: superscope.measure", ""]  # fmt: skip
    return "\n".join(lines)


def write(app: Sphinx) -> None:
    """Write the pages, those that changed only."""
    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(exist_ok=True)
    homes: dict[int, str] = {}
    shown, pages = {}, {}
    for room in ROOMS:
        if find_spec(f"superscope.{room}") is None:
            continue
        module = import_module(f"superscope.{room}")
        names = {n: v for n, v in public(module).items() if id(v) not in homes}
        if not names:
            continue
        homes |= {id(value): f"superscope.{room}.{name}" for name, value in names.items()}
        shown[room] = module
        pages[room] = page(module, names)
    pages["index"] = front(shown, homes)
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for stale in {path.stem for path in folder.glob("*.rst")} - pages.keys():
        (folder / f"{stale}.rst").unlink()


def keep_bars(*event: Any) -> None:
    """Let ``|c|`` in a docstring be an absolute value, not a substitution."""
    lines: list[str] = event[-1]
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = re.split(r"(``.*?``)", line)
            parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
            lines[i] = "".join(parts)


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for any."""
    app.connect("builder-inited", write)
    app.connect("autodoc-process-docstring", keep_bars)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
