"""Denormal numbers as 0: the bits of the processor's floating-point control register.

``torch.set_flush_denormal`` sets the same bits, but torch takes seconds to import.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from superscope.compiled import njit

_X86 = platform.machine().lower() in ("x86_64", "amd64")
_ARM = platform.machine().lower() in ("aarch64", "arm64")
FLUSH = 0x8040 if _X86 else 1 << 24 if _ARM else 0
"""The bits: flush to zero and denormals are zero of MXCSR; FZ of FPCR; none of other processors."""

_WORD = ir.IntType(64)


def _read_register(builder: Any) -> Any:
    """Return the register as an instruction of LLVM, 64 bits; 0 where there is none."""
    if _ARM:
        return builder.call(_declared(builder, "llvm.aarch64.get.fpcr", _WORD, []), [])
    if not _X86:
        return ir.Constant(_WORD, 0)
    memory = builder.alloca(ir.IntType(32))
    _call_with_memory(builder, "llvm.x86.sse.stmxcsr", memory)
    return builder.zext(builder.load(memory), _WORD)


def _write_register(builder: Any, value: Any) -> None:
    """Add the instruction of LLVM that writes 64 bits to the register, where there is one."""
    if _ARM:
        builder.call(_declared(builder, "llvm.aarch64.set.fpcr", ir.VoidType(), [_WORD]), [value])
    elif _X86:
        memory = builder.alloca(ir.IntType(32))
        builder.store(builder.trunc(value, ir.IntType(32)), memory)
        _call_with_memory(builder, "llvm.x86.sse.ldmxcsr", memory)


def _call_with_memory(builder: Any, name: str, memory: Any) -> None:
    pointer = ir.IntType(8).as_pointer()
    builder.call(
        _declared(builder, name, ir.VoidType(), [pointer]), [builder.bitcast(memory, pointer)]
    )


def _declared(builder: Any, name: str, returned: Any, taken: list[Any]) -> Any:
    found = builder.module.globals.get(name)
    return found or ir.Function(builder.module, ir.FunctionType(returned, taken), name)


@intrinsic
def _read(typing_context: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _read_register(builder)

    return types.uint64(), generate


@intrinsic
def _write(typing_context: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _write_register(builder, arguments[0])
        return context.get_dummy_value()

    return types.void(types.uint64), generate


@njit(types.uint64())
def control():  # type: ignore[no-untyped-def]  # pragma: no cover
    """Return this thread's register."""
    return _read()  # type: ignore[call-arg]  # numba passes the context


@njit(types.void(types.uint64))
def set_control(value):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Set this thread's register."""
    _write(value)  # type: ignore[call-arg]


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Treat denormal numbers as 0, in this thread and in threads started within the block.

    With strong decay dead weights become denormal, and products with them are 50× slower.
    """
    before = control()
    set_control(before | FLUSH)
    try:
        yield
    finally:
        set_control(control() & ~FLUSH | before & FLUSH)
