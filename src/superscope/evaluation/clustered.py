"""The error of a mean over tokens whose documents, and not they, are independent."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt


def clustered_error(nats: npt.NDArray[np.float64], sizes: npt.NDArray[np.int64]) -> float | None:
    """Return the standard error of Σ nats / Σ sizes over documents; None for a single one."""
    count, total = len(nats), float(sizes.sum())
    if count < 2:
        return None
    away = nats - nats.sum() / total * sizes
    return math.sqrt(count / (count - 1) * float(away @ away)) / total


def clustered_freedom(sizes: npt.NDArray[np.int64]) -> float:
    """Return the degrees of freedom of that error, by Satterthwaite (1946).

    Of D documents whose means have one variance, whatever their lengths: D − 1 if they are of one
    length, fewer if a few have most of the tokens. With w = sizes / Σ sizes, the error's square is
    the sum of (w_d (x_d − Σ w x))², a quadratic form Q in the means x; this is tr(Q)² / tr(Q²). It
    is summed in whole numbers, since where one document has nearly all, next to nothing is left.
    """
    lengths = [(int(n), int(count)) for n, count in zip(*np.unique_counts(sizes), strict=True)]
    s1, s2, s3, s4, s5 = (sum(count * n**k for n, count in lengths) for k in (1, 2, 3, 4, 5))
    trace = s2 * s1**2 - 2 * s3 * s1 + s2**2
    of_square = s4 * s1**4 - 4 * s5 * s1**3 + (4 * s2 * s4 + 2 * s3**2) * s1**2
    of_square += s2**4 - 4 * s2**2 * s3 * s1
    return trace**2 / of_square if of_square else 1.0
