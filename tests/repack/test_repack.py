"""A head of all ranks is the full head; what is narrower is scored at the same positions."""

from __future__ import annotations

from pathlib import Path

import pytest
from extras import needed
from tiny_models import LINES, byte_tokenizer, tiny_model

import superscope
from superscope.evaluation import evaluate

needed("transformers")


@pytest.mark.parametrize("kind", ["llama", "gemma2"])
def test_a_head_of_rank_m_loses_nothing(kind: str, tmp_path: Path) -> None:
    folder = tiny_model(kind, byte_tokenizer(tmp_path / kind))
    texts = [line * 2 for line in LINES]
    found = superscope.repack(
        folder, texts * 3, score_text=texts, ranks=(4, 16), prior=0.1, progress=None
    )
    own = evaluate(folder, texts, progress=None)
    assert found.full.loss.value == pytest.approx(own.loss, abs=1e-6)
    assert found.full.bits_per_byte.value == pytest.approx(own.bits_per_byte, abs=1e-6)
    for score in found.scores:
        if score.rank == 16:
            assert score.excess.value == pytest.approx(0, abs=1e-6)
            assert score.agree.value > 0.99
