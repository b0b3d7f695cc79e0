"""The explorer's page in headless Chromium without a GPU: load, queries, memory, and agreement."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import psutil
from benchmarks import toy_in_page
from benchmarks.loss import fetched
from benchmarks.result import Result, Section
from benchmarks.setting import Setting
from playwright.sync_api import Page, sync_playwright

import superscope
from superscope.explorer import write_explorer
from superscope.lens import Lens

SEED = 0
NEIGHBORS = 10
TIE = 1e-6  # overlaps that differ by less than float32 tells
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
QUERY = """async ([rows, center, count]) => {
  const model = superscope.models[0], found = [];
  for (const row of rows) {
    const start = performance.now();
    const { rows: near, overlaps } =
      await model.search.nearest(row, count, center, model.equal(row));
    found.push([near, overlaps, performance.now() - start]);
  }
  return found;
}"""


def run(setting: Setting) -> Iterator[Result | Section]:
    """Yield load, queries and memory of the page, and whether it agrees with lens and toy."""
    random = np.random.default_rng(SEED)
    if setting.quick:
        frequencies = 1 / np.arange(1.0, 401)
        small = superscope.lens(
            random.normal(size=(400, 32)).astype(np.float32), frequencies=frequencies, progress=None
        )
        yield from _of_model(small, "random rows", 5, 20)
        yield from toy_in_page.run(setting)
        return
    path = setting.model or next(fetched("fetch_models.py", "smollm2").glob("*.gguf"))
    ranks = random.permutation(superscope.read_head(path).features)
    lens = superscope.lens(path, frequencies=1 / (1.0 + ranks), progress=None)
    yield from _of_model(lens, "SmolLM2", 50, 1000)
    rows = random.standard_normal((262_144, 640), np.float32).astype(np.float16)
    yield from _of_model(superscope.lens(rows, progress=None), "random rows in float16", 20, 0)
    yield from toy_in_page.run(setting)


def _of_model(lens: Lens, name: str, timed: int, compared: int) -> Iterator[Result]:
    head = lens.head
    name = f"{name}, {head.features:,} × {head.width}"
    random = np.random.default_rng(SEED)
    large = compared == 0
    with tempfile.TemporaryDirectory() as folder:
        write_explorer(lens, out=Path(folder) / "page", layouts=[], progress=None)
        disk = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        with _opened(Path(folder) / "page" / "index.html") as (page, browser_memory):
            shown, loaded = page.evaluate(
                "superscope.models[0].whole().then(() => [superscope.shown, performance.now()])"
            )
            yield Result(
                f"load until every row is there, {name}",
                f"{disk / 1e6:.0f} MB on disk; shown after {shown / 1000:.2g} s",
                f"{loaded / 1000:.3g} s", loaded / 1000, "s", None if large else 3,
            )  # fmt: skip
            rows = random.choice(head.features, timed, replace=False).tolist()
            times = [t for _, _, t in page.evaluate(QUERY, [rows, "mean", NEIGHBORS])]
            median = float(np.median(times))
            yield Result(
                f"a query over the whole vocabulary, median of {timed}, {name}",
                f"{min(times):.0f} to {max(times):.0f} ms", f"{median:.0f} ms", median, "ms",
                None if large else 150,
            )  # fmt: skip
            held = browser_memory()
            yield Result(
                f"memory of all processes of the browser with the page, {name}",
                f"{disk / 1e6:.0f} MB on disk", f"{held / 1e6:.0f} MB", held / 1e6, "MB", None,
            )  # fmt: skip
            centers = ("none", "mean", "frequency") if compared else ()
            for center in centers:
                rows = random.choice(head.features, compared, replace=False).tolist()
                answers = page.evaluate(QUERY, [rows, center, NEIGHBORS + 5])
                other = _differing(lens, rows, center, answers)
                yield Result(
                    f"tokens of {compared:,} whose {NEIGHBORS} nearest differ from those of "
                    f"superscope lens, ties aside, center={center}, {name}",
                    "–", f"{other}", other, "", 0,
                )  # fmt: skip


def _differing(
    lens: Lens, rows: Sequence[int], center: Any, answers: Sequence[Sequence[Any]]
) -> int:
    """Return in how many lists another row stands, but for overlaps that float32 does not tell."""
    looked = superscope.lens(lens.head, center=center, frequencies=lens.frequencies, progress=None)
    wrong = 0
    for row, (near, overlaps, _) in zip(rows, answers, strict=True):
        ours: Mapping[int, float] = dict(zip(near, overlaps, strict=True))
        theirs = looked[row].neighbors
        tied = all(
            (ours.get(entry.entry.id, -2) - mine) ** 2 < TIE**2
            for entry, mine in zip(theirs, overlaps[:NEIGHBORS], strict=True)
        )
        wrong += not tied
    return wrong


@contextmanager
def _opened(file: Path) -> Iterator[tuple[Page, Any]]:
    """Open a page from disk, and give a function that measures the browser's memory."""
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=which("chromium"), args=ARGUMENTS)
        page = browser.new_page()
        page.goto(file.as_uri())
        page.wait_for_selector("main", timeout=300_000)
        yield page, _memory
        browser.close()


def _memory() -> int:
    """Return the proportional memory of the browser's processes, in bytes."""
    return sum(
        child.memory_full_info().pss
        for child in psutil.Process().children(recursive=True)
        if "chrom" in child.name()
    )
