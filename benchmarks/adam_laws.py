"""The baseline of the laws' benchmark: a law fitted by Adam, as researchers write it.

The log of a predicted loss is a log-sum-exp over terms, each linear in the parameters: logarithms
of the amplitudes, exponents, logarithm of the floor. Autograd, torch's Adam, float64.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

Floats = npt.NDArray[np.float64]


def minimize(
    start: Floats,
    weights: Floats,
    log_inputs: Floats,
    log_loss: Floats,
    *,
    rate: float,
    steps: int,
) -> Floats:
    """Return ½ Σ w r² of log residuals r where Adam ends, shape (...,).

    Parameters
    ----------
    start
        k log amplitudes, k exponents, log floor; shape (..., 2k + 1): all rows step at once.
    weights
        Shape (..., n).
    log_inputs, log_loss
        Shapes (n, k) and (n,).
    rate, steps
        Of Adam.
    """
    n, k = log_inputs.shape
    terms = torch.zeros(2 * k + 1, k + 1, n, dtype=torch.float64)
    for j in range(k):
        terms[j, j] = 1
        terms[k + j, j] = -torch.from_numpy(log_inputs[:, j])
    terms[2 * k, k] = 1
    flat = terms.reshape(2 * k + 1, -1)
    w, y = torch.from_numpy(weights), torch.from_numpy(log_loss)
    parameters = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.Adam([parameters], lr=rate)

    def objectives() -> torch.Tensor:
        predicted = (parameters @ flat).view(*parameters.shape[:-1], k + 1, n).logsumexp(-2)
        return 0.5 * (w * (y - predicted) ** 2).sum(-1)

    for _ in range(steps):
        optimizer.zero_grad()
        objectives().sum().backward()
        optimizer.step()
    with torch.no_grad():
        return np.asarray(objectives().numpy(), np.float64)
