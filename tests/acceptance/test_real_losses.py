"""The loss of a real model on real text, against a plain transformers loop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from extras import needed

from superscope._measure import measure
from superscope.evaluation import LossOptions, evaluate, passes
from superscope.frequency import _count_tokens, count_tokens, text_files
from superscope.frequency.checkpoint import loadable

TOKENS, CONTEXT, STRIDE = 250, 64, 48

torch = needed("torch")
needed("transformers")
gguf = needed("gguf")


@pytest.fixture(scope="module", autouse=True)
def loaded_once() -> Iterator[None]:
    """Let every evaluation, and the plain loop, have the same loaded model and tokenizer."""
    with pytest.MonkeyPatch.context() as patch:
        # transformers parses the file anew for config, tokenizer and weights, and makes the map
        # of names for every layer.
        for name in ("GGUFReader", "get_tensor_name_map"):
            patch.setattr(gguf, name, cache(getattr(gguf, name)))
        tokenizer = cache(passes.load_tokenizer)
        patch.setattr(passes, "load_model", cache(passes.load_model))
        patch.setattr(passes, "load_tokenizer", tokenizer)
        patch.setattr(_count_tokens, "load_tokenizer", lambda path: tokenizer(loadable(path)))
        yield


@pytest.fixture(scope="module")
def loop(smollm2_path: Path, gcide: Path, loaded_once: None) -> dict[str, tuple[float, int]]:
    """Return nats and scored tokens by mode, one sequence at a time by the model's own loss."""
    place = loadable(smollm2_path)
    # As transformers loaded them: nothing of superscope's reading is used here.
    tokenizer: Any = passes.load_tokenizer(place)._loaded
    loaded: Any = passes.load_model(place, "cpu", "auto")._model
    lines = gcide.read_text(encoding="utf-8").splitlines()

    def taken(longest: int) -> list[list[int]]:
        rows, left = [], TOKENS
        for line in lines:
            rows.append(tokenizer(json.loads(line)["text"])["input_ids"][: min(longest, left)])
            left -= len(rows[-1])
            if not left:
                break
        return rows

    parts = {"documents": [(row, row) for row in taken(CONTEXT)], "windows": []}
    ids, targets, rows = [], [], taken(1 << 30)
    for number, row in enumerate(rows):
        joint = [tokenizer.eos_token_id] * bool(number)
        ids, targets = ids + joint + row, targets + [-100] * len(joint) + row
    before = 0
    for start in range(0, len(ids), STRIDE):
        stop = min(start + CONTEXT, len(ids))
        seen = before - start
        parts["windows"].append((ids[start:stop], [-100] * seen + targets[start + seen : stop]))
        before = stop
        if stop == len(ids):
            break
    found = {}
    for mode, sequences in parts.items():
        nats, scored = 0.0, 0
        for one, labels in sequences:
            count = sum(label != -100 for label in labels[1:])
            if count:
                with torch.no_grad():
                    given, wanted = torch.tensor([one]), torch.tensor([labels])
                    nats += float(loaded(input_ids=given, labels=wanted).loss) * count
                scored += count
        found[mode] = nats, scored
    return found


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("mode", ["documents", "windows"])
def test_the_loss_is_that_of_a_plain_loop(
    smollm2_path: Path, gcide: Path, loop: dict[str, tuple[float, int]], mode: str, batch: int
) -> None:
    nats, scored = loop[mode]
    stride = STRIDE if mode == "windows" else None
    options = LossOptions(
        mode=mode, context=CONTEXT, stride=stride, batch=batch, max_tokens=TOKENS, device="cpu"
    )
    found = evaluate(smollm2_path, text_files([gcide]), options)
    assert found.scored == scored
    assert found.loss == pytest.approx(nats / scored, abs=1e-4)
    assert found.token_losses.counts.sum() == scored
    assert 0.5 < found.bits_per_byte < 3
    assert (found.model.rows, found.model.width) == (49_152, 576)


@pytest.mark.slow
def test_the_frequencies_of_the_text_weigh_the_head(smollm2_path: Path, gcide: Path) -> None:
    counts = count_tokens(smollm2_path, text_files([gcide])).counts
    assert counts.sum() > 200_000
    geometry = measure(smollm2_path, pairs="none", frequencies=counts)
    weighted = geometry.centered.weighted
    assert weighted is not None and weighted.covered == 1
    # Frequent tokens interfere more than rare ones with each other, in this model.
    assert weighted.mean_square_overlap > geometry.centered.mean_square_overlap
    assert geometry.frequency_centered is not None
