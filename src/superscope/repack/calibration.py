"""What is taken of the calibration text: how states vary, and how often each token comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.evaluation.model import LOGITS_BYTES, LanguageModel
from superscope.evaluation.states import StoredStates
from superscope.heads.narrow_head import NarrowHead
from superscope.progress import Progress

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """A calibration text, as far as the closed forms need it.

    Attributes
    ----------
    second
        C = E[h hᵀ], shrunk, float64, shape (m, m).
    shrinkage
        How much of C is its mean diagonal: Oracle Approximating Shrinkage.
    frequencies
        p, with the prior, float64, shape (V,); its sum is 1.
    tokens, documents
        How many positions and documents it has.
    """

    second: Float64
    shrinkage: float
    frequencies: Float64
    tokens: int
    documents: int


def calibrated(states: StoredStates, rows: int, prior: float, progress: Progress) -> Calibration:
    """Return what the closed forms need of a calibration text.

    Parameters
    ----------
    states
        Hidden states of the text.
    rows
        Rows V of the head.
    prior
        Occurrences added to each token's count.
    progress
        Called with the stage ``second moments``.
    """
    total: Float64 | float = 0.0
    for where, some in states.pieces(1 << 14):
        wide = some.astype(np.float64)
        total = total + wide.T @ wide
        progress("second moments", where.stop, len(states))
    second, shrinkage = shrunk(np.asarray(total) / len(states), len(states))
    counts = np.bincount(states.targets, minlength=rows) + float(prior)
    return Calibration(second, shrinkage, counts / counts.sum(), len(states), states.document_count)


def shrunk(second: Float64, count: int) -> tuple[Float64, float]:
    """Return a second moment mixed with its mean diagonal, and how much of that.

    The share is that of Oracle Approximating Shrinkage (Chen, Wiesel, Eldar and Hero, 2010, eq.
    23), about 1/count for many samples; a moment of fewer samples than columns becomes regular.

    Parameters
    ----------
    second
        The moment, shape (m, m).
    count
        Samples n it is the mean of.
    """
    m = len(second)
    trace, squares = float(np.trace(second)), float((second**2).sum())
    above = (1 - 2 / m) * squares + trace**2
    below = (count + 1 - 2 / m) * (squares - trace**2 / m)
    share = 1.0 if below <= above else above / below
    return (1 - share) * second + share * trace / m * np.eye(m), share


def fisher_weights(
    model: LanguageModel,
    head: NarrowHead,
    states: StoredStates,
    progress: Progress,
) -> Float64:
    """Return E[p_i(h) (1 − p_i(h))] for each row of the full head, float64, shape (V,).

    Parameters
    ----------
    model
        For the last steps, after the head.
    head
        The full head.
    states
        The calibration text.
    progress
        Called with the stage ``fisher weights``.
    """
    import torch

    total = np.zeros(head.vocabulary)
    most = max(1, LOGITS_BYTES // (4 * head.vocabulary))
    products: Callable[[torch.Tensor], torch.Tensor] = head.on(model.head.device)
    with torch.inference_mode(), model.head.last_steps() as finished:
        for where, some in states.pieces(most):
            given = torch.from_numpy(some).to(model.head.device)
            p = finished(products(given)).softmax(-1)
            total += (p.sum(0) - p.square_().sum(0)).double().cpu().numpy()
            progress("fisher weights", where.stop, len(states))
    return total / len(states)
