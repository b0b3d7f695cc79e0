"""Two engines, one meaning: dense autograd is the oracle of what is zero being left out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from superscope.toy import ToyConfig, train
from superscope.toy.engine import initial_weights
from superscope.toy.features import Batch, Float32
from superscope.toy.numba_engine import NumbaEngine
from superscope.toy.torch_engine import TorchEngine, train_many

CONFIGS = {
    "published": ToyConfig(n=1000, width=39, batch=512),
    "narrow": ToyConfig(n=64, width=1, batch=64),
    "wide": ToyConfig(n=130, width=130, batch=256, decay=0.5),
    "crowded": ToyConfig(n=200, width=17, batch=128, alpha=0.0, density=60.0),
    "correlated": ToyConfig(n=100, width=9, batch=256, groups=5),
    "one feature": ToyConfig(n=1, width=1, batch=16),
    "rare": ToyConfig(n=70, width=5, batch=8, density=0.001),
    "important": ToyConfig(n=90, width=7, batch=128, importance=0.95, bias="zeros"),
    "without bias": ToyConfig(n=90, width=7, batch=128, bias="none"),
    "linear": ToyConfig(n=90, width=7, batch=128, output="linear", importance=0.9, density=3.0),
    "linear without bias": ToyConfig(n=5, width=2, batch=64, output="linear", bias="none"),
    "anticorrelated": ToyConfig(n=90, width=7, batch=128, anticorrelated=3, density=0.2),
    "large": ToyConfig(n=5000, width=20, batch=700, alpha=0.0),
}
ON = {"few on": -2.0, "half on": 0.0}


def relative(a: Float32, b: Float32) -> float:
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-30))


def engines(config: ToyConfig, shift: float) -> tuple[NumbaEngine, TorchEngine]:
    """Return both engines in the same state."""
    dense = TorchEngine([config], torch.device("cpu"))
    with torch.no_grad():
        dense.b += shift
    W, b = dense.W[0].detach().numpy().copy(), dense.b[0].detach().numpy().copy()
    return NumbaEngine(config, W, b), dense


@pytest.mark.parametrize("shift", ON.values(), ids=ON)
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("expected_on", [0.01, 0.5])
def test_one_step_on_the_same_batch_agrees(
    config: ToyConfig, shift: float, expected_on: float
) -> None:
    """Both ways of the fast engine, whichever it would choose."""
    fast, dense = engines(config, shift)
    fast._on = expected_on
    batch = config.features().draw(config.batch, np.random.default_rng(5))
    loss = fast.loss(batch)
    expected = dense.loss(torch.from_numpy(batch.dense())[None])[0].numpy()
    assert loss.sum() == pytest.approx(expected.sum(), rel=1e-5)
    np.testing.assert_allclose(loss, expected, rtol=1e-4, atol=1e-6 * expected.max())
    dW, db = fast.gradient()
    assert relative(dW, dense.gradients[0][0].numpy()) < 1e-4
    assert relative(db, dense.gradients[1][0].numpy()) < 1e-4
    fast.update()
    dense.update()
    assert relative(fast.W, dense.W[0].detach().numpy()) < 1e-4
    assert relative(fast.b, dense.b[0].detach().numpy()) < 1e-4


def test_many_steps_on_the_same_batches_agree() -> None:
    """Moments, bias correction, schedule and decay of both signs, not only one step of them."""
    for options in (
        {"decay": -1.0}, {"decay": 0.0}, {"decay": 0.7}, {"importance": 0.9, "bias": "zeros"},
        {"output": "linear", "bias": "none", "importance": 0.9}, {"output": "linear"},
    ):  # fmt: skip
        config = ToyConfig(n=60, width=6, batch=64, steps=60, **options)
        fast, dense = engines(config, 0.0)
        rng = np.random.default_rng(0)
        for _ in range(60):
            batch = config.features().draw(config.batch, rng)
            loss = fast.loss(batch).sum()
            expected = float(dense.loss(torch.from_numpy(batch.dense())[None]).sum())
            assert loss == pytest.approx(expected, rel=1e-3)
            fast.update()
            dense.update()
        assert relative(fast.W, dense.W[0].detach().numpy()) < 1e-3


def test_a_batch_without_any_active_feature() -> None:
    config = ToyConfig(n=40, width=4, batch=32)
    fast, dense = engines(config, 0.0)
    x = np.zeros((32, 40), np.float32)
    loss = fast.loss(Batch.of(x))
    np.testing.assert_allclose(loss, dense.loss(torch.from_numpy(x)[None])[0], rtol=1e-5)
    dW, db = fast.gradient()
    assert not dW.any()
    assert relative(db, dense.gradients[1][0].numpy()) < 1e-5


def test_growth_pulls_norms_to_1_and_decay_shrinks_them() -> None:
    """With no gradient, one step multiplies by 1 − ηγ, or moves by ηγ(1 − 1/‖W_i‖)."""
    for decay in (-0.8, 0.6):
        config = ToyConfig(n=10, width=3, batch=4, steps=10, warmup=0, decay=decay)
        W, b = initial_weights(config, np.random.default_rng(0))
        fast = NumbaEngine(config, W, b - 10)  # all outputs are off
        fast.loss(Batch.of(np.zeros((4, 10), np.float32)))
        fast.update()
        norms = np.linalg.norm(W, axis=1, keepdims=True)
        eta = config.learning_rate
        factor = 1 + eta * decay * (1 - 1 / norms) if decay < 0 else 1 - eta * decay
        np.testing.assert_allclose(fast.W, W * factor, rtol=1e-5)


def test_a_model_is_the_same_alone_and_among_others() -> None:
    """Padding to the widest and other models' gradients do not reach it."""
    shared = {"n": 30, "batch": 64, "steps": 150, "engine": "torch"}
    configs = [
        ToyConfig(**shared, width=3, decay=-1.0, seed=1),
        ToyConfig(**shared, width=8, decay=0.5, seed=2, alpha=0.5),
        ToyConfig(**shared, width=5, decay=-0.2, seed=3, frequencies="linear", groups=2),
    ]
    for alone, among in zip(configs, train_many(configs, device="cpu"), strict=True):
        run = train(alone, device="cpu")
        assert among.W.shape == run.W.shape
        assert relative(among.W, run.W) < 1e-3
        assert among.loss == pytest.approx(run.loss, rel=1e-3)


