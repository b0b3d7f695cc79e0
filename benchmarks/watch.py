"""Training with and without a watch, by turns, in one run."""

from __future__ import annotations

import importlib.util
import math
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.loss import fetched
from benchmarks.result import Result, Section, markdown_table
from benchmarks.setting import Setting

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = (32, 128)  # the narrowest of the family has the cheapest steps beside an observation
EVERY, PAIRS = 100, 6
ROWS = (100, 1000, 10_000)


def run(setting: Setting) -> Iterator[Result | Section]:
    """Yield what a watch costs at each width, and how long its file takes to write."""
    import torch

    from superscope import Watch
    from superscope.device import one_torch_thread
    from superscope.frequency import text_files

    text = text_files(setting.text or fetched("fetch_text.py") / "test.jsonl")
    widths, every, pairs = ((8,), 2, 2) if setting.quick else (WIDTHS, EVERY, PAIRS)
    family = _family()
    texts = [document.text for document in text] * (50 if setting.quick else 1)
    tokenizer = family.make_tokenizer(texts, 300 if setting.quick else 4096)
    ids = family.encode(tokenizer, texts)
    with tempfile.TemporaryDirectory() as folder, one_torch_thread():
        for width in widths:
            torch.manual_seed(0)
            model = family.make_model(width, len(tokenizer))
            watch = Watch(model, every, tokenizer=tokenizer, out=Path(folder) / f"{width}.parquet")
            loop = Loop(family, model, ids, every)
            loop.turn(watch, every)  # what happens once happens before
            turns = [_pair(loop, watch, every, bool(k % 2)) for k in range(pairs)]
            plain, watched, one = (statistics.median(part) for part in zip(*turns, strict=True))
            shares = [100 * seconds / with_ for _, with_, seconds in turns]
            ratios = sorted(with_ / without for without, with_, _ in turns)
            yield Result(
                f"share of wall time that observing takes, every {every} steps, width {width}",
                f"a step {1e3 * plain / every:,.0f} ms",
                f"an observation {1e3 * one:,.0f} ms ({min(shares):.2g} to {max(shares):.2g} %)",
                statistics.median(shares), "%", 1.0,
            )  # fmt: skip
            yield Result(
                f"wall time of {every} steps, width {width}: with a watch over without",
                f"without {plain:.2f} s",
                f"with {watched:.2f} s ({ratios[0]:.3f} to {ratios[-1]:.3f} × in {pairs} pairs)",
                statistics.median(ratios), "×", None,
            )  # fmt: skip
        yield Section("Writing the file", _file(watch, Path(folder), setting.quick))


def _pair(loop: Loop, watch, every: int, watched_first: bool) -> tuple[float, float, float]:
    """Return the seconds of a turn without a watch, of one with it, and of its observation.

    Pairs begin with either by turns, so that a machine that gets slower favours neither.
    """
    seconds, before = {}, watch.seconds
    for one in (watch, None) if watched_first else (None, watch):
        seconds[one is watch] = loop.turn(one, every)
    return seconds[False], seconds[True], watch.seconds - before


class Loop:
    """The loop of the example, in turns."""

    def __init__(self, family, model, ids, every: int) -> None:
        import torch

        rate = 3e-3 * math.sqrt(64 / model.config.hidden_size)
        self.model, self.watched = model, 0
        self._optimizer = torch.optim.AdamW(
            model.parameters(), rate, betas=(0.9, 0.95), weight_decay=0.1
        )
        self._batches = family.batches(ids, 1 << 30, 0)

    def turn(self, watch, steps: int) -> float:
        """Make some steps, and return the seconds that they took."""
        import torch

        began = time.perf_counter()
        for _ in range(steps):
            batch = next(self._batches)
            loss = self.model(input_ids=batch, labels=batch).loss
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self._optimizer.step()
            if watch is not None:  # whose steps alone are counted: one observation a turn
                self.watched += 1
                watch.step(self.watched)
        return time.perf_counter() - began


def _family():
    spec = importlib.util.spec_from_file_location("family", ROOT / "examples/train_family.py")
    family = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(family)
    return family


def _file(watch, folder: Path, quick: bool) -> str:
    """Return how long traces of several lengths take to write and to read."""
    from superscope import Trace
    from superscope.watch import read_trace, write_trace

    point, path = watch.trace.points[-1], folder / "long.parquet"
    write_trace(watch.trace, path)  # what happens once happens before
    read_trace(path)
    lines = []
    for rows in ROWS[: 1 if quick else None]:
        trace = Trace(tuple(replace(point, step=step) for step in range(rows)))
        began = time.perf_counter()
        write_trace(trace, path)
        written = time.perf_counter()
        read_trace(path)
        times = (written - began, time.perf_counter() - written)
        size = f"{path.stat().st_size / 1e3:,.0f} kB"
        lines.append((f"{rows:,}", *(f"{1e3 * t:,.0f} ms" for t in times), size))
    return markdown_table(("observations", "to write", "to read", "size"), lines)
