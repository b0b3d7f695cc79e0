"""Read how often each direction is active, as SAELens writes it beside a decoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from superscope.errors import FormatError, SuperscopeError
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.encodings import Float32
from superscope.heads.head import Head
from superscope.heads.opened import loaded, read_directory
from superscope.heads.transport import RangeFile, open_local

FILE = "sparsity.safetensors"
_LEAST = 1e-10  # SAELens adds it to a rate before it takes the logarithm


def read_rates(file: str | Path) -> Float32:
    """Read the rates in a ``sparsity.safetensors`` of SAELens, which holds their log10.

    Parameters
    ----------
    file
        A local file.

    Returns
    -------
    numpy.ndarray
        How often each direction is active, float32, shape (V,).

    Raises
    ------
    NotFoundError, FormatError
        It cannot be read, or does not hold the log10 of rates.
    """
    return _rates(open_local(Path(file)))


def with_rates(checkpoint: Checkpoint, head: Head) -> tuple[Head, str | None]:
    """Return a dictionary with the rates that lie beside it, and a note if those do not fit."""
    if head.provenance.features != "directions" or FILE not in checkpoint.files():
        return head, None
    try:
        rates = _rates(checkpoint.open(FILE))
    except SuperscopeError as error:
        return head, f"the rates beside the dictionary are not used: {error}"
    if len(rates) != head.stored.shape[0]:
        return head, (
            f"the rates beside the dictionary are not used: {FILE} has {len(rates):,} of them for "
            f"{head.stored.shape[0]:,} directions"
        )
    return replace(head, rates=rates), None


def _rates(file: RangeFile) -> Float32:
    tensors = list(read_directory(file).tensors.values())
    if len(tensors) != 1 or len(tensors[0].shape) != 1:
        raise FormatError(f"{file.name} does not hold one number for each direction")
    logs = loaded(file, tensors[0])[0].astype(np.float64)
    bad = np.flatnonzero(~(logs < 1e-6))  # NaN too; rounding may leave a little above 0
    if len(bad):
        raise FormatError(
            f"{file.name} does not hold the log10 of rates: that of direction {bad[0]:,} is "
            f"{logs[bad[0]]:g}, above 0"
        )
    rates = 10.0**logs
    return np.where(rates > 2 * _LEAST, np.minimum(rates, 1.0), 0.0).astype(np.float32)
