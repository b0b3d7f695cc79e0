"""A narrower head whose factors are tensors that a gradient changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from superscope.heads.narrow_head import Block, NarrowHead

if TYPE_CHECKING:
    import torch

Float64 = npt.NDArray[np.float64]


class TrainableHead:
    """The factors of a head in whitened coordinates.

    A block's products with a state h are U B z with z = C^−½ h, E[z zᵀ] = 1. So the columns of B
    are of one scale, which those of a factor of h are not by orders of magnitude, and one step
    length serves them all. The rows of B are orthonormal where the head is a closed form.

    Parameters
    ----------
    start
        The head to begin with.
    root, inverse
        C^½ and C^−½, shape (m, m).
    bias
        Whether it has a bias where `start` has none.
    device, dtype
        Where it is, and the precision of its products.

    Attributes
    ----------
    parameters
        U and B of each block, then the bias, float32.
    """

    def __init__(
        self, start: NarrowHead, root: Float64, inverse: Float64, *, bias: bool,
        device: torch.device, dtype: torch.dtype,
    ):  # fmt: skip
        import torch

        self._start, self._inverse, self._dtype = start, inverse, dtype

        def tensor(array: npt.NDArray[np.floating]) -> torch.Tensor:
            made = torch.tensor(array, dtype=torch.float32, device=device)
            return made.requires_grad_()

        self.parameters: list[torch.Tensor] = []
        for block in start.blocks:
            self.parameters += [tensor(block.rows), tensor(block.columns.astype(np.float64) @ root)]
        self._ids = [
            None if block.ids is None else torch.from_numpy(block.ids).to(device)
            for block in start.blocks
        ]
        self.bias: torch.Tensor | None = None
        if bias or start.bias is not None:
            zero = np.zeros(start.vocabulary, np.float32)
            self.bias = tensor(zero if start.bias is None else start.bias)
            self.parameters.append(self.bias)
        self._whiten = torch.tensor(inverse, dtype=torch.float32, device=device)

    def products(self, states: torch.Tensor) -> torch.Tensor:
        """Return products (n, V) with states (n, m); gradients go to the parameters."""
        z = (states @ self._whiten).to(self._dtype)
        made = z.new_empty(0)
        if any(ids is not None for ids in self._ids):
            made = z.new_empty(len(z), self._start.vocabulary)
        for k, ids in enumerate(self._ids):
            u, b = (p.to(self._dtype) for p in self.parameters[2 * k : 2 * k + 2])
            part = (z @ b.T) @ u.T
            if ids is None:
                made = part
            else:
                made[:, ids] = part
        return made if self.bias is None else made + self.bias.to(self._dtype)

    def lengths(self, error: float) -> list[float]:
        """Return a length for steps of each parameter.

        A step of this length in each number of one of them, of random signs, changes a product by
        about `error`: by |Δ| √r for U, and by |Δ| √(m r) times the size of U for B.
        """
        made = []
        for u, b in zip(self.parameters[:-1:2], self.parameters[1::2], strict=False):
            rank, width = b.shape
            size = max(float(u.detach().square().mean().sqrt()), 1e-30)
            made += [error / rank**0.5, error / (size * (width * rank) ** 0.5)]
        return [*made, error][: len(self.parameters)]

    def load(self, parameters: list[torch.Tensor]) -> None:
        """Take other numbers."""
        for own, other in zip(self.parameters, parameters, strict=True):
            own.data.copy_(other)

    def head(self) -> NarrowHead:
        """Return it as a head of numbers."""
        numbers = [p.detach().cpu().numpy().copy() for p in self.parameters]
        blocks = tuple(
            Block(
                numbers[2 * k],
                (numbers[2 * k + 1].astype(np.float64) @ self._inverse).astype(np.float32),
                block.ids,
            )
            for k, block in enumerate(self._start.blocks)
        )
        return NarrowHead(blocks, None if self.bias is None else numbers[-1], self._start.shift)
