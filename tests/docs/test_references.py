"""Every source that a docstring or a page cites stands on the page of references."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "references.md").read_text(encoding="utf-8")
ENTRIES = re.findall(r"^\*\*(.+?)\.\*\* ((?:.+\n)+)", PAGE, re.MULTILINE)
KEYS = {key for key, _ in ENTRIES}

KEY = re.compile(r"\b[A-Z]{1,4}\d\d[a-z]?\b")
NOT_A_KEY = re.compile(r"(BF|TF|F|I|U|C|A|V|B)(8|16|32|64|100|40)$")  # dtypes, processors
NAMES = r"[A-Z][a-zé]+(?:,? (?:and|&) [A-Z][a-zé]+| et al\.)?"
AUTHOR_YEAR = re.compile(rf"\b({NAMES}),? \(?((?:19|20)\d\d)\b")
NOT_AN_AUTHOR = {"January", "February", "March", "April", "May", "June", "July", "August",
                 "September", "October", "November", "December",
                 "NeurIPS", "Copyright", "Python", "Debian"}  # fmt: skip


def cited(text: str) -> Iterator[str]:
    """Yield the keys, and the pairs of author and year, that a text cites."""
    for match in KEY.finditer(text):
        if not NOT_A_KEY.match(match[0]):
            yield match[0]
    for match in AUTHOR_YEAR.finditer(text):
        if match[1] not in NOT_AN_AUTHOR:
            yield f"{match[1]} {match[2]}"


def resolves(citation: str) -> bool:
    if KEY.fullmatch(citation):
        return citation in KEYS
    *names, year = re.findall(r"[A-Z][a-zé]+|\d{4}", citation)
    return any(year in work and all(name in work for name in names) for _, work in ENTRIES)


def docstrings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


@pytest.mark.parametrize(
    "path", sorted((ROOT / "src").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT / "src"))
)
def test_docstrings_cite_what_resolves(path: Path) -> None:
    missing = {c for text in docstrings(path) for c in cited(text) if not resolves(c)}
    assert not missing, "not in docs/references.md"


@pytest.mark.parametrize(
    "path",
    [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"],
    ids=lambda p: p.name,
)
def test_pages_cite_what_resolves(path: Path) -> None:
    missing = {c for c in cited(path.read_text(encoding="utf-8")) if not resolves(c)}
    assert not missing, "not in docs/references.md"


def test_each_entry_has_a_target_of_its_own() -> None:
    targets = re.findall(r"^\((.+)\)=\n\*\*(.+?)\.\*\*", PAGE, re.MULTILINE)
    names = [unicodedata.normalize("NFKD", name.lower()) for _, name in targets]
    plain = [re.sub(r"[^a-z0-9]+", "-", n.encode("ascii", "ignore").decode()) for n in names]
    assert plain == [target for target, _ in targets]
    assert len(targets) == len(ENTRIES) == len(KEYS)


def test_unknown_sources_are_noticed() -> None:
    assert list(cited("after XY99 and Nobody 1901, in F32, BF16; March 2025")) == [
        "XY99",
        "Nobody 1901",
    ]
    assert not resolves("XY99")
    assert not resolves("Nobody 1901")
    assert not resolves("Efron 1988")
    assert resolves("Heritier and Ronchetti 1994")
