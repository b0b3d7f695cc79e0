"""What is known of a model before its head is made narrower."""

from __future__ import annotations

from pathlib import Path

import pytest
from extras import needed
from files import gguf, matrix

from superscope.frequency.checkpoint import loadable
from superscope.repack.original import original_of, quantized_head

needed("gguf")


@pytest.mark.parametrize(("kind", "told"), [("Q8_0", "Q8_0"), ("F16", None)])
def test_a_quantized_head_is_told_by_its_kind(tmp_path: Path, kind: str, told: str | None) -> None:
    tensors = {"token_embd.weight": (matrix(40, 256), kind)}
    (tmp_path / "model").mkdir()
    file = tmp_path / "model" / "m.gguf"
    file.write_bytes(gguf(tensors, tmp_path))
    assert quantized_head(loadable(file)) == told
    assert original_of(loadable(file)).quantized == told
