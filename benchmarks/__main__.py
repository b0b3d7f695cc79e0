"""Every claim of speed and memory, side by side with its baseline in one run.

    python -m benchmarks            full sizes; prints a table, rewrites docs/benchmarks.md
    python -m benchmarks --quick    tiny sizes: only that it runs; writes nothing

Exits 1 if a claim does not hold here (not with --quick). Run it on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import machine, memory, speed, startup
from benchmarks.result import Result, as_markdown, as_text

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def run(quick: bool) -> Iterator[Result]:
    """Yield the results as they come."""
    features, width = (3000, 64) if quick else (50_000, 768)
    parts: tuple[Callable[[int, int], Iterator[Result]], ...] = (speed.run, memory.run)
    for part in parts:
        yield from part(features, width)
    yield from startup.run(2 if quick else 11)


def main() -> int:
    """Run the benchmarks; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, nothing is written")
    parser.add_argument("--write", type=Path, help=f"the page to write (default: {PAGE})")
    options = parser.parse_args()
    results = []
    for result in run(options.quick):
        print(as_text(result), flush=True)
        results.append(result)
    page = options.write or (None if options.quick else PAGE)
    if page is not None:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(as_markdown(results, machine.describe()), encoding="utf-8")
        print(f"written: {page}")
    missed = [r for r in results if not r.holds]
    if missed and not options.quick:
        print(f"{len(missed)} of {len(results)} claims do not hold here", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
