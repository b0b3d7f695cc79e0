"""Dimensionality and phases: regular shapes, and what models of Elhage et al. become."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from superscope.toy import (
    Phase,
    ToyConfig,
    ToyPoint,
    feature_dimensionality,
    phase_of,
    train,
)


def polygon(n: int) -> np.ndarray:
    turn = 2 * np.pi * np.arange(n) / n
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])


@pytest.mark.parametrize(
    ("W", "each"),
    [
        (np.array([[1.0], [-1.0]]), 1 / 2),
        (polygon(3), 2 / 3),
        (polygon(5), 2 / 5),
        (TETRAHEDRON, 3 / 4),
        (np.eye(4), 1.0),
    ],
    ids=["digon", "triangle", "pentagon", "tetrahedron", "alone"],
)
@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e200])
def test_features_of_a_regular_shape_share_its_dimensions_alike(
    W: np.ndarray, each: float, scale: float
) -> None:
    np.testing.assert_allclose(feature_dimensionality(scale * W), each, rtol=1e-12)


def test_a_row_that_is_0_has_no_dimension() -> None:
    assert feature_dimensionality([[0, 0], [3, 0]]).tolist() == [0, 1]
    assert feature_dimensionality(np.zeros((2, 3))).tolist() == [0, 0]
    assert feature_dimensionality(np.zeros((0, 3))).shape == (0,)


@pytest.mark.parametrize(
    ("W", "phase"),
    [
        ([[1.0], [0.4]], Phase.NOT_REPRESENTED),
        ([[0.1], [1.0]], Phase.DEDICATED),
        ([[1.0], [-1.0]], Phase.ANTIPODAL),
        ([[0.8], [0.7]], Phase.ALIGNED),
        ([[1.0, 0.0], [0.0, 1.0]], Phase.DEDICATED),
        ([[0.0], [0.0]], Phase.NOT_REPRESENTED),
    ],
)
def test_the_phase_of_the_last_feature(W: list[list[float]], phase: Phase) -> None:
    assert phase_of(W) is phase


def test_sparse_features_form_a_pentagon() -> None:
    config = ToyConfig(n=5, width=2, alpha=0, density=0.25, decay=0, bias="zeros", steps=1500,
                       batch=512, seed=1)  # fmt: skip
    run = train(config, progress=None)
    np.testing.assert_allclose(run.dimensionality, 2 / 5, atol=0.02)
    assert ToyPoint.of(run).mean_dimensionality == pytest.approx(2 / 5, abs=0.02)
    assert f"{run.dimensionality.mean():.4g} on average" in str(run)


@pytest.mark.parametrize("engine", ["numba", "torch"])
def test_a_linear_model_without_bias_keeps_the_most_important_features(engine: str) -> None:
    """PCA: the top m have a dimension of their own and the others nothing, however sparse."""
    config = ToyConfig(n=5, width=2, alpha=0, density=0.25, decay=0, importance=0.6,
                       output="linear", bias="none", steps=800, batch=256,
                       engine=engine)  # fmt: skip
    run = train(config, device="cpu", progress=None)
    assert run.represented.tolist() == [True, True, False, False, False]
    np.testing.assert_allclose(run.dimensionality[:2], 1, atol=0.02)
    assert not run.b.any()


def test_sparsity_and_importance_choose_the_phase() -> None:
    """Corners of E22's phase diagram; each is the better of two seeds."""
    for p, importance, phase in (
        (0.9, 0.2, Phase.NOT_REPRESENTED),
        (0.9, 5.0, Phase.DEDICATED),
        (0.05, 1.0, Phase.ANTIPODAL),
    ):
        config = ToyConfig(n=2, width=1, alpha=0, density=2 * p, importance=importance, decay=0,
                           bias="zeros", steps=500, batch=128, learning_rate=0.03)  # fmt: skip
        runs = [train(replace(config, seed=seed), progress=None) for seed in (0, 1)]
        assert ToyPoint.of(min(runs, key=lambda run: run.loss)).phase is phase
