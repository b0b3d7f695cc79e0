"""The simple engine: dense, with autograd, on any device, many models at once.

It is the reference for the fast engine, and is itself faster on a GPU, where models that differ
in width, decay, frequencies, seed or learning rate train together as one batched product.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import torch

from superscope.device import device_named, resolved
from superscope.errors import DivergedError, UsageError
from superscope.progress import Progress, silent
from superscope.toy.config import BETA1, BETA2, EPSILON, ToyConfig
from superscope.toy.denormals import denormals_flushed
from superscope.toy.engine import diverged, initial_weights
from superscope.toy.processor import kernel
from superscope.toy.run import LAST, ToyRun


class TorchEngine:
    """The state of K runs, and their next step.

    Narrower models are padded to the widest with columns of W that are 0 and stay 0, because
    their gradient is 0.

    Parameters
    ----------
    configs
        The configs to train; n, batch and steps are equal in all of them.
    device
        Torch's name of the device.
    """

    def __init__(self, configs: Sequence[ToyConfig], device: torch.device):
        first = configs[0]
        if any((c.n, c.batch, c.steps) != (first.n, first.batch, first.steps) for c in configs):
            raise UsageError("models trained at once must have the same n, batch and steps")
        self.configs, self.device = tuple(configs), device
        widest = max(c.width for c in configs)
        W = np.zeros((len(configs), first.n, widest), np.float32)
        b = np.empty((len(configs), first.n), np.float32)
        for k, c in enumerate(configs):
            W[k, :, : c.width], b[k] = initial_weights(c, np.random.default_rng(c.seed))
        self.W = torch.from_numpy(W).to(device).requires_grad_()
        self.b = torch.from_numpy(b).to(device).requires_grad_()
        self._moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in (self.W, self.b)]
        self._decay = torch.tensor([c.decay for c in configs], device=device)[:, None, None]
        self._generators = [torch.Generator(device).manual_seed(c.seed) for c in configs]
        self._gates = [len(c.features().gates) for c in configs]
        self._spans = [
            [torch.from_numpy(end.astype(np.float32)).to(device) for end in c.features().spans]
            for c in configs
        ]
        self._gate_of = [torch.from_numpy(c.features().gate_of).to(device) for c in configs]
        weights = np.stack([c.weights() for c in configs]).astype(np.float32)
        self._importance = torch.from_numpy(weights).to(device)
        linear = [c.output == "linear" for c in configs]
        self._linear = torch.tensor(linear, device=device)[:, None, None] if any(linear) else None
        self._has_bias = torch.tensor([c.bias != "none" for c in configs], device=device)
        self.gradients: tuple[torch.Tensor, ...] = ()  # gradients of the last loss in W and in b
        self._step = 0

    def draw(self) -> torch.Tensor:
        """Draw the samples of one step: x, shape (K, batch, n)."""
        first = self.configs[0]
        x = torch.empty(len(self.configs), first.batch, first.n, device=self.device)
        for k, generator in enumerate(self._generators):
            shape = (first.batch, self._gates[k])
            drawn = torch.rand(shape, generator=generator, device=self.device)
            drawn = drawn[:, self._gate_of[k]]
            torch.rand(x[k].shape, generator=generator, device=self.device, out=x[k])
            low, high = self._spans[k]
            x[k] = 2 * x[k] * ((low <= drawn) & (drawn < high))
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return each feature's (y − x)², shape (K, batch, n)."""
        z = x @ self.W @ self.W.mT + self.b[:, None, :]
        y = torch.relu(z) if self._linear is None else torch.where(self._linear, z, torch.relu(z))
        return (y - x) ** 2

    def loss(self, x: torch.Tensor) -> torch.Tensor:
        """Return each feature's mean loss over samples, shape (K, n), and store the gradient.

        Both are weighted by importance.
        """
        loss = self.forward(x).mean(dim=1) * self._importance
        # The models' gradients are independent: the sum over models does not mix them.
        self.gradients = torch.autograd.grad(loss.mean(dim=1).sum(), (self.W, self.b))
        return loss.detach()

    @torch.no_grad()
    def update(self) -> None:
        """Do one step of decay and Adam."""
        rates = torch.tensor([c.learning_rates(self._step) for c in self.configs])
        rate, bias_rate = rates.to(self.device).T
        self._step += 1
        norms = self.W.norm(dim=2, keepdim=True)
        rate = rate[:, None, None]
        grown = rate * self._decay * (1 - 1 / (norms + EPSILON))
        self.W *= 1 + torch.where(self._decay < 0, grown, -rate * self._decay)
        self._adam(0, self.W, rate)
        self._adam(1, self.b, (bias_rate * self._has_bias)[:, None])

    def _adam(self, which: int, parameter: torch.Tensor, rate: torch.Tensor) -> None:
        gradient, (m, v) = self.gradients[which], self._moments[which]
        m.lerp_(gradient, 1 - BETA1)
        v.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        root = (v / (1 - BETA2**self._step)).sqrt_().add_(EPSILON)
        parameter -= rate / (1 - BETA1**self._step) * m / root


def train_many(
    configs: Sequence[ToyConfig], *, device: str = "auto", progress: Progress = silent
) -> list[ToyRun | DivergedError]:
    """Train several models at once; see ``superscope.toy.train_many``."""
    where = device_named(resolved(device))
    stop = Event()
    # Train in a new thread: torch then starts new worker threads, which flush denormals as this
    # one does. Workers of the caller's thread may already exist, and would not flush.
    with ThreadPoolExecutor(1) as thread:
        training = thread.submit(_train, configs, where, progress, stop)
        try:
            return training.result()
        except BaseException:  # Ctrl-C reaches the caller's thread
            stop.set()
            raise


def _train(
    configs: Sequence[ToyConfig], device: torch.device, progress: Progress, stop: Event
) -> list[ToyRun | DivergedError]:
    begin = time.perf_counter()
    n, steps = configs[0].n, configs[0].steps
    kept = min(LAST, steps)
    losses = torch.empty(len(configs), steps)
    last = torch.zeros(len(configs), n, dtype=torch.float64)
    ended = torch.full((len(configs),), steps)  # step at which a model diverged
    with denormals_flushed():
        engine = TorchEngine(configs, device)
        for step in range(steps):
            if stop.is_set():
                return []
            loss = engine.loss(engine.draw()).cpu()
            engine.update()
            losses[:, step] = loss.sum(dim=1)
            if step >= steps - kept:
                last += loss
            finite = losses[:, step].isfinite()
            ended = torch.where(~finite & (ended == steps), step, ended)
            if not finite.any():
                break
            if step % 64 == 0:
                progress("train", step, steps)
        progress("train", steps, steps)
    seconds = (time.perf_counter() - begin) / len(configs)
    W, b = engine.W.detach().cpu().numpy(), engine.b.detach().cpu().numpy()
    results: list[ToyRun | DivergedError] = []
    for k, c in enumerate(configs):
        if ended[k] < steps or not (np.isfinite(W[k]).all() and np.isfinite(b[k]).all()):
            results.append(diverged(min(int(ended[k]), steps - 1)))
            continue
        run = ToyRun(
            c, W[k, :, : c.width].copy(), b[k].copy(), losses[k].numpy().copy(),
            last[k].numpy() / kept, seconds, kernel("torch", str(device)),
        )  # fmt: skip
        results.append(run)
    return results
