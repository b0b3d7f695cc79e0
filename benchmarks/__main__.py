"""Every claim of speed and memory, side by side with its baseline in one run.

    python -m benchmarks            full sizes; prints tables, rewrites the pages in docs/
    python -m benchmarks toy        one page: heads, toy, laws, loss, lens, repack, lab, …
    python -m benchmarks --quick    toy sizes: only that it runs; writes nothing

Exits 1 if a claim does not hold here (not with --quick). Run it on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import (
    emergence,
    explorer,
    lab,
    laws,
    lens,
    loss,
    machine,
    memory,
    pages,
    repack,
    speed,
    startup,
    toy,
    watch,
)
from benchmarks.result import Result, Section, as_text
from benchmarks.setting import Setting

DOCS = Path(__file__).resolve().parent.parent / "docs"


def heads(setting: Setting) -> Iterator[Result]:
    """Yield the results about heads as they come."""
    features, width = (3000, 64) if setting.quick else (50_000, 768)
    yield from speed.run(features, width)
    yield from memory.run(features, width, apart=not setting.quick)
    yield from startup.run(1 if setting.quick else 11)


PARTS: dict[str, Callable[[Setting], Iterator[Result | Section]]] = {
    "heads": heads, "toy": toy.run, "laws": laws.run, "loss": loss.run, "lens": lens.run,
    "repack": repack.run, "lab": lab.run, "watch": watch.run, "emergence": emergence.run,
    "explorer": explorer.run,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="toy sizes, nothing is written")
    parser.add_argument("--write", type=Path, help=f"folder to write to (default: {DOCS})")
    parser.add_argument("--data", type=Path, help="folder with the public tables (else: fetched)")
    parser.add_argument("--model", type=Path, help="model of the loss (default: SmolLM2, fetched)")
    parser.add_argument("--text", type=Path, help="its text, JSON lines (default: GCIDE, fetched)")
    options = parser.parse_args(arguments)
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    setting = Setting(options.quick, options.data, options.model, options.text)
    missed = 0
    for name in options.parts or PARTS:
        load = os.getloadavg()[0]  # of the last minute, by others
        results: list[Result] = []
        sections: list[Section] = []
        for found in PARTS[name](setting):
            if isinstance(found, Section):
                print(f"{found.title}\n\n{found.text}", flush=True)
                sections.append(found)
            else:
                print(as_text(found), flush=True)
                results.append(found)
        missed += sum(not r.holds for r in results)
        folder = options.write or (None if options.quick else DOCS)
        if folder is not None:
            pages.write(name, results, sections, machine.describe(load), folder)
    if missed and not options.quick:
        print(f"{missed} claims do not hold here", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
