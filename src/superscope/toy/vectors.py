"""Vector operations for numba, for loops that it does not vectorize itself.

LLVM splits a vector into pieces of the processor's size. numba caches the compiled code with the
file that uses it: touch kernels.py after a change here.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

WORD = 64  # values whose signs make one word
LANES = 16  # values added at once; arrays are padded to a multiple


@intrinsic
def weighted_sum(  # noqa: PLR0917
    typing_context: Any, to: Any, i: Any, base: Any, k: Any, factor: Any, values: Any, j: Any
) -> Any:
    """Set ``to[i:i + WORD]`` to ``base[k:k + WORD] + factor * values[j:j + WORD]``, flat.

    Returns a word whose bit l says whether ``to[i + l] > 0``.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        target = _address(context, builder, kinds[0], arguments[0], arguments[1], WORD)
        start = _load(context, builder, kinds[2], arguments[2], arguments[3], WORD)
        added = _load(context, builder, kinds[5], arguments[5], arguments[6], WORD)
        total = _plus_product(builder, start, arguments[4], added)
        builder.store(total, target).align = 4
        zero = ir.Constant(total.type, [0.0] * WORD)
        return builder.bitcast(builder.fcmp_ordered(">", total, zero), ir.IntType(WORD))

    at = types.intp
    return types.uint64(to, at, base, at, types.float32, values, at), generate


@intrinsic
def lowest_bit(typing_context: Any, word: Any) -> Any:
    """Return the position of the lowest set bit in a word, or WORD if there is none."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


@intrinsic
def count_bits(typing_context: Any, word: Any) -> Any:
    """Return the number of set bits in a word."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


@intrinsic
def add_scaled(  # noqa: PLR0917
    typing_context: Any, to: Any, i: Any, factor: Any, values: Any, j: Any
) -> Any:
    """Add ``factor * values[j:j + LANES]`` to ``to[i:i + LANES]``, flat."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        target = _address(context, builder, kinds[0], arguments[0], arguments[1], LANES)
        start = _load(context, builder, kinds[0], arguments[0], arguments[1], LANES)
        added = _load(context, builder, kinds[3], arguments[3], arguments[4], LANES)
        builder.store(_plus_product(builder, start, arguments[2], added), target).align = 4
        return context.get_dummy_value()

    return types.void(to, types.intp, types.float32, values, types.intp), generate


def _address(  # noqa: PLR0917
    context: Any, builder: Any, kind: Any, array: Any, at: Any, size: int
) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(
        builder.gep(data, [at]), ir.VectorType(ir.FloatType(), size).as_pointer()
    )


def _load(  # noqa: PLR0917
    context: Any, builder: Any, kind: Any, array: Any, at: Any, size: int
) -> Any:
    loaded = builder.load(_address(context, builder, kind, array, at, size))
    loaded.align = 4
    return loaded


def _plus_product(builder: Any, start: Any, factor: Any, values: Any) -> Any:
    lane = ir.IntType(32)
    undefined = ir.Constant(values.type, ir.Undefined)
    single = builder.insert_element(undefined, factor, ir.Constant(lane, 0))
    same = ir.Constant(ir.VectorType(lane, values.type.count), [0] * values.type.count)
    spread = builder.shuffle_vector(single, undefined, same)
    product = builder.fmul(spread, values, flags=("contract",))
    return builder.fadd(start, product, flags=("contract",))
