"""The loss of a real model beside a plain transformers loop; memory against vocabulary."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.memory import peak
from benchmarks.result import Result, Section, markdown_table
from benchmarks.setting import Setting

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 2048  # tokens of a document
WINDOW = (1024, 512)  # context and stride
VOCABULARIES = (4_096, 16_384, 65_536, 131_072)
MEMORY = (8, 512)  # sequences and tokens of the batch whose memory is measured


def run(setting: Setting) -> Iterator[Result | Section]:
    """Yield what a plain loop gives and takes, and the memory of both."""
    model = setting.model or next(fetched("fetch_models.py", "smollm2").glob("*.gguf"))
    text = setting.text or fetched("fetch_text.py") / "test.jsonl"
    if setting.quick:
        yield from _real(model, text, 300, ("documents",), (8,))
        yield from _memory(VOCABULARIES[:2], apart=False)
    else:
        yield from _real(model, text, 50_000, ("documents", "windows"), (1, 8))
        yield from _memory(VOCABULARIES)


def fetched(script: str, *arguments: str) -> Path:
    """Return what a script of ``tools/`` fetches."""
    command = [sys.executable, ROOT / "tools" / script, *arguments]
    return Path(subprocess.check_output(command, text=True).strip())


def _real(
    model: Path, file: Path, tokens: int, modes: tuple[str, ...], batches: tuple[int, ...]
) -> Iterator[Result | Section]:
    from superscope.evaluation import LossOptions, evaluate
    from superscope.frequency import text_files

    name = model.name.partition(".")[0]
    text = text_files([file], name=file.parent.name)
    rows = []
    for mode in modes:
        nats, scored, seconds = plain(model, file, mode, tokens)
        rows.append((mode, "plain loop", "1", f"{nats / scored:.6f}", f"{scored:,}", "",
                     f"{scored / seconds:,.0f}"))  # fmt: skip
        for batch in batches:
            options = LossOptions(
                mode=mode, max_tokens=tokens, batch=batch, device="cpu",
                **({"context": WINDOW[0], "stride": WINDOW[1]} if mode == "windows" else {}),
            )  # fmt: skip
            watch = _Watch()
            found = evaluate(model, text, options, progress=watch)
            took = watch.seconds
            away = abs(found.loss - nats / scored)
            assert found.scored == scored, (found.scored, scored)
            rows.append((mode, "superscope", str(batch), f"{found.loss:.6f}", f"{found.scored:,}",
                         f"{away:.1e}", f"{found.scored / took:,.0f}"))  # fmt: skip
            yield Result(
                f"loss of {name}, {mode}, batches of {batch}, {scored:,} tokens",
                f"plain loop {nats / scored:.6f}", f"{found.loss:.6f} ± {found.loss_se:.2g}",
                away, "nats", 1e-4,
            )  # fmt: skip
            yield Result(
                f"tokens per second, {mode}, batches of {batch}",
                f"plain loop {scored / seconds:,.0f}", f"{found.scored / took:,.0f}",
                seconds / took, "×", 1.0, least=True,
            )  # fmt: skip
    table = markdown_table(
        ("mode", "by", "batch", "loss, nats", "tokens", "difference", "tokens/s"), rows
    )
    yield Section("Losses", table)


class _Watch:
    """Times the work between the first call and the last: loading the model does not count."""

    def __init__(self) -> None:
        self.began: float | None = None
        self.ended = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        if self.began is None:
            self.began = time.perf_counter()
        self.ended = time.perf_counter()

    @property
    def seconds(self) -> float:
        assert self.began is not None
        return self.ended - self.began


def plain(path: Path, text: Path, mode: str, tokens: int) -> tuple[float, int, float]:
    """Return nats, scored tokens and seconds of a loop as the documentation of the hub writes it.

    One sequence at a time; the loss is the model's own, times the tokens it is the mean of.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    where: dict[str, Any] = {"pretrained_model_name_or_path": path}
    if path.is_file():
        where = {"pretrained_model_name_or_path": path.parent, "gguf_file": path.name}
    tokenizer = AutoTokenizer.from_pretrained(**where)
    model = AutoModelForCausalLM.from_pretrained(**where).eval()
    longest = min(LONGEST, getattr(model.config, "max_position_embeddings", LONGEST))
    rows, left = [], tokens
    with open(text, encoding="utf-8") as lines:
        for line in lines:
            ids = tokenizer(json.loads(line)["text"])["input_ids"][:left]
            rows.append(ids)
            left -= len(ids)
            if not left:
                break
    nats, scored, began = 0.0, 0, time.perf_counter()
    for ids, labels in _cut(rows, longest) if mode == "documents" else _windows(rows, tokenizer):
        count = int((labels[1:] != -100).sum())
        if count:
            with torch.no_grad():
                loss = model(input_ids=ids[None], labels=labels[None]).loss
            nats, scored = nats + float(loss) * count, scored + count
    return nats, scored, time.perf_counter() - began


