"""The input embedding is read beside a head that is a matrix of its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.support.files import matrix, safetensors, save

import superscope
from superscope import Head, read_head
from superscope.heads.embedding import input_embedding

V, M = 200, 8


def folder(path: Path, tensors: dict[str, np.ndarray], tied: bool = False) -> str:
    config = {"tie_word_embeddings": tied, "vocab_size": V, "hidden_size": M}
    files = {"model.safetensors": safetensors(tensors), "config.json": json.dumps(config)}
    return str(save(path, files))


def test_it_is_the_other_matrix(tmp_path: Path) -> None:
    """With the rows of the head."""
    own, other = matrix(V, M, 1), matrix(V, M, 2)
    model = folder(tmp_path, {"lm_head.weight": own, "model.embed_tokens.weight": other})
    head = read_head(model).keeping(np.array([3, 50]), "trained")
    embedding, note = input_embedding(head)
    assert embedding is not None
    assert note is None
    np.testing.assert_array_equal(embedding.block(0, 2), other[[3, 50]])


def test_there_is_none_of_a_tied_model(tmp_path: Path) -> None:
    """Whether the matrix is stored once, or twice, or in two number formats."""
    own = matrix(V, M, 1)
    once = folder(tmp_path / "once", {"model.embed_tokens.weight": own}, tied=True)
    twice = {"lm_head.weight": own, "model.embed_tokens.weight": own.astype(np.float16)}
    for model in (once, folder(tmp_path / "twice", twice)):
        assert input_embedding(read_head(model)) == (None, None)
    assert input_embedding(Head.from_array(own)) == (None, None)


def test_another_number_of_rows_is_said(tmp_path: Path) -> None:
    """It is left out, with a note that the result hands on."""
    tensors = {"lm_head.weight": matrix(V, M), "model.embed_tokens.weight": matrix(V + 2, M)}
    model = folder(tmp_path, tensors)
    embedding, note = input_embedding(read_head(model))
    assert embedding is None
    assert note is not None
    assert "it has 202 rows, and the head has 200" in note
    assert note in superscope.lens(model).undertrained().notes


@pytest.mark.parametrize("untouched", [20, 0])
def test_a_lens_takes_it(tmp_path: Path, untouched: int) -> None:
    """Rows that input training did not touch are found in it, and only if there are any."""
    rng = np.random.default_rng(0)
    own, other = (10 * rng.normal(size=(V, M)).astype(np.float32) for _ in range(2))
    other[:untouched] /= 1000
    own[:untouched] = 20 + other[:untouched]
    model = folder(tmp_path, {"lm_head.weight": own, "model.embed_tokens.weight": other})
    found = superscope.lens(model).undertrained()
    assert [m.matrix for m in found.matrices] == ["head", "embedding"]
    assert set(found.found) == set(range(untouched))
