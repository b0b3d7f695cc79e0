"""Closed forms are the least weighted square error of their rank."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from superscope.heads.narrow_head import NarrowHead
from superscope.repack.calibration import Calibration
from superscope.repack.closed_form import closed_form_heads, closed_forms
from superscope.repack.full_head import FullHead

V, M, RANK = 40, 8, 3
WAYS = ["svd", "centered", "whitened", "frequency", "fisher"]

Float64 = npt.NDArray[np.float64]


def _full(rows: npt.NDArray[np.floating], shift_free: bool = True) -> FullHead:
    return FullHead(rows.astype(np.float32), None, shift_free)


def _calibration(rng: np.random.Generator) -> tuple[Calibration, Float64]:
    """Return second moments of uneven size, frequencies, and weights in place of Fisher's."""
    mixed = rng.normal(size=(M, M)) * np.geomspace(2, 0.2, M)
    p, fisher = rng.dirichlet(np.ones(V)), rng.dirichlet(np.ones(V))
    return Calibration(mixed @ mixed.T, 0.0, p, 1000, 10), fisher


def _made(way: str, full: FullHead, calibration: Calibration, fisher: Float64) -> NarrowHead:
    ((_, head),) = closed_form_heads(way, full, calibration, fisher, (RANK,), power=0.75)
    return head


def _error(made: npt.NDArray[np.floating], full: Float64, weights: Float64, c: Float64) -> float:
    """Return E_h ‖D (W − W_r) h‖²."""
    left = (full - made) * np.sqrt(weights)[:, None]
    return float(np.trace(left @ c @ left.T))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shift_free", [False, True])
def test_gradient_descent_on_the_weighted_error_finds_no_less(way: str, shift_free: bool) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(V, M)) + 2 * rng.normal(size=M)
    calibration, fisher = _calibration(rng)
    p, c = calibration.frequencies, calibration.second
    if way in ("svd", "centered"):
        c = np.eye(M)
    weights = {"frequency": p**0.75, "fisher": fisher**0.75}.get(way, np.ones(V))
    mean = np.zeros(M)
    if shift_free and way != "svd":
        mean = (fisher if way == "fisher" else p) @ rows
    made = _made(way, _full(rows, shift_free), calibration, fisher).matrix()
    least = _error(made, rows, weights, c)
    root = torch.linalg.cholesky(torch.from_numpy(c))
    scale = torch.from_numpy(np.sqrt(weights))[:, None]
    wanted = scale * (torch.from_numpy(rows - mean) @ root)
    generator = torch.Generator().manual_seed(0)
    shapes = ((V, RANK), (RANK, M))
    u, a = (torch.randn(s, generator=generator).double().requires_grad_() for s in shapes)
    descent = torch.optim.LBFGS([u, a], max_iter=120, line_search_fn="strong_wolfe")

    def error() -> torch.Tensor:
        descent.zero_grad()
        value = (wanted - scale * (u @ a)).square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    descent.step(error)
    assert least == pytest.approx(float(error().detach()), rel=1e-4)


def test_the_plain_way_is_the_svd_of_torch() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(V, M)) * np.geomspace(3, 0.1, M)
    torch.manual_seed(0)
    u, s, v = torch.svd_lowrank(torch.from_numpy(rows), q=RANK, niter=50)
    found = _made("svd", _full(rows), *_calibration(rng)).matrix()
    assert np.allclose(found, (u * s @ v.T).numpy(), atol=1e-5)


@pytest.mark.parametrize("way", WAYS)
def test_a_head_that_is_of_rank_r_loses_nothing_at_r(way: str) -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(V, RANK)) @ rng.normal(size=(RANK, M))
    if way != "svd":  # a row that is added to all costs no rank
        rows = rows + rng.normal(size=M)
    assert np.allclose(_made(way, _full(rows), *_calibration(rng)).matrix(), rows, atol=1e-5)


@pytest.mark.parametrize("way", WAYS)
def test_permuting_rows_or_rotating_the_width_changes_nothing(way: str) -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(V, M))
    calibration, fisher = _calibration(rng)
    right = _made(way, _full(rows), calibration, fisher).matrix()
    order = rng.permutation(V)
    turn, _ = np.linalg.qr(rng.normal(size=(M, M)))
    moved = Calibration(
        turn.T @ calibration.second @ turn, 0.0, calibration.frequencies[order], 1000, 10
    )
    found = _made(way, _full(rows[order] @ turn), moved, fisher[order]).matrix()
    assert np.allclose(found, right[order] @ turn, atol=1e-5)


def test_no_rank_of_another_way_has_less_of_its_own_error() -> None:
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(V, M))
    calibration, fisher = _calibration(rng)
    weights = calibration.frequencies**0.75
    errors = {
        way: _error(
            _made(way, _full(rows, False), calibration, fisher).matrix(), rows, weights,
            calibration.second,
        )
        for way in WAYS
    }  # fmt: skip
    assert min(errors, key=errors.__getitem__) == "frequency"


def test_a_power_of_nothing_weighs_all_rows_alike() -> None:
    rng = np.random.default_rng(5)
    full, (calibration, fisher) = _full(rng.normal(size=(V, M))), _calibration(rng)
    center = calibration.frequencies
    ((_, right),) = closed_forms(full, (RANK,), None, calibration.second, center)
    ((_, found),) = closed_form_heads("frequency", full, calibration, fisher, (RANK,), power=0.0)
    assert np.allclose(found.matrix(), right.matrix(), atol=1e-5)
