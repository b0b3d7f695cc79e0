"""CONTRIBUTING's map shows every room, in the order of the import rule."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "superscope"
STALE = "run: make docs-write"


def shown() -> list[str]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `(\w+)(?:/|\.py)` \|", text, re.MULTILINE)


def test_every_room_is_shown() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert set(shown()) == rooms | modules, STALE


def test_a_room_stands_below_what_it_may_import() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        (contract,) = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = [room for layer in reversed(contract["layers"]) for room in layer.split(" | ")]
    assert shown() == layers, STALE
