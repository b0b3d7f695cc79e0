# mypy: ignore-errors
"""The inner loops of the numba engine.

Widths and features are padded to whole vectors: padded columns of W are 0 and stay 0;
padded outputs have a negative bias, so ReLU is never on, and no importance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import float32, int32, int64, types, void

from superscope.compiled import njit
from superscope.toy.config import BETA1, BETA2, EPSILON
from superscope.toy.features import Float32, Int32
from superscope.toy.vectors import LANES, WORD, add_scaled, count_bits, lowest_bit, weighted_sum


class Entries(NamedTuple):
    """The active entries: ``starts[s]`` to ``starts[s + 1]`` belong to sample s."""

    starts: Int32
    ids: Int32
    values: Float32


class Sums(NamedTuple):
    """Pre-activations as sums: for sample s, Σ ``factors`` × rows of G over its ``ids``."""

    G: Float32
    starts: Int32
    ids: Int32
    factors: Float32


class Outputs(NamedTuple):
    """Biases of the outputs, their gradient, sums of squared errors, importance; least output."""

    b: Float32
    db: Float32
    loss: Float32
    importance: Float32
    floor: np.float32


class Layer(NamedTuple):
    """W (n, m) and the h of all samples (samples, m), with their gradients."""

    W: Float32
    dW: Float32
    H: Float32
    dH: Float32


class Parameter(NamedTuple):
    """Values, their gradient, and its two Adam moments, all of one shape."""

    values: Float32
    gradient: Float32
    first: Float32
    second: Float32


class Step(NamedTuple):
    """A step of Adam: the scale of the gradient, the rate, the corrections of the moments."""

    scale: np.float32
    rate: np.float32
    correction1: np.float32
    correction2: np.float32


_F1, _F2, _I1 = float32[::1], float32[:, ::1], int32[::1]
_ENTRIES = types.NamedTuple([_I1, _I1, _F1], Entries)
_SUMS = types.NamedTuple([_F2, _I1, _I1, _F1], Sums)
_OUTPUTS = types.NamedTuple([_F1, _F1, _F1, _F1, float32], Outputs)
_LAYER = types.NamedUniTuple(_F2, 4, Layer)
_VECTOR = types.NamedUniTuple(_F1, 4, Parameter)
_MATRIX = types.NamedUniTuple(_F2, 4, Parameter)
_STEP = types.NamedUniTuple(float32, 4, Step)
# Sums may be reordered. Full fastmath would also lose NaNs, by which divergence is detected.
_MATH = {"reassoc", "contract", "arcp", "nsz"}

_BETA1, _BETA2, _EPSILON = np.float32(BETA1), np.float32(BETA2), np.float32(EPSILON)
_ONE, _ZERO, _BIT = np.float32(1), np.float32(0), np.uint64(1)


@njit(void(_F2, _ENTRIES, _F2), _MATH)
def encode(W, entries, H):  # pragma: no cover
    """h = Wᵀx of every sample."""
    starts, ids, values = entries
    m = W.shape[1]
    for s in range(len(starts) - 1):
        for k in range(m):
            H[s, k] = _ZERO
        for e in range(starts[s], starts[s + 1]):
            for k in range(0, m, LANES):
                add_scaled(H, s * m + k, values[e], W, ids[e] * m + k)


@njit(void(_F2, _ENTRIES, _F2), _MATH)
def encode_backward(dH, entries, dW):  # pragma: no cover
    """Add the gradient of W through h: dW_i += x_i dh."""
    starts, ids, values = entries
    m = dW.shape[1]
    for s in range(len(starts) - 1):
        for e in range(starts[s], starts[s + 1]):
            for k in range(0, m, LANES):
                add_scaled(dW, ids[e] * m + k, values[e], dH, s * m + k)


@njit(int64(_ENTRIES, _SUMS, _OUTPUTS, int64, _LAYER), _MATH)
def decode_sparse(entries, sums, outputs, first, layer):  # pragma: no cover
    """Outputs from `first`, as many as G has, forward and backward, for few outputs that are on."""
    starts, ids, values = entries
    G, row_starts, rows, factors = sums
    b, db, loss, importance, _ = outputs
    W, dW, H, dH = layer
    count = G.shape[1]
    m = W.shape[1]
    z = np.empty(count, np.float32)
    x = np.zeros(count, np.float32)
    ons = np.empty(count + 2, np.int64)  # which outputs are on
    on = 0
    for s in range(len(starts) - 1):
        found = 0
        begin, end = row_starts[s], row_starts[s + 1]
        for e in range(starts[s], starts[s + 1]):
            j = ids[e] - first
            if 0 <= j < count:
                x[j] = values[e]
        for at in range(0, count, WORD):
            word = weighted_sum(z, at, b, first + at, factors[begin], G, rows[begin] * count + at)
            for e in range(begin + 1, end):
                word = weighted_sum(z, at, z, at, factors[e], G, rows[e] * count + at)
            bits = count_bits(word)
            # Compute two without a check for how many there are: a mispredicted branch costs more.
            ons[found] = at + lowest_bit(word)
            word &= word - _BIT
            ons[found + 1] = at + lowest_bit(word)
            for k in range(2, bits):
                word &= word - _BIT
                ons[found + k] = at + lowest_bit(word)
            found += bits
        for k in range(found):
            j = ons[k]
            error = z[j] - x[j]
            j += first
            loss[j] += error * error
            error *= importance[j]
            db[j] += error
            for c in range(0, m, LANES):
                add_scaled(dW, j * m + c, error, H, s * m + c)
                add_scaled(dH, s * m + c, error, W, j * m + c)
        on += found
        for e in range(starts[s], starts[s + 1]):
            j = ids[e] - first
            if 0 <= j < count:
                x[j] = _ZERO
                if not z[j] > _ZERO:
                    loss[ids[e]] += values[e] * values[e]
    return on


@njit(int64(_ENTRIES, _SUMS, _OUTPUTS, int64, _F2), _MATH)
def decode_dense(entries, sums, outputs, first, A):  # pragma: no cover
    """Outputs from `first`, for many outputs that are on: A = Σ factors × errors of the rows.

    An output is on above `floor`, which is 0 for ReLU and −∞ for linear outputs.
    """
    starts, ids, values = entries
    G, row_starts, rows, factors = sums
    b, db, loss, importance, floor = outputs
    count = G.shape[1]
    errors, squares = db[first : first + count], loss[first : first + count]
    weights = importance[first : first + count]
    z = np.empty(count, np.float32)
    x = np.zeros(count, np.float32)
    on = 0
    for s in range(len(starts) - 1):
        begin, end = row_starts[s], row_starts[s + 1]
        for at in range(0, count, WORD):
            weighted_sum(z, at, b, first + at, factors[begin], G, rows[begin] * count + at)
            for e in range(begin + 1, end):
                weighted_sum(z, at, z, at, factors[e], G, rows[e] * count + at)
        for e in range(starts[s], starts[s + 1]):
            j = ids[e] - first
            if 0 <= j < count:
                x[j] = values[e]
        ons = np.int32(0)
        for j in range(count):
            is_on = z[j] > floor
            ons += is_on
            error = max(z[j], floor) - x[j]
            squares[j] += error * error
            z[j] = weights[j] * error if is_on else _ZERO
            errors[j] += z[j]
        on += ons
        for e in range(begin, end):
            for at in range(0, count, WORD):
                weighted_sum(A, rows[e] * count + at, A, rows[e] * count + at, factors[e], z, at)
        for e in range(starts[s], starts[s + 1]):
            j = ids[e] - first
            if 0 <= j < count:
                x[j] = _ZERO
    return on


@njit(float32(_VECTOR, _STEP, float32), _MATH)
def adam(parameter, step, keep):  # pragma: no cover
    """One step of Adam; the gradient is set to 0. Returns the sum of the new values' squares."""
    values, gradient, first, second = parameter
    scale, rate, correction1, correction2 = step
    squares = _ZERO
    for k in range(len(values)):
        g = gradient[k] * scale
        gradient[k] = _ZERO
        m = _BETA1 * first[k] + (_ONE - _BETA1) * g
        v = _BETA2 * second[k] + (_ONE - _BETA2) * g * g
        first[k] = m
        second[k] = v
        w = keep * values[k] - rate * (m * correction1) / (np.sqrt(v * correction2) + _EPSILON)
        values[k] = w
        squares += w * w
    return squares


@njit(float32(_MATRIX, _STEP, float32), _MATH)
def adam_rows(parameter, step, decay):  # pragma: no cover
    """Apply decay, or growth of norms toward 1, and one step of Adam to each row."""
    W, dW, first, second = parameter
    rate = step.rate
    squares = _ZERO
    for i in range(len(W)):
        keep = _ONE - rate * decay
        if decay < _ZERO:
            norm = np.float32(1e-30)
            for k in range(W.shape[1]):
                norm += W[i, k] * W[i, k]
            keep = _ONE + rate * decay * (_ONE - _ONE / (np.sqrt(norm) + _EPSILON))
        squares += adam(Parameter(W[i], dW[i], first[i], second[i]), step, keep)
    return squares
