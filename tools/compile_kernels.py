"""Compile superscope's kernels into numba's cache, each module in a process of its own.

Processes that start together would each compile them again, which takes half a minute.
"""

from __future__ import annotations

import subprocess
import sys

MODULES = (
    "superscope.geometry.tiles_cpu",
    "superscope.laws.kernels",
    "superscope.toy.denormals",
    "superscope.toy.kernels",
)


def main() -> int:
    """Compile them side by side; return the exit code."""
    started = [subprocess.Popen([sys.executable, "-c", f"import {name}"]) for name in MODULES]
    return max(process.wait() for process in started)


if __name__ == "__main__":
    sys.exit(main())
