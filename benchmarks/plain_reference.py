"""An independent run of the published toy sweep: dense, gradients and Adam by their formulas.

It shares no code with superscope's engines, so it can tell an error of theirs from a difference to
the paper. The setting is that of the authors' scripts (github.com/liuyz0/SuperpositionScaling at
d7171a7, exp/exp-10.py, exp/exp-10-3.py and exp/adamw.py): n = 1000, batch 2048, 20,000 steps of
which 2,000 are warm-up, rate 0.01, and Adam sees the mean over samples and features. The schedules
differ by one step of the cosine: `theirs` falls with the first step after the peak, `ours` with the
second.

    OMP_NUM_THREADS=1 python benchmarks/plain_reference.py QUEUE.txt plain/

QUEUE.txt has one run a line: `m gamma alpha seed schedule`, and `n batch steps` if they are others;
gamma and alpha may be fractions. A run's file in plain/, with the loss of every step, W and b,
appears when the run is complete, and a run whose file is there is not repeated.
`benchmarks/toy_seeds.py` trains such a queue with the engine, and makes a table of both.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

PUBLISHED = ("1000", "2048", "20000")  # n, batch, steps
RATE = 0.01


def rates(schedule: str, steps: int, warmup: int) -> Iterator[float]:
    """Yield the learning rate of each step."""
    for step in range(1, steps + 1):
        fallen = step - warmup if schedule == "theirs" else max(0, step - warmup - 1)
        cosine = (1 + math.cos(math.pi * fallen / (steps - warmup))) / 2
        yield RATE * (step / warmup if step < warmup else 0.05 + 0.95 * cosine)


def batches(n: int, batch: int, alpha: float) -> Iterator[Tensor]:
    """Yield batches without end, all in one tensor.

    A feature is active with the probability p, as in (rand < p) of every cell of the batch, for a
    hundredth of the random numbers: cells are hit at random, and one that is not missed is active.
    A cell is missed with the probability exp(-hits / batch) = 1 - p.
    """
    p = torch.arange(1, n + 1, dtype=torch.float64) ** -alpha
    hits = -batch * torch.log1p(-p / p.sum())  # expected, of the cells of a feature
    x = torch.empty(batch, n)
    while True:
        features = torch.repeat_interleave(torch.poisson(hits).long())
        samples = torch.randint(batch, features.shape)
        x.zero_()[samples, features] = 2 * torch.rand(len(features))
        yield x


def train(
    W: Tensor, b: Tensor, samples: Iterable[Tensor], schedule: Iterable[float], gamma: float
) -> np.ndarray:
    """Train W and b in place; return the loss of each step, summed over features."""
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in (W, b)]
    losses = []
    for step, (rate, x) in enumerate(zip(schedule, samples, strict=False), start=1):
        loss, gradients = _loss(x, W, b)
        if step == 1:
            _check(x, W, b, gradients)
        losses.append(len(b) * loss)
        if gamma < 0:
            norms = W.norm(dim=1, keepdim=True)
            W += rate * gamma * (1 - 1 / (norms + 1e-8)) * W
        else:
            W *= 1 - rate * gamma
        for p, gradient, (first, second) in zip((W, b), gradients, moments, strict=True):
            first.lerp_(gradient, 0.1)
            second.lerp_(gradient**2, 0.001)
            mean, square = first / (1 - 0.9**step), second / (1 - 0.999**step)
            p.sub_(rate * mean / (square.sqrt() + 1e-8))
    return np.array(losses)


def _loss(x: Tensor, W: Tensor, b: Tensor) -> tuple[float, tuple[Tensor, Tensor]]:
    """Return the loss, mean over samples and features, and its gradients in W and in b."""
    h = x @ W
    y = torch.addmm(b, h, W.T).relu_()
    error = y - x
    loss = torch.dot(error.view(-1), error.view(-1)).item() / error.numel()
    error.mul_(y.sign_()).mul_(2 / error.numel())  # no gradient passes where y is 0
    return loss, (error.T @ h + x.T @ (error @ W), error.sum(dim=0))


def _check(x: Tensor, W: Tensor, b: Tensor, gradients: tuple[Tensor, Tensor]) -> None:
    """Raise AssertionError where the gradients are not autograd's."""
    leaves = W.clone().requires_grad_(), b.clone().requires_grad_()
    loss = (torch.relu(x @ leaves[0] @ leaves[0].T + leaves[1]) - x).square().mean()
    for ours, right in zip(gradients, torch.autograd.grad(loss, leaves), strict=True):
        torch.testing.assert_close(ours, right, rtol=1e-4, atol=1e-4 * right.abs().max().item())


def work(queue: Path, out: Path) -> None:
    """Train what is in the queue and not yet done."""
    while (line := pending(queue, out)) is not None:
        begin = time.perf_counter()
        m, gamma, alpha, seed, schedule, *size = line.split()
        n, batch, steps = map(int, size or PUBLISHED)
        torch.manual_seed(int(seed))
        W, b = torch.randn(n, int(m)) / math.sqrt(int(m)), torch.randn(n)
        samples = batches(n, batch, float(Fraction(alpha)))
        losses = train(W, b, samples, rates(schedule, steps, steps // 10), float(Fraction(gamma)))
        keep(path_of(out, line), losses=losses, W=W.numpy(), b=b.numpy())
        print(line, f"loss {losses[-100:].mean():.5f}, {time.perf_counter() - begin:.0f} s")


def keep(path: Path, **arrays: np.ndarray) -> None:
    """Write a file that is complete once it is there."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, **arrays)
    part.replace(path)


def pending(queue: Path, out: Path) -> str | None:
    """Return the queue's first line that has no file, as the queue is now."""
    lines = queue.read_text(encoding="utf-8").splitlines()
    return next((line for line in lines if line.strip() and not path_of(out, line).exists()), None)


def path_of(out: Path, line: str) -> Path:
    """Return the file of a line."""
    return out / f"{'_'.join(line.split()).replace('/', '-over-')}.npz"


if __name__ == "__main__":
    torch.set_flush_denormal(True)
    work(Path(sys.argv[1]), Path(sys.argv[2]))
