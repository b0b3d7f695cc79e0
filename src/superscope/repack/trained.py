"""Descend from a closed form: the factors of a head, trained on stored hidden states."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Hashable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from superscope.atomic import write_whole
from superscope.evaluation.model import LanguageModel
from superscope.evaluation.states import StoredStates
from superscope.heads.narrow_head import NarrowHead
from superscope.progress import Progress
from superscope.repack.full_head import FullHead
from superscope.repack.objective import Objective, precision
from superscope.repack.scoring import PART, scored
from superscope.repack.trainable import TrainableHead
from superscope.repack.training_options import TrainingOptions

if TYPE_CHECKING:
    import torch

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
Name = TypeVar("Name", bound=Hashable)

CHECKS = 10  # times the held-out part is read, at most
PATIENCE = 4  # checks without a gain, after which training ends
WARM_UP = 0.05  # share of the steps
KEEP_EVERY = 60.0  # seconds between two checkpoints
_BETAS, _EPS = (0.9, 0.99), 1e-12


class Measured(NamedTuple):
    """The objective of a head, and its KL to the full head, nats."""

    loss: float
    kl: float


@dataclass(frozen=True, eq=False)
class Training:
    """What a head is trained on, and how.

    Attributes
    ----------
    model, full
        The model, and its head.
    learned, choosing
        States of the positions that are learned from, and of those that choose.
    root, inverse
        C^½ and C^−½ of the first, shape (m, m).
    options
        How.
    seed
        Of the order of positions.
    folder
        Keeps checkpoints.
    progress
        Called with the stages ``training rank r``.
    """

    model: LanguageModel
    full: FullHead
    learned: StoredStates
    choosing: StoredStates
    root: Float64
    inverse: Float64
    options: TrainingOptions
    seed: int
    folder: Path
    progress: Progress

    def measured(self, heads: Mapping[Name, NarrowHead]) -> dict[Name, Measured]:
        """Return what heads make of the positions that choose, by name."""
        whole = self.full.as_narrow
        totals = {name: np.zeros(3) for name in heads}
        for where, states in self.choosing.pieces(PART):
            found = scored(self.model, whole, heads, states, self.choosing.targets[where])
            for name, values in found.items():
                totals[name] += values.sum(1)
        share = self.options.text_share
        means = {name: total / len(self.choosing) for name, total in totals.items()}
        return {
            name: Measured(float(share * nats + (1 - share) * kl), float(kl))
            for name, (nats, _, kl) in means.items()
        }


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained head.

    Attributes
    ----------
    head
        The best on the positions that choose; the start, if nothing was better.
    begun, ended
        The objective of the start and of the head on these positions, nats.
    steps
        Steps that were made.
    """

    head: NarrowHead
    begun: float
    ended: float
    steps: int


def trained(training: Training, start: NarrowHead, begun: Measured, what: str) -> Trained:
    """Train a head; what a checkpoint holds is not done again.

    Adam with a warm-up and a cosine, on mini-batches of shuffled positions. From time to time the
    positions that choose are read; the best head so far is kept, and training ends early when it
    has not changed for long. An interrupted training goes on from its last checkpoint, to the same
    bits as one that was not interrupted.

    Parameters
    ----------
    training
        On what, and how.
    start
        The head to begin with.
    begun
        What it makes of the positions that choose.
    what
        Names the head in the progress.
    """
    with closing(_Run(training, start, begun, what)) as run:
        return run.to_end()


