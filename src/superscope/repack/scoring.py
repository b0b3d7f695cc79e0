"""The losses of many heads at the same positions, from stored hidden states."""

from __future__ import annotations

import io
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from superscope.evaluation.model import LOGITS_BYTES, LanguageModel
from superscope.evaluation.states import StoredStates
from superscope.heads.narrow_head import NarrowHead
from superscope.progress import Progress
from superscope.runs import RunFolder

Float64 = npt.NDArray[np.float64]
Name = TypeVar("Name", bound=Hashable)

PART = 2048  # positions after which what is done is kept


@dataclass(frozen=True, eq=False)
class Positions:
    """What a head makes of each scored position.

    Attributes
    ----------
    nats
        Loss, float64, shape (n,).
    agree
        Whether its most probable token is that of the full head, as 0 or 1, float64, shape (n,).
    kl
        Σ_i p_i ln(p_i / q_i), p being the full head's probabilities, nats, float64, shape (n,).
    """

    nats: Float64
    agree: Float64
    kl: Float64


def score(
    model: LanguageModel,
    full: NarrowHead,
    heads: Mapping[str, NarrowHead],
    states: StoredStates,
    *,
    folder: Path,
    progress: Progress,
) -> dict[str, Positions]:
    """Return what each head makes of each position; what was kept is not done again.

    Parameters
    ----------
    model
        For the last steps, after the head.
    full
        The full head.
    heads
        By name.
    states
        Hidden states of the positions.
    folder
        Keeps finished parts.
    progress
        Called with the stage ``scoring``.
    """
    kept = RunFolder(folder, ".npz")
    prints = {name: f"{full.fingerprint}-{head.fingerprint}" for name, head in heads.items()}
    parts: list[dict[str, npt.NDArray[np.float64]]] = []
    for start in range(0, len(states), PART):
        stop = min(start + PART, len(states))
        identity = f"{states.identity}-{start}"
        part = _kept(kept, identity)
        left = {prints[name]: heads[name] for name in heads if prints[name] not in part}
        if left:
            progress("scoring", start, len(states))
            some = states.take(np.arange(start, stop))
            part |= scored(model, full, left, some, states.targets[start:stop])
            content = io.BytesIO()
            np.savez(content, **part)  # type: ignore[arg-type]  # names of arrays, not of options
            kept.write(identity, content.getvalue())
        parts.append(part)
    progress("scoring", 1, 1)
    whole = {name: np.concatenate([p[prints[name]] for p in parts], axis=1) for name in heads}
    return {name: Positions(*values) for name, values in whole.items()}


def _kept(folder: RunFolder, identity: str) -> dict[str, npt.NDArray[np.float64]]:
    """Return what is kept of a part; a file that cannot be read is set aside."""
    if not folder.has(identity):
        return {}
    try:
        with np.load(folder.file(identity), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except Exception:  # zip files break in many ways
        folder.set_aside(folder.file(identity))
        return {}


def scored(
    model: LanguageModel,
    full: NarrowHead,
    heads: Mapping[Name, NarrowHead],
    states: npt.NDArray[np.float32],
    targets: npt.NDArray[np.int64],
) -> dict[Name, Float64]:
    """Return nats, agreement and KL of each head at each position, float64, shape (3, n)."""
    import torch

    device = model.head.device
    made = {name: np.empty((3, len(targets))) for name in heads}
    products = {name: head.on(device) for name, head in heads.items()}
    own = full.on(device)
    most = max(1, LOGITS_BYTES // (8 * full.vocabulary))  # two blocks of logits at once
    with torch.inference_mode(), model.head.last_steps() as finished:
        for start in range(0, len(targets), most):
            where = slice(start, start + most)
            given = torch.from_numpy(states[where]).to(device)
            came = torch.from_numpy(targets[where]).to(device)
            right = finished(own(given)).log_softmax(-1)
            best = right.max(-1).indices
            p = right.exp()
            entropy = -torch.linalg.vecdot(p, right)
            for name, of in products.items():
                logits = finished(of(given))
                values = made[name][:, where]
                most_likely = logits.max(-1)
                of_target = logits.gather(1, came[:, None])[:, 0]
                cross = torch.linalg.vecdot(p, logits)
                # In place: a pass over V numbers a position is what scoring takes its time for.
                logits.sub_(most_likely.values[:, None]).exp_()
                total = most_likely.values + logits.sum(-1).log()
                values[0] = (total - of_target).double().cpu().numpy()
                values[1] = (most_likely.indices == best).double().cpu().numpy()
                values[2] = (total - cross - entropy).double().cpu().numpy()
    return made
