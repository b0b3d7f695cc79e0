"""Which matrix is read: of adapters, indexes, matrices by columns, slices, ties that drifted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from files import matrix, safetensors, save, torch_bin

from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.heads import Head, head_of, read_head

W, E = matrix(40, 6), matrix(40, 6, seed=1)
LLAMA, TIED = b'{"model_type": "llama"}', b'{"tie_word_embeddings": true}'
A, B = matrix(2, 6, seed=2), matrix(40, 2, seed=3)
LORA = {
    "m.embed_tokens.weight": E,
    "m.lm_head.base_layer.weight": W,
    "m.lm_head.lora_A.default.weight": A,
    "m.lm_head.lora_B.default.weight": B,
}


def whole(head: Head) -> np.ndarray:
    return head.block(0, head.features)


def notes(head: Head) -> str:
    return "\n".join(head.provenance.notes)


def index(**where: str) -> bytes:
    return json.dumps({"weight_map": {k.replace("__", "."): f for k, f in where.items()}}).encode()


def test_the_module_that_peft_trained_is_the_head(tmp_path: Path) -> None:
    tensors = {
        "m.embed_tokens.weight": E,
        "m.lm_head.original_module.weight": E,
        "m.lm_head.modules_to_save.default.weight": W,
    }
    folder = save(tmp_path, {"model.safetensors": safetensors(tensors)})
    np.testing.assert_array_equal(whole(read_head(folder)), W)


def test_an_adapter_is_merged_where_its_scale_is_known(tmp_path: Path) -> None:
    folder = save(tmp_path, {"model.safetensors": safetensors(LORA)})
    with pytest.raises(FormatError, match=r"scale is not known; put its adapter_config.json"):
        read_head(folder)
    base = read_head(folder, tensor="m.lm_head.base_layer.weight")
    np.testing.assert_array_equal(whole(base), W)
    for config, scale in (
        ({"r": 2, "lora_alpha": 6}, 3),
        ({"r": 2, "lora_alpha": 6, "use_rslora": True}, 6 / 2**0.5),
        ({"r": 2, "lora_alpha": 6, "alpha_pattern": {"lm_head": 2}}, 1),
    ):
        (folder / "adapter_config.json").write_text(json.dumps(config))
        np.testing.assert_allclose(whole(read_head(folder)), W + scale * B @ A, atol=1e-5)
    (folder / "adapter_config.json").write_text('{"r": 8, "lora_alpha": 6}')
    with pytest.raises(FormatError, match="belongs to another adapter"):
        read_head(folder)


def test_another_kind_of_adapter_is_refused(tmp_path: Path) -> None:
    tensors = {**LORA, "m.lm_head.lora_magnitude_vector.default.weight": W[:, :1]}
    folder = save(tmp_path, {"model.safetensors": safetensors(tensors)})
    with pytest.raises(FormatError, match=r"lora_magnitude_vector.* pass tensor="):
        read_head(folder)


@pytest.mark.parametrize("name", ["lm_head.parametrizations.weight.original1", "output.q.weight"])
def test_a_head_that_is_not_understood_is_not_passed_over(tmp_path: Path, name: str) -> None:
    tensors = {"embed_tokens.weight": E, name: W}
    folder = save(tmp_path, {"model.safetensors": safetensors(tensors)})
    with pytest.raises(NotFoundError, match="of an unknown kind"):
        read_head(folder)


def test_a_silent_config_means_what_its_architecture_says(tmp_path: Path) -> None:
    files = {"model.safetensors": safetensors({"embed_tokens.weight": E, "norm.weight": E[0]})}
    folder = save(tmp_path, {**files, "config.json": LLAMA})
    with pytest.raises(
        NotFoundError, match="In llama models the input embedding is the head only if"
    ):
        read_head(folder)
    (folder / "config.json").write_text('{"model_type": "gpt2"}')
    assert read_head(folder).provenance.tensor == "embed_tokens.weight"


@pytest.mark.parametrize("head", ["lm_head.weight", "language_model.lm_head.weight"])
def test_what_an_index_leaves_out_is_found_in_the_shards(tmp_path: Path, head: str) -> None:
    one, two = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    listed = {"embed_tokens__weight": one}
    if head != "lm_head.weight":
        listed["lm_head__weight"] = two
    folder = save(tmp_path, {
        one: safetensors({"embed_tokens.weight": E}),
        two: safetensors({head: W}),
        "model.safetensors.index.json": index(**listed),
        "config.json": LLAMA,
    })  # fmt: skip
    for wanted in (None, head):
        read = read_head(folder, tensor=wanted)
        np.testing.assert_array_equal(whole(read), W)
        assert f"does not list {head}" in notes(read)


@pytest.mark.parametrize("name", ["unembed.W_U", "lm_head.kernel"])
def test_columns_become_rows_by_the_tensors_name(tmp_path: Path, name: str) -> None:
    tensors = {name: torch.from_numpy(W.T.copy()), "blocks.0.W": torch.ones(2, 2)}
    read = read_head(save(tmp_path, {"m.pt": torch_bin(tensors)}))
    np.testing.assert_array_equal(whole(read), W)
    assert "6 × 40 and was transposed" in notes(read)


def test_columns_become_rows_by_the_vocabulary_or_when_asked(tmp_path: Path) -> None:
    np.save(tmp_path / "head.npy", W.T.copy())
    assert "pass axis='columns'" in notes(read_head(tmp_path / "head.npy"))
    np.testing.assert_array_equal(whole(read_head(tmp_path / "head.npy", axis="columns")), W)
    (tmp_path / "config.json").write_text('{"vocab_size": 40}')
    np.testing.assert_array_equal(whole(read_head(tmp_path / "head.npy")), W)
    np.save(tmp_path / "W_U.npy", W.T.copy())
    assert read_head(tmp_path / "W_U.npy", axis="rows").features == 6


def test_slices_of_llamas_own_format_are_joined_along_the_vocabulary(tmp_path: Path) -> None:
    parts = [{"tok_embeddings.weight": E[:, :3], "output.weight": w} for w in (W[:20], W[20:])]
    tensors = [{k: torch.from_numpy(v.copy()) for k, v in part.items()} for part in parts]
    files = {f"consolidated.{n:02d}.pth": torch_bin(part) for n, part in enumerate(tensors)}
    folder = save(tmp_path, files)
    for model in (folder, folder / "consolidated.01.pth"):
        np.testing.assert_array_equal(whole(read_head(model)), W)
    (folder / "params.json").write_text('{"dim": 6, "vocab_size": 80}')
    with pytest.raises(FormatError, match=r"40 rows .* says 80"):
        read_head(folder)
    (folder / "consolidated.00.pth").unlink()
    with pytest.raises(FormatError, match=r"its folder lacks consolidated.00.pth"):
        read_head(folder / "consolidated.01.pth")


def test_a_slice_is_refused(tmp_path: Path) -> None:
    tensors = {"output_layer.weight": torch.from_numpy(W[:20].copy())}
    for rank in ("mp_rank_00", "mp_rank_01"):
        save(tmp_path / rank, {"model_optim_rng.pt": torch_bin(tensors)})
    with pytest.raises(FormatError, match=r"one of several ranks .*another is mp_rank_01"):
        read_head(tmp_path / "mp_rank_00" / "model_optim_rng.pt")
    folder = save(tmp_path / "m", {"model.safetensors": safetensors({"lm_head.weight": W[:20]})})
    (folder / "config.json").write_text('{"vocab_size": 40}')
    with pytest.raises(FormatError, match=r"20 rows, which is 1/2 of the 40 ids"):
        read_head(folder)
    (folder / "config.json").write_text('{"vocab_size": 50}')
    assert "20 rows, but the config says 50" in notes(read_head(folder))


def test_what_a_rank_of_deepspeed_saved_is_refused(tmp_path: Path) -> None:
    def file(part: np.ndarray) -> bytes:
        return torch_bin({"module": {"lm_head.weight": torch.from_numpy(part.copy())}})

    for names in (
        ("mp_rank_00_model_states.pt", "mp_rank_01_model_states.pt"),
        ("zero_pp_rank_0_mp_rank_00_model_states.pt", "zero_pp_rank_1_mp_rank_00_model_states.pt"),
    ):
        folder = save(tmp_path / names[0], {name: file(W[:20]) for name in names})
        for name in names:
            with pytest.raises(FormatError, match=r"one of several ranks"):
                read_head(folder / name)
        with pytest.raises(UsageError, match="several weights files and no index"):
            read_head(folder)
    # Without tensor or parameter slices, the one file has the whole model.
    files = {names: file(W) for names in ("mp_rank_00_model_states.pt",)}
    np.testing.assert_array_equal(whole(read_head(save(tmp_path / "one", files))), W)


def test_an_encoder_of_a_sparse_autoencoder_has_a_column_for_each_feature(tmp_path: Path) -> None:
    tensors = {"W_enc": W.T.copy(), "b_enc": W[:, 0], "b_dec": W[0]}
    read = read_head(save(tmp_path / "own", {"sae.safetensors": safetensors(tensors)}))
    np.testing.assert_array_equal(whole(read), W)
    assert "W_enc is stored 6 × 40" in notes(read)
    both = save(tmp_path / "both", {"sae.safetensors": safetensors({**tensors, "W_dec": W})})
    assert read_head(both).provenance.tensor == "W_dec"
    for name in ("W_enc", "W_dec"):
        np.testing.assert_array_equal(whole(read_head(both, tensor=name)), W)


def test_of_several_adapters_in_one_file_none_is_chosen(tmp_path: Path) -> None:
    other = {"m.lm_head.lora_A.second.weight": A, "m.lm_head.lora_B.second.weight": B}
    folder = save(tmp_path, {"model.safetensors": safetensors({**LORA, **other})})
    (folder / "adapter_config.json").write_text('{"r": 2, "lora_alpha": 6}')
    with pytest.raises(FormatError, match=r"cannot merge .*lora_A.default.*lora_A.second"):
        read_head(folder)
    base = read_head(folder, tensor="m.lm_head.base_layer.weight")
    np.testing.assert_array_equal(whole(base), W)


def test_a_head_whose_rows_do_not_match_the_tokenizer_is_noted(tmp_path: Path) -> None:
    for ids, noted in ((40, False), (30, False), (60, True)):
        vocabulary = {f"t{i}": i for i in range(ids)}
        tokenizer = {"model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "t0"}}
        files = {"model.safetensors": safetensors({"lm_head.weight": W})}
        folder = save(tmp_path / str(ids), {**files, "tokenizer.json": json.dumps(tokenizer)})
        assert (f"40 rows, but the tokenizer has {ids} ids" in notes(read_head(folder))) is noted


@pytest.mark.parametrize("name", ["to_logits.weight", "decoder.output_projection.weight"])
@pytest.mark.parametrize("rows", [W, W.T.copy()])
def test_a_matrix_of_the_embeddings_shape_is_not_passed_over(
    tmp_path: Path, name: str, rows: np.ndarray
) -> None:
    tensors = safetensors({"m.embed_tokens.weight": E, name: rows})
    with pytest.raises(NotFoundError, match=f"{name} has the shape of the input embedding and may"):
        read_head(save(tmp_path / "silent", {"model.safetensors": tensors}))
    tied = save(tmp_path / "tied", {"model.safetensors": tensors, "config.json": TIED})
    np.testing.assert_array_equal(whole(read_head(tied)), E)


@pytest.mark.parametrize(
    ("sizes", "noted"),
    [
        ({"hidden_size": 12}, True),  # a slice along the width
        ({"hidden_size": 6}, False),
        ({"hidden_size": 12, "word_embed_proj_dim": 6}, False),
        ({"hidden_size": 12, "text_config": {"hidden_size": 6}}, False),
        ({"n_embd": 12}, False),
    ],
)
def test_columns_are_compared_with_the_hidden_size(
    tmp_path: Path, sizes: dict[str, object], noted: bool
) -> None:
    config = json.dumps({"vocab_size": 40, **sizes})
    files = {"model.safetensors": safetensors({"lm_head.weight": W}), "config.json": config}
    said = notes(read_head(save(tmp_path, files)))
    assert ("6 columns, but the config says a hidden size of 12" in said) == noted


def test_a_projector_is_no_head(tmp_path: Path) -> None:
    tensors = {"model.embed_tokens.weight": W, "projector.proj_out.weight": E[:9]}
    folder = save(tmp_path, {"model.safetensors": safetensors(tensors)})
    np.testing.assert_array_equal(whole(read_head(folder)), W)


def test_a_tied_head_that_differs_is_told(tmp_path: Path) -> None:
    names = ("lm_head.weight", "model.embed_tokens.weight")
    for other, told in ((E, True), (W, False)):
        tensors = dict(zip(names, (W, other), strict=True))
        files = {"model.safetensors": safetensors(tensors), "config.json": TIED}
        read = read_head(save(tmp_path / str(told), files))
        np.testing.assert_array_equal(whole(read), W)
        assert ("and they differ. lm_head.weight was measured" in notes(read)) is told


def test_a_state_dict_is_read_the_same_way() -> None:
    read = head_of({"unembed.W_U": torch.from_numpy(W.T.copy()), "b": torch.ones(2, 2)})
    np.testing.assert_array_equal(whole(read), W)
    assert "was transposed" in notes(read)
    with pytest.raises(FormatError, match="merge it into the model first"):
        head_of({name: torch.from_numpy(tensor) for name, tensor in LORA.items()})
