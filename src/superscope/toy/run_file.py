"""A run as one file: numpy's .npz, with config and versions as JSON beside the arrays."""

from __future__ import annotations

import io
import json
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from superscope._version import __version__
from superscope.errors import FormatError, SuperscopeError
from superscope.runs import check_regular
from superscope.toy.config import ToyConfig
from superscope.toy.run import ToyRun

SUFFIX = ".npz"
FORMAT = 2  # of the file and of what a config means; raise it when either changes
_READABLE = (1, FORMAT)  # 1 did not name the kernel
_ARRAYS = ("W", "b", "losses", "feature_loss")


@dataclass(frozen=True)
class Failure:
    """A run that diverged, and why.

    Attributes
    ----------
    config
        What was trained.
    reason
        Why it stopped, in one line.
    """

    config: ToyConfig
    reason: str


@dataclass(frozen=True)
class RunHeader:
    """The content of a run's file without its arrays.

    Attributes
    ----------
    config
        What was trained.
    seconds
        Duration of the training.
    kernel
        As in :class:`ToyRun`.
    """

    config: ToyConfig
    seconds: float
    kernel: str


def to_bytes(result: ToyRun | Failure) -> bytes:
    """Return a run, or its failure, as a file's content.

    Parameters
    ----------
    result
        A run or a failure.

    Returns
    -------
    bytes
        The content of a result file.
    """
    about: dict[str, Any] = {
        "format": FORMAT, "superscope": __version__, "config": result.config.to_mapping()
    }  # fmt: skip
    arrays: dict[str, Any] = {}
    if isinstance(result, Failure):
        about["failed"] = result.reason
    else:
        about |= {"seconds": result.seconds, "kernel": result.kernel}
        arrays = {name: getattr(result, name) for name in _ARRAYS}
    file = io.BytesIO()
    np.savez(file, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)
    return file.getvalue()


def read_run(path: Path) -> ToyRun | Failure:
    """Return the run in a file.

    Raises
    ------
    FormatError
        As for :func:`from_bytes`; or it is a pipe or a device, from which nothing is read.
    OSError
        The file cannot be read.
    """
    check_regular(path)
    return from_bytes(path.read_bytes())


def from_bytes(content: bytes) -> ToyRun | Failure:
    """Return what :func:`to_bytes` wrote.

    Parameters
    ----------
    content
        A result file's bytes.

    Returns
    -------
    ToyRun or Failure
        The run with the same bits, or the reason why it failed.

    Raises
    ------
    FormatError
        The file is truncated, damaged, or of another version.
    """
    with _damage_named(), np.load(io.BytesIO(content), allow_pickle=False) as file:
        header = _header(bytes(file["about"]))
        if isinstance(header, Failure):
            return header
        arrays = {name: file[name] for name in _ARRAYS}
        _check_shapes(header.config, {name: array.shape for name, array in arrays.items()})
        return ToyRun(header.config, **arrays, seconds=header.seconds, kernel=header.kernel)


def read_header(path: Path) -> RunHeader | Failure:
    """Return the header of a run's file; of the arrays only the shapes are read.

    Raises
    ------
    FormatError
        The file is truncated, of another version, or lacks one of the arrays; or it is a pipe or
        a device.
    OSError
        The file cannot be read.
    """
    check_regular(path)
    with path.open("rb") as raw, _damage_named(), zipfile.ZipFile(raw) as file:
        with file.open("about.npy") as member:
            header = _header(bytes(np.lib.format.read_array(member, allow_pickle=False)))
        if isinstance(header, RunHeader):
            _check_shapes(header.config, {name: _shape(file, name) for name in _ARRAYS})
        return header


def _header(about: bytes) -> RunHeader | Failure:
    said = json.loads(about)
    if said["format"] not in _READABLE:
        raise FormatError(
            f"format {said['format']} of superscope {said.get('superscope')}, not {FORMAT}"
        )
    config = ToyConfig.from_mapping(said["config"])
    if "failed" in said:
        return Failure(config, said["failed"])
    return RunHeader(config, said["seconds"], said.get("kernel", ""))


def _shape(file: zipfile.ZipFile, name: str) -> tuple[int, ...]:
    with file.open(f"{name}.npy") as member:
        np.lib.format.read_magic(member)
        shape: tuple[int, ...] = np.lib.format.read_array_header_1_0(member)[0]
        return shape


def _check_shapes(config: ToyConfig, shapes: dict[str, tuple[int, ...]]) -> None:
    expected = {
        "W": (config.n, config.width),
        "b": (config.n,),
        "losses": (config.steps,),
        "feature_loss": (config.n,),
    }
    for name, shape in expected.items():
        if shapes[name] != shape:
            raise FormatError(f"{name} has shape {shapes[name]}, but the config says {shape}")


@contextmanager
def _damage_named() -> Iterator[None]:
    """Turn every error from reading a damaged file into a FormatError."""
    try:
        yield
    except FormatError:
        raise
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, KeyError,
            TypeError, OSError, RuntimeError, SuperscopeError) as error:  # fmt: skip
        raise FormatError(f"damaged: {error}") from None