def _cut(rows: list[list[int]], longest: int) -> Iterator[tuple]:
    import torch

    for row in rows:
        ids = torch.tensor(row[:longest])
        yield ids, ids


def _windows(rows: list[list[int]], tokenizer) -> Iterator[tuple]:
    """Yield windows over the documents, joined by the end-of-text token, which is not scored."""
    import torch

    ids, targets = [], []
    for number, row in enumerate(rows):
        joint = [tokenizer.eos_token_id] if number else []
        ids += joint + row
        targets += [-100] * len(joint) + row
    context, stride = WINDOW
    before = 0
    for start in range(0, len(ids), stride):
        stop = min(start + context, len(ids))
        labels = torch.tensor(targets[start:stop])
        labels[: before - start] = -100
        yield torch.tensor(ids[start:stop]), labels
        before = stop
        if stop == len(ids):
            return


def _memory(vocabularies: tuple[int, ...], apart: bool = True) -> Iterator[Result | Section]:
    measured = _in_a_process if apart else _one_batch
    found = {
        (way, vocabulary): measured(way, vocabulary) / 1e6
        for vocabulary in vocabularies
        for way in ("plain", "superscope")
    }
    low, high = vocabularies[1 if len(vocabularies) > 2 else 0], vocabularies[-1]
    yield Result(
        f"peak memory of the loss, V = {high:,} against V = {low:,}",
        f"plain {found['plain', low]:,.0f} → {found['plain', high]:,.0f} MB",
        f"{found['superscope', low]:,.0f} → {found['superscope', high]:,.0f} MB",
        found["superscope", high] / found["superscope", low], "×", 1.25,
    )  # fmt: skip
    yield Section(
        "Memory against vocabulary",
        markdown_table(
            ("V", "whole logits, float32", "plain loop", "superscope"),
            (
                (f"{v:,}", f"{4 * v * MEMORY[0] * MEMORY[1] / 1e6:,.0f} MB",
                 f"{found['plain', v]:,.0f} MB", f"{found['superscope', v]:,.0f} MB")
                for v in vocabularies
            ),
        ),
    )  # fmt: skip


def _in_a_process(way: str, vocabulary: int) -> int:
    command = [sys.executable, "-m", "benchmarks.loss", way, str(vocabulary)]
    return int(subprocess.check_output(command, cwd=ROOT, text=True))


def _one_batch(way: str, vocabulary: int) -> int:
    """Return the bytes by which one batch raises this process above the loaded model."""
    import numpy as np
    import torch
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    from superscope.evaluation.model import LanguageModel
    from superscope.evaluation.sequences import Sequence

    torch.manual_seed(0)
    loaded = GPTNeoXForCausalLM(
        GPTNeoXConfig(
            vocab_size=vocabulary, hidden_size=32, num_hidden_layers=1, num_attention_heads=4,
            intermediate_size=64, max_position_embeddings=MEMORY[1],
        )
    ).eval()  # fmt: skip
    model = LanguageModel("random", loaded)
    ids = np.random.default_rng(0).integers(0, vocabulary, MEMORY).astype(np.int32)
    scored = np.where(np.arange(MEMORY[1]) > 0, 0, -1).astype(np.int32)
    lengths = np.ones(MEMORY[1], np.int64)
    batch = [Sequence(row, scored, lengths, 0) for row in ids]
    given = torch.from_numpy(ids.astype(np.int64))
    loaded(input_ids=given[:1, :8])  # what the first call sets up does not count
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = peak()
    if way == "plain":
        with torch.no_grad():
            loaded(input_ids=given, labels=given)
    else:
        model.losses(batch)
    return peak() - before


if __name__ == "__main__":
    print(_one_batch(sys.argv[1], int(sys.argv[2])))
