"""Parts of a page's data: a JSON header and arrays, as bytes; on disk, in scripts."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError

MAGIC = b"superscope 1\n"
_KINDS = ("i1", "u1", "u2", "i4", "u4", "f4", "f8")


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the data of a page.

    Attributes
    ----------
    meta
        What JSON holds.
    arrays
        Arrays by name, of types i1, u1, u2, i4, u4, f4 and f8.
    """

    meta: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]]

    def packed(self) -> bytes:
        """Return the part as bytes: magic, length of the header, header, arrays."""
        described, pieces, offset = {}, [], 0
        for name, array in self.arrays.items():
            kind = array.dtype.str[1:]
            if kind not in _KINDS:
                raise TypeError(f"{name}: {array.dtype}")
            data = array.astype(f"<{kind}", copy=False).tobytes()
            described[name] = {"dtype": kind, "shape": array.shape, "offset": offset}
            pieces.append(data + b"\0" * (-len(data) % 8))
            offset += len(pieces[-1])
        header = json.dumps(
            {"meta": self.meta, "arrays": described}, separators=(",", ":"), allow_nan=False
        ).encode()
        header += b" " * (-(len(MAGIC) + 4 + len(header)) % 8)
        return b"".join([MAGIC, len(header).to_bytes(4, "little"), header, *pieces])

    @classmethod
    def read(cls, data: bytes) -> Part:
        """Return the part that bytes hold."""
        if not data.startswith(MAGIC):
            raise UsageError("this is no part of an explorer's data, or of another version")
        at = len(MAGIC) + 4
        first = at + int.from_bytes(data[len(MAGIC) : at], "little")
        header = json.loads(data[at:first])
        arrays = {
            name: np.frombuffer(
                data, f"<{a['dtype']}", math.prod(a["shape"]), first + a["offset"]
            ).reshape(a["shape"])
            for name, a in header["arrays"].items()
        }
        return cls(header["meta"], arrays)


def encoded(data: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(data).decode("ascii")


def as_script(name: str, data: bytes) -> str:
    """Return the script that hands a part to the page."""
    return f'superscope("{name}","{encoded(data)}")\n'


def read_parts(folder: str | Path) -> dict[str, Part]:
    """Read what :func:`superscope.explore` wrote to a folder.

    Parameters
    ----------
    folder
        The folder of the page.

    Returns
    -------
    dict
        Parts by name: ``0-about`` holds the tokens of the first model, ``0-small-0`` its first
        rows as int8, and so on.

    Raises
    ------
    UsageError
        The folder holds no page of this version.

    Examples
    --------
    >>> from superscope.explorer import read_parts
    >>> read_parts("page")["0-about"].meta["width"]  # doctest: +SKIP
    576
    """
    scripts = sorted(Path(folder).glob("data/*.js"))
    if not scripts:
        raise UsageError(f"{folder} holds no page of superscope explore: there is no data/*.js")
    found = {}
    for script in scripts:
        _, name, _, data, _ = script.read_text("ascii").split('"')
        found[name] = Part.read(base64.b64decode(data))
    return found
