"""A PEFT adapter's folder has the head of its base, with what the adapter changes of it.

The names are those that PEFT 0.21 writes, and what PEFT makes of each was compared with it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from files import matrix, safetensors, save

from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.heads import ArrayRows, Head, read_head
from superscope.heads.rows import ReplacedRows

W, E, S = matrix(40, 6), matrix(40, 6, seed=1), matrix(40, 6, seed=4)
A, B = matrix(2, 6, seed=2), matrix(40, 2, seed=3)
HEAD, EMBED = "base_model.model.lm_head.", "base_model.model.model.embed_tokens."
LORA = {f"{HEAD}lora_A.weight": A, f"{HEAD}lora_B.weight": B}
OTHER = {"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": A}
PLAIN = {"peft_type": "LORA", "r": 2, "lora_alpha": 6}


def base(folder: Path, tied: bool) -> Path:
    tensors = {"model.embed_tokens.weight": E, **({} if tied else {"lm_head.weight": W})}
    config = json.dumps({"model_type": "llama", "tie_word_embeddings": tied, "vocab_size": 40})
    return save(folder / "base", {"model.safetensors": safetensors(tensors), "config.json": config})


def adapter(
    folder: Path, tensors: dict[str, np.ndarray], *, tied: bool = False, **config: Any
) -> Path:
    told = {**PLAIN, "base_model_name_or_path": str(base(folder, tied)), **config}
    files = {"adapter_model.safetensors": safetensors(tensors), "optimizer.pt": b"not a model"}
    return save(folder / "adapter", {**files, "adapter_config.json": json.dumps(told)})


def whole(head: Head) -> np.ndarray:
    return head.block(0, head.features)


def notes(head: Head) -> str:
    return "\n".join(head.provenance.notes)


@pytest.mark.parametrize(
    ("tensors", "config", "scale"),
    [
        (LORA, {}, 3),
        (LORA, {"use_rslora": True}, 6 / 2**0.5),
        (LORA, {"r": 8, "rank_pattern": {"lm_head": 2}, "alpha_pattern": {"^lm_.*": 2}}, 1),
        (LORA, {"alpha_pattern": {"(": 1, "(x+)+y": 1, r".*\.?lm_(?:head|tail)": 2}}, 1),
        ({**LORA, f"{HEAD}lora_B.bias": B[:, 0], **OTHER}, {"lora_bias": True}, 3),
    ],
)
def test_lora_on_the_head_is_added_to_that_of_the_base(
    tmp_path: Path, tensors: dict[str, np.ndarray], config: dict[str, Any], scale: float
) -> None:
    folder = adapter(tmp_path, tensors, **config)
    for model in (folder, folder / "adapter_model.safetensors"):
        read = read_head(model)
        np.testing.assert_allclose(whole(read), W + scale * B @ A, atol=1e-5)
        np.testing.assert_array_equal(read.take(np.array([9, 3])), whole(read)[[9, 3]])
    assert "merged into the head with scale" in notes(read)
    assert read.provenance.model.endswith("adapter_model.safetensors")
    assert "base" in str(read.provenance.reason)


def test_a_bias_that_was_trained_replaces_that_of_the_base(tmp_path: Path) -> None:
    folder = adapter(tmp_path, {**LORA, f"{HEAD}base_layer.bias": W[:, 0]})
    np.testing.assert_array_equal(read_head(folder).bias, W[:, 0])


def test_the_bias_of_an_adapter_is_added_with_its_scale(tmp_path: Path) -> None:
    more = {**LORA, f"{HEAD}lora_B.bias": B[:, 0]}
    alone = read_head(adapter(tmp_path / "alone", more, lora_bias=True))
    np.testing.assert_allclose(alone.bias, 3 * B[:, 0], rtol=1e-6)
    assert "lora_B.bias, which is no part of the overlaps; it is added" in notes(alone)
    both = {**more, f"{HEAD}base_layer.bias": W[:, 0]}
    found = read_head(adapter(tmp_path / "both", both, lora_bias=True))
    np.testing.assert_allclose(found.bias, W[:, 0] + 3 * B[:, 0], rtol=1e-5)
    short = {**LORA, f"{HEAD}lora_B.bias": B[:7, 0]}
    with pytest.raises(FormatError, match=r"40 rows, and the bias .* 7 numbers"):
        read_head(adapter(tmp_path / "short", short, lora_bias=True))


def test_the_bias_of_an_adapter_beside_its_head_is_added(tmp_path: Path) -> None:
    tensors = {
        "lm_head.base_layer.weight": W, "lm_head.base_layer.bias": W[:, 0],
        "lm_head.lora_A.default.weight": A, "lm_head.lora_B.default.weight": B,
        "lm_head.lora_B.default.bias": B[:, 0],
    }  # fmt: skip
    files = {"model.safetensors": safetensors(tensors), "adapter_config.json": json.dumps(PLAIN)}
    head = read_head(save(tmp_path / "whole", files))
    np.testing.assert_allclose(whole(head), W + 3 * B @ A, atol=1e-5)
    np.testing.assert_allclose(head.bias, W[:, 0] + 3 * B[:, 0], rtol=1e-5)


@pytest.mark.parametrize("tied", [True, False])
def test_a_head_that_was_trained_whole_needs_no_base(tmp_path: Path, tied: bool) -> None:
    tensors = {f"{HEAD}weight": S, f"{EMBED}weight": E, **OTHER}
    read = read_head(adapter(tmp_path, tensors, tied=tied, base_model_name_or_path=None))
    np.testing.assert_array_equal(whole(read), S)
    assert read.provenance.parameters is None
    assert "saved with the adapter" in str(read.provenance.reason)


def test_a_head_that_was_saved_under_its_adapter_is_the_one_it_is_added_to(tmp_path: Path) -> None:
    folder = adapter(tmp_path, {**LORA, f"{HEAD}base_layer.weight": S})
    np.testing.assert_allclose(whole(read_head(folder)), S + 3 * B @ A, atol=1e-5)


@pytest.mark.parametrize("tied", [True, False])
def test_an_adapter_of_other_modules_leaves_the_head(tmp_path: Path, tied: bool) -> None:
    read = read_head(adapter(tmp_path, OTHER, tied=tied, peft_type="IA3"))
    np.testing.assert_array_equal(whole(read), E if tied else W)
    assert notes(read) == "the adapter leaves the head of its base as it is"


def test_a_change_of_the_embedding_alone_is_none_of_the_head(tmp_path: Path) -> None:
    tensors = {f"{EMBED}lora_embedding_A": B.T.copy(), f"{EMBED}lora_embedding_B": A.T.copy()}
    read = read_head(adapter(tmp_path, tensors, tied=True))
    np.testing.assert_array_equal(whole(read), E)
    assert "a merged model may have it in both" in notes(read)


@pytest.mark.parametrize("name", [f"{EMBED}token_adapter.", HEAD])
def test_tokens_that_were_trained_replace_their_rows(tmp_path: Path, name: str) -> None:
    tensors = {f"{name}trainable_tokens_delta": S[:2]}
    ids = {"embed_tokens": [7, 5]} if "embed" in name else None
    told = {"trainable_token_indices": ids, "token_indices": [7, 5]}
    read = read_head(adapter(tmp_path, tensors, tied=True, **told))
    right = E.copy()
    right[[7, 5]] = S[:2]
    np.testing.assert_array_equal(whole(read), right)
    np.testing.assert_array_equal(read.take(np.array([5, 39, 7])), right[[5, 39, 7]])
    assert "replaces 2 rows" in notes(read)
    with pytest.raises(FormatError, match="does not match the ids"):
        read_head(adapter(tmp_path / "wrong", tensors, tied=True, token_indices=[7, 40]))


def test_replacing_rows_leaves_the_stored_ones() -> None:
    stored = W.copy()
    stored.flags.writeable = False  # as a memory-mapped file is
    rows = ReplacedRows(ArrayRows(stored), np.array([7, 5]), S[:2])
    np.testing.assert_array_equal(rows.block(4, 9), [W[4], S[1], W[6], S[0], W[8]])
    np.testing.assert_array_equal(rows.take(np.array([7, 0])), [S[0], W[0]])
    np.testing.assert_array_equal(rows.block(0, 5), W[:5])
    np.testing.assert_array_equal(stored, W)


@pytest.mark.parametrize("own", [{f"{HEAD}weight": S}, LORA])
def test_trained_rows_of_a_tied_embedding_are_not_passed_over(
    tmp_path: Path, own: dict[str, np.ndarray]
) -> None:
    tensors = {**own, f"{EMBED}token_adapter.trainable_tokens_delta": S[:2]}
    told = {"trainable_token_indices": {"embed_tokens": [7, 5]}}
    with pytest.raises(FormatError, match=r"also rows of the input embedding .*merge it"):
        read_head(adapter(tmp_path / "tied", tensors, tied=True, **told))
    read = read_head(adapter(tmp_path / "untied", tensors, **told))
    right = own.get(f"{HEAD}weight", W + 3 * B @ A)
    np.testing.assert_allclose(whole(read), right, atol=1e-5)


@pytest.mark.parametrize(
    ("tensors", "config", "message"),
    [
        ({**LORA, f"{HEAD}lora_magnitude_vector": W[:, 0]}, {}, "lora_magnitude_vector"),
        (LORA, {"use_dora": True}, "an adapter with use_dora"),
        (LORA, {"init_lora_weights": "pissa"}, "init_lora_weights = 'pissa'"),
        ({f"{HEAD}hada_w1_a": B}, {}, "hada_w1_a"),
        (LORA, {"r": 3}, "belongs to another adapter"),
        (LORA, {"alpha_pattern": {"x+" * 6000: 2}}, "regular expressions of more than 10,000"),
        ({f"{HEAD}lora_A.weight": A, f"{HEAD}lora_B.weight": B[:30]}, {}, r"makes \(30, 6\)"),
    ],
)
def test_what_cannot_be_merged_is_refused(
    tmp_path: Path, tensors: dict[str, np.ndarray], config: dict[str, Any], message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        read_head(adapter(tmp_path, tensors, **config))


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a|a)" * 30 + "b", "(.*a){20}b"])
def test_a_pattern_whose_matching_does_not_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    monkeypatch.setattr("superscope.heads.patterns.SECONDS", 0.3)
    tensors = {key.replace("lm_head", f"{'a' * 40}.lm_head"): value for key, value in LORA.items()}
    folder = adapter(tmp_path, tensors, alpha_pattern={"q_proj": 1, pattern: 2})
    with pytest.raises(FormatError, match=r"\(alpha_pattern\) has the regular .*too long to match"):
        read_head(folder)


def test_the_base_can_be_named(tmp_path: Path) -> None:
    for told, message in (
        (None, "does not name the model"),
        (str(tmp_path / "gone"), r"no such folder.* pass base='MODEL'"),
        ("https://elsewhere.example/model", "not a hub id"),
    ):
        folder = adapter(tmp_path, LORA, base_model_name_or_path=told)
        with pytest.raises(NotFoundError, match=message):
            read_head(folder)
        read = read_head(folder, base=str(tmp_path / "base"))
        np.testing.assert_allclose(whole(read), W + 3 * B @ A, atol=1e-5)
    with pytest.raises(UsageError, match="an adapter itself"):
        read_head(folder, base=str(folder))
    with pytest.raises(UsageError, match="a model of its own"):
        read_head(tmp_path / "base", base="gpt2")


def test_a_final_norm_that_was_trained_is_not_passed_over(tmp_path: Path) -> None:
    folder = adapter(tmp_path, {**OTHER, "base_model.model.model.norm.weight": W[0]})
    tensors = {"lm_head.weight": W, "model.norm.weight": E[0]}
    (tmp_path / "base" / "model.safetensors").write_bytes(safetensors(tensors))
    read_head(folder)
    with pytest.raises(FormatError, match="a final norm of its own"):
        read_head(folder, fold_norm=True)


def test_a_model_of_its_own_stays_one(tmp_path: Path) -> None:
    folder = adapter(tmp_path, LORA)
    (folder / "model.safetensors").write_bytes(safetensors({"lm_head.weight": S}))
    read = read_head(folder)
    np.testing.assert_array_equal(whole(read), S)
    assert "adapter_model.safetensors, which is left out" in notes(read)
