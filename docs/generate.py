"""Write the pages that show output from the real output, or check that they still do.

    python docs/generate.py           # write
    python docs/generate.py --check   # exit 1 if a page shows something else

Numbers may differ in their last digits between machines; --check allows 1 part in 1,000.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import toy_sweep

ROOT = Path(__file__).resolve().parent.parent
MODEL = ".cache/models/smollm2"
TOLERANCE = 1e-3
COMMANDS: tuple[list[str], ...] = (
    [], ["measure"], ["toy"], ["toy", "train"], ["toy", "sweep"], ["toy", "table"],
    ["toy", "figures"],
)  # fmt: skip


def output(*command: str) -> str:
    """Return what a superscope command prints, as a reader would see it."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "superscope", *command],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.rstrip()


def example() -> str:
    """Return the README's example: a command and its output."""
    command = ["measure", MODEL, "--pairs", "exact"]
    return f"\n```text\n$ superscope {' '.join(command)}\n{output(*command)}\n```\n"


def command_page() -> str:
    """Return the page of the command line: every command's help."""
    parts = ["# Command line\n", "Generated from the commands themselves.\n"]
    for command in COMMANDS:
        title = " ".join(["superscope", *command])
        parts.append(f"## {title}\n\n```text\n{output(*command, '--help')}\n```\n")
    return "\n".join(parts)


def pages() -> dict[Path, str]:
    """Return every generated page with what it should contain."""
    readme = ROOT / "README.md"
    marked = re.compile(r"(?<=<!-- example -->\n).*?(?=<!-- /example -->)", re.DOTALL)
    text = marked.sub(lambda _: example().lstrip("\n"), readme.read_text())
    found = {readme: text, ROOT / "docs" / "command-line.md": command_page()}
    sweep = toy_sweep.page()
    return found if sweep is None else {**found, toy_sweep.PAGE: sweep}


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
    stale = []
    for path, text in pages().items():
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or not same(path.read_text(), text):
            stale.append(str(path.relative_to(ROOT)))
    if stale:
        print(f"no longer what the code prints: {', '.join(stale)}; run: make docs-write")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
