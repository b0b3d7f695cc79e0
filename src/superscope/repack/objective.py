"""What a trained head descends: KL from the full head, the text's own tokens, or both."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope.evaluation.model import LOGITS_BYTES, LanguageModel
from superscope.repack.full_head import FullHead
from superscope.repack.trainable import TrainableHead

if TYPE_CHECKING:
    import torch

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]

_AT_ONCE = 3  # blocks of logits that are held at once: two probabilities and a gradient


class Objective:
    """Σ over positions of (1 − s) KL(p ‖ q) + s (−ln q_target), and its gradient.

    p and q are the probabilities of the full head and of the trained one. The gradient by the
    logits of q is q − (1 − s) p − s e_target; it is carried back through the model's last steps.

    Parameters
    ----------
    model
        For the last steps, after the head.
    full
        The full head.
    text_share
        s, from 0 to 1.
    dtype
        Precision of the products.
    """

    def __init__(self, model: LanguageModel, full: FullHead, text_share: float, dtype: torch.dtype):
        import torch

        self._share, self._dtype = text_share, dtype
        self._device = model.head.device
        rows = torch.from_numpy(full.rows).to(self._device)
        if full.shift_free:  # smaller products lose less where the precision is low
            rows = rows - rows.mean(0)
        self._rows = rows.to(dtype)
        self._bias = None if full.bias is None else torch.from_numpy(full.bias).to(self._device)
        self._most = max(1, LOGITS_BYTES // (4 * _AT_ONCE * len(full.rows)))
        self._open = ExitStack()
        self._finished: Any = self._open.enter_context(model.head.last_steps())

    def close(self) -> None:
        """Let the model do its own steps again."""
        self._open.close()

    def backward(self, head: TrainableHead, states: Float32, targets: Int64) -> None:
        """Add the mean gradient over positions to that of the head's parameters."""
        import torch

        for start in range(0, len(targets), self._most):
            some = slice(start, start + self._most)
            h = torch.from_numpy(states[some]).to(self._device)
            came = torch.from_numpy(targets[some]).to(self._device)
            products = head.products(h)
            leaf = products.detach().float().requires_grad_()
            logits = self._finished(leaf)
            with torch.no_grad():
                slope = self._slope(logits, h, came).div_(len(targets))
            (back,) = torch.autograd.grad(logits, leaf, slope)
            torch.autograd.backward(products, back.to(products.dtype))

    def _slope(
        self, logits: torch.Tensor, states: torch.Tensor, came: torch.Tensor
    ) -> torch.Tensor:
        """Return q − (1 − s) p − s e_target."""
        import torch

        q = logits.softmax(-1)
        if self._share < 1:
            own = (states.to(self._dtype) @ self._rows.T).float()
            if self._bias is not None:
                own += self._bias
            q.sub_(self._finished(own).softmax(-1), alpha=1 - self._share)
        if self._share > 0:
            there = torch.full((len(came), 1), -self._share, device=q.device)
            q.scatter_add_(1, came[:, None], there)
        return q


def precision(device: torch.device) -> torch.dtype:
    """Return the precision of products: bfloat16 where the device multiplies it faster."""
    import torch

    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    fast = device.type == "cpu" and torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if fast else torch.float32