class _Run:
    """One training: its head, its optimizer, and how far it is."""

    def __init__(self, training: Training, start: NarrowHead, begun: Measured, what: str):
        self.t, self.start = training, start
        self.stage = f"training {what}"
        self.file = training.folder / f"{_identity(training, start)}.pt"
        device = training.model.head.device
        dtype = precision(device)
        o = training.options
        self.head = TrainableHead(
            start, training.root, training.inverse, bias=o.trained_bias, device=device, dtype=dtype
        )
        self.objective = Objective(training.model, training.full, o.text_share, dtype)
        # KL is about half the variance of the errors of the logits, weighted by probability.
        error = math.sqrt(2 * max(begun.kl, 0.0))
        self.optimizer = _adam(self.head, o.learning_rate * error)
        self.state: dict[str, Any] = {
            "step": 0, "done": False, "waited": 0, "best": None, "begun": begun.loss,
            "ended": begun.loss, "lowest": math.inf,
        }  # fmt: skip

    def close(self) -> None:
        """Let the model do its own steps again."""
        self.objective.close()

    def to_end(self) -> Trained:
        """Make the steps that are left."""
        o, t = self.t.options, self.t
        self._continue()
        every = max(1, math.ceil(o.steps / CHECKS))
        kept = time.monotonic()
        while not self.state["done"]:
            t.progress(self.stage, self.state["step"], o.steps)
            self._step()
            if self.state["step"] % every == 0 or self.state["step"] == o.steps:
                self._check()
            if self.state["done"] or time.monotonic() - kept > KEEP_EVERY:
                self._keep()
                kept = time.monotonic()
        t.progress(self.stage, 1, 1)
        if self.state["best"] is None:
            head = self.start
        else:
            self.head.load(self.state["best"])
            head = self.head.head()
        return Trained(head, self.state["begun"], self.state["ended"], self.state["step"])

    def _step(self) -> None:
        o, learned = self.t.options, self.t.learned
        step = self.state["step"]
        where = _positions(len(learned), o.step_positions, step, self.t.seed)
        self.optimizer.zero_grad(set_to_none=True)
        self.objective.backward(self.head, learned.take(where), learned.targets[where])
        for group in self.optimizer.param_groups:
            group["lr"] = group["highest"] * schedule(step, o.steps)
        self.optimizer.step()
        self.state["step"] = step + 1

    def _check(self) -> None:
        """Read the positions that choose."""
        loss = self.t.measured({"": self.head.head()})[""].loss
        if loss < self.state["ended"]:
            best = [p.detach().clone() for p in self.head.parameters]
            self.state |= {"ended": loss, "best": best}
        # The start is no part of this: long steps first lead away from it, shorter ones beyond it.
        if loss < self.state["lowest"]:
            self.state |= {"lowest": loss, "waited": 0}
        else:
            self.state["waited"] += 1
        over = self.state["step"] >= self.t.options.steps
        self.state["done"] = over or self.state["waited"] >= PATIENCE

    def _continue(self) -> None:
        """Take what a checkpoint holds; a broken one is set aside."""
        import torch

        if not self.file.is_file():
            return
        try:
            kept = torch.load(self.file, map_location=self.t.model.head.device, weights_only=True)
            if not kept["state"]["done"]:
                self.head.load(kept["parameters"])
                self.optimizer.load_state_dict(kept["optimizer"])
            self.state |= kept["state"]
        except Exception:  # zip files break in many ways
            self.file.rename(self.file.with_suffix(".broken"))

    def _keep(self) -> None:
        import torch

        kept: dict[str, Any] = {"state": self.state}
        if not self.state["done"]:
            parameters = [p.detach() for p in self.head.parameters]
            kept |= {"parameters": parameters, "optimizer": self.optimizer.state_dict()}
        self.t.folder.mkdir(parents=True, exist_ok=True)
        with write_whole(self.file) as file:
            torch.save(kept, file)


def checkpoint_bytes(ranks: Sequence[int], full: FullHead) -> int:
    """Return the most that checkpoints take: a head of each rank, and Adam's state of one."""
    one = 4 * (len(full.rows) + full.width)
    return one * (sum(ranks) + 3 * max(ranks))


def schedule(step: int, steps: int) -> float:
    """Return the share of the highest step length: a linear warm-up, then half a cosine to 0."""
    warm = max(1, round(WARM_UP * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _adam(head: TrainableHead, change: float) -> torch.optim.Optimizer:
    """Return Adam whose steps change products by about so much at their highest."""
    import torch

    groups = [
        {"params": [p], "highest": length}
        for p, length in zip(head.parameters, head.lengths(change), strict=True)
    ]
    fused = head.parameters[0].device.type in ("cpu", "cuda")
    return torch.optim.Adam(groups, lr=0.0, betas=_BETAS, eps=_EPS, foreach=False, fused=fused)


def _positions(count: int, size: int, step: int, seed: int) -> Int64:
    """Return the positions of a step: each is taken once an epoch, in an order of its own."""
    numbers = np.arange(step * size, (step + 1) * size)
    made = np.empty(size, np.int64)
    for epoch in np.unique(numbers // count):
        order = np.random.default_rng([seed, int(epoch)]).permutation(count)
        of = numbers // count == epoch
        made[of] = order[numbers[of] % count]
    return made


def _identity(training: Training, start: NarrowHead) -> str:
    t = training
    parts = (
        "2", t.learned.identity, t.choosing.identity, t.full.as_narrow.fingerprint,
        start.fingerprint, *(getattr(t.options, f.name) for f in fields(TrainingOptions)), t.seed,
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
