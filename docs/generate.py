"""Write the pages that show output from the real output, or check that they still do.

    python docs/generate.py           # write
    python docs/generate.py --check   # exit 1 if a page shows something else

A page says what is run between two comments. A command::

    <!-- run: superscope fit table.csv --law width -->
    <!-- /run -->

and Python, whose code is kept and whose output is shown below it (the blocks of a page share
their names, as in a notebook)::

    <!-- run: python -->
    ```python
    1 + 1
    ```
    <!-- /run -->

``run when written`` instead of ``run`` is for a command of a minute: --check leaves its block
as it is. Blocks run in order, all in one folder, and a command that several pages show runs once.
Numbers may differ in their last digits between machines; --check allows 1 part in 1,000.
"""

from __future__ import annotations

import ast
import io
import os
import re
import shlex
import sys
import tempfile
import tomllib
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

os.environ.update({"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})  # as a reader sees it

import pandas as pd
import study_family
import toy_sweep

from superscope.cli import main as superscope
from superscope.laws import FitStatus

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
TOLERANCE = 1e-3
COMMANDS: tuple[list[str], ...] = (
    [], ["measure"], ["lens"], ["loss"], ["frequency"], ["study"], ["emergence"],
    ["toy"], ["toy", "train"], ["toy", "sweep"], ["toy", "table"], ["toy", "figures"],
    ["lab"], ["lab", "train"], ["lab", "table"], ["lab", "report"], ["watch"],
    ["fit"], ["test"], ["forecast"], ["plan"], ["roll-out"], ["budget"], ["repack"], ["cache"],
)  # fmt: skip

RUN = re.compile(r"<!-- (run(?: when written)?): (.+?) -->\n(.*?)<!-- /run -->", re.DOTALL)
CODE = re.compile(r"```python\n(.*?)```\n", re.DOTALL)
TABLE = re.compile(r"(<!-- (statuses|rooms) -->\n).*?(<!-- /\2 -->)", re.DOTALL)


def printed(job: Callable[[], object]) -> str:
    """Return what a job writes to standard output."""
    shown, errors = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(shown), redirect_stderr(errors):
            job()
    except SystemExit as end:
        if end.code:
            raise RuntimeError(errors.getvalue()) from None
    return shown.getvalue().rstrip()


@cache
def command(words: tuple[str, ...]) -> str:
    """Return what a superscope command prints; the files it writes stay for later blocks."""
    return printed(lambda: superscope(list(words)))


def python(code: str, names: dict[str, Any]) -> str:
    """Return what code prints and, as in a notebook, the value of its last expression."""

    def job() -> None:
        tree = ast.parse(code)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "page", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "page", "eval"), names)
            if value is not None:
                print(value if isinstance(value, str) else repr(value))

    return printed(job)


def with_output(page: Path, every: bool) -> str:
    """Return a page with the output of what it runs: every block, or only those of seconds."""
    names: dict[str, Any] = {"__name__": "__main__"}

    def run(block: re.Match[str]) -> str:
        if block[1] != "run" and not every:
            return block[0]
        if block[2] == "python":
            code = "".join(CODE.findall(block[3]))
            output = python(code, names)
            shown = f"```python\n{code}```\n" + (f"```text\n{output}\n```\n" if output else "")
        else:
            words = tuple(shlex.split(block[2])[1:])
            shown = f"```text\n$ {block[2]}\n{command(words)}\n```\n"
        return f"<!-- {block[1]}: {block[2]} -->\n{shown}<!-- /run -->"

    text = RUN.sub(run, page.read_text(encoding="utf-8"))
    tables = {"statuses": statuses, "rooms": rooms}
    return TABLE.sub(lambda block: block[1] + tables[block[2]]() + block[3], text)


def statuses() -> str:
    """Return the table of what the judge may find."""
    rows = "".join(
        f"| {s.value} | {'yes' if s.severe else 'no'} | {s.meaning} | {s.remedy} |\n"
        for s in FitStatus
        if s is not FitStatus.IDENTIFIED
    )
    return f"| finding | not identified | what it means | what to try |\n|---|---|---|---|\n{rows}"


def rooms() -> str:
    """Return the table of rooms in the order of the import rule, the lowest first."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        (contract,) = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    rows = ["| room | subject |", "|---|---|"]
    for layer in reversed(contract["layers"]):
        for room in layer.split(" | "):
            path = ROOT / "src" / "superscope" / room
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            summary = (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").split("\n")[0]
            rows.append(f"| `{room}{'/' if path.is_dir() else '.py'}` | {summary} |")
    return "\n".join(rows) + "\n"


def command_page() -> str:
    """Return the page of the command line: every command's help."""
    parts = ["# Command line\n", "Generated from the commands themselves.\n"]
    for words in COMMANDS:
        title = " ".join(["superscope", *words])
        parts.append(f"## {title}\n\n```text\n{command((*words, '--help'))}\n```\n")
    return "\n".join(parts)


def pages(every: bool) -> dict[Path, str]:
    """Return every generated page with what it should contain."""
    showing = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]
    marks = ("<!-- run", "<!-- statuses -->", "<!-- rooms -->")
    with tempfile.TemporaryDirectory() as name, chdir(name):
        for there in (".cache", "examples", "docs"):
            Path(there).symlink_to(ROOT / there)
        found = {
            page: with_output(page, every)
            for page in showing
            if any(mark in page.read_text(encoding="utf-8") for mark in marks)
        }
    found[DOCS / "command-line.md"] = command_page()
    found[study_family.PAGE] = study_family.page()
    sweep = toy_sweep.page()
    return {**found, toy_sweep.PAGE: sweep}


def same(shown: str, real: str) -> bool:
    """Return whether two texts agree but for the rounding of their numbers."""
    number = re.compile(r"\d[\d,]*\.?\d*(?:e[+-]\d+)?")
    if number.sub("#", re.sub(r"\s+", " ", shown)) != number.sub("#", re.sub(r"\s+", " ", real)):
        return False
    pairs = zip(number.findall(shown), number.findall(real), strict=True)
    values = [(float(a.replace(",", "")), float(b.replace(",", ""))) for a, b in pairs]
    return all(abs(a - b) <= TOLERANCE * max(abs(a), abs(b), TOLERANCE) for a, b in values)


def main() -> int:
    """Write or check."""
    pd.set_option("display.width", 100)
    stale = []
    check = "--check" in sys.argv
    for path, text in pages(every=not check).items():
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or not same(path.read_text(encoding="utf-8"), text):
            stale.append(str(path.relative_to(ROOT)))
    if stale:
        print(f"no longer what the code prints: {', '.join(stale)}; run: make docs-write")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
