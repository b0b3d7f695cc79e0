"""The loss of a real model on real text, against a plain transformers loop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from superscope._measure import measure
from superscope.evaluation import LossOptions, _evaluate, evaluate
from superscope.frequency import count_tokens, text_files

ROOT = Path(__file__).resolve().parents[2]
TOKENS, CONTEXT, STRIDE = 600, 128, 96

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("gguf")


@cache
def fetched(*script: str) -> Path:
    run = subprocess.run(
        [sys.executable, ROOT / "tools" / script[0], *script[1:]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode:
        reason = f"{script} cannot be fetched: {run.stderr.strip().splitlines()[-1]}"
        # Continuous integration is where these numbers are promised.
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return Path(run.stdout.strip())


@pytest.fixture(scope="module")
def model() -> Path:
    return next(fetched("fetch_models.py", "smollm2").glob("*.gguf"))


@pytest.fixture(scope="module")
def text() -> Path:
    return fetched("fetch_text.py") / "test.jsonl"


@pytest.fixture(scope="module")
def loop(model: Path, text: Path) -> dict[str, tuple[float, int]]:
    """Return nats and scored tokens by mode, one sequence at a time by the model's own loss."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(model.parent, gguf_file=model.name)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(
        model.parent, gguf_file=model.name
    ).eval()
    lines = text.read_text(encoding="utf-8").splitlines()

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


@pytest.fixture(scope="module", autouse=True)
def loaded_once() -> Iterator[None]:
    """Let every evaluation have the same loaded model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_evaluate, "load_model", cache(_evaluate.load_model))
        yield


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("mode", ["documents", "windows"])
def test_the_loss_is_that_of_a_plain_loop(
    model: Path, text: Path, loop: dict[str, tuple[float, int]], mode: str, batch: int
) -> None:
    nats, scored = loop[mode]
    stride = STRIDE if mode == "windows" else None
    options = LossOptions(
        mode=mode, context=CONTEXT, stride=stride, batch=batch, max_tokens=TOKENS, device="cpu"
    )
    found = evaluate(model, text_files([text]), options)
    assert found.scored == scored
    assert found.loss == pytest.approx(nats / scored, abs=1e-4)
    assert found.tokens.counts.sum() == scored
    assert 0.5 < found.bits_per_byte < 3
    assert (found.model.rows, found.model.width) == (49_152, 576)


@pytest.mark.slow
def test_the_frequencies_of_the_text_weigh_the_head(model: Path, text: Path) -> None:
    counts = count_tokens(model, text_files([text])).counts
    assert counts.sum() > 200_000
    geometry = measure(model, pairs="none", frequencies=counts)
    weighted = geometry.centered.weighted
    assert weighted is not None and weighted.covered == 1
    # Frequent tokens interfere more than rare ones with each other, in this model.
    assert weighted.mean_square_overlap > geometry.centered.mean_square_overlap
    assert geometry.frequency_centered is not None
