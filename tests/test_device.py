"""Where products are computed changes nothing but the time."""

from __future__ import annotations

import numpy as np
import pytest

from superscope import device, measure
from superscope.errors import UsageError
from superscope.geometry.gram import gram
from superscope.geometry.unit_rows import prepare
from superscope.heads import Head

# "cpu:0" is torch's own name of the CPU: it takes the path of a GPU without one.
TORCH = "cpu:0"


def head(features: int = 700, width: int = 160) -> Head:
    matrix = np.random.default_rng(0).standard_normal((features, width)) + 0.2
    return Head.from_array(matrix.astype(np.float32))


@pytest.mark.parametrize(("features", "width"), [(700, 160), (200, 160)])
def test_a_device_gives_the_same_gram_matrix_and_interference(features: int, width: int) -> None:
    rows = prepare(head(features, width)).raw
    here, there = gram(rows), gram(rows, TORCH)
    np.testing.assert_allclose(there.matrix, here.matrix, rtol=1e-5, atol=1e-4)
    assert there.mean_square_overlap == pytest.approx(here.mean_square_overlap, rel=1e-6)
    np.testing.assert_allclose(
        there.token_interference(rows, TORCH), here.token_interference(rows), rtol=1e-4
    )


def test_a_device_gives_the_same_geometry_and_is_recorded() -> None:
    here = measure(head(), pairs="exact", device="cpu")
    there = measure(head(), pairs="exact", device=TORCH)
    assert (here.settings.device, there.settings.device) == ("cpu", TORCH)
    for a, b in zip(here.overlaps, there.overlaps, strict=True):
        assert a.pairs is not None and b.pairs is not None
        assert b.pairs.mean_absolute == pytest.approx(a.pairs.mean_absolute, rel=1e-6)
        assert [(p.first, p.second) for p in b.pairs.top] == [
            (p.first, p.second) for p in a.pairs.top
        ]


def test_auto_is_the_cpu_where_no_driver_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_DRIVERS", ())
    assert device.resolved("auto") == "cpu"
    assert measure(head(), pairs="none").settings.device == "cpu"


def test_auto_asks_torch_where_a_driver_is(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(device, "_DRIVERS", ("/dev/null",))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.resolved("auto") == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.resolved("auto") == "cpu"


@pytest.mark.parametrize("name", ["warp", "cuda:99", ""])
def test_an_absent_device_is_named(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be used here"):
        device.resolved(name)
