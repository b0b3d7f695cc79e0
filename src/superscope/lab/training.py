"""Train a lab model: from a config and a text to its run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch

from superscope.arguments import checked
from superscope.atomic import occupied
from superscope.device import resolved, torch_kernel
from superscope.errors import DivergedError, UsageError
from superscope.geometry import measure_head
from superscope.heads import Head
from superscope.lab.batches import Batches
from superscope.lab.checkpoint import CheckpointFile, Kept
from superscope.lab.config import LabConfig
from superscope.lab.corpus import Corpus
from superscope.lab.model import LabModel
from superscope.lab.optimizers import optimizers_of
from superscope.lab.run import HeldOut, LabFailure, LabRun, run_identity
from superscope.lab.scoring import held_out_losses
from superscope.lab.text_check import check_text
from superscope.lab.writing import read_run, write_model
from superscope.progress import Progress, ProgressChoice, chosen, silent
from superscope.stopping import stop_later

KEEP_EVERY = 60.0  # seconds between two checkpoints
SLACK = 1.0  # nats above those of equal probabilities, beyond which a run has diverged
CLIP = 1.0  # norm of all gradients together
_SHOWN = 10  # steps between two reports


@checked
def train(
    config: LabConfig,
    corpus: Corpus,
    *,
    out: Path | None = None,
    keep: Path | None = None,
    device: str = "auto",
    progress: ProgressChoice = "auto",
) -> LabRun | LabFailure:
    """Train one lab model.

    Parameters
    ----------
    config
        What to train.
    corpus
        The text, from :func:`make_corpus`.
    out
        Folder that the trained model is written to, new or empty, with its run. If this very run
        has made the model in it, nothing is trained, and the run is returned.
    keep
        File of checkpoints, written once a minute, and when Ctrl-C or SIGTERM ends the run: it goes
        on from there, to the same bits as one that was not interrupted. The file stays: delete it
        when the result is safe.
    device
        ``cpu``, ``cuda``, …; ``auto`` is a GPU where there is one.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress("train", steps done, steps)`` now and then.

    Returns
    -------
    LabRun or LabFailure
        Losses and packing; or the step at which it diverged.

    Raises
    ------
    UsageError
        The text is shorter than a batch, or has another vocabulary; the folder has other files;
        or the disk is full.
    """
    if out is not None and occupied(out):
        return _made_before(out, config, corpus)
    with chosen(progress) as report:
        run = Training(config, corpus, keep=keep, device=resolved(device), progress=report)
        try:
            run.to_end()
        except DivergedError as error:
            result: LabRun | LabFailure = LabFailure(config, corpus.info, run.begun, str(error))
        else:
            result = run.result()
            if out is not None:
                write_model(run.model, corpus, result, out)
        return result


def _made_before(folder: Path, config: LabConfig, corpus: Corpus) -> LabRun:
    """Return the run that made the model in a folder; refuse what is there of anything else."""
    run = read_run(folder)
    if run is None:
        raise UsageError(f"{folder} is there already; name a new folder for the model")
    if run.identity == run_identity(config, corpus.info):
        return run
    before, now = run.config.to_mapping(), config.to_mapping()
    others = ", ".join(f"{name}={before[name]}" for name in now if before[name] != now[name])
    raise UsageError(
        f"{folder} has the model of a run {f'with {others}' if others else 'on another text'}; "
        "name a new folder for this one, or remove that one"
    )


class Training:
    """One training: its model, its optimizers, and how far it is.

    Parameters
    ----------
    config, corpus, keep, device
        As of :func:`train`.
    progress
        Called with the stage ``train``.
    """

    def __init__(
        self,
        config: LabConfig,
        corpus: Corpus,
        *,
        keep: Path | None = None,
        device: str = "cpu",
        progress: Progress = silent,
    ) -> None:
        check_text(config, corpus.info)
        self.config, self.corpus, self.progress = config, corpus, progress
        self.kernel = torch_kernel(device)
        self.keep = None
        if keep is not None:
            identity = run_identity(config, corpus.info)
            self.keep = CheckpointFile(keep, identity, self.kernel)
        self.batches = Batches(corpus.train, config.context, config.batch, config.seed)
        self.model = LabModel(config, corpus, device)
        self.optimizers = optimizers_of(config, self.model)
        self.step, self.seconds = 0, 0.0
        self.losses = np.full(config.steps, np.nan, np.float32)
        self.held_out: list[HeldOut] = []
        step_tokens = config.step_tokens
        self.checks = {max(1, at // step_tokens) for at in config.check_at} | {config.steps}

    def to_end(self) -> None:
        """Make the steps that are left."""
        self._continue()
        torch.set_flush_denormal(True)
        # Without a checkpoint there is nothing to wait for.
        stopping = nullcontext(lambda: False) if self.keep is None else stop_later()
        try:
            with stopping as stopped:
                self._make_steps(stopped)
        finally:
            torch.set_flush_denormal(False)
        self.progress("train", self.config.steps, self.config.steps)

    def _make_steps(self, stopped: Callable[[], bool]) -> None:
        kept = time.monotonic()
        while self.step < self.config.steps:
            began = time.perf_counter()
            self.make_step()
            self.seconds += time.perf_counter() - began
            if self.step in self.checks:
                self._check()
            if self.step % _SHOWN == 0:
                self.progress("train", self.step, self.config.steps)
            due = time.monotonic() - kept > KEEP_EVERY and self.step < self.config.steps
            if (stop := stopped()) or due:
                self._keep()
                kept = time.monotonic()
            if stop:
                raise KeyboardInterrupt

    def make_step(self) -> None:
        """Make a step, and record its loss."""
        self.begun = self.step
        model, config = self.model, self.config
        inputs, targets = (torch.from_numpy(a).to(model.device) for a in self.batches(self.step))
        states = model.states(inputs).flatten(0, 1)
        nats = model.head.loss(states, targets.flatten())
        penalties = [v.penalty(model.head, states) for v in config.variants]
        objective = sum((p for p in penalties if p is not None), nats)
        objective.backward()  # type: ignore[no-untyped-call]
        loss = nats.item()
        if not math.isfinite(loss):
            raise DivergedError(f"the loss is not finite at step {self.step:,}")
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        share = config.share(self.step)
        self.optimizers.step(share)
        for variant in config.variants:
            variant.after_step(model.head, config.head_peak * share)
        self.losses[self.step] = loss
        self.step += 1

    def _check(self) -> None:
        """Take the held-out loss."""
        info, config = self.corpus.info, self.config
        found = held_out_losses(self.model, self.corpus.held_out(), info.prefix, config.step_tokens)
        if not np.isfinite(found.nats).all():
            raise DivergedError(f"the held-out loss is not finite after step {self.begun:,}")
        know_nothing = math.log(info.vocabulary)
        if self.step == config.steps and found.loss > know_nothing + SLACK:
            raise DivergedError(
                f"the held-out loss is {found.loss:.4g} nats after the last step; without any "
                f"training it would be {know_nothing:.3g}"
            )
        self.held_out.append(HeldOut(self.step * config.step_tokens, found))

    def result(self) -> LabRun:
        """Return the finished run."""
        head = Head.from_array(self.model.head.matrix().cpu().numpy())
        parameters, own = self.model.sizes()
        return LabRun(
            self.config, self.corpus.info, tuple(self.held_out), self.losses,
            measure_head(head, pairs="none", device="cpu").observation(), parameters, own,
            self.seconds, self.kernel,
        )  # fmt: skip

    def _continue(self) -> None:
        """Take what a checkpoint holds, if there is one of this run."""
        kept = None if self.keep is None else self.keep.read(self.model.device)
        if kept is None:
            return
        self.model.load_state_dict(kept.model)
        self.optimizers.load(kept.optimizers)
        self.losses[: kept.step] = kept.losses
        self.held_out, self.step, self.seconds = kept.held_out, kept.step, kept.seconds

    def _keep(self) -> None:
        if self.keep is not None:
            self.keep.write(
                Kept(
                    self.step, self.seconds, self.losses[: self.step], self.held_out,
                    self.model.state_dict(), self.optimizers.state(),
                )
            )  # fmt: skip
