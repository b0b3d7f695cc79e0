"""The head of every architecture, as transformers and torch write it, single and sharded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from architectures import ARCHITECTURES, WIDTH, V, built, head_of
from files import save, sharded, torch_bin

from superscope.errors import NotFoundError
from superscope.heads import Head, read_head

pytestmark = pytest.mark.slow  # importing transformers is most of it
TIED = "the input embedding, tied to the output"
TAKEN_AS_TIED = "the input embedding, because there is no output head"
OWN = "its own output head"
TEXT = [name for name, a in ARCHITECTURES.items() if not a.parts]


def check(head: Head, model: Any) -> None:
    expected = head_of(model)
    np.testing.assert_array_equal(head.block(0, head.features), expected)
    np.testing.assert_array_equal(head.take(np.array([V - 1, 0, 5])), expected[[V - 1, 0, 5]])


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_safetensors(name: str, tmp_path: Path) -> None:
    architecture, model = ARCHITECTURES[name], built(name)
    model.save_pretrained(tmp_path / "whole")
    model.save_pretrained(tmp_path / "shards", max_shard_size="6KB")
    assert len([*(tmp_path / "shards").glob("*.safetensors")]) > 1
    for folder in ("whole", "shards"):
        head = read_head(tmp_path / folder)
        check(head, model)
        where = head.provenance
        assert (head.features, head.width) == (V, architecture.width)
        assert where.tensor == architecture.tensor
        # transformers writes tie_word_embeddings only where it is not the architecture's default.
        assert where.reason in ((OWN,) if architecture.own else (TIED, TAKEN_AS_TIED))
        assert (where.dtype, where.format, where.quantized) == ("F32", "safetensors", False)
        assert where.depth == model.config.get_text_config().num_hidden_layers
    stored = {v.data_ptr(): v.numel() for v in model.state_dict().values()}
    assert read_head(tmp_path / "whole").provenance.parameters == sum(stored.values())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_bin(name: str, tmp_path: Path) -> None:
    """The same tensors by torch.save, under the names they have in memory, tied ones twice."""
    model = built(name)
    state = model.state_dict()
    config = {"config.json": model.config.to_json_string()}
    names = list(state)
    shards = [{k: state[k] for k in names[i::3]} for i in range(3)]
    save(tmp_path / "whole", {"pytorch_model.bin": torch_bin(state), **config})
    save(tmp_path / "shards", {**sharded(shards, "bin"), **config})
    weight = (model.get_output_embeddings() or model.get_input_embeddings()).weight
    same = {k for k, v in state.items() if v.data_ptr() == weight.data_ptr()}
    for folder in ("whole", "shards"):
        head = read_head(tmp_path / folder)
        check(head, model)
        assert head.provenance.tensor in same
        assert head.provenance.format == "torch"


@pytest.mark.parametrize("name", TEXT)
def test_a_model_without_its_head(name: str, tmp_path: Path) -> None:
    """As AutoModel saves it: the embedding will do where the two are tied, and only there."""
    from transformers import AutoModel

    model = AutoModel.from_config(built(name).config)
    model.save_pretrained(tmp_path)
    if ARCHITECTURES[name].own:
        with pytest.raises(NotFoundError) as raised:
            read_head(tmp_path)
        embedding = next(
            key for key, value in model.state_dict().items()
            if value is model.get_input_embeddings().weight
            or value.data_ptr() == model.get_input_embeddings().weight.data_ptr()
        )  # fmt: skip
        assert "the input embedding is a different matrix" in str(raised.value)
        assert re.search(f"candidates: .*{embedding} {V} × ", str(raised.value))
    else:
        head = read_head(tmp_path)
        np.testing.assert_array_equal(
            head.block(0, V), model.get_input_embeddings().weight.detach().numpy()
        )
        assert head.provenance.reason == TIED


def test_old_checkpoints_with_bare_names(tmp_path: Path) -> None:
    """openai-community/gpt2 and bigscience/bloom lack the prefix, and their config is silent."""
    for name in ("gpt2", "bloom"):
        model = built(name)
        state = {k.removeprefix("transformer."): v for k, v in model.state_dict().items()}
        del state["lm_head.weight"]
        config = {k: v for k, v in model.config.to_dict().items() if "tie_" not in k}
        folder = save(
            tmp_path / name,
            {"pytorch_model.bin": torch_bin(state), "config.json": json.dumps(config)},
        )
        check(read_head(folder), model)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_dtype_models_are_released_in(dtype: torch.dtype, tmp_path: Path) -> None:
    model = ARCHITECTURES["llama"].build().to(dtype)
    model.save_pretrained(tmp_path / "safetensors")
    save(tmp_path / "bin", {"pytorch_model.bin": torch_bin(model.state_dict())})
    for folder in ("safetensors", "bin"):
        head = read_head(tmp_path / folder)
        check(head, model)
        assert head.provenance.dtype == {torch.bfloat16: "BF16", torch.float16: "F16"}[dtype]


@pytest.mark.parametrize("name", ["llama", "gpt2", "pythia", "opt", "bert", "phi"])
def test_the_final_norm_is_found_and_folded(name: str, tmp_path: Path) -> None:
    """Logits of a normalized hidden state are those of the plain head times the gain."""
    model = ARCHITECTURES[name].build()
    norm = {
        "llama": "model.norm", "gpt2": "transformer.ln_f",
        "pythia": "gpt_neox.final_layer_norm", "opt": "model.decoder.final_layer_norm",
        "bert": "cls.predictions.transform.LayerNorm", "phi": "model.final_layernorm",
    }[name]  # fmt: skip
    layer = model.get_submodule(norm)
    with torch.no_grad():
        layer.weight.copy_(torch.linspace(-0.5, 2, len(layer.weight)))
    model.save_pretrained(tmp_path)
    head = read_head(tmp_path, fold_norm=True)
    np.testing.assert_array_equal(head.block(0, V), head_of(model) * layer.weight.detach().numpy())
    assert head.provenance.folded_norm == f"{norm}.weight"


@pytest.mark.parametrize(
    "name",
    ["llama", "gemma", "gemma2", "gemma3", "gemma3 with vision", "nemotron", "qwen3-next",
     "qwen3-8b", "mistral"],
)  # fmt: skip
def test_the_gain_is_what_the_norm_multiplies_by(name: str, tmp_path: Path) -> None:
    """Some architectures store the gain's difference from 1."""
    model = ARCHITECTURES[name].build()
    text = getattr(model.model, "language_model", model.model)
    with torch.no_grad():
        text.norm.weight.copy_(torch.linspace(-0.5, 2, WIDTH))
        hidden = torch.randn(WIDTH)
        hidden = (hidden - hidden.mean()) / hidden.std(correction=0)
        gain = text.norm(hidden[None])[0] / hidden  # RMS and mean norms do nothing else to it
    model.save_pretrained(tmp_path)
    folded = read_head(tmp_path, fold_norm=True).block(0, V)
    np.testing.assert_allclose(folded, head_of(model) * gain.numpy(), rtol=1e-5, atol=1e-6)
