"""What may be taken of each scored position beside its loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class OtherRows:
    """Rows of the output head in place of its own, for further looks at each position.

    Attributes
    ----------
    ids
        Which rows, int64, shape (r,).
    rows
        What they are instead, float32, shape (r, m).
    looks
        How many looks there are, each at as many rows, one after another; all are at the same ids.
    """

    ids: npt.NDArray[np.int64]
    rows: npt.NDArray[np.float32]
    looks: int = 1

    @property
    def rounds(self) -> list[tuple[int, int]]:
        """Start and stop of the rows of each look."""
        size = len(self.ids) // self.looks
        return [(k * size, (k + 1) * size) for k in range(self.looks)]


@dataclass(frozen=True, eq=False)
class Piece:
    """Some scored positions: what the model knew before each, and which token came.

    Attributes
    ----------
    states
        Hidden states, shape (n, m); None of an architecture that gives its logits whole.
    logits
        float32, shape (n, V), on the device of the model.
    targets
        The token that came, int64, shape (n,).
    losses
        −ln p of it, nats, float32, shape (n,).
    others
        Logits of the rows that :class:`OtherRows` names, by these, float32, shape (n, r); or None.
    """

    states: torch.Tensor | None
    logits: torch.Tensor
    targets: torch.Tensor
    losses: torch.Tensor
    others: torch.Tensor | None


@dataclass(frozen=True, eq=False)
class Scored:
    """The scored positions of a block, in the order of the text.

    Attributes
    ----------
    documents, tokens
        Document and target of each, shape (n,).
    nats
        Loss of each, float64, shape (n,).
    values
        What :meth:`Scoring.piece` gave, by name, each of shape (n, …).
    """

    documents: npt.NDArray[np.int32]
    tokens: npt.NDArray[np.int32]
    nats: npt.NDArray[np.float64]
    values: Mapping[str, Array]


class Scoring(Protocol):
    """Takes more than the loss of each scored position, in the same pass over the text."""

    @property
    def what(self) -> str:
        """What it finds, as progress names it: ``loss``."""

    @property
    def settings(self) -> Mapping[str, object]:
        """What its values depend on, beside model and text; JSON. Kept blocks are told by it."""

    @property
    def other_rows(self) -> OtherRows | None:
        """Rows of the head to look at too, or None."""

    def piece(self, piece: Piece) -> Mapping[str, torch.Tensor]:
        """Return values by name, each of shape (n, …); they leave the device."""

    def kept(self, scored: Scored) -> Mapping[str, Array]:
        """Return what is kept of a block, by name."""

    def add(self, kept: Mapping[str, Array]) -> None:
        """Take what is kept of a block; blocks come in the order of the text."""
