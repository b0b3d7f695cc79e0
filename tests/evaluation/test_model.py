"""The losses of a model are its own, however they are batched, padded and cut into pieces."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from extras import needed
from tiny_models import CONTEXT, VOCABULARY, byte_tokenizer, tiny_model

from superscope.errors import EvaluationError, SuperscopeError, UsageError
from superscope.evaluation.load import load_model
from superscope.evaluation.model import LanguageModel, OutOfMemory
from superscope.evaluation.output_head import OutputHead
from superscope.evaluation.sequences import Sequence
from superscope.frequency.checkpoint import loadable

torch = needed("torch")
transformers = needed("transformers")

KINDS = ("gpt2", "gpt-neox", "llama", "opt", "qwen2", "gemma2", "mamba")


def sequence(length: int, seed: int = 0, scored: int = 1) -> Sequence:
    """Return random tokens, scored from a position on."""
    ids = np.random.default_rng(seed).integers(2, VOCABULARY, length).astype(np.int32)
    documents = np.where(np.arange(length) >= scored, 0, -1).astype(np.int32)
    return Sequence(ids, documents, np.ones(length, np.int64), 0)


def own_losses(folder: Path, read: Sequence) -> np.ndarray:
    """Return the losses of the scored tokens, by the model's whole logits."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    ids = torch.from_numpy(read.ids.astype(np.int64))[None]
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0].double()
    nats = -torch.log_softmax(logits, -1)[torch.arange(len(read) - 1), ids[0, 1:]]
    return nats.numpy()[read.documents[1:] >= 0]


@pytest.fixture(params=KINDS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tiny_model(request.param, tmp_path / request.param)


def test_losses_are_those_of_the_whole_logits(folder: Path) -> None:
    read = [sequence(n, n) for n in (40, 7, 2, 23)]
    found = load_model(loadable(folder), "cpu", "auto").losses(read)
    for one, nats in zip(read, found, strict=True):
        np.testing.assert_allclose(nats, own_losses(folder, one), rtol=0, atol=2e-5)


def test_no_architecture_here_needs_its_logits_whole(folder: Path) -> None:
    assert not load_model(loadable(folder), "cpu", "auto").head.whole_logits


def test_pieces_of_one_token_give_the_same(folder: Path) -> None:
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder)
    read = [sequence(20, 1), sequence(11, 2)]
    whole = LanguageModel("m", loaded).losses(read)
    pieces = LanguageModel("m", loaded, logits_bytes=1).losses(read)
    for a, b in zip(whole, pieces, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=2e-6)


def test_only_what_is_scored_is_returned(tmp_path: Path) -> None:
    model = load_model(loadable(tiny_model("gpt2", tmp_path)), "cpu", "auto")
    late, all_of_it = model.losses([sequence(30, 3, scored=20), sequence(30, 3)])
    assert len(late) == 10 and len(all_of_it) == 29
    np.testing.assert_allclose(late, all_of_it[19:], atol=2e-6)


def test_a_soft_cap_counts(tmp_path: Path) -> None:
    """Gemma 2 caps its logits after the head: losses without it would be others."""
    read = sequence(40, 4)
    folder = tiny_model("gemma2", tmp_path)
    model = load_model(loadable(folder), "cpu", "auto")
    ids = torch.from_numpy(read.ids.astype(np.int64))[None]
    with torch.no_grad():
        bare = model._model.lm_head(model._model.model(input_ids=ids)[0])[0].double()
    uncapped = -torch.log_softmax(bare, -1)[torch.arange(39), ids[0, 1:]].numpy()
    found = model.losses([read])[0]
    assert np.abs(found - uncapped).max() > 0.05
    np.testing.assert_allclose(found, own_losses(folder, read), atol=2e-5)


def test_a_model_without_such_a_body_gives_its_logits_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_model("llama", tmp_path)
    monkeypatch.setattr(OutputHead, "_find_base", lambda self: None)
    model = load_model(loadable(folder), "cpu", "auto")
    assert model.head.whole_logits
    read = [sequence(30, 1), sequence(9, 2)]
    for one, nats in zip(read, model.losses(read), strict=True):
        np.testing.assert_allclose(nats, own_losses(folder, one), atol=2e-5)


def test_a_body_that_does_not_give_the_models_logits_is_not_used(tmp_path: Path) -> None:
    """What is done to the logits from outside forward's head, such as by a hook, is noticed."""
    loaded = transformers.AutoModelForCausalLM.from_pretrained(tiny_model("gpt2", tmp_path))
    calls = []

    def scaled(module: object, given: object, output: object) -> object:
        calls.append(1)
        if len(calls) <= 2:  # both of the model as a whole
            output.logits = 3 * output.logits
        return output

    loaded.register_forward_hook(scaled)
    assert LanguageModel("m", loaded).head.whole_logits


def test_facts_are_those_of_the_checkpoint(tmp_path: Path) -> None:
    model = load_model(loadable(tiny_model("opt", tmp_path, dtype="float16")), "cpu", "auto")
    assert (model.rows, model.width, model.depth) == (VOCABULARY, 8, 2)  # OPT projects to 8
    assert (model.context, model.device, model.dtype) == (CONTEXT, "cpu", "float32")
    assert model.parameters == sum(p.numel() for p in model._model.parameters())


