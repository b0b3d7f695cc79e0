"""Every claim of speed and memory, side by side with its baseline in one run.

    python -m benchmarks            full sizes; prints tables, rewrites the pages in docs/
    python -m benchmarks toy        one page of them: heads, toy, laws or loss
    python -m benchmarks --quick    tiny sizes: only that it runs; writes nothing

Exits 1 if a claim does not hold here (not with --quick). Run it on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import laws, loss, machine, memory, pages, speed, startup, toy
from benchmarks.result import Result, Section, as_text

DOCS = Path(__file__).resolve().parent.parent / "docs"


def heads(quick: bool) -> Iterator[Result]:
    """Yield the results about heads as they come."""
    features, width = (3000, 64) if quick else (50_000, 768)
    parts: tuple[Callable[[int, int], Iterator[Result]], ...] = (speed.run, memory.run)
    for part in parts:
        yield from part(features, width)
    yield from startup.run(2 if quick else 11)


PARTS: dict[str, Callable[[bool], Iterator[Result | Section]]] = {
    "heads": heads, "toy": toy.run, "laws": laws.run, "loss": loss.run,
}  # fmt: skip


def main() -> int:
    """Run the benchmarks; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help="heads, toy, laws, loss (default: all)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, nothing is written")
    parser.add_argument("--write", type=Path, help=f"folder to write to (default: {DOCS})")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    missed = 0
    for name in options.parts or PARTS:
        results: list[Result] = []
        sections: list[Section] = []
        for found in PARTS[name](options.quick):
            if isinstance(found, Section):
                print(f"{found.title}\n\n{found.text}", flush=True)
                sections.append(found)
            else:
                print(as_text(found), flush=True)
                results.append(found)
        missed += sum(not r.holds for r in results)
        folder = options.write or (None if options.quick else DOCS)
        if folder is not None:
            pages.write(name, results, sections, machine.describe(), folder)
    if missed and not options.quick:
        print(f"{missed} claims do not hold here", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
