"""fp8 and int8 heads are read with the scale that lies beside them, whatever its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from files import matrix, safetensors, save

from superscope import measure
from superscope.errors import FormatError
from superscope.geometry import Regime
from superscope.heads import Head, head_of, read_head

V, M = 24, 8
TORCH = torch.float8_e4m3fn


def whole(head: Head) -> np.ndarray:
    return head.block(0, head.features)


def quantized(span: tuple[int, int], kind: torch.dtype = TORCH) -> tuple[torch.Tensor, Any]:
    """Return numbers stored a block at a time relative to the block's factor, and the factors."""
    blocks = (-(-V // span[0]), -(-M // span[1]))
    factors = torch.from_numpy(np.random.default_rng(1).uniform(0.01, 0.1, blocks)).float()
    numbers = torch.from_numpy(matrix(V, M)) * 40
    return (numbers.round() if kind == torch.int8 else numbers).to(kind), factors


def expected(stored: torch.Tensor, factors: torch.Tensor, span: tuple[int, int]) -> np.ndarray:
    wide = factors.float().numpy().repeat(span[0], 0).repeat(span[1], 1)[:V, :M]
    return stored.float().numpy() * wide


@pytest.mark.parametrize(
    ("head", "scale"),
    [
        ("lm_head.weight", "lm_head.weight_scale"),
        ("lm_head.weight", "lm_head.weight_scale_inv"),
        ("lm_head.weight", "lm_head.scale_weight"),
        ("head.weight", "head.scale"),
        ("output.weight", "output.scales"),
        ("lm_head._weight_qdata", "lm_head._weight_scale"),
        ("lm_head.weight:_data", "lm_head.weight:scale"),
        ("model.embed_tokens.weight", "model.embed_tokens.weights_scaling_factor"),
        ("shared.weight", "shared.weight.scale"),
    ],
)
@pytest.mark.parametrize("kind", [TORCH, torch.int8])
def test_a_scale_a_row(head: str, scale: str, kind: torch.dtype, tmp_path: Path) -> None:
    stored, factors = quantized((1, M), kind)
    for shape in ((V, 1), (V,)):
        tensors = {head: stored, scale: factors.reshape(shape)}
        folder = save(tmp_path, {"model.safetensors": safetensors(tensors)})
        read = read_head(folder)
        np.testing.assert_array_equal(whole(read), expected(stored, factors, (1, M)))
        assert read.provenance.notes == (f"each row was multiplied by its scale in {scale}",)
        assert read.provenance.quantized
        assert read.provenance.scale_known


@pytest.mark.parametrize("span", [(1, 4), (8, 8), (4, 2), (16, 8), (16, 4), (V, 1), (7, 3)])
def test_a_scale_a_block_whose_last_one_may_be_cut(span: tuple[int, int], tmp_path: Path) -> None:
    stored, factors = quantized(span)
    tensors = {"lm_head.weight": stored, "lm_head.weight_scale_inv": factors}
    config = {"quantization_config": {"quant_method": "fp8", "weight_block_size": list(span)}}
    files = {"model.safetensors": safetensors(tensors), "config.json": json.dumps(config)}
    head = read_head(save(tmp_path / "told", files))
    np.testing.assert_array_equal(whole(head), expected(stored, factors, span))
    ids = np.array([0, 17, 23, 3])
    np.testing.assert_array_equal(head.take(ids), whole(head)[ids])
    if span not in ((16, 4), (16, 8), (7, 3)):  # these follow from the shapes too
        del files["config.json"]
        alone = read_head(save(tmp_path / "alone", files))
        np.testing.assert_array_equal(whole(alone), whole(head))


def test_blocks_are_powers_of_two_where_several_sizes_fit(tmp_path: Path) -> None:
    """Of 300 rows in three blocks, 100 fit as well as 128: neither is taken."""
    stored = torch.zeros(290, M).to(TORCH)
    tensors = {"lm_head.weight": stored, "lm_head.weight_scale_inv": torch.ones(3, 1)}
    head = read_head(save(tmp_path / "a", {"model.safetensors": safetensors(tensors)}))
    assert head.provenance.notes[0].startswith("each block of 128 × 8 was multiplied")
    tensors["lm_head.weight"] = torch.zeros(300, M).to(TORCH)
    folder = save(tmp_path / "b", {"model.safetensors": safetensors(tensors)})
    with pytest.raises(
        FormatError, match=r"300 × 8, and it is not clear how .*_inv .3 × 1. applies"
    ):
        read_head(folder)


def test_scales_that_are_exponents(tmp_path: Path) -> None:
    """MX formats store powers of two, as their own type or as bytes."""
    stored, _ = quantized((1, 4))
    exponents = torch.arange(120, 120 + 2 * V, dtype=torch.uint8).reshape(V, 2)
    tensors = {"lm_head.weight": stored, "lm_head.weight_scale": exponents}
    head = read_head(save(tmp_path, {"model.safetensors": safetensors(tensors)}))
    factors = torch.from_numpy(2.0 ** (exponents.numpy().astype(float) - 127))
    np.testing.assert_array_equal(whole(head), expected(stored, factors, (1, 4)))


def test_zero_points_are_subtracted(tmp_path: Path) -> None:
    stored, factors = quantized((1, M), torch.int8)
    zero = torch.arange(V, dtype=torch.int8).reshape(V, 1)
    tensors = {"lm_head.weight": stored, "lm_head.weight_scale": factors,
               "lm_head.weight_zero_point": zero}  # fmt: skip
    head = read_head(save(tmp_path, {"model.safetensors": safetensors(tensors)}))
    np.testing.assert_array_equal(whole(head), ((stored.float() - zero) * factors).numpy())


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        (
            {"weight_scale": torch.ones(5)},
            r"its scale lm_head.weight_scale .5. applies to its rows",
        ),
        ({"weight_scale": torch.ones(V, 3, 2)}, "not clear how its scale"),
        ({"weight_scale": torch.ones(V, M, 2)}, "larger than the head"),
        ({"weight_scale": torch.ones(V), "scale": torch.ones(V)}, "several tensors that could be"),
        ({"weight_scale": torch.ones(V), "weight_scale_2": torch.ones(1)}, "two kinds of scales"),
    ],
)
def test_scales_that_are_not_certain_are_refused(
    beside: dict[str, torch.Tensor], message: str, tmp_path: Path
) -> None:
    tensors = {f"lm_head.{name}": tensor for name, tensor in beside.items()}
    tensors["lm_head.weight"] = quantized((1, M))[0]
    folder = save(tmp_path, {"model.safetensors": safetensors(tensors)})
    with pytest.raises(FormatError, match=message):
        read_head(folder)


