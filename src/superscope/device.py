"""The device for computations: numpy on the CPU's cores, torch on GPUs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError

if TYPE_CHECKING:
    import torch

Matrix = npt.NDArray[np.floating]

# The drivers of Nvidia (also under WSL) and AMD create these files. Without any of them there is
# no GPU, and torch, which takes seconds to import, is not needed to tell.
_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolved(name: str) -> str:
    """Return the device of a name; ``auto`` is a GPU if there is one, and else the CPU.

    Raises
    ------
    UsageError
        There is no such device on this machine.
    """
    if name == "cpu":
        return name
    if name != "auto":
        device_named(name)
        return name
    if not (sys.platform == "win32" or any(Path(driver).exists() for driver in _DRIVERS)):
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def device_named(name: str) -> torch.device:
    """Return torch's device of that name.

    Raises
    ------
    UsageError
        The name is not one of torch's, or there is no such device here.
    """
    import torch

    try:
        device = torch.device(name)
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, ImportError, NotImplementedError) as error:
        reason = str(error).strip().split("\n")[0]
        raise UsageError(f"device {name!r} cannot be used here: {reason}") from None
    return device


@contextmanager
def full_float32() -> Iterator[None]:
    """Compute float32 products in full float32: TF32 would change the order of neighbors."""
    import torch

    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Let torch use one thread: runs in other processes have the other cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def torch_kernel(name: str) -> str:
    """Return the machine code that torch's products use on a device.

    Two runs of one config have the same bits if this is equal.
    """
    import torch

    where = torch.device(name)
    if where.type == "cuda":
        return f"torch {torch.__version__}, {torch.cuda.get_device_name(where)}"
    if where.type == "cpu":
        return f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}"
    return f"torch {torch.__version__}, {where.type}"


def multiplier(name: str) -> Callable[[Matrix, Matrix], Any]:
    """Return the matrix product of numpy arrays, computed on a device, as a numpy array."""
    if name == "cpu":
        return np.matmul  # which recognizes AᵀA and computes one triangle only

    import torch

    device = device_named(name)

    def multiply(a: Matrix, b: Matrix) -> Any:
        if device.type == "mps" and a.dtype == np.float64:  # which it does not have
            return a @ b
        with full_float32():
            left = torch.from_numpy(a).to(device)
            return (left @ torch.from_numpy(b).to(device)).cpu().numpy()

    return multiply
