"""A model whose head is factors is the same to the bit after it is written and loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from extras import needed
from tiny_models import LINES, byte_tokenizer, tiny_model

import superscope
from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.evaluation import evaluate
from superscope.evaluation.factored import replace_entry, replace_head, with_factors
from superscope.heads.narrow_head import Block, NarrowHead
from superscope.repack import load, save

needed("transformers")

RANK = 4


def random_head(rows: int, width: int, blocks: int = 1, *, bias: bool = True) -> NarrowHead:
    """Return factors of random numbers; several blocks take rows in turn, of growing ranks."""
    random = np.random.default_rng(0)

    def numbers(*shape: int) -> Any:
        return random.standard_normal(shape).astype(np.float32)

    ids = [None] if blocks == 1 else [np.arange(k, rows, blocks) for k in range(blocks)]
    made = tuple(
        Block(numbers(rows if i is None else len(i), RANK + k), numbers(RANK + k, width), i)
        for k, i in enumerate(ids)
    )
    return NarrowHead(made, numbers(rows) if bias else None, numbers(width))


def narrowed(kind: str, folder: Path, blocks: int = 1) -> tuple[Any, NarrowHead]:
    """Return a tiny model with a head of random factors, and these."""
    import transformers

    loaded = transformers.AutoModelForCausalLM.from_pretrained(tiny_model(kind, folder)).eval()
    head = random_head(*loaded.get_output_embeddings().weight.shape, blocks)
    replace_head(loaded, head)
    return loaded, head


def same_files(one: Path, other: Path) -> bool:
    files = sorted(path.name for path in one.iterdir())
    return files == sorted(path.name for path in other.iterdir()) and all(
        (one / name).read_bytes() == (other / name).read_bytes() for name in files
    )


@pytest.mark.parametrize(
    ("kind", "blocks"),
    [("gpt2", 1), ("gpt-neox", 1), ("llama", 3), ("opt", 1), ("qwen2", 1), ("gemma2", 2)],
)
def test_a_model_comes_back_to_the_bit(kind: str, blocks: int, tmp_path: Path) -> None:
    import torch
    from torch import nn

    made, head = narrowed(kind, tmp_path / "own", blocks)
    tokens = torch.arange(5, 15)[None]
    save(made, tmp_path / "narrow")
    back = load(tmp_path / "narrow")
    assert torch.equal(back(tokens).logits, made(tokens).logits)
    back.save_pretrained(tmp_path / "again")
    assert same_files(tmp_path / "narrow", tmp_path / "again")
    pairs = [(p.columns, p.rows) for p in back.get_output_embeddings().blocks]
    assert len(pairs) == blocks and all(isinstance(m, nn.Linear) for pair in pairs for m in pair)
    greedy = back.generate(tokens, max_new_tokens=4, do_sample=False, pad_token_id=1)
    assert torch.equal(
        greedy, made.generate(tokens, max_new_tokens=4, do_sample=False, pad_token_id=1)
    )
    assert np.array_equal(superscope.heads.read_head(tmp_path / "narrow").block(0, 400),
                          head.matrix())  # fmt: skip


def test_a_model_from_a_gguf_file_is_written_as_numbers(tmp_path: Path) -> None:
    made, _ = narrowed("llama", tmp_path / "own")
    made.hf_quantizer = mark = object()  # as transformers leaves it, with dequantized weights
    save(made, tmp_path / "narrow")
    assert made.hf_quantizer is mark
    assert "quantization_config" not in (tmp_path / "narrow" / "config.json").read_text()


def test_an_input_embedding_of_factors_comes_back(tmp_path: Path) -> None:
    import torch

    made, _ = narrowed("qwen2", tmp_path / "own")
    entry = random_head(320, 16, bias=False)
    replace_entry(made, entry)
    tokens = torch.arange(5, 15)[None]
    assert torch.allclose(
        made.get_input_embeddings()(tokens)[0], torch.from_numpy(entry.take(np.arange(5, 15)))
    )
    save(made, tmp_path / "narrow")
    back = load(tmp_path / "narrow")
    assert torch.equal(back(tokens).logits, made(tokens).logits)
    assert not superscope.heads.read_head(tmp_path / "narrow").provenance.quantized


@pytest.mark.parametrize("blocks", [1, 2])
def test_the_folder_is_read_as_its_matrix_is(blocks: int, tmp_path: Path) -> None:
    import torch
    import transformers

    own = tiny_model("llama", byte_tokenizer(tmp_path / "own"))
    made, head = narrowed("llama", own, blocks)
    full = transformers.AutoModelForCausalLM.from_pretrained(own)
    full.lm_head = torch.nn.Linear(16, 320)
    full.lm_head.weight = torch.nn.Parameter(torch.from_numpy(head.matrix()))
    full.lm_head.bias = torch.nn.Parameter(torch.from_numpy(head.bias))
    save(made, tmp_path / "narrow")
    for path in own.glob("token*"):
        shutil.copy(path, tmp_path / "narrow")
    tokens = torch.arange(5, 25)[None]
    loss = full(tokens, labels=tokens).loss.item()
    read = evaluate(tmp_path / "narrow", LINES, progress=None)
    assert (read.model.rows, read.model.width) == (320, 16)
    narrow = load(tmp_path / "narrow")
    assert narrow(tokens, labels=tokens).loss.item() == pytest.approx(loss)
    by_rows = superscope.measure(head.matrix(), pairs="none")
    measured = superscope.measure(tmp_path / "narrow", pairs="none", progress=None)
    assert measured.raw.mean_square_overlap == pytest.approx(by_rows.raw.mean_square_overlap)
    assert measured.provenance.depth == 2


def test_transformers_alone_does_not_load_it_with_a_random_head(tmp_path: Path) -> None:
    import transformers

    made, _ = narrowed("llama", tmp_path / "own")
    save(made, tmp_path / "narrow")
    with pytest.raises(ValueError, match="superscope_repacked"):
        transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "narrow")


def test_what_is_no_such_model_is_refused(tmp_path: Path) -> None:
    import transformers

    own = tiny_model("llama", tmp_path / "own")
    with pytest.raises(UsageError, match="not stored as factors"):
        load(own)
    with pytest.raises(NotFoundError):
        load(tmp_path / "absent")
    loaded = transformers.AutoModelForCausalLM.from_pretrained(own)
    with pytest.raises(UsageError, match="not factors"):
        save(loaded, tmp_path / "narrow")
    replace_head(loaded, random_head(320, 16))
    with pytest.raises(UsageError, match="exists"):
        save(loaded, own)
    assert not list(tmp_path.glob(".*"))


def test_a_number_format_or_device_that_is_none_is_refused(tmp_path: Path) -> None:
    for name in ("float99", "nn", "int64"):
        with pytest.raises(UsageError, match=f"dtype='{name}' is no number format"):
            load(tmp_path, dtype=name)
    with pytest.raises(UsageError, match="device 'quantum' cannot be used"):
        load(tmp_path, device="quantum")


def test_transformers_trainer_saves_what_it_trained(tmp_path: Path) -> None:
    import torch
    import transformers

    made, _ = narrowed("qwen2", tmp_path / "own")
    save(made, tmp_path / "narrow")
    back = load(tmp_path / "narrow")
    (tmp_path / "trained").mkdir()
    (tmp_path / "trained" / "mine.txt").touch(mode=0o600)
    example = {"input_ids": torch.arange(5, 15), "labels": torch.arange(5, 15)}
    trainer = transformers.Trainer(
        back,
        transformers.TrainingArguments(
            str(tmp_path / "trained"), max_steps=1, report_to=[], use_cpu=True, save_strategy="no",
            disable_tqdm=True,
        ),
        train_dataset=[example] * 8,
    )  # fmt: skip
    trainer.train()
    trainer.save_model()
    again, tokens = load(tmp_path / "trained"), torch.arange(5, 15)[None]
    assert torch.equal(again(tokens).logits, back.eval()(tokens).logits)
    assert not torch.equal(again(tokens).logits, made(tokens).logits)
    assert (tmp_path / "trained" / "mine.txt").stat().st_mode & 0o777 == 0o600
    changed = {name: 2 * tensor for name, tensor in back.state_dict().items()}
    back.save_pretrained(
        tmp_path / "twice", is_main_process=True, state_dict=changed, max_shard_size="10KB"
    )
    assert len(list((tmp_path / "twice").glob("model-*"))) > 1
    twice = load(tmp_path / "twice").get_output_embeddings().blocks[0].rows.weight
    assert torch.equal(twice, 2 * back.get_output_embeddings().blocks[0].rows.weight)
    back.save_pretrained(tmp_path / "other", is_main_process=False)
    assert not (tmp_path / "other").exists()


def test_a_disk_that_is_full_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import safetensors.torch

    def full(*_: Any, **__: Any) -> None:
        raise safetensors.SafetensorError(
            "Error while serializing: I/O error: No space left on device (os error 28)"
        )

    monkeypatch.setattr(safetensors.torch, "save_file", full)
    made, _ = narrowed("llama", tmp_path / "own")
    with pytest.raises(UsageError, match=r"cannot write .*: No space left on device"):
        save(made, tmp_path / "narrow")
    assert not (tmp_path / "narrow").exists()


def test_a_model_is_tied_again_when_its_factors_go(tmp_path: Path) -> None:
    import transformers

    loaded = transformers.AutoModelForCausalLM.from_pretrained(tiny_model("qwen2", tmp_path))
    keys = loaded.all_tied_weights_keys
    with with_factors(loaded, random_head(320, 16), None):
        assert not loaded.config.tie_word_embeddings
    assert loaded.config.tie_word_embeddings and loaded.all_tied_weights_keys == keys != {}
    assert loaded.get_output_embeddings().weight is loaded.get_input_embeddings().weight


def test_damaged_factors_are_refused(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    made, _ = narrowed("llama", tmp_path / "own", blocks=2)
    save(made, tmp_path / "narrow")
    file = tmp_path / "narrow" / "factors.safetensors"
    tensors = load_file(file)
    changes: dict[str, Any] = {
        "head.0.ids": tensors["head.0.ids"] + 1,
        "head.1.columns": tensors["head.1.columns"][1:],
        "head.bias": tensors["head.bias"][:-1],
        "head.shift": tensors["head.shift"][None],
    }
    for name, changed in changes.items():
        save_file({**tensors, name: changed}, file)
        with pytest.raises(FormatError, match=r"factors\.safetensors"):
            load(tmp_path / "narrow")
    config = tmp_path / "narrow" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "superscope_format": 2}))
    with pytest.raises(FormatError, match="update superscope"):
        load(tmp_path / "narrow")


def test_lens_reads_the_folder_and_moves_rows_in_it(tmp_path: Path) -> None:
    own = tiny_model("llama", byte_tokenizer(tmp_path / "own"))
    made, _ = narrowed("llama", own)
    save(made, tmp_path / "narrow")
    for path in own.glob("token*"):
        shutil.copy(path, tmp_path / "narrow")
    lens = superscope.lens(tmp_path / "narrow", neighbors=4, progress=None)
    moved = lens.cost(LINES * 2, draws=2, pairs=2, progress=None).intervention
    assert moved.pairs