@pytest.mark.parametrize("kind", [TORCH, torch.float8_e5m2, torch.int8])
@pytest.mark.parametrize("beside", [{}, {"lm_head.rescale_of_rows": torch.ones(V)},
                                    {"lm_head.input_scale": torch.ones(1)}])  # fmt: skip
def test_norms_without_their_scale_are_not_trusted(
    kind: torch.dtype, beside: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    tensors = {"lm_head.weight": quantized((1, M), kind)[0], **beside}
    geometry = measure(save(tmp_path, {"model.safetensors": safetensors(tensors)}), progress=None)
    assert geometry.regime == Regime.UNKNOWN
    assert geometry.represented_fraction is None
    row = geometry.observation()
    assert row.norm_mean is None
    assert row.represented_fraction is None
    assert "GPTQ" not in str(geometry)
    assert "no scale was found for the" in str(geometry)
    assert ("lm_head.rescale_of_rows may be the scale" in str(geometry)) == (
        "lm_head.rescale_of_rows" in beside
    )
    assert "regime" in str(geometry)


def test_a_state_dict_is_read_with_its_scale() -> None:
    for kind in (TORCH, torch.int8):
        stored, factors = quantized((1, M), kind)
        head = head_of({"lm_head.weight": stored, "lm_head.weight_scale": factors})
        np.testing.assert_array_equal(whole(head), expected(stored, factors, (1, M)))
        assert not head_of({"lm_head.weight": stored}).provenance.scale_known


def test_a_layer_or_matrix_in_fp8_is_no_exception() -> None:
    stored, factors = quantized((1, M))
    layer = torch.nn.Linear(M, V, bias=False)
    layer.weight = torch.nn.Parameter(stored, requires_grad=False)
    assert not head_of(layer).provenance.scale_known
    layer.register_buffer("weight_scale_inv", factors)
    head = head_of(layer)
    np.testing.assert_array_equal(whole(head), expected(stored, factors, (1, M)))
    assert head.provenance.scale_known
    assert measure(stored, progress=None).regime == Regime.UNKNOWN


def test_int8_embeddings_of_numpy_are_read_up_to_a_scale(tmp_path: Path) -> None:
    stored = quantized((1, M), torch.int8)[0].numpy()
    np.save(tmp_path / "embeddings.npy", stored)
    head = read_head(tmp_path / "embeddings.npy")
    np.testing.assert_array_equal(whole(head), stored)
    assert not head.provenance.scale_known
