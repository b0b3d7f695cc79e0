"""Processor settings during training, and the machine code that computes a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from superscope.device import torch_kernel


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Compute every product of this process with one thread, whichever thread calls it.

    Several runs fill the cores, and the bits of a product can depend on the number of threads.
    Several threads may train at once: the last one to finish restores the earlier setting.
    """
    from threadpoolctl import ThreadpoolController

    libraries = [x for x in ThreadpoolController().lib_controllers if x.user_api == "blas"]
    own = [x for x in libraries if _is_set_by_thread(x)]
    shared = [x for x in libraries if not _is_set_by_thread(x)]
    before = [(x, x.num_threads) for x in own]
    with _lock:
        for library in shared:
            _before.setdefault(library.filepath, library.num_threads)
        _training.append(shared)
        for library in libraries:
            _set_threads(library, 1)
    try:
        yield
    finally:
        for library, threads in before:
            _set_threads(library, threads)
        with _lock:
            _training.remove(shared)
            if not _training:
                for library in shared:
                    _set_threads(library, _before.pop(library.filepath))
                    _release(library)
                _before.clear()


def _is_set_by_thread(library: Any) -> bool:
    """Return whether a BLAS library has a separate thread limit for each calling thread."""
    return library.internal_api == "blis" or getattr(library, "threading_layer", "") == "openmp"


def _set_threads(library: Any, threads: int) -> None:
    _release(library)
    library.set_num_threads(threads)


def _release(library: Any) -> None:
    """Let any thread set the thread limit of OpenBLAS.

    threadpoolctl ignores all threads but the first that sets it, although the limit holds for
    the whole process.
    """
    if hasattr(library, "clear_controlling_thread"):
        library.clear_controlling_thread(force=True)


def kernel(engine: str, device: str = "cpu") -> str:
    """Return the machine code that an engine's products and loops use on this processor.

    Two runs of one config have the same bits if this is equal.
    """
    if engine == "torch":
        return torch_kernel(device)
    import numba
    from llvmlite import binding
    from threadpoolctl import threadpool_info

    libraries = [x for x in threadpool_info() if x["user_api"] == "blas"]
    # Wheels of numpy and scipy each contain their own library.
    of_numpy = [x for x in libraries if "numpy" in x["filepath"]] or libraries
    products = {f"{x['internal_api']} {x['version']} {x.get('architecture', '')}" for x in of_numpy}
    loops = f"numba {numba.__version__} {binding.get_host_cpu_name()}"
    return ", ".join([loops, *sorted(name.strip() for name in products)])


_lock = Lock()
_training: list[list[Any]] = []  # for each training thread, the libraries it limits
_before: dict[str, int] = {}  # earlier number of threads of each library, by its file
