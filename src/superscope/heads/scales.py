"""Find the scale of fp8 and int8 numbers, which checkpoints store in a tensor beside them.

There is one scale for the whole matrix, for each row, for each column, or for each block. Formats
name it in many ways. All multiply by it, also those whose name says "inverse".
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from superscope.errors import FormatError
from superscope.heads.encodings import Float32
from superscope.heads.rows import Rows, ScaledRows

# Suffixes of torchao, which stores the parts of a quantized tensor under separate names.
_PARTS = {"._weight_qdata": "._weight_", ".weight:qdata": ".weight:", ".weight:_data": ".weight:"}

_BESIDE = (
    "weight_scale",  # compressed-tensors, FBGEMM, ModelOpt
    "weight_scale_inv",  # DeepSeek
    "scale_weight",  # ComfyUI
    "weight_scales",
    "weights_scaling_factor",  # TensorRT-LLM
    "scales",
    "scale",
)
_AFTER = ("_scale", "_scale_inv", "_scales", ".scale", ".scales", ":scale")
_ZERO = ("weight_zero_point", "zero_point", "zero_points")
_SECOND = ("weight_scale_2", "weight_global_scale")  # 4-bit formats, whose scales have scales
_OF_ACTIVATIONS = re.compile(r"input|activation|act_|output|logit|[kvq]_scale")


@dataclass(frozen=True, eq=False)
class Scale:
    """Factors that a stored matrix must be multiplied by.

    Attributes
    ----------
    name
        Tensor that holds the factors.
    factors
        float32, shape (R, C): one for each block of the matrix.
    span
        Rows and columns of a block.
    zero
        Zero points, subtracted before the multiplication, of the same shape; or None.
    """

    name: str
    factors: Float32
    span: tuple[int, int]
    zero: Float32 | None = None

    def applied(self, rows: Rows) -> Rows:
        """Return the rows multiplied by their scale."""
        return ScaledRows(rows, self.factors, self.span, self.zero)

    def described(self, shape: tuple[int, int]) -> str:
        """Return a note that says by what a matrix of this shape was multiplied."""
        across = self.span[1] == shape[1]
        if self.factors.size == 1:
            return f"the head was multiplied by its scale {self.name} = {self.factors[0, 0]:g}"
        if across and self.span[0] == 1:
            return f"each row was multiplied by its scale in {self.name}"
        block = f"{self.span[0]} × {self.span[1]}"
        return f"each block of {block} was multiplied by its scale in {self.name}"


def needed(dtype: str) -> bool:
    """Return whether numbers of this dtype need a scale from another tensor."""
    return dtype.startswith("F8") or dtype == "I8"


def plain_names(names: Iterable[str]) -> dict[str, str]:
    """Return a map from the names that tensors have without torchao to their stored names."""
    known = {}
    for name in names:
        tail = next((tail for tail in _PARTS if name.endswith(tail)), None)
        known[name if tail is None else f"{name.removesuffix(tail)}.weight"] = name
    return known


def scale_beside(head: str, names: Collection[str], label: str) -> str | None:
    """Return the name of the tensor with the scale of `head`, or None.

    Raises
    ------
    FormatError
        Several tensors could be the scale, or it belongs to a format that superscope cannot read.
    """
    stem = _stem(head)
    wanted = [f"{stem}{tail}" for tail in _BESIDE] + [f"{head}{tail}" for tail in _AFTER]
    wanted += [head.replace(tail, f"{start}scale") for tail, start in _PARTS.items()]
    found = [name for name in dict.fromkeys(wanted) if name in names and name != head]
    second = [f"{stem}{tail}" for tail in _SECOND if f"{stem}{tail}" in names]
    if second or f"{stem}SCB" in names:
        method = "a format with two kinds of scales" if second else "bitsandbytes"
        beside = second[0] if second else f"{stem}SCB"
        raise FormatError(
            f"{label} is quantized by {method} ({beside}), which superscope cannot read; "
            "measure the unquantized checkpoint"
        )
    if len(found) > 1:
        raise FormatError(
            f"{label} has several tensors that could be its scale: {', '.join(found)}; "
            "measure the unquantized checkpoint"
        )
    return found[0] if found else None


def zero_beside(head: str, names: Collection[str]) -> str | None:
    """Return the name of the tensor with the zero points of `head`, or None."""
    wanted = [f"{_stem(head)}{tail}" for tail in _ZERO]
    wanted += [head.replace(tail, f"{start}zero_point") for tail, start in _PARTS.items()]
    return next((name for name in wanted if name in names and name != head), None)


def unknown_beside(head: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the tensors beside `head` whose names suggest an unknown kind of scale."""
    stem = _stem(head)
    return tuple(
        sorted(
            name
            for name in names
            if name != head
            and name.startswith(stem)
            and "." not in name[len(stem) :]
            and re.search("scale|scaling|absmax", name[len(stem) :])
            and not _OF_ACTIVATIONS.search(name[len(stem) :])
        )
    )


