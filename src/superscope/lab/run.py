"""The result of a lab run: its losses, and how its head is packed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from superscope.evaluation import Losses
from superscope.lab.config import LabConfig
from superscope.lab.corpus import CorpusInfo
from superscope.observations import Observation
from superscope.result import Result

if TYPE_CHECKING:
    import pandas as pd

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The loss on the held-out documents, at one point of training.

    Attributes
    ----------
    tokens
        Tokens trained on up to there.
    documents
        Losses of each document.
    """

    tokens: int
    documents: Losses

    @property
    def loss(self) -> float:
        """Mean loss, nats per token."""
        return self.documents.loss

    @property
    def loss_se(self) -> float | None:
        """Standard error of the loss, clustered by document; None for a single one."""
        return self.documents.loss_se


@dataclass(frozen=True, eq=False, repr=False)
class LabRun(Result):
    """A trained lab model.

    Attributes
    ----------
    config
        What was trained.
    corpus
        On what.
    held_out
        The held-out loss at each point of ``check_at``, and at the end.
    losses
        Mean training loss of every step, nats, float32, shape (steps,); without penalties.
    packing
        The head measured: a row of the table without the run.
    parameters, head_parameters
        Weights that are trained, and those of the head among them; a tied head has none.
    seconds
        Duration of the steps.
    kernel
        The machine code that its numbers come from: the same config, corpus and number of threads
        give the same bits where it is the same.
    """

    DERIVED = ("loss", "loss_se", "tokens_per_second")

    config: LabConfig
    corpus: CorpusInfo
    held_out: tuple[HeldOut, ...]
    losses: Float32
    packing: Observation
    parameters: int
    head_parameters: int
    seconds: float
    kernel: str

    @property
    def identity(self) -> str:
        """Name of the run: of its config and its corpus."""
        return run_identity(self.config, self.corpus)

    @property
    def loss(self) -> float:
        """Held-out loss at the end, nats per token."""
        return self.held_out[-1].loss

    @property
    def loss_se(self) -> float | None:
        """Its standard error, clustered by document."""
        return self.held_out[-1].loss_se

    @property
    def training_loss(self) -> float:
        """Mean training loss of the last twentieth of the steps, nats."""
        return float(self.losses[-max(1, len(self.losses) // 20) :].mean(dtype=np.float64))

    @property
    def tokens(self) -> int:
        """Tokens that were trained on."""
        return self.config.trained_tokens

    @property
    def tokens_per_second(self) -> float:
        """Tokens trained on in a second, without the held-out loss."""
        return self.tokens / self.seconds

    @property
    def observation(self) -> Observation:
        """Return the run as a row of the table: the body's width, and the geometry of the head."""
        config = self.config
        return replace(
            self.packing,
            source="lab",
            run=self.identity,
            width=config.width,
            family=f"{config.architecture} {config.variant}",
            model=None,
            depth=config.depth,
            parameters=self.parameters,
            tokens=self.tokens,
            dataset=self.corpus.name,
            loss=self.loss,
            loss_se=self.loss_se,
            decay=config.decay,
            seed=config.seed,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each held-out document at each point: tokens trained on, mean loss."""
        import pandas as pd

        return pd.concat(
            [
                pd.DataFrame({
                    "trained_tokens": one.tokens,
                    "document": one.documents.ids,
                    "tokens": one.documents.counts,
                    "loss": one.documents.means,
                })
                for one in self.held_out
            ],
            ignore_index=True,
        )  # fmt: skip

    def __repr__(self) -> str:
        c = self.config
        return f"LabRun({self.identity}: {c.variant}, width={c.width}, loss={self.loss:.4f})"


@dataclass(frozen=True, repr=False)
class LabFailure(Result):
    """A run that diverged.

    Attributes
    ----------
    config
        What was trained.
    corpus
        On what.
    step
        The step, counted from 0, at which a number was no longer finite.
    reason
        What was not finite, in one line.
    """

    config: LabConfig
    corpus: CorpusInfo
    step: int
    reason: str

    @property
    def identity(self) -> str:
        """Name of the run."""
        return run_identity(self.config, self.corpus)

    def __repr__(self) -> str:
        c = self.config
        return f"LabFailure({self.identity}: {c.variant}, width={c.width}, step={self.step})"


def run_identity(config: LabConfig, corpus: CorpusInfo) -> str:
    """Return the name of a run: equal where config and ids are."""
    return hashlib.sha256(f"{config.identity} {corpus.fingerprint}".encode()).hexdigest()[:24]
