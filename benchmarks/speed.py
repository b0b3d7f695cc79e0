"""The Gram route against the double loop; the all-pairs pass against its bare products."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from benchmarks.result import Result

from superscope.geometry.gram import gram
from superscope.geometry.pairs import TILE_COLUMNS, TILE_ROWS, exact
from superscope.geometry.unit_rows import prepare
from superscope.heads import Head

LOOP_BLOCK = 4096


def run(features: int, width: int) -> Iterator[Result]:
    """Yield both comparisons for a random head of this shape."""
    matrix = np.random.default_rng(0).standard_normal((features, width), np.float32)
    head = Head.from_array(matrix)
    exact(prepare(Head.from_array(matrix[:300])).raw, neighbors=10)  # compiles, starts threads
    size = f"{features:,} × {width}"

    by_gram, by_loop, slow, fast = _race(lambda: double_loop(matrix), lambda: gram_route(head))
    if not math.isclose(by_gram, by_loop, rel_tol=1e-4):
        raise AssertionError(f"mean c² {by_loop} by the loop, {by_gram} by the Gram route")
    yield Result(
        f"mean c² by the Gram route against the plain double loop, {size}",
        f"{slow:.3g} s", f"{fast:.3g} s", slow / fast, "×", 50, least=True,
    )  # fmt: skip

    unit = prepare(head).raw.block(0, features)
    _, _, bare, every = _race(
        lambda: bare_products(unit), lambda: exact(prepare(head).raw, neighbors=10, top=20)
    )
    yield Result(
        f"exact all-pairs pass, every statistic, K = 10, against its bare products, {size}",
        f"{bare:.3g} s", f"{every:.3g} s", every / bare, "×", 1.6,
    )  # fmt: skip


def gram_route(head: Head) -> float:
    """Return mean c² without forming a pair."""
    return gram(prepare(head).raw).mean_square_overlap


def double_loop(matrix: np.ndarray) -> float:
    """Return mean c² as the paper's script does."""
    unit = torch.nn.functional.normalize(torch.from_numpy(matrix), dim=1)
    count = len(unit)
    total = 0.0
    for i in range(0, count, LOOP_BLOCK):
        for j in range(0, count, LOOP_BLOCK):
            overlaps = unit[i : i + LOOP_BLOCK] @ unit[j : j + LOOP_BLOCK].T
            total += torch.sum(torch.square(overlaps)).item()
    return (total - count) / (count * (count - 1))


def bare_products(unit: np.ndarray) -> None:
    """Form every tile of the all-pairs pass, and look at none."""
    count = len(unit)
    memory = np.empty(min(TILE_ROWS, count) * min(TILE_COLUMNS, count), np.float32)
    for row0 in range(0, count, TILE_ROWS):
        for column0 in range(row0, count, TILE_COLUMNS):
            columns = unit[column0 : column0 + TILE_COLUMNS]
            rows = unit[row0 : min(row0 + TILE_ROWS, column0 + len(columns))]
            shape = len(rows), len(columns)
            np.matmul(rows, columns.T, out=memory[: shape[0] * shape[1]].reshape(shape))


def _race(
    baseline: Callable[[], object], ours: Callable[[], object], rounds: int = 3
) -> tuple[object, object, float, float]:
    """Return both results and the least time of each, taken in turn."""
    times: list[tuple[float, float]] = []
    for _ in range(rounds):
        start = time.perf_counter()
        expected = baseline()
        between = time.perf_counter()
        found = ours()
        times.append((between - start, time.perf_counter() - between))
    slow, fast = (min(side) for side in zip(*times, strict=True))
    return found, expected, slow, fast