def missing(dtype: str, beside: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the notes for numbers of `dtype` whose scale is not known."""
    notes: tuple[str, ...] = (
        f"no scale was found for the {dtype} numbers, so norms, represented fraction and regime "
        "are not known. The overlaps are right only if all numbers have the same scale",
    )
    if beside:
        notes += (f"{', '.join(beside[:4])} may be the scale, but its kind is not known",)
    return notes


def fitted(
    name: str,
    factors: Float32,
    shape: tuple[int, int],
    *,
    label: str,
    config: Mapping[str, Any] | None = None,
    zero: Float32 | None = None,
) -> Scale:
    """Return the scale of a matrix of this shape from the tensor that holds its factors.

    Raises
    ------
    FormatError
        The factors do not match the rows, columns or blocks, or match in several ways.
    """
    table = _table(factors, shape)
    if table is None:
        raise _misfit(name, factors.shape, shape, label)
    sizes = _block_sizes(config or {})
    span = []
    for axis in (0, 1):
        size = _block_size(shape[axis], table.shape[axis], sizes[axis] if sizes else None)
        if size is None:
            raise _misfit(name, factors.shape, shape, label)
        span.append(size)
    if zero is not None:
        if zero.size not in (1, table.size):
            raise _misfit(f"{name} with its zero points", zero.shape, shape, label)
        zero = np.broadcast_to(zero.ravel(), table.size).reshape(table.shape)
        zero = zero if zero.any() else None
    return Scale(name, table, (span[0], span[1]), zero)


def _table(factors: Float32, shape: tuple[int, int]) -> Float32 | None:
    """Return the factors as a matrix; factors of rows become one column."""
    if factors.size == 1:
        return factors.reshape(1, 1)
    sizes = factors.shape
    while len(sizes) > 2 and sizes[-1] == 1:
        sizes = sizes[:-1]
    if len(sizes) == 1 and sizes[0] == shape[0]:
        return factors.reshape(-1, 1)
    return factors.reshape(sizes) if len(sizes) == 2 else None


def _block_size(length: int, count: int, told: int | None) -> int | None:
    """Return the size of the `count` blocks of an axis; None if it is ambiguous.

    The last block may be smaller. Then several sizes are possible; formats use powers of two.
    """
    if not 1 <= count <= length:
        return None
    if count in (1, length):
        return length // count
    if told is not None and math.ceil(length / told) == count:
        return told
    smallest = math.ceil(length / count)
    largest = (length - 1) // (count - 1)  # the last block still holds one
    powers = [size for size in (1 << k for k in range(1, 40)) if smallest <= size <= largest]
    if length % count == 0 and (not powers or smallest in powers):
        return smallest
    if length % count and len(powers) == 1:
        return powers[0]
    return smallest if smallest == largest else None


def _block_sizes(config: Mapping[str, Any]) -> tuple[int, int] | None:
    quantization = config.get("quantization_config")
    sizes = quantization.get("weight_block_size") if isinstance(quantization, Mapping) else None
    if isinstance(sizes, list) and len(sizes) == 2 and all(type(n) is int and n > 0 for n in sizes):
        return sizes[0], sizes[1]
    return None


def _misfit(name: str, factors: tuple[int, ...], shape: tuple[int, int], label: str) -> FormatError:
    size = " × ".join(map(str, factors))
    return FormatError(
        f"{label} has shape {shape[0]} × {shape[1]}, and it is not clear how its scale {name} "
        f"({size}) applies to its rows or blocks; measure the unquantized checkpoint"
    )


def _stem(head: str) -> str:
    for tail in _PARTS:
        head = head.replace(tail, ".weight")
    before, dot, _ = head.rpartition(".")
    return before + dot