def test_models_with_other_options_train_side_by_side() -> None:
    shared = {"n": 12, "width": 3, "batch": 64, "steps": 100, "engine": "torch"}
    options = (
        {}, {"bias": "none"}, {"bias": "zeros", "importance": 0.5}, {"output": "linear"},
        {"anticorrelated": 2},
    )  # fmt: skip
    configs = [ToyConfig(**shared, **option) for option in options]
    for config, among in zip(configs, train_many(configs, device="cpu"), strict=True):
        assert relative(among.W, train(config, device="cpu").W) < 1e-3
        assert (among.b == 0).all() == (config.bias == "none")


def test_the_dense_engine_draws_features_that_exclude_each_other() -> None:
    config = ToyConfig(n=6, width=2, batch=4000, frequencies=(0.1, 0.3, 0.2, 0.5, 0.5, 0.4),
                       anticorrelated=((0, 1), (3, 4)), engine="torch")  # fmt: skip
    on = TorchEngine([config], torch.device("cpu")).draw()[0].numpy() > 0
    assert not (on[:, 0] & on[:, 1]).any()
    assert (on[:, 3] ^ on[:, 4]).all()
    np.testing.assert_allclose(on.mean(axis=0), config.frequencies, atol=0.04)


@pytest.mark.slow
@pytest.mark.parametrize("decay", [-1.0, 0.5])
def test_both_engines_reach_the_same_loss(decay: float) -> None:
    """Eight fixed seeds each: the means agree within three standard errors."""
    shared = {"n": 50, "width": 6, "batch": 128, "steps": 500, "decay": decay}
    fast = [train(ToyConfig(**shared, seed=seed)).loss for seed in range(8)]
    configs = [ToyConfig(**shared, seed=seed, engine="torch") for seed in range(100, 108)]
    plain = [run.loss for run in train_many(configs, device="cpu")]
    se = np.sqrt(np.var(fast, ddof=1) / 8 + np.var(plain, ddof=1) / 8)
    assert abs(np.mean(fast) - np.mean(plain)) < 3 * se


def test_models_trained_at_once_must_match() -> None:
    from superscope.errors import UsageError

    with pytest.raises(UsageError, match="same n, batch and steps"):
        train_many([ToyConfig(n=10, steps=5), ToyConfig(n=11, steps=5)], device="cpu")
