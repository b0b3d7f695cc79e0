"""Directions are heads: dictionaries, vectors by name, layers, and matrices by a pattern."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.support.files import matrix, safetensors, torch_bin

from superscope import measure_tensors, read_head
from superscope.errors import HeadDataError, SuperscopeError, UsageError
from superscope.heads import Head, head_of, read_heads, read_vector

D = matrix(12, 4)
BESIDE = {"b_dec": D[0], "b_enc": D[:, 0], "W_enc": D.T.copy()}


def whole(head: Head) -> np.ndarray:
    return head.block(0, head.features)


def test_a_saelens_folder_is_its_decoder(tmp_path: Path) -> None:
    (tmp_path / "cfg.json").write_text("{}")
    (tmp_path / "sae_weights.safetensors").write_bytes(safetensors({**BESIDE, "W_dec": D}))
    (tmp_path / "sparsity.safetensors").write_bytes(safetensors({"sparsity": D[:, 0]}))
    head = read_head(tmp_path)
    np.testing.assert_array_equal(whole(head), D)
    assert head.provenance.features == "directions"
    assert head.provenance.tensor == "W_dec"


@pytest.mark.parametrize("bias", ["bias", "decoder.bias", "pre_bias"])
def test_a_linear_decoder_of_torch_has_a_column_for_each_direction(
    tmp_path: Path, bias: str
) -> None:
    state = {"encoder.weight": D, "decoder.weight": D.T.copy(), bias: D[0]}
    (tmp_path / "ae.safetensors").write_bytes(safetensors(state))
    np.testing.assert_array_equal(whole(read_head(tmp_path / "ae.safetensors")), D)
    np.testing.assert_array_equal(whole(head_of(state)), D)


@pytest.mark.parametrize("suffix", ["npz", "pt", "safetensors"])
def test_vectors_by_name_are_directions_that_have_names(tmp_path: Path, suffix: str) -> None:
    vectors = {"zeal": D[0], "calm": D[1], "doubt": D[2]}
    file = tmp_path / f"steer.{suffix}"
    if suffix == "npz":
        np.savez(file, **vectors)
    elif suffix == "pt":
        file.write_bytes(torch_bin({name: torch.from_numpy(v) for name, v in vectors.items()}))
    else:
        file.write_bytes(safetensors(vectors))
    head = read_head(file)
    np.testing.assert_array_equal(whole(head), D[:3])
    assert head.tokens == ("zeal", "calm", "doubt")
    assert head_of(vectors).tokens == head.tokens


def test_a_folder_of_files_has_a_row_for_each_layer(tmp_path: Path) -> None:
    every = np.stack([D, 2 * D, 3 * D])
    for name, rows in zip("abc", every, strict=True):
        (tmp_path / f"{name}.pt").write_bytes(torch_bin(torch.from_numpy(rows.copy())))
    with pytest.raises(UsageError, match=r"layer=N for one of them, from 0 to 11"):
        read_head(tmp_path)
    with pytest.raises(UsageError, match=r"layer=12 must be from 0 to 11"):
        read_head(tmp_path, layer=12)
    head = read_head(tmp_path, layer=5)
    np.testing.assert_array_equal(whole(head), every[:, 5])
    assert head.tokens == ("a", "b", "c")


@pytest.mark.parametrize("suffix", ["npy", "pt", "safetensors"])
def test_a_layer_of_a_tensor_with_layers(tmp_path: Path, suffix: str) -> None:
    every = np.stack([D, 2 * D, 3 * D])
    file = tmp_path / f"directions.{suffix}"
    if suffix == "npy":
        np.save(file, every)
    elif suffix == "pt":
        file.write_bytes(torch_bin(torch.from_numpy(every)))
    else:
        file.write_bytes(safetensors({"directions": every}))
    np.testing.assert_array_equal(whole(read_head(file, layer=1)), 2 * D)
    np.testing.assert_array_equal(whole(head_of(every, layer=1)), 2 * D)
    for layer, said in ((None, "from 0 to 2"), (3, "layer=3 must be from 0 to 2")):
        with pytest.raises(UsageError, match=said):
            read_head(file, layer=layer)
    with pytest.raises(UsageError, match="must be at least 0"):
        read_head(file, layer=-1)


def test_numbers_in_another_order_are_not_read_as_if_in_this_one(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", np.asfortranarray(np.stack([D, 2 * D])))
    with pytest.raises(SuperscopeError, match="contiguous copy"):
        read_head(tmp_path / "d.npy", layer=1)


def test_a_matrix_has_no_layers(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", D)
    with pytest.raises(UsageError, match=r"12 × 4 and has no layers, so leave out layer=1"):
        read_head(tmp_path / "d.npy", layer=1)


def test_names_in_an_array_of_strings(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", W_dec=D[:3], names=np.array(["red", "green", "blue"]))
    assert read_head(tmp_path / "d.npz").tokens == ("red", "green", "blue")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    layers = {f"model.layers.{n}.mlp.down_proj.weight": (n + 1) * D.T for n in (0, 2, 10)}
    biases = {f"model.layers.{n}.mlp.down_proj.bias": D[0] for n in (0, 2, 10)}
    embedding = {"model.embed_tokens.weight": matrix(40, 4)}
    state = {k: np.ascontiguousarray(v) for k, v in {**layers, **biases, **embedding}.items()}
    (tmp_path / "model.safetensors").write_bytes(safetensors(state))
    (tmp_path / "config.json").write_text('{"vocab_size": 40, "tie_word_embeddings": true}')
    return tmp_path


def test_a_pattern_stands_for_matrices_in_the_order_of_their_layers(model: Path) -> None:
    for pattern in ("model.layers.*.mlp.down_proj.weight", "down_proj", "layers.*.down_proj*"):
        heads = list(read_heads(model, tensor=pattern, axis="columns"))
        scales = [float(whole(head)[3, 2] / D[3, 2]) for head in heads]
        assert scales == [1, 3, 11]
        assert {head.provenance.features for head in heads} == {"directions"}
        assert all(head.tokens is None for head in heads)


def test_several_matrices_are_measured_by_another_function(model: Path) -> None:
    with pytest.raises(UsageError, match=r"down_proj stands for 3 tensors .*measure_tensors"):
        read_head(model, tensor="down_proj")
    measured = measure_tensors(model, tensor="down_proj", axis="columns", pairs="none")
    assert len({g.observation().run for g in measured}) == 3


def test_a_matrix_that_cannot_be_measured_does_not_stop_the_others(tmp_path: Path) -> None:
    nan = np.full((2, 2), np.nan)
    np.savez(tmp_path / "d.npz", a=np.eye(3), b=nan, c=np.tri(2), d=nan)
    found = measure_tensors(tmp_path / "d.npz", tensor="*", pairs="none")
    assert [g.provenance.tensor for g in found] == ["a", "c"]
    assert [(one.tensor, "non-finite" in one.why) for one in found.missing] == [
        ("b", True), ("d", True),
    ]  # fmt: skip
    np.savez(tmp_path / "d.npz", bad=nan, worse=nan)
    with pytest.raises(HeadDataError, match=r"no matrix of this pattern .* bad: non-finite"):
        measure_tensors(tmp_path / "d.npz", tensor="*", pairs="none")


def test_a_part_of_a_name_finds_the_embedding(model: Path) -> None:
    head = read_head(model, tensor="embed_tokens")
    assert head.provenance.tensor == "model.embed_tokens.weight"
    assert head.provenance.features == "tokens"


def test_a_file_of_one_vector_is_a_direction(tmp_path: Path) -> None:
    (tmp_path / "one.pt").write_bytes(torch_bin({"bias": torch.from_numpy(D[3]), "note": "a"}))
    np.testing.assert_array_equal(read_vector(tmp_path / "one.pt"), D[3])
    np.save(tmp_path / "layers.npy", D)
    np.testing.assert_array_equal(read_vector(tmp_path / "layers.npy", layer=2), D[2])
    with pytest.raises(UsageError, match=r"one vector and no layers, so leave out layer=0"):
        read_vector(tmp_path / "one.pt", layer=0)
    for layer, said in ((None, "layer=N"), (12, "layer=12 must be from 0 to 11")):
        with pytest.raises(UsageError, match=said):
            read_vector(tmp_path / "layers.npy", layer=layer)
