"""A head as a lens looks at it, handed to what reads a text with its model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.geometry import RowClasses
from superscope.heads import Head
from superscope.lens.views import Views

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Looked:
    """A head as a lens looks at it.

    Attributes
    ----------
    head
        The head.
    views
        Its unit rows.
    center
        What is subtracted from every row before rows are near.
    nearest
        k, the number of nearest rows.
    classes
        Class of each row.
    frequencies
        Of the stored rows, or None to count the text.
    """

    head: Head
    views: Views
    center: str
    nearest: int
    classes: RowClasses
    frequencies: Float64 | None
