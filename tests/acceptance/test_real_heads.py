"""Three real heads out of wheels, against numbers of an independent computation."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import superscope
from superscope import Geometry
from superscope.heads import Head, HeadOptions

STEP = 24
"""Pairs are counted out one by one among every so many rows; in a whole head, for the smallest."""


@pytest.fixture(scope="session")
def model(fetched: Callable[..., Path]) -> Callable[[str], Path]:
    """The folder of a model that tools/fetch_models.py knows, fetched when first asked for."""
    return lambda name: fetched("fetch_models.py", name)


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


def assert_whole(geometry: Geometry, shape: tuple[int, int], square: float, mean: float) -> None:
    """Compare a head with its published size, E[c²], and E|c| of sampled pairs."""
    assert (geometry.features, geometry.width) == shape
    assert geometry.raw.mean_square_overlap == pytest.approx(square, rel=1e-4)
    pairs = geometry.raw.pairs
    assert pairs is not None and pairs.mean_absolute_se is not None
    assert abs(pairs.mean_absolute - mean) < 4 * pairs.mean_absolute_se < 0.02 * mean


def assert_routes_agree(geometry: Geometry) -> None:
    for overlap in geometry.overlaps:
        assert overlap.pairs is not None
        assert overlap.pairs.mean_square == pytest.approx(overlap.mean_square_overlap, rel=1e-6)
        assert overlap.token_interference.mean() == pytest.approx(
            overlap.mean_square_overlap, rel=1e-6
        )


def assert_pairs_are_counted_right(rows: np.ndarray) -> None:
    """Compare the exact pairs, and the neighbors, of some rows with every overlap written out."""
    some = rows[::STEP]
    geometry = superscope.measure(
        Head.from_array(some, model="some rows"), pairs="exact", neighbors=10
    )
    assert_routes_agree(geometry)
    unit = centered(some)
    overlaps = unit @ unit.T
    np.fill_diagonal(overlaps, 0)
    pairs = geometry.centered.pairs
    assert pairs is not None and pairs.neighbors is not None
    count = len(some)
    mean = float(np.abs(overlaps).sum()) / (count * (count - 1))
    assert pairs.mean_absolute == pytest.approx(mean, rel=1e-6)
    np.fill_diagonal(overlaps, -2)
    nearest = -np.sort(-np.partition(overlaps, -10, axis=1)[:, -10:], axis=1)
    np.testing.assert_allclose(pairs.neighbor_overlaps, nearest, rtol=0, atol=1e-6)
    found = np.take_along_axis(overlaps, pairs.neighbors.astype(np.int64), axis=1)
    np.testing.assert_allclose(found, nearest, rtol=0, atol=1e-6)


@pytest.mark.slow
def test_smollm2(model) -> None:
    folder = model("smollm2")
    geometry = superscope.measure(folder)
    assert_whole(geometry, (49152, 576), 0.216143, 0.445522)
    assert geometry.provenance.tensor == "token_embd.weight"
    assert geometry.provenance.dtype == "Q8_0"  # in a file that is Q4_1 elsewhere
    assert geometry.provenance.quantized

    head = gguf_head(folder)
    unit = centered(head)
    assert geometry.centered.mean_square_overlap == pytest.approx(mean_square(unit), rel=1e-6)
    assert_pairs_are_counted_right(head)


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
    geometry = superscope.measure(folder / "model.safetensors", seed=1)
    assert_whole(geometry, shape, square, absolute)
    assert geometry.provenance.tensor.endswith(tensor)

    head = safetensors_head(folder, tensor)
    unit = centered(head)
    assert geometry.centered.mean_square_overlap == pytest.approx(mean_square(unit), rel=1e-6)
    assert_pairs_are_counted_right(head)


@pytest.mark.slow
def test_every_pair_of_a_whole_head(model) -> None:
    file = model("wordllama") / "model.safetensors"
    exact, sample = (superscope.measure(file, pairs=kind, seed=1) for kind in ("exact", "sample"))
    assert exact.raw.pairs is not None
    assert exact.raw.pairs.mean_absolute == pytest.approx(0.0563688, rel=1e-4)
    assert_routes_agree(exact)
    for estimated, counted in zip(sample.overlaps, exact.overlaps, strict=True):
        for statistic in ("mean_absolute", "std_absolute", "mean_square"):
            off = getattr(estimated.pairs, statistic) - getattr(counted.pairs, statistic)
            assert abs(off) < 4 * getattr(estimated.pairs, f"{statistic}_se")


def test_steering_directions_of_a_7b_model_are_read_as_they_come(
    model: Callable[[str], Path],
) -> None:
    folder = model("hidden-directions")
    geometry = superscope.measure(folder, layer=17, pairs="none", progress=None)
    assert (geometry.features, geometry.width) == (40, 3584)
    assert geometry.raw.mean_square_overlap == pytest.approx(0.148345, rel=1e-4)
    found = superscope.budget("v_refusal", folder, read=HeadOptions(layer=17))
    assert found.direction.startswith('"v_refusal"')
