"""Write the pages that show output from the real output, or check that they still do.

    python docs/generate.py           # write
    python docs/generate.py --check   # exit 1 if a page shows something else

Numbers may differ in their last digits between machines; --check allows 1 part in 1,000.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import study_family
import toy_sweep

from superscope.laws import FitStatus

ROOT = Path(__file__).resolve().parent.parent
TOLERANCE = 1e-3
COMMANDS: tuple[list[str], ...] = (
    [], ["measure"], ["loss"], ["frequency"], ["study"], ["toy"], ["toy", "train"],
    ["toy", "sweep"], ["toy", "table"], ["toy", "figures"],
    ["fit"], ["forecast"], ["plan"], ["roll-out"],
)  # fmt: skip


# Pages with commands whose output they show.
SHOWN = ("README.md", "docs/evaluating.md", "docs/laws.md")
BLOCK = re.compile(r"(<!-- run: superscope (.+?) -->\n).*?(<!-- /run -->)", re.DOTALL)
STATUSES = re.compile(r"(<!-- statuses -->\n).*?(<!-- /statuses -->)", re.DOTALL)


def output(*command: str, folder: Path = ROOT) -> str:
    """Return what a superscope command prints, as a reader would see it."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "superscope", *command],
        cwd=folder, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.rstrip()


def with_output(page: Path) -> str:
    """Return a page with the output of the commands it shows, run in order in one folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for there in (".cache", "examples"):
            (folder / there).symlink_to(ROOT / there)

        def run(block: re.Match[str]) -> str:
            shown = output(*shlex.split(block[2]), folder=folder)
            return f"{block[1]}```text\n$ superscope {block[2]}\n{shown}\n```\n{block[3]}"

        text = BLOCK.sub(run, page.read_text())
    return STATUSES.sub(lambda block: block[1] + statuses() + block[2], text)


def statuses() -> str:
    """Return the table of what the judge may find."""
    rows = "".join(
        f"| {s.value} | {'yes' if s.severe else 'no'} | {s.meaning} | {s.remedy} |\n"
        for s in FitStatus
        if s is not FitStatus.IDENTIFIED
    )
    return f"| finding | not identified | what it means | what to try |\n|---|---|---|---|\n{rows}"


def command_page() -> str:
    """Return the page of the command line: every command's help."""
    parts = ["# Command line\n", "Generated from the commands themselves.\n"]
    for command in COMMANDS:
        title = " ".join(["superscope", *command])
        parts.append(f"## {title}\n\n```text\n{output(*command, '--help')}\n```\n")
    return "\n".join(parts)


def pages() -> dict[Path, str]:
    """Return every generated page with what it should contain."""
    found = {ROOT / name: with_output(ROOT / name) for name in SHOWN}
    found[ROOT / "docs" / "command-line.md"] = command_page()
    found[study_family.PAGE] = study_family.page()
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
