"""The baseline of the toy benchmark: what a researcher would write.

Dense Bernoulli samples, autograd, torch's Adam, all cores, one model at a time. Run as a
process of its own, it prints the seconds of a step at the start and from given weights:

    python benchmarks/plain_toy.py N M BATCH ALPHA DECAY STEPS [WEIGHTS.npz]
"""

from __future__ import annotations

import sys
import time

import numpy as np
import torch


def seconds_per_step(
    n: int, m: int, batch: int, alpha: float, decay: float, steps: int, weights: str | None
) -> float:
    """Return the median time of a step."""
    torch.manual_seed(0)
    p = torch.arange(1, n + 1, dtype=torch.float32) ** -alpha
    p /= p.sum()
    W = torch.randn(n, m) / m**0.5
    b = torch.randn(n)
    if weights is not None:
        with np.load(weights) as file:
            W, b = torch.from_numpy(file["W"]), torch.from_numpy(file["b"])
    W.requires_grad_()
    b.requires_grad_()
    optimizer = torch.optim.Adam([W, b], lr=1e-3)
    times = []
    for _ in range(steps + 3):
        begin = time.perf_counter()
        x = (torch.rand(batch, n) < p) * torch.rand(batch, n) * 2
        y = torch.relu(x @ W @ W.T + b)
        loss = ((y - x) ** 2).sum(dim=1).mean() / n
        optimizer.zero_grad()
        loss.backward()
        with torch.no_grad():
            if decay < 0:
                norms = W.norm(dim=1, keepdim=True)
                W += 1e-3 * decay * (1 - 1 / (norms + 1e-8)) * W
            else:
                W *= 1 - 1e-3 * decay
        optimizer.step()
        loss.item()  # a researcher keeps the loss of each step
        times.append(time.perf_counter() - begin)
    return float(np.median(times[3:]))


if __name__ == "__main__":
    torch.set_flush_denormal(True)
    counts, rates, rest = sys.argv[1:4], sys.argv[4:6], sys.argv[6:]
    print(
        seconds_per_step(
            *map(int, counts), *map(float, rates), int(rest[0]), rest[1] if rest[1:] else None
        )
    )
