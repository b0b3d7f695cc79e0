"""Checkpoints within a run, from which it goes on to the same bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from superscope._version import __version__
from superscope.atomic import write_whole
from superscope.evaluation import Losses
from superscope.lab.run import HeldOut


@dataclass(frozen=True, eq=False)
class Kept:
    """What a checkpoint holds.

    Attributes
    ----------
    step, seconds
        Steps that were made, and how long they took.
    losses
        Of these steps, float32, shape (step,).
    held_out
        What was taken up to there.
    model, optimizers
        States, as torch gives them.
    """

    step: int
    seconds: float
    losses: npt.NDArray[np.float32]
    held_out: list[HeldOut]
    model: dict[str, Any]
    optimizers: list[dict[str, Any]]


class CheckpointFile:
    """The file of a run's checkpoint.

    Parameters
    ----------
    path
        Where it is.
    identity, kernel
        Of the run: a checkpoint of another run, or of other machine code, is not read.
    """

    def __init__(self, path: Path, identity: str, kernel: str) -> None:
        self.path = path
        self._about = f"{identity} {kernel} {__version__}"

    def write(self, kept: Kept) -> None:
        """Replace the checkpoint.

        Raises
        ------
        UsageError
            The disk is full.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        arrays = [(one.documents.ids, one.documents.counts, one.documents.nats)
                  for one in kept.held_out]  # fmt: skip
        content = {
            "about": self._about,
            "step": kept.step,
            "seconds": kept.seconds,
            "losses": torch.from_numpy(kept.losses.copy()),
            "tokens": [one.tokens for one in kept.held_out],
            "documents": [[torch.from_numpy(a) for a in three] for three in arrays],
            "model": kept.model,
            "optimizers": kept.optimizers,
        }
        with write_whole(self.path) as file:
            torch.save(content, file)

    def read(self, device: torch.device) -> Kept | None:
        """Return what the checkpoint holds; None if there is none of this run that can be read."""
        if not self.path.is_file():
            return None
        try:
            content = torch.load(self.path, map_location=device, weights_only=True)
            return self._kept(content) if content["about"] == self._about else None
        except Exception:  # zip files break in many ways
            return None

    @staticmethod
    def _kept(content: dict[str, Any]) -> Kept:
        return Kept(
            content["step"], content["seconds"], content["losses"].cpu().numpy(),
            _held_out(content["tokens"], content["documents"]),
            content["model"], content["optimizers"],
        )  # fmt: skip


def _held_out(tokens: Sequence[int], documents: Sequence[Sequence[torch.Tensor]]) -> list[HeldOut]:
    return [
        HeldOut(at, Losses(*(array.cpu().numpy() for array in three)))
        for at, three in zip(tokens, documents, strict=True)
    ]
