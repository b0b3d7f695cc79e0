"""Peak memory of a measurement, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from benchmarks.result import Result

LIMITED = 0.4  # of the head's size, the address space of the limited process
MB = 1e6


def run(features: int, width: int, apart: bool = True) -> Iterator[Result]:
    """Yield peak memory by route and place of a random head of this shape.

    Each is measured in a process of its own, unless they are not to be `apart`.
    """
    size = features * width * 4
    shape = f"{features:,} × {width}"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "head.npy"
        np.save(file, _random(features, width))
        for route, pairs, limit in (("Gram route", "none", 1.3), ("all pairs", "exact", 1.5)):
            for place in ("memory", "a file"):
                measured = _child if apart else _measure
                told = measured(place, str(file), pairs, features, width)
                yield Result(
                    f"peak memory, {route}, head in {place}, {shape}",
                    f"head {size / MB:.0f} MB", f"{told['peak'] / MB:.0f} MB",
                    told["peak"] / size, "×", limit,
                )  # fmt: skip
        if apart:
            yield from _limited(4 * features, width, file)


def _limited(features: int, width: int, file: Path) -> Iterator[Result]:
    """Yield what address space is enough for a larger head."""
    size = features * width * 4
    allowed = int(LIMITED * size)
    np.save(file, _random(features, width))
    _child("limited", str(file), "none", features, width, allowed)
    yield Result(
        f"address space that is enough for the Gram route, head in a file, {features:,} × {width}",
        f"head {size / MB:.0f} MB", f"{allowed / MB:.0f} MB", allowed / size, "×", 1,
    )  # fmt: skip


def _random(features: int, width: int) -> np.ndarray:
    matrix = np.empty((features, width), np.float32)
    np.random.default_rng(0).standard_normal(dtype=np.float32, out=matrix)
    return matrix


def _child(*arguments: object) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", *map(str, arguments)],
        cwd=Path(__file__).resolve().parent.parent, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    told: dict[str, float] = json.loads(done.stdout)
    return told


def peak() -> int:
    """Return the peak resident memory of this process in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would count the parent's memory too, as it was at the fork
        (line,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )


def _measure(
    place: str, file: str, pairs: str, features: int, width: int, allowed: int = 0
) -> dict[str, float]:
    """Measure in this process and return its peak beyond its imports."""
    import superscope.heads.read
    import superscope.report
    from superscope import measure

    if pairs == "exact":
        import superscope.geometry.tiles_cpu  # noqa: F401
    if place == "limited":
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + allowed, resource.RLIM_INFINITY))
    before = peak()
    head = _random(features, width) if place == "memory" else file
    geometry = measure(head, pairs=pairs, neighbors=10 if pairs == "exact" else 0)
    return {"peak": peak() - before, "square": geometry.raw.mean_square_overlap}


if __name__ == "__main__":
    where, path, which, V, m, *limit = sys.argv[1:]
    print(json.dumps(_measure(where, path, which, int(V), int(m), int(limit[0]) if limit else 0)))
