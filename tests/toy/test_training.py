"""Training: the same bits again, what it learns, and how it ends when it cannot."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from command import python
from threadpoolctl import threadpool_info, threadpool_limits

from superscope.errors import DivergedError, UsageError
from superscope.toy import ToyConfig, evaluate, train
from superscope.toy.processor import one_blas_thread

SMALL = ToyConfig(n=40, width=5, batch=128, steps=300)


@pytest.mark.parametrize("engine", ["numba", "torch"])
def test_a_seed_gives_the_same_bits_again(engine: str) -> None:
    config = replace(SMALL, engine=engine)
    a, b, c = train(config), train(config), train(replace(config, seed=1))
    assert a.W.tobytes() == b.W.tobytes()
    assert a.b.tobytes() == b.b.tobytes()
    assert a.losses.tobytes() == b.losses.tobytes()
    assert a.feature_loss.tobytes() == b.feature_loss.tobytes()
    assert a.W.tobytes() != c.W.tobytes()


BITS = """
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from superscope.toy import ToyConfig, train
from threadpoolctl import threadpool_limits

def bits(seed=0):
    run = train(ToyConfig(n=200, width=40, batch=256, steps=8, seed=seed))
    return f"{run.kernel} {sha256(run.W.tobytes()).hexdigest()}"

found = [bits()]
with ThreadPoolExecutor(3) as threads:  # while this thread has trained and lives on
    found += threads.map(lambda _: bits(), range(4))
with threadpool_limits(2, "blas"), ThreadPoolExecutor(1) as threads:  # which is this thread's
    found.append(threads.submit(bits).result())
for each in (*found, bits()):
    print(each)
"""


@pytest.mark.parametrize("kernel", ["Haswell", "Nehalem", ""])
def test_threads_and_other_processes_give_the_same_bits(
    kernel: str,
) -> None:
    """Haswell kernels compute other bits if two threads share a product."""
    found = []
    for _ in range(1 if kernel else 2):
        ran = python(BITS, **({"OPENBLAS_CORETYPE": kernel} if kernel else {}))
        assert ran.code == 0, ran.err
        found += ran.out.splitlines()
    assert len(found) >= 7
    assert len(set(found)) == 1, found
    assert kernel in found[0]


def test_one_blas_thread_holds_in_every_thread_and_ends_with_the_last() -> None:
    def threads() -> set[int]:
        return {x["num_threads"] for x in threadpool_info() if x["user_api"] == "blas"}

    with threadpool_limits(3, "blas"), ThreadPoolExecutor(1) as other:
        first, second = one_blas_thread(), one_blas_thread()
        first.__enter__()
        assert threads() == {1}
        other.submit(second.__enter__).result()
        first.__exit__(None, None, None)
        assert threads() == other.submit(threads).result() == {1}
        other.submit(second.__exit__, None, None, None).result()
        assert threads() == {3}
    assert threads() != {3}


def test_features_that_fit_are_stored_without_loss() -> None:
    """As many dimensions as features: no interference is left."""
    run = train(ToyConfig(n=8, width=8, batch=256, steps=4000, alpha=0.0, decay=-0.1))
    assert run.loss < 0.01 * run.losses[0]
    assert run.represented_fraction == 1


def test_decay_leaves_rare_features_out_and_growth_takes_them_in() -> None:
    shared = ToyConfig(n=60, width=6, batch=256, steps=1500)
    weak, strong = train(replace(shared, decay=0.7)), train(replace(shared, decay=-1.0))
    assert weak.represented_fraction < 0.3
    assert strong.represented_fraction == 1
    assert weak.unrepresented_loss > 0.5 * weak.loss
    assert strong.unrepresented_loss == 0
    frequent, rare = weak.norms[:3].mean(), weak.norms[-20:].mean()
    assert frequent > 5 * rare


def test_the_loss_curve_is_whole_and_its_end_is_the_loss() -> None:
    run = train(SMALL)
    assert run.losses.shape == (300,)
    assert run.loss == pytest.approx(run.losses[-100:].mean(), rel=1e-5)
    short = train(replace(SMALL, steps=7))
    assert short.loss == pytest.approx(short.losses.mean(), rel=1e-5)
    assert train(replace(SMALL, steps=1)).loss_se is None


@pytest.mark.parametrize("engine", ["numba", "torch"])
def test_fresh_samples_have_the_loss_of_the_last_ones(engine: str) -> None:
    run = train(replace(SMALL, steps=1000, engine=engine))
    fresh = evaluate(run, samples=40_000)
    assert abs(fresh.loss - run.loss) < 5 * np.hypot(fresh.loss_se, run.loss_se)
    assert fresh.feature_loss.sum() == pytest.approx(fresh.loss)
    assert evaluate(run, samples=40_000).loss == fresh.loss
    assert evaluate(run, samples=40_000, seed=1).loss != fresh.loss


def test_the_standard_error_of_fresh_samples_is_one() -> None:
    run = train(SMALL)
    losses = [evaluate(run, samples=2000, seed=seed).loss for seed in range(60)]
    spread, said = np.std(losses, ddof=1), evaluate(run, samples=2000).loss_se
    assert said == pytest.approx(spread, rel=0.35)  # the spread of 60 is itself 10 % uncertain


def test_one_sample_has_no_standard_error() -> None:
    with pytest.raises(UsageError, match="at least 2"):
        evaluate(train(replace(SMALL, steps=1)), samples=1)


@pytest.mark.parametrize("engine", ["numba", "torch"])
def test_a_run_that_diverges_says_where(engine: str) -> None:
    with pytest.raises(DivergedError, match=r"diverged at step \d+"):
        train(replace(SMALL, learning_rate=1e30, warmup=0, engine=engine))


def test_the_numba_engine_is_for_cpus() -> None:
    with pytest.raises(UsageError, match="choose engine torch"):
        train(SMALL, device="cuda")


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    train(SMALL, progress=lambda stage, done, total: told.append((done, total)))
    assert told[-1] == (300, 300)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_every_thread_of_the_torch_engine_flushes_denormals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where torch had threads before, and none of those does afterwards."""
    import torch

    from superscope.toy.torch_engine import TorchEngine

    tiny = torch.full((1 << 20,), 1e-40)
    assert (tiny * 1.0).count_nonzero() == len(tiny)  # starts torch's threads
    inside: list[int] = []
    update = TorchEngine.update

    def counted(engine: TorchEngine) -> None:
        inside.append(int((tiny * 1.0).count_nonzero()))
        update(engine)

    monkeypatch.setattr(TorchEngine, "update", counted)
    train(replace(SMALL, steps=2, engine="torch"), device="cpu")
    assert inside == [0, 0]
    assert (tiny * 1.0).count_nonzero() == len(tiny)


def test_ctrl_c_stops_the_torch_engine() -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(replace(SMALL, steps=10**6, engine="torch"), device="cpu", progress=interrupt)


@pytest.mark.slow
def test_memory_does_not_grow_with_steps() -> None:
    """Ten times the steps take no more than the longer loss curve."""
    code = """
import resource, sys
from superscope.toy import ToyConfig, train
train(ToyConfig(n=50, width=4, batch=64, steps=200))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
train(ToyConfig(n=50, width=4, batch=64, steps=15_000))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert int(ran.stdout) < 2048  # kB; the curve is 60 kB
