"""What is known of a model before its head is made narrower."""

from __future__ import annotations

from pathlib import Path

import pytest
from extras import needed
from files import gguf, matrix

from superscope.frequency.checkpoint import loadable
from superscope.repack.original import _own_names, original_of, quantized_head

needed("gguf")


@pytest.mark.parametrize(("kind", "told"), [("Q8_0", "Q8_0"), ("F16", None)])
def test_a_quantized_head_is_told_by_its_kind(tmp_path: Path, kind: str, told: str | None) -> None:
    tensors = {"token_embd.weight": (matrix(40, 256), kind)}
    (tmp_path / "model").mkdir()
    file = tmp_path / "model" / "m.gguf"
    file.write_bytes(gguf(tensors, tmp_path))
    assert quantized_head(loadable(file)) == told
    assert original_of(loadable(file)).quantized == told


def test_a_local_model_is_named_as_it_names_itself() -> None:
    page = "https://huggingface.co/someone/"
    general = {"general.name": "Tiny", "general.base_model.0.repo_url": f"{page}parent"}
    assert _own_names(general, {}, {}) == ("Tiny", "someone/parent")
    own = {**general, "general.source.repo_url": f"{page}tiny/"}
    assert _own_names(own, {}, {}) == ("someone/tiny", "someone/tiny")
    assert _own_names({}, {}, {"_name_or_path": "someone/tiny"}) == ("someone/tiny",) * 2
    assert _own_names({}, {"model-index": [{"name": "Tiny"}]}, {}) == ("Tiny", "Tiny")
    assert _own_names({}, {"base_model": "someone/parent"}, {}) == (None, None)
    assert _own_names({}, {}, {"_name_or_path": "./x/tiny"}) == (None, None)
