"""How long the command takes to show its help."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.result import Result


def run(times: int) -> Iterator[Result]:
    """Yield the median time of ``superscope --help`` beside that of an empty program."""
    empty = _median([sys.executable, "-c", "pass"], times)
    ours = _median([sys.executable, "-m", "superscope", "--help"], times)
    yield Result(
        "superscope --help, wall time, against python -c pass",
        f"{empty:.3g} s", f"{ours:.3g} s", ours, "s", 0.5,
    )  # fmt: skip


def _median(command: list[str], times: int) -> float:
    taken = []
    for _ in range(times + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[1:])  # the first one fills the disk's cache
