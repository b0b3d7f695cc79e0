"""What a head can say, with what proves it: certificates for every row, and their file.

Row i is *argmaxable* if some hidden state h has w_i·h + b_i > w_j·h + b_j for all j ≠ i; that h is
its certificate (G22). It is *tied* if another row equals it and has the same bias. It is
*impossible* if it is a convex combination Σ λ_j w_j of other rows with Σ λ_j b_j ≥ b_i; as rows are
rounded, this holds to within 1e-6.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.arguments import checked
from superscope.atomic import write_whole
from superscope.errors import FormatError, NotFoundError
from superscope.text import named

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

ARGMAXABLE, TIED, IMPOSSIBLE, UNDECIDED = range(4)
STATUSES = ("argmaxable", "tied", "impossible", "undecided")


@dataclass(frozen=True, eq=False)
class Certificates:
    """A certificate for each row of a head.

    Most rows share a form that needs little room: their hidden state is
    ``scale[i] * (w_i - center) @ matrix``. The others have their own.

    Attributes
    ----------
    ids
        Vocabulary ids of the rows, int64, shape (V,).
    status
        For each row a place in ``STATUSES``, int8, shape (V,).
    center, matrix
        What makes a hidden state of a row, float64, shapes (m,) and (m, m).
    scale
        Factor of that hidden state; 0 for rows that have none, float64, shape (V,).
    stated, directions
        Positions of the argmaxable rows whose hidden states are stored, int64, shape (k,), and
        these states, float64, shape (k, m).
    tied, twins
        Positions of the tied rows, and for each of a row that equals it, int64.
    impossible
        Positions of the impossible rows, int64, shape (p,).
    starts, parts, weights
        Their combinations: that of row ``impossible[n]`` has the rows ``parts[s:t]`` with the
        weights ``weights[s:t]``, where ``s, t = starts[n], starts[n + 1]``.
    """

    ids: Int64
    status: npt.NDArray[np.int8]
    center: Float64
    matrix: Float64
    scale: Float64
    stated: Int64
    directions: Float64
    tied: Int64
    twins: Int64
    impossible: Int64
    starts: Int64
    parts: Int64
    weights: Float64

    def __repr__(self) -> str:
        return f"Certificates(of {len(self.status):,} rows, m = {len(self.center):,})"

    @checked
    def save(self, path: Path) -> None:
        """Write the certificates to a file of numpy (.npz), completely or not at all.

        Raises
        ------
        UsageError
            The file cannot be written.
        """
        with write_whole(path) as file:
            np.savez(file, allow_pickle=False, **{f.name: getattr(self, f.name) for f in _FIELDS})

    @classmethod
    def load(cls, path: str | Path) -> Certificates:
        """Return the certificates of a file that :meth:`save` wrote.

        Raises
        ------
        NotFoundError, FormatError
            There is no such file, or it holds no certificates.
        """
        try:
            with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                content = {f.name: file[f.name] for f in _FIELDS}
        except FileNotFoundError:
            raise NotFoundError(f"there is no file {named(str(path))}") from None
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise FormatError(f"{named(str(path))} holds no certificates: {error}") from None
        fault = _misshapen(content)
        if fault is not None:
            raise FormatError(f"{named(str(path))} holds no certificates: {fault}")
        return cls(**content)


_FIELDS = fields(Certificates)
_KINDS = {"status": np.int8} | dict.fromkeys(
    ("center", "matrix", "scale", "directions", "weights"), np.float64
)


def _misshapen(content: dict[str, npt.NDArray[Any]]) -> str | None:
    """Return what is wrong with the shapes of certificates from a file; None if nothing is."""
    count, width = content["status"].size, content["center"].size
    lengths = {name: array.shape[0] if array.ndim else -1 for name, array in content.items()}
    shapes = {
        "ids": (count,), "status": (count,), "center": (width,), "matrix": (width, width),
        "scale": (count,), "stated": (lengths["stated"],),
        "directions": (lengths["stated"], width), "tied": (lengths["tied"],),
        "twins": (lengths["tied"],), "impossible": (lengths["impossible"],),
        "starts": (lengths["impossible"] + 1,), "parts": (lengths["parts"],),
        "weights": (lengths["parts"],),
    }  # fmt: skip
    for name, array in content.items():
        if array.dtype != _KINDS.get(name, np.int64) or array.shape != shapes[name]:
            return f"{name} is an array of {array.dtype} and shape {array.shape}"
    for name in ("stated", "tied", "twins", "impossible", "parts"):
        if content[name].size and not 0 <= content[name].min() <= content[name].max() < count:
            return f"{name} has positions of rows that are not there"
    starts = content["starts"]
    if starts[0] != 0 or starts[-1] != lengths["parts"] or (np.diff(starts) < 0).any():
        return "the bounds of the combinations do not fit their parts"
    return None
