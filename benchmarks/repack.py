"""A model with a narrower head beside the original: speed of generation and of the head, bytes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from benchmarks.loss import fetched
from benchmarks.result import Result, Section, markdown_table
from benchmarks.setting import Setting

MB = 1e6
PROMPT = 8  # tokens


@dataclass(frozen=True)
class _Took:
    """Seconds for a token of greedy generation, and for the head's product of one state."""

    generation: float
    product: float


def run(setting: Setting) -> Iterator[Result | Section]:
    """Yield tokens per second and bytes, before and after, for half the rank and less."""
    from superscope.evaluation.load import load_model
    from superscope.frequency.checkpoint import loadable

    model = setting.model or next(fetched("fetch_models.py", "smollm2").glob("*.gguf"))
    made = load_model(loadable(model), "cpu", "float32")
    ranks = (made.width // 2, 2 * made.width // 9)
    tokens, rounds = (2, 1) if setting.quick else (32, 5)
    yield from _compared(model.name.partition(".")[0], made, ranks, tokens, rounds)


def _compared(
    name: str, made: Any, ranks: tuple[int, ...], tokens: int, rounds: int
) -> Iterator[Result | Section]:
    from superscope.evaluation.factored import with_factors
    from superscope.heads.narrow_head import NarrowHead
    from superscope.repack.block_ranks import block_heads
    from superscope.repack.closed_form import closed_forms
    from superscope.repack.full_head import full_head

    loaded, full = made.loaded, full_head(made)
    every = np.ones(made.rows)
    # Ids of most tokenizers are in the order of frequency, and frequencies fall as 1 / rank.
    zipf = 1 / np.arange(1.0, made.rows + 1)
    blocks = dict(block_heads(full, ranks, zipf, np.eye(made.width), zipf))
    rows = []
    for rank, head in closed_forms(full, ranks, None, None, every):
        own_tie = "keep" if made.tied else "untied"
        variants: list[tuple[str, NarrowHead, NarrowHead | None]] = [
            (own_tie, head, None), (f"{own_tie}, in blocks", blocks[rank], None),
        ]  # fmt: skip
        if made.tied:
            variants.append(("both", head, NarrowHead(head.blocks, None, head.shift)))
        for tied, narrow, below in variants:
            before, after = [], []
            for _ in range(rounds):  # in turn, so that what else the machine does meets both
                before.append(_took(loaded, tokens))
                with with_factors(loaded, narrow, below):
                    after.append(_took(loaded, tokens))
            with with_factors(loaded, narrow, below):
                size = _written(loaded)
            own = _bytes(loaded)
            what = f"{name}, rank {rank} of {made.width}, tied: {tied}"
            for part, unit in (("generation", "greedy generation"), ("product", "the head alone")):
                a, b = (median(getattr(t, part) for t in side) for side in (before, after))
                yield Result(
                    f"{unit}, tokens per second, {what}", f"{1 / a:,.1f}", f"{1 / b:,.1f}",
                    a / b, "×", None,
                )  # fmt: skip
            rows.append((
                str(rank), tied, f"{own / MB:,.1f}", f"{size['memory'] / MB:,.1f}",
                f"{size['disk'] / MB:,.1f}",
                f"{4 * made.rows * made.width / MB:,.1f}", f"{4 * narrow.weights / MB:,.1f}",
            ))  # fmt: skip
    header = (
        "rank", "tied", "original, MB", "in memory, MB", "on disk, MB", "its head, MB",
        "the factors, MB",
    )  # fmt: skip
    yield Section("Bytes", markdown_table(header, rows))


def _took(loaded: Any, tokens: int) -> _Took:
    """Return the seconds of a token, and of the head's product of one state."""
    import torch

    head = loaded.get_output_embeddings()
    given = torch.arange(100, 100 + PROMPT)[None] % loaded.config.get_text_config().vocab_size
    state = torch.randn(1, 1, head.in_features)

    def generate() -> None:
        loaded.generate(
            given, attention_mask=torch.ones_like(given), max_new_tokens=tokens,
            min_new_tokens=tokens, do_sample=False, pad_token_id=0,
        )  # fmt: skip

    with torch.inference_mode():
        return _Took(
            _seconds(generate) / tokens,
            _seconds(lambda: [head(state) for _ in range(tokens)]) / tokens,
        )


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _bytes(loaded: Any) -> int:
    """Return the bytes of a model's parameters in memory, each once."""
    return sum(p.numel() * p.element_size() for p in loaded.parameters())


def _written(loaded: Any) -> dict[str, int]:
    """Return the bytes of a model with factors, in memory and on disk."""
    from superscope.evaluation.factored_files import write_into

    with tempfile.TemporaryDirectory() as folder:
        write_into(loaded, Path(folder), loaded.dtype)
        disk = sum(p.stat().st_size for p in Path(folder).glob("*.safetensors"))
    return {"memory": _bytes(loaded), "disk": disk}
