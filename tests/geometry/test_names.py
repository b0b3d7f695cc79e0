from __future__ import annotations

from collections.abc import Callable

import pytest

from superscope.geometry import Geometry
from superscope.geometry.compare import names_of


@pytest.mark.parametrize(
    ("models", "names"),
    [
        (["openai-community/gpt2"], ["openai-community/gpt2"]),
        (["/data/llm/smol/model.gguf", "a/b"], ["smol/model.gguf", "a/b"]),
        (["s3://bucket/a/b/c/model"], ["s3://bucket/a/b/c/model"]),
        (["/x/y/a/model.gguf", "/x/z/a/model.gguf"], ["/x/y/a/model.gguf", "/x/z/a/model.gguf"]),
        (["/x/y/z/model", "/x/y/z/model"], ["model", "model"]),
        ([".cache/models/smollm2", "./gpt2/model.npy"], ["smollm2", "gpt2/model.npy"]),
        (["a\n\x1b[0m"], ["a\\n\\x1b[0m"]),
        (["\udcff.npy"], ["\\udcff.npy"]),
    ],
)
def test_paths_are_shortened_unless_that_makes_two_models_one(
    hostile: Callable[[str], Geometry], models: list[str], names: list[str]
) -> None:
    assert names_of([hostile(model) for model in models]) == tuple(names)
