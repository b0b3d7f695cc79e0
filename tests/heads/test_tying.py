"""Whether a head is tied where the config is silent, as transformers has it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from superscope.heads import tying


def defaults() -> dict[str, bool | None]:
    """What the configs of transformers say of a tie, by model type; read, as importing is slow."""
    spec = importlib.util.find_spec("transformers")
    if spec is None or spec.origin is None:
        pytest.skip("the extra [text] is not installed")
    kinds, own, bases = {}, {}, {}
    for file in (Path(spec.origin).parent / "models").glob("*/configuration_*.py"):
        for part in re.split(r"^class ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            name, base = re.match(r"(\w+)(?:\((\w+))?", part).groups()
            said = re.search(r"tie_word_embeddings(?:: [^=\n]+)? ?= ?(True|False)", part)
            own[name], bases[name] = said and said[1] == "True", base
            if kind := re.search(r'^    model_type = "(.+)"', part, re.MULTILINE):
                kinds[kind[1]] = name

    def default(name: str | None) -> bool | None:
        if name not in own:
            return None
        return own[name] if own[name] is not None else default(bases[name])

    return {kind: default(name) for kind, name in kinds.items()}


def test_the_list_of_untied_architectures_is_that_of_transformers() -> None:
    told = defaults()
    known = tying._UNTIED & {*told}
    assert len(known) > 40
    assert {kind: told[kind] for kind in known if told[kind] is not False} == {}
    assert all(told[kind] is not False for kind in ("gpt2", "gemma2", "opt", "bert", "t5"))


@pytest.mark.parametrize(
    ("config", "untied"),
    [
        ({"model_type": "llama"}, "llama"),
        ({"model_type": "gpt2"}, None),
        ({"model_type": "llava", "text_config": {"model_type": "mistral"}}, "mistral"),
        ({"model_type": "llava", "text_config": {"model_type": "gemma"}}, None),
        ({"model_type": "llava", "text_config": {"hidden_size": 4}}, "llava"),
        ({"model_type": ["llama"]}, None),
    ],
)
def test_the_text_model_of_a_silent_config_decides(config: dict, untied: str | None) -> None:
    assert tying.untied_by_default(config) == untied
