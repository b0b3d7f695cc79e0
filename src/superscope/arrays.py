"""Convert arrays of any library to numpy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.errors import HeadDataError, UsageError
from superscope.text import counted


def as_numpy(value: Any, name: str) -> tuple[npt.NDArray[np.floating], str]:
    """Return any library's array as a numpy array, and the name of its original dtype.

    Types that numpy lacks, such as bfloat16, become float32.

    Raises
    ------
    HeadDataError
        The array holds no numbers, or numbers that are not floating-point.
    """
    _refuse_sparse(value, name)
    if not hasattr(value, "__array__") and hasattr(value, "__dlpack__"):
        from torch.utils.dlpack import from_dlpack  # reads bfloat16 and devices; numpy does not

        value = from_dlpack(value)
    kind = getattr(value, "dtype", "")
    dtype = str(getattr(kind, "name", kind)).removeprefix("torch.")
    if hasattr(value, "detach"):  # a torch tensor, on any device
        value = _of_torch(value, dtype, name)
    array = _gathered(value, name)
    if array.dtype.name == "bfloat16" or array.dtype.name.startswith("float8"):
        dtype, array = array.dtype.name, array.astype(np.float32)
    if not np.issubdtype(array.dtype, np.floating):
        raise HeadDataError(f"{name}: a head must hold floating-point numbers, not {array.dtype}")
    return array, dtype or str(array.dtype)


def real_numbers(values: npt.ArrayLike, name: str) -> npt.NDArray[np.float64]:
    """Return real numbers as float64.

    Raises
    ------
    UsageError
        Something is not a number, is masked, or has an imaginary part.
    """
    try:
        _refuse_sparse(values, name)
        array = _gathered(values, name)
    except HeadDataError as error:
        raise UsageError(str(error)) from None
    if np.iscomplexobj(array) or any(isinstance(v, complex) for v in array.flat[:1]):
        raise UsageError(f"{name} holds complex numbers; give their real parts or magnitudes")
    if array.dtype.kind in "mM":
        raise UsageError(f"{name} holds dates or durations; give them as numbers")
    try:
        return np.asarray(array, np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"{name} holds something that is not a number") from None


def as_float32(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Return rows as float32; no copy if they are.

    Raises
    ------
    HeadDataError
        A row would become zero, because its numbers are too small for float32.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        narrow = values.astype(np.float32, copy=False)
    if values.dtype.itemsize > 4 and len(lost := np.flatnonzero(~narrow.any(axis=-1))):
        lost = lost[values[lost].any(axis=-1)]
        if len(lost):
            largest = np.abs(values[lost]).max()
            raise HeadDataError(
                f"{counted(len(lost), 'row is', 'rows are')} too small for float32 (the largest "
                f"number is {largest:.3g}); multiply the matrix by a constant, which "
                "changes no overlap"
            )
    return narrow


def _refuse_sparse(value: Any, name: str) -> None:
    layout = str(getattr(value, "layout", "torch.strided"))
    if getattr(value, "is_nested", False) is True:
        raise HeadDataError(f"{name} is a nested tensor; pass a matrix whose rows are equally long")
    if layout.startswith("torch.") and layout != "torch.strided":
        raise HeadDataError(f"{name} is sparse ({layout}); pass its .to_dense()")
    if hasattr(value, "tocoo") or hasattr(value, "todense"):
        raise HeadDataError(f"{name} is sparse; pass its .toarray()")


def _of_torch(value: Any, dtype: str, name: str) -> Any:
    if value.is_meta:
        raise HeadDataError(f"{name} is on the meta device and holds no numbers; load it first")
    if value.is_quantized:
        raise HeadDataError(f"{name} is quantized ({dtype}); measure the unquantized model")
    try:
        value = value.detach().to("cpu")
        if value.is_floating_point():
            value = value.double() if dtype == "float64" else value.float()
        return value.resolve_conj().resolve_neg().numpy()
    except (RuntimeError, TypeError, NotImplementedError) as error:  # a subclass without numbers
        raise HeadDataError(f"{name} has no numbers that can be read: {_line(error)}") from None


def _gathered(value: Any, name: str) -> npt.NDArray[Any]:
    """Return numpy's array of a value."""
    if np.ma.is_masked(value):
        raise HeadDataError(f"{name} has masked numbers; fill them or leave their rows out")
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:  # rows of different lengths
        raise HeadDataError(f"{name} cannot be converted to an array: {_line(error)}") from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
