"""Denormal numbers as 0, by the register that torch sets too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
import pytest
import torch

from superscope.toy import ToyConfig, train
from superscope.toy.denormals import FLUSH, control, denormals_flushed

pytestmark = pytest.mark.skipif(not FLUSH, reason="this processor has no such bits")


def flushes() -> bool:
    """Return whether a denormal result and a denormal factor are 0 in this thread."""
    numbers = np.array([1e-30, 1e-40], np.float32)
    products = numbers * np.array([1e-10, 1], np.float32)
    assert products.any() == products.all()
    return not products.any()


def test_denormals_are_flushed_within_the_block_only() -> None:
    before = control()
    assert not flushes()
    with denormals_flushed():
        assert flushes()
        with denormals_flushed():
            assert flushes()
        assert flushes()
    assert control() & FLUSH == before & FLUSH
    assert not flushes()


def test_the_register_is_restored_after_an_exception() -> None:
    with pytest.raises(KeyError), denormals_flushed():
        raise KeyError
    assert not flushes()


def test_the_setting_of_the_caller_is_kept() -> None:
    torch.set_flush_denormal(True)
    try:
        with denormals_flushed():
            assert flushes()
        assert flushes()
    finally:
        torch.set_flush_denormal(False)
    assert not flushes()


def test_the_bits_are_those_that_torch_sets() -> None:
    torch.set_flush_denormal(True)
    try:
        by_torch = control()
    finally:
        torch.set_flush_denormal(False)
    with denormals_flushed():
        assert control() & FLUSH == by_torch & FLUSH == FLUSH
    assert not control() & FLUSH


def test_threads_have_their_own_setting() -> None:
    with ThreadPoolExecutor(1) as old, ThreadPoolExecutor(1) as new:
        assert not old.submit(flushes).result()
        with denormals_flushed():
            assert not old.submit(flushes).result()
            assert new.submit(flushes).result()
        assert not flushes()


def test_a_run_has_the_bits_that_torchs_setting_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strong decay makes dead weights denormal, so that without flushing other bits result."""
    config = ToyConfig(n=40, width=6, decay=8, batch=16, steps=3000, learning_rate=0.02, seed=1)
    ours = train(config)
    monkeypatch.setattr("superscope.toy.denormals.denormals_flushed", nullcontext)
    plain = train(config)
    torch.set_flush_denormal(True)
    try:
        by_torch = train(config)
    finally:
        torch.set_flush_denormal(False)
    for name in ("W", "b", "losses"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(by_torch, name), strict=True)
    assert not np.array_equal(ours.W, plain.W)
