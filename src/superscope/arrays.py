"""Arrays of any library as numpy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.errors import HeadDataError


def as_numpy(value: Any, name: str) -> tuple[npt.NDArray[np.floating], str]:
    """Return any library's array as a numpy array, and the name of its original dtype.

    Types that numpy lacks, such as bfloat16, become float32.

    Raises
    ------
    HeadDataError
        The array holds no numbers, or numbers that are not floating-point.
    """
    if not hasattr(value, "__array__") and hasattr(value, "__dlpack__"):
        from torch.utils.dlpack import from_dlpack  # reads bfloat16 and devices; numpy does not

        value = from_dlpack(value)
    kind = getattr(value, "dtype", "")
    dtype = str(getattr(kind, "name", kind)).removeprefix("torch.")
    if hasattr(value, "detach"):  # a torch tensor, on any device
        if value.is_meta:
            raise HeadDataError(f"{name} is on the meta device and holds no numbers; load it first")
        if value.is_quantized:
            raise HeadDataError(f"{name} is quantized ({dtype}); measure the unquantized model")
        value = value.detach().to("cpu")
        if value.is_floating_point():
            value = value.double() if dtype == "float64" else value.float()
        value = value.numpy()
    array = np.asarray(value)
    if array.dtype.name == "bfloat16" or array.dtype.name.startswith("float8"):
        dtype, array = array.dtype.name, array.astype(np.float32)
    if not np.issubdtype(array.dtype, np.floating):
        raise HeadDataError(f"{name}: a head must hold floating-point numbers, not {array.dtype}")
    return array, dtype or str(array.dtype)
