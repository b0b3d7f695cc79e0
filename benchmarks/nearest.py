"""The rows nearest to one token of a large head in a file, against the bare product."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from benchmarks.result import Result
from benchmarks.setting import Setting

import superscope
from superscope.lens import Token

ROUNDS = 3
SEED = 0


def run(setting: Setting) -> Iterator[Result]:
    """Yield both times for a random head of 262,144 rows, of which neither side knows anything."""
    features, width = (3000, 64) if setting.quick else (262_144, 640)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "head.npy"
        rows = np.random.default_rng(SEED).standard_normal((features, width), np.float32)
        np.save(file, rows)
        del rows
        times = []
        for k in range(ROUNDS + 1):  # the first brings the file into memory, and counts for none
            start = time.perf_counter()
            bare_product(file, k)
            between = time.perf_counter()
            token_of(file, k)
            times.append((between - start, time.perf_counter() - between))
        bare, ours = (min(side) for side in zip(*times[1:], strict=True))
    size = f"{features:,} × {width}"
    yield Result(
        f"nearest rows of one token, head opened from a file, against the bare product, {size}",
        f"{bare:.3g} s", f"{ours:.3g} s", ours / bare, "×", None,
    )  # fmt: skip
    yield Result(
        f"until the nearest rows of one token are known, {size}",
        f"bare product {bare:.3g} s", f"{ours:.3g} s", ours, "s", None if setting.quick else 2,
    )  # fmt: skip


def bare_product(file: Path, index: int) -> np.ndarray:
    """Read the file once, and multiply it with one of its rows."""
    rows = np.load(file)
    product: np.ndarray = rows @ rows[index]
    return product


def token_of(file: Path, index: int) -> Token:
    """Open the head, and look at one token of it."""
    return superscope.lens(file, progress=None)[index]
