"""The lab's loop beside that of examples/train_family.py, in one run."""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import lab_coverage
from benchmarks.loss import fetched
from benchmarks.result import Result, Section, markdown_table
from benchmarks.setting import Setting

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = (32, 64, 128)
STEPS, ROUNDS = 20, 5


def run(setting: Setting) -> Iterator[Result | Section]:
    """Yield the tokens a second of both loops at each width, by turns; then those of variants."""
    import torch

    from superscope.device import one_torch_thread
    from superscope.frequency import text_files, text_of
    from superscope.lab import VARIANTS, make_corpus

    text = text_files(setting.text or fetched("fetch_text.py") / "test.jsonl")
    if setting.quick:
        text = text_of([document.text for document in text] * 50)
    widths, steps, rounds = ((8,), 1, 1) if setting.quick else (WIDTHS, STEPS, ROUNDS)
    vocabulary = 270 if setting.quick else 4096
    with tempfile.TemporaryDirectory() as folder, one_torch_thread():
        corpus = make_corpus(text, folder, vocabulary=vocabulary, context=256)
        ids = torch.from_numpy(corpus.train.astype("int64"))
        for width in widths:
            theirs, ours = [], []
            for _ in range(rounds):
                theirs.append(_family(ids, width, vocabulary, steps))
                ours.append(_lab(corpus, "adamw", width, vocabulary, steps))
            low, high = statistics.median(theirs), statistics.median(ours)
            yield Result(
                f"tokens per second of training, width {width}, one thread",
                f"examples/train_family.py {low:,.0f}", f"lab {high:,.0f}",
                high / low, "×", 1.0, least=True,
            )  # fmt: skip
        rows = []
        for name in VARIANTS:
            found = [_lab(corpus, name, widths[0], vocabulary, steps) for _ in range(rounds)]
            rows.append((name, f"{statistics.median(found):,.0f}"))
        yield Section(
            f"Variants at width {widths[0]}", markdown_table(("variant", "tokens/s"), rows)
        )
    yield from lab_coverage.run(setting)


def _family(ids, width: int, vocabulary: int, steps: int) -> float:
    """Return the tokens a second of the example's loop."""
    import torch

    spec = importlib.util.spec_from_file_location("family", ROOT / "examples/train_family.py")
    family = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(family)
    torch.manual_seed(0)
    model = family.make_model(width, vocabulary)
    family.print = lambda *words, **more: None
    family.train(model, ids, 1, 0)  # what happens once happens before
    began = time.perf_counter()
    family.train(model, ids, steps, 0)
    return steps * family.BATCH * family.CONTEXT / (time.perf_counter() - began)


def _lab(corpus, variant: str, width: int, vocabulary: int, steps: int) -> float:
    """Return the tokens a second of the lab's loop."""
    from superscope.lab import LabConfig
    from superscope.lab.training import Training

    config = LabConfig(
        variant, width=width, attention_width=8, vocabulary=vocabulary,
        tokens=(steps + 1) * 16 * 256,
    )  # fmt: skip
    training = Training(config, corpus)
    training.make_step()
    began = time.perf_counter()
    for _ in range(steps):
        training.make_step()
    return steps * config.step_tokens / (time.perf_counter() - began)