def test_dtype_is_as_asked(tmp_path: Path) -> None:
    folder = tiny_model("llama", tmp_path)
    half = load_model(loadable(folder), "cpu", "bfloat16")
    assert half.dtype == "bfloat16"
    read = sequence(40, 5)
    assert np.abs(half.losses([read])[0] - own_losses(folder, read)).max() < 0.5
    assert half.losses([read])[0].dtype == np.float32


def test_spread_over_devices_it_is_the_same(tmp_path: Path) -> None:
    """Parts that accelerate keeps elsewhere, here on disk, are fetched by its hooks."""
    needed("accelerate")
    folder = tiny_model("gpt-neox", tmp_path / "model")
    parts = {"gpt_neox.embed_in": "cpu", "gpt_neox.layers.0": "cpu", "gpt_neox.layers.1": "disk",
             "gpt_neox.final_layer_norm": "cpu", "gpt_neox.rotary_emb": "cpu",
             "lm_head": "cpu"}  # fmt: skip
    loaded = transformers.AutoModelForCausalLM.from_pretrained(
        folder, device_map=parts, offload_folder=str(tmp_path / "off")
    )
    read = sequence(30, 6)
    model = LanguageModel("m", loaded)
    assert model.device == "cpu, offloaded" and not model.head.whole_logits
    np.testing.assert_allclose(model.losses([read])[0], own_losses(folder, read), atol=2e-5)


def test_out_of_memory_is_told_however_the_device_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model(loadable(tiny_model("gpt2", tmp_path)), "cpu", "auto")
    said = (
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("MPS backend out of memory"),
        MemoryError(),
    )
    for error in said:

        def fail(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr(model.head, "hidden", fail)
        with pytest.raises(OutOfMemory):
            model.losses([sequence(5)])

    def other(*_: object, **__: object) -> None:
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(model.head, "hidden", other)
    with pytest.raises(EvaluationError, match=r"fails on 1 sequences of up to 5 .* shapes differ"):
        model.losses([sequence(5)])


def test_larger_than_the_free_memory_is_refused_before_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    psutil = needed("psutil")
    place = loadable(tiny_model("gpt2", tmp_path))
    monkeypatch.setattr(psutil, "virtual_memory", type("M", (), {"available": 10}))
    with pytest.raises(EvaluationError, match="too large for this machine"):
        load_model(place, "cpu", "auto")


def test_the_size_in_memory_is_that_of_the_precision(tmp_path: Path) -> None:
    """Half-precision weights take twice their size as float32; other files do not count."""
    folder = tiny_model("gpt2", tmp_path, dtype="float16")
    stored = (folder / "model.safetensors").stat().st_size
    (folder / "consolidated.safetensors").write_bytes(b"0" * 10 * stored)
    assert loadable(folder).loaded_bytes(2) == stored
    assert loadable(folder).loaded_bytes(4) == 2 * stored


def test_a_model_that_sees_ahead_is_refused(tmp_path: Path) -> None:
    config = transformers.BertConfig(
        vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, initializer_range=0.5,
    )  # fmt: skip
    transformers.BertForMaskedLM(config).save_pretrained(tmp_path)
    with pytest.raises(EvaluationError, match=r"not a causal language model|lacks weights"):
        load_model(loadable(tmp_path), "cpu", "auto")


def test_weights_that_are_missing_are_not_made_up(tmp_path: Path) -> None:
    loaded = transformers.AutoModelForCausalLM.from_pretrained(
        tiny_model("llama", tmp_path / "whole")
    )
    loaded.model.save_pretrained(tmp_path / "body")
    with pytest.raises(EvaluationError, match="lacks weights of its language model"):
        load_model(loadable(tmp_path / "body"), "cpu", "auto")


def test_code_of_a_checkpoint_is_refused_without_a_question(tmp_path: Path) -> None:
    folder = tiny_model("gpt2", tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {
        "AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text("raise SystemExit('it ran')")
    with pytest.raises(SuperscopeError, match="code of its own, which is not run"):
        load_model(loadable(folder), "cpu", "auto")


def test_gguf_files_of_a_folder_are_told_apart(tmp_path: Path) -> None:
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(UsageError, match=f"several GGUF files; name one of: {tmp_path}/a.gguf"):
        loadable(tmp_path)
    assert loadable(tmp_path / "b.gguf").gguf == "b.gguf"


def test_a_readme_does_not_make_another_model(tmp_path: Path) -> None:
    folder = tiny_model("gpt2", tmp_path)
    before = loadable(folder).identity
    (folder / "README.md").write_text("a model")
    (folder / "loss.csv").write_text("")
    assert loadable(folder).identity == before
    tiny_model("gpt2", tmp_path, seed=1)
    assert loadable(folder).identity != before


def test_what_is_no_causal_model_is_refused_by_name(tmp_path: Path) -> None:
    config = transformers.T5Config(
        vocab_size=50, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2
    )
    transformers.T5ForConditionalGeneration(config).save_pretrained(tmp_path)
    with pytest.raises(SuperscopeError, match="not a causal language model"):
        load_model(loadable(tmp_path), "cpu", "auto")


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    folder = byte_tokenizer(tiny_model("gpt2", tmp_path))
    (folder / "model.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(SuperscopeError, match=str(folder)):
        load_model(loadable(folder), "cpu", "auto")


def test_a_folder_without_config_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(SuperscopeError, match=str(tmp_path)):
        load_model(loadable(tmp_path), "cpu", "auto")
