"""The loss of a lab model on held-out documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import torch

from superscope.evaluation import Losses
from superscope.lab.model import LabModel

Int32 = npt.NDArray[np.int32]


def held_out_losses(
    model: LabModel, documents: Iterable[Int32], prefix: int, tokens: int
) -> Losses:
    """Return the loss of each document, as ``superscope loss`` takes it.

    Parameters
    ----------
    model
        The model.
    documents
        Ids of each, no longer than the context.
    prefix
        Tokens before each that are not scored; the first token never is.
    tokens
        Tokens read at once.

    Returns
    -------
    Losses
        Documents with a scored token.
    """
    rows = list(documents)
    first = max(1, prefix)
    counts = np.asarray([max(0, len(row) - first) for row in rows], np.int64)
    nats = np.zeros(len(rows))
    model.eval()
    with torch.inference_mode():
        for batch in _batches(rows, tokens):
            longest = max(len(rows[k]) for k in batch)
            ids = np.zeros((len(batch), longest), np.int64)
            scored = np.zeros((len(batch), longest - 1), bool)
            for place, k in enumerate(batch):
                ids[place, : len(rows[k])] = rows[k]
                scored[place, first - 1 : len(rows[k]) - 1] = True
            # What stands after the end of a document is seen by no token of it.
            states = model.states(torch.from_numpy(ids).to(model.device))[:, :-1]
            chosen = torch.from_numpy(scored).to(model.device)
            targets = torch.from_numpy(ids[:, 1:]).to(model.device)[chosen]
            found = model.head.nats(states[chosen], targets).double().cpu().numpy()
            np.add.at(nats, np.repeat(batch, scored.sum(1)), found)
    model.train()
    some = np.flatnonzero(counts)
    return Losses(some.astype(np.int64), counts[some], nats[some])


def _batches(rows: list[Int32], tokens: int) -> Iterator[list[int]]:
    """Yield numbers of documents of like length, as many as fit."""
    order = sorted(range(len(rows)), key=lambda k: -len(rows[k]))
    start = 0
    while start < len(order) and len(rows[order[start]]) > 1:
        size = max(1, tokens // len(rows[order[start]]))
        yield order[start : start + size]
        start += size
