"""A head of all ranks is the full head; what is narrower is scored at the same positions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from extras import needed
from tiny_models import LINES, byte_tokenizer, tiny_model

import superscope
from superscope.evaluation import evaluate
from superscope.repack.options import WAYS

needed("transformers")

TEXTS = [line * 2 for line in LINES]
USED = [f"Then {text}" for text in TEXTS]


def with_bias(folder: Path) -> Path:
    """Give the head of a model a bias that is not 0."""
    from safetensors.numpy import load_file, save_file

    file = folder / "model.safetensors"
    tensors = load_file(file)
    size = len(tensors["lm_head.bias"])
    tensors["lm_head.bias"] = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    save_file(tensors, file, {"format": "pt"})
    return folder


@pytest.mark.parametrize("kind", ["llama", "gemma2", "phi", "cohere", "granite"])
def test_a_head_of_rank_m_loses_nothing(kind: str, tmp_path: Path) -> None:
    folder = tiny_model(kind, byte_tokenizer(tmp_path / kind))
    if kind == "phi":
        with_bias(folder)
    ways = WAYS if kind in ("llama", "gemma2") else ("frequency",)
    found = superscope.repack(
        folder, USED * 3, score_text=TEXTS, ranks=(4, 16), ways=ways, progress=None
    )
    own = evaluate(folder, TEXTS, progress=None)
    assert found.full.loss.value == pytest.approx(own.loss, abs=1e-6)
    assert found.full.bits_per_byte.value == pytest.approx(own.bits_per_byte, abs=1e-6)
    for score in found.scores:
        if score.rank == 16:
            assert score.excess.value == pytest.approx(0, abs=1e-6)
            assert score.agree.value > 0.99
    said = " ".join(found.notes)
    assert ("the bias of the head is kept" in said) == (kind == "phi")
    assert ("a soft cap" in said) == (kind == "gemma2") == (not found.shift_free)
