"""Heads of what is in memory: arrays of any library, layers, models, state dicts; tokenizers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from tiny_models import byte_tokenizer

from superscope.errors import HeadDataError, UsageError
from superscope.heads import head_of

ROWS = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)


class LikeJax:
    """What numpy reads through ``__array__``, with a dtype of numpy."""

    dtype = ROWS.dtype

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return ROWS


class LikeTensorFlow(LikeJax):
    """With a dtype that has a name of its own."""

    class dtype:
        name = "float32"


class OnlyDlpack:
    """What gives its memory by the protocol alone, as arrays on devices do."""

    def __init__(self, tensor: torch.Tensor):
        self.tensor = tensor

    def __dlpack__(self, **asked: Any) -> Any:
        return self.tensor.__dlpack__(**asked)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.tensor.__dlpack_device__()


def gpt2(*, tied: bool) -> Any:
    config = transformers.GPT2Config(
        vocab_size=50, n_positions=8, n_embd=8, n_layer=1, n_head=1, tie_word_embeddings=tied,
        bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    return transformers.GPT2LMHeadModel(config)


@pytest.mark.parametrize(
    "value",
    [ROWS, LikeJax(), LikeTensorFlow(), torch.tensor(ROWS), OnlyDlpack(torch.tensor(ROWS)),
     torch.nn.Embedding.from_pretrained(torch.tensor(ROWS)), ROWS.tolist()],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_matrix_of_any_library_is_its_rows(value: Any) -> None:
    head = head_of(value)
    np.testing.assert_array_equal(head.block(0, 50), ROWS)
    # Python's own numbers are doubles.
    assert head.provenance.dtype == ("float64" if isinstance(value, list) else "float32")


@pytest.mark.parametrize("given", [lambda x: x, OnlyDlpack], ids=["torch", "dlpack"])
def test_bfloat16_is_read_as_it_is_and_said(given: Any) -> None:
    rows = torch.tensor(ROWS).bfloat16()
    head = head_of(given(rows))
    np.testing.assert_array_equal(head.block(0, 50), rows.float().numpy())
    assert head.provenance.dtype == "bfloat16"


def test_a_linear_layer_has_a_row_for_each_output() -> None:
    layer = torch.nn.Linear(8, 50)
    np.testing.assert_array_equal(head_of(layer).block(0, 50), layer.weight.detach().numpy())


@pytest.mark.parametrize("tied", [True, False])
def test_a_model_of_transformers_says_whether_it_is_tied(tied: bool) -> None:
    model = gpt2(tied=tied)
    whole, state = head_of(model), head_of(model.state_dict())
    for head in (whole, state):
        np.testing.assert_array_equal(head.block(0, 50), model.lm_head.weight.detach().numpy())
    if tied:
        assert whole.provenance.reason == "tied to the input embedding"
        assert state.provenance.reason == "tied to transformer.wte.weight"
    else:
        assert whole.provenance.reason == "the model's own output head"
        assert state.provenance.reason == "its own output head"
    assert whole.provenance.depth == 1
    assert whole.provenance.parameters == sum(p.numel() for p in model.parameters())


def test_a_model_without_a_head_is_refused() -> None:
    with pytest.raises(HeadDataError, match="load it with its head"):
        head_of(gpt2(tied=True).transformer)


def test_a_tensor_of_a_state_dict_can_be_named() -> None:
    state = {"a": torch.tensor(ROWS), "b": torch.zeros(3, 2)}
    assert head_of(state, tensor="b").features == 3
    with pytest.raises(UsageError, match="state dict"):
        head_of(ROWS, tensor="a")


@pytest.mark.parametrize("value", [["text"], np.array(3.0), np.ones(3), np.eye(2, dtype=int)])
def test_what_is_no_matrix_of_numbers_is_refused(value: Any) -> None:
    with pytest.raises(HeadDataError):
        head_of(value)


@pytest.mark.parametrize("value", [None, "text", object(), 3])
def test_what_is_no_model_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match=r"a model is a name, .* a matrix \(V, m\), not "):
        head_of(value)


@pytest.mark.parametrize("given", [list, tuple, np.array, pd.Series], ids=lambda g: g.__name__)
def test_tokens_are_the_text_of_each_row(given: Any) -> None:
    head = head_of(ROWS[:3], tokens=given(["a", "b", "c"]))
    assert head.tokens == ("a", "b", "c")


@pytest.mark.parametrize("given", ["abc", {"a": 0}, 3])
def test_what_gives_no_text_of_rows_is_refused(given: Any) -> None:
    with pytest.raises(UsageError, match="strings or a tokenizer"):
        head_of(ROWS, tokens=given)


def test_a_tokenizer_gives_the_text_of_each_row(tmp_path: Path) -> None:
    folder = byte_tokenizer(tmp_path / "tokenizer")
    ofthem = transformers.AutoTokenizer.from_pretrained(folder)
    rows = np.ones((len(ofthem), 2), np.float32)
    for given in (ofthem, ofthem.backend_tokenizer):
        texts = head_of(rows, tokens=given).tokens
        assert texts is not None and len(texts) == len(ofthem)
        (space,) = ofthem.convert_tokens_to_ids(["Ġthe"])
        assert texts[space] == " the"
