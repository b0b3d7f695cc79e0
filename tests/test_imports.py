"""How the package is put together: no circles, no long modules, no name for two things."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import grimp
import pytest

import superscope

ROOT = Path(superscope.__file__).parent
LONGEST = 400  # lines of a module
PACKAGES = ["superscope"] + [
    found.name for found in pkgutil.walk_packages([str(ROOT)], "superscope.") if found.ispkg
]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """What imports what, also inside functions; not what only the type checker sees."""
    return grimp.build_graph("superscope", exclude_type_checking_imports=True, cache_dir=None)


def circles(graph: grimp.ImportGraph) -> set[frozenset[str]]:
    """Return the sets of modules that all reach each other: Tarjan's components of two or more."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    waiting: list[str] = []
    found: set[frozenset[str]] = set()

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        waiting.append(module)
        for other in graph.find_modules_directly_imported_by(module):
            if other not in order:
                visit(other)
            if other in waiting:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == order[module]:
            at = waiting.index(module)
            if len(waiting) - at > 1:
                found.add(frozenset(waiting[at:]))
            del waiting[at:]

    for module in sorted(graph.modules):
        if module not in order:
            visit(module)
    return found


def test_a_circle_is_found() -> None:
    graph = grimp.ImportGraph()
    for importer, imported in ("ab", "bc", "ca", "cd", "de", "fa"):
        graph.add_import(importer=importer, imported=imported)
    assert circles(graph) == {frozenset("abc")}


def test_no_module_imports_itself_through_others(graph: grimp.ImportGraph) -> None:
    """Neither two files of one room nor a file and its own package; other rooms are layers."""
    assert {tuple(sorted(circle)) for circle in circles(graph)} == set()


def test_no_module_is_long() -> None:
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in ROOT.rglob("*.py")}
    assert {str(path.relative_to(ROOT)): n for path, n in lines.items() if n > LONGEST} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_has_the_name_of_what_its_package_exports(package: str) -> None:
    """``from superscope.laws import fit`` is one thing, whatever was imported before it."""
    loaded = importlib.import_module(package)
    modules = {found.name for found in pkgutil.iter_modules(loaded.__path__) if not found.ispkg}
    assert modules & set(getattr(loaded, "__all__", ())) == set()
