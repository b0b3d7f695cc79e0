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
        self._plain = self._does_nothing(len(full.rows))
        # Kept, because the system clears fresh memory of this size at each use.
        self._blocks = [torch.empty(self._most, len(full.rows), device=self._device) for _ in "qp"]

    def _does_nothing(self, rows: int) -> bool:
        """Return whether the last steps leave products as they are."""
        import torch

        with torch.no_grad():
            tried = torch.linspace(-50, 50, 2 * rows, device=self._device).reshape(2, rows)
            return torch.equal(self._finished(tried), tried)

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
            leaf = products.detach()
            if self._plain:
                back = self._slope(leaf, h, came, len(targets))
            else:
                leaf = leaf.float().requires_grad_()
                logits = self._finished(leaf)
                slope = self._slope(logits.detach(), h, came, len(targets))
                (back,) = torch.autograd.grad(logits, leaf, slope)
            torch.autograd.backward(products, back.to(products.dtype))

    def _slope(
        self, logits: torch.Tensor, states: torch.Tensor, came: torch.Tensor, count: int
    ) -> torch.Tensor:
        """Return (q − (1 − s) p − s e_target) / count."""
        import torch

        q, p = (block[: len(logits)] for block in self._blocks)
        torch.softmax(q.copy_(logits), -1, out=q)
        if self._share < 1:
            p.copy_(states.to(self._dtype) @ self._rows.T)
            if self._bias is not None:
                p += self._bias
            right = p if self._plain else self._finished(p).detach()
            q.sub_(torch.softmax(right, -1, out=p), alpha=1 - self._share)
        if self._share > 0:
            there = torch.full((len(came), 1), -self._share, device=q.device)
            q.scatter_add_(1, came[:, None], there)
        return q.div_(count)


def precision(device: torch.device) -> torch.dtype:
    """Return the precision of products: bfloat16 where the device multiplies it faster."""
    import torch

    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    matrices = getattr(torch.cpu, "_is_amx_tile_supported", None)  # not in old versions
    fast = device.type == "cpu" and matrices is not None and matrices()
    return torch.bfloat16 if fast else torch.float32
