"""The fast engine, for CPUs: it skips everything that is zero.

About one of n features is active in a sample, and about one in a hundred outputs is on:

- Active entries are drawn directly; the loss of samples without any has a closed form.
- Pre-activations are sums of rows of W Wᵀ. Only the rows of the batch's distinct features are
  needed: one product of (distinct × m) by (m × n). If samples have many active features, the
  product of all h with Wᵀ is cheaper and is used instead.
- Gradients are computed output by output while few outputs are on. While many are on, as in the
  first steps, two more products of the same size compute them all.
- Adam and decay are one pass over the weights.

Each run uses one thread: several runs fill the cores.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from superscope.toy import kernels
from superscope.toy.config import BETA1, BETA2, ToyConfig
from superscope.toy.features import Batch, Float32, Float64, Int32
from superscope.toy.vectors import LANES, WORD

_CACHED = 1 << 18  # numbers in a block of W Wᵀ: 1 MB, half of a typical second-level cache
_DENSE = 0.12  # share of outputs on above which gradients by products are cheaper


class NumbaEngine:
    """The state of one run, and one step of it.

    Parameters
    ----------
    config
        What to train.
    W, b
        Initial weights, shapes (n, m) and (n,).
    """

    def __init__(self, config: ToyConfig, W: Float32, b: Float32):
        self.config = config
        n, m = W.shape
        padded_n, padded_m = -(-n // WORD) * WORD, -(-m // LANES) * LANES
        self._W = np.zeros((padded_n, padded_m), np.float32)
        self._b = np.full(padded_n, -1, np.float32)
        self._W[:n, :m], self._b[:n] = W, b
        self._dW, self._db = np.zeros_like(self._W), np.zeros_like(self._b)
        self._weights = _parameter(self._W, self._dW)
        self._biases = _parameter(self._b, self._db)
        self._loss = np.zeros(padded_n, np.float32)
        self._importance = np.zeros(padded_n, np.float32)
        self._importance[:n] = config.weights()
        self._floor = np.float32(config.floor)
        self._step = 0
        self._on = 0.5  # share of outputs that were on
        self._features = config.features()
        self._memory = np.empty((2, 0), np.float32)

    @property
    def W(self) -> Float32:
        """The weights, shape (n, m)."""
        return self._W[: self.config.n, : self.config.width]

    @property
    def b(self) -> Float32:
        """The biases, shape (n,)."""
        return self._b[: self.config.n]

    def draw(self, rng: np.random.Generator) -> Batch:
        """Draw the samples of one step."""
        return self._features.draw(self.config.batch, rng)

    def loss(self, batch: Batch) -> Float64:
        """Return the loss of each feature, averaged over samples, and add to the gradient."""
        self._loss[:] = 0
        samples = len(batch.starts) - 1
        empty = batch.size - samples
        if empty:  # y = ReLU(b), or b
            bias = np.maximum(self._b, self._floor)
            self._loss += empty * bias * bias
            self._db += empty * bias * self._importance
        if samples:
            self._decode(batch)
        return self.config.weights() * self._loss[: self.config.n] / batch.size

    def _decode(self, batch: Batch) -> None:
        W, samples = self._W, len(batch.starts) - 1
        n, m = W.shape
        H, dH = np.empty((samples, m), np.float32), np.zeros((samples, m), np.float32)
        entries = kernels.Entries(batch.starts, batch.ids, batch.values)
        kernels.encode(W, entries, H)
        distinct, local = _distinct(batch.ids, n)
        # Use rows of features or of samples: compare the cost of a product with sums of rows.
        by_feature = len(distinct) * m + 4 * len(batch.ids) < samples * (m + 4)
        if by_feature:
            rows, row_starts, row_ids, factors = W[distinct], batch.starts, local, batch.values
        else:
            rows, row_starts = H, np.arange(samples + 1, dtype=np.int32)
            row_ids, factors = row_starts[:-1], np.ones(samples, np.float32)
        dense = self._on > _DENSE or self.config.output == "linear"  # where every output is on
        d_rows = np.zeros_like(rows) if dense else dH
        columns = max(1, _CACHED // len(rows) // WORD) * WORD
        if self._memory.shape[1] < len(rows) * min(columns, n):
            self._memory = np.empty((2, len(rows) * min(columns, n)), np.float32)
        outputs = kernels.Outputs(self._b, self._db, self._loss, self._importance, self._floor)
        layer = kernels.Layer(W, self._dW, H, dH)
        on = 0
        for first in range(0, n, columns):
            block = W[first : first + columns]
            size = len(rows) * len(block)
            G = self._memory[0, :size].reshape(len(rows), len(block))
            np.matmul(rows, block.T, out=G)
            sums = kernels.Sums(G, row_starts, row_ids, factors)
            if dense:
                A = self._memory[1, :size].reshape(G.shape)
                A[:] = 0
                on += kernels.decode_dense(entries, sums, outputs, first, A)
                self._dW[first : first + columns] += A.T @ rows
                d_rows += A @ block
            else:
                on += kernels.decode_sparse(entries, sums, outputs, first, layer)
        if dense and by_feature:
            self._dW[distinct] += d_rows
        else:
            kernels.encode_backward(d_rows, entries, self._dW)
        self._on = on / (samples * self.config.n)

    def gradient(self) -> tuple[Float32, Float32]:
        """Return the gradient of the mean over features since the last update, in W and in b."""
        n, m = self.config.n, self.config.width
        scale = np.float32(2 / (self.config.batch * n))
        return scale * self._dW[:n, :m], scale * self._db[:n]

    def update(self) -> float:
        """Do one step of decay and Adam, and return the sum of squares of all weights."""
        config = self.config
        rate, bias_rate = config.learning_rates(self._step)
        self._step += 1
        scale = np.float32(2 / (config.batch * config.n))
        corrections = (np.float32(1 / (1 - beta**self._step)) for beta in (BETA1, BETA2))
        step = kernels.Step(scale, np.float32(rate), *corrections)
        squares = kernels.adam_rows(self._weights, step, config.decay)
        if config.bias == "none":
            self._db[:] = 0
            return float(squares)
        step = step._replace(rate=np.float32(bias_rate))
        return float(squares + kernels.adam(self._biases, step, 1.0))


def _parameter(values: Float32, gradient: Float32) -> kernels.Parameter:
    return kernels.Parameter(values, gradient, np.zeros_like(values), np.zeros_like(values))


def _distinct(ids: Int32, n: int) -> tuple[npt.NDArray[np.intp], Int32]:
    """Return the distinct ids, ascending, and the position of each id among them."""
    present = np.zeros(n, bool)
    present[ids] = True
    distinct = np.flatnonzero(present)
    place = np.empty(n, np.int32)
    place[distinct] = np.arange(len(distinct), dtype=np.int32)
    return distinct, place[ids]
