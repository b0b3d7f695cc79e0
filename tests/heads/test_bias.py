"""A logit bias is read beside the head, from files of every kind and from models in memory."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from files import gguf, matrix, safetensors, torch_bin

from superscope import read_head
from superscope.heads import head_of

V, M = 30, 8
W, B = matrix(V, M), matrix(1, V, seed=1)[0]


def read(folder: Path, tensors, **kept):
    (folder / "model.safetensors").write_bytes(safetensors(tensors))
    return read_head(folder, progress=None, **kept)


@pytest.mark.parametrize(
    ("head", "bias"),
    [
        ("lm_head.weight", "lm_head.bias"),
        ("model.lm_head.weight", "model.lm_head.bias"),
        ("lm_head.linear.weight", "lm_head.linear.bias"),
        ("cls.predictions.decoder.weight", "cls.predictions.decoder.bias"),
        ("bert.embeddings.word_embeddings.weight", "cls.predictions.bias"),
        ("roberta.embeddings.word_embeddings.weight", "lm_head.bias"),
        ("distilbert.embeddings.word_embeddings.weight", "vocab_projector.bias"),
        ("output.weight", "output.bias"),
    ],
)
def test_a_bias_is_read_beside_the_head(tmp_path, head, bias):
    found = read(tmp_path, {head: W, bias: B, "encoder.layer.0.bias": B, "other.bias": B})
    np.testing.assert_array_equal(found.bias, B)
    assert found.provenance.notes == (
        f"the logits have a bias, {bias}, which is no part of the overlaps",
    )


def test_what_is_no_bias_of_the_logits_is_left(tmp_path):
    tensors = {"lm_head.weight": W, "lm_head.bias": B[:M], "x.norm.bias": B, "score.bias": B}
    assert read(tmp_path, tensors).bias is None
    only = {"up.weight": W, "lm_head.weight": W, "lm_head.bias": B}
    assert read(tmp_path, only, tensor="up.weight").bias is None
    assert read(tmp_path, {**only, "up.bias": B}, tensor="up.weight").bias is not None


def test_a_bias_of_the_shape_of_one_row_is_read(tmp_path):
    tensors = {"model.shared.weight": W, "final_logits_bias": B[None]}
    np.testing.assert_array_equal(read(tmp_path, tensors).bias, B)


def test_a_bias_of_another_file_and_of_a_number_format_is_read(tmp_path):
    short = torch.as_tensor(B).bfloat16()
    (tmp_path / "pytorch_model.bin").write_bytes(
        torch_bin({"lm_head.weight": torch.as_tensor(W), "lm_head.bias": short})
    )
    np.testing.assert_array_equal(read_head(tmp_path, progress=None).bias, short.float().numpy())
    (tmp_path / "pytorch_model.bin").unlink()
    where = {"lm_head.weight": "a.safetensors", "lm_head.bias": "b.safetensors"}
    for name, value in (("lm_head.weight", W), ("lm_head.bias", B)):
        (tmp_path / where[name]).write_bytes(safetensors({name: value}))
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    np.testing.assert_array_equal(read_head(tmp_path, progress=None).bias, B)
    (tmp_path / "b.safetensors").unlink()
    without = read_head(tmp_path, progress=None)
    assert without.bias is None and "which cannot be read" in without.provenance.notes[0]


def test_a_bias_of_a_gguf_file_is_read(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf({"output.weight": (W, "F32"), "output.bias": (B, "F32")}, tmp_path))
    np.testing.assert_array_equal(read_head(path, progress=None).bias, B)


def test_a_bias_of_a_model_in_memory_is_read():
    layer = torch.nn.Linear(M, V)
    np.testing.assert_array_equal(head_of(layer).bias, layer.bias.detach().numpy())
    assert head_of(torch.nn.Linear(M, V, bias=False)).bias is None
    state = {"lm_head.weight": torch.as_tensor(W), "lm_head.bias": torch.as_tensor(B)}
    np.testing.assert_array_equal(head_of(state).bias, B)
    assert "lm_head.bias" in head_of(state).provenance.notes[0]


def test_kept_rows_keep_their_biases(tmp_path):
    head = read(tmp_path, {"lm_head.weight": W, "lm_head.bias": B})
    kept = head.keeping(np.array([2, 5]), "tokenizer")
    np.testing.assert_array_equal(kept.kept_bias, B[[2, 5]])
    np.testing.assert_array_equal(head.kept_bias, B)
