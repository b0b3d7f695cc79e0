"""Three real heads out of wheels, against numbers of an independent computation."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import superscope
from superscope import Geometry

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def model():
    """The folder of a model that tools/fetch_models.py knows, fetched when first asked for."""

    @cache
    def fetch(name: str) -> Path:
        run = subprocess.run(
            [sys.executable, ROOT / "tools" / "fetch_models.py", name],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if run.returncode:
            reason = f"{name} cannot be fetched: {run.stderr.strip().splitlines()[-1]}"
            # Continuous integration is where these numbers are promised.
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        return Path(run.stdout.strip())

    return fetch


def gguf_head(folder: Path) -> np.ndarray:
    from gguf import GGUFReader, dequantize

    (path,) = folder.glob("*.gguf")
    (tensor,) = (t for t in GGUFReader(path).tensors if t.name == "token_embd.weight")
    return dequantize(tensor.data, tensor.tensor_type)


def safetensors_head(folder: Path, name: str) -> np.ndarray:
    (found,) = (w for n, w in load_file(folder / "model.safetensors").items() if n.endswith(name))
    return found.astype(np.float32)


def centered(rows: np.ndarray) -> np.ndarray:
    """Unit rows after subtracting the mean row, float64."""
    wide = rows.astype(np.float64)
    wide -= wide.mean(axis=0)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    return wide


def mean_square(unit: np.ndarray) -> float:
    count = len(unit)
    return float((np.sum((unit.T @ unit) ** 2) - count) / (count * (count - 1)))


def mean_absolute(unit: np.ndarray, step: int = 4096) -> float:
    """Mean |c|, by every block of pairs."""
    single, count = torch.from_numpy(unit).float(), len(unit)
    total = 0.0
    for i in range(0, count, step):
        for j in range(i, count, step):
            tile = (single[i : i + step] @ single[j : j + step].T).abs_()
            total += tile.sum(1).double().sum().item() * (1 if i == j else 2)
    return (total - count) / (count * (count - 1))


def assert_raw(geometry: Geometry, shape: tuple[int, int], square: float, absolute: float) -> None:
    assert (geometry.features, geometry.width) == shape
    assert geometry.raw.mean_square_overlap == pytest.approx(square, rel=1e-4)
    assert geometry.raw.pairs is not None
    assert geometry.raw.pairs.mean_absolute == pytest.approx(absolute, rel=1e-4)


def assert_routes_agree(geometry: Geometry) -> None:
    for overlap in geometry.overlaps:
        assert overlap.pairs is not None
        assert overlap.pairs.mean_square == pytest.approx(overlap.mean_square_overlap, rel=1e-6)
        assert overlap.token_interference.mean() == pytest.approx(
            overlap.mean_square_overlap, rel=1e-6
        )


@pytest.mark.slow
def test_smollm2(model) -> None:
    folder = model("smollm2")
    geometry = superscope.measure(folder, pairs="exact", neighbors=10)
    assert_raw(geometry, (49152, 576), 0.216143, 0.445522)
    assert_routes_agree(geometry)
    assert geometry.provenance.tensor == "token_embd.weight"
    assert geometry.provenance.dtype == "Q8_0"  # in a file that is Q4_1 elsewhere
    assert geometry.provenance.quantized

    unit = centered(gguf_head(folder))
    assert geometry.centered.mean_square_overlap == pytest.approx(mean_square(unit), rel=1e-6)
    pairs = geometry.centered.pairs
    assert pairs is not None
    assert pairs.neighbors is not None
    some = np.arange(0, 49152, 977)
    overlaps = unit[some] @ unit.T
    overlaps[np.arange(len(some)), some] = -2
    nearest = -np.sort(-overlaps, axis=1)[:, :10]
    assert pairs.neighbor_overlaps[some] == pytest.approx(nearest, abs=1e-6)
    found = np.take_along_axis(overlaps, pairs.neighbors[some].astype(np.int64), axis=1)
    assert found == pytest.approx(nearest, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "tensor", "shape", "square", "absolute"),
    [
        ("minilm", "word_embeddings.weight", (30522, 384), 0.00872579, 0.0615141),
        ("wordllama", "embedding.weight", (32000, 256), 0.00515862, 0.0563688),
    ],
)
def test_safetensors_heads(model, name, tensor, shape, square, absolute) -> None:
    folder = model(name)
    geometry = superscope.measure(folder / "model.safetensors", pairs="exact")
    assert_raw(geometry, shape, square, absolute)
    assert_routes_agree(geometry)
    assert geometry.provenance.tensor.endswith(tensor)

    unit = centered(safetensors_head(folder, tensor))
    assert geometry.centered.mean_square_overlap == pytest.approx(mean_square(unit), rel=1e-6)
    assert geometry.centered.pairs is not None
    assert geometry.centered.pairs.mean_absolute == pytest.approx(mean_absolute(unit), rel=1e-6)

    sample = superscope.measure(folder / "model.safetensors", seed=1)
    for overlap, exact in zip(sample.overlaps, geometry.overlaps, strict=True):
        estimate = overlap.pairs
        assert estimate is not None
        for statistic in ("mean_absolute", "std_absolute", "mean_square"):
            off = getattr(estimate, statistic) - getattr(exact.pairs, statistic)
            assert abs(off) < 4 * getattr(estimate, f"{statistic}_se")
