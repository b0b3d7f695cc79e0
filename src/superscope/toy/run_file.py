"""A run as one file: numpy's .npz, with config and versions as JSON beside the arrays."""

from __future__ import annotations

import io
import json
import lzma
import zipfile
import zlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from superscope._version import __version__
from superscope.errors import FormatError, SuperscopeError
from superscope.toy.config import ToyConfig
from superscope.toy.run import ToyRun

SUFFIX = ".npz"
FORMAT = 1  # of the file and of what a config means; raise it when either changes


@dataclass(frozen=True)
class Failure:
    """A run that diverged, and why."""

    config: ToyConfig
    reason: str


def to_bytes(result: ToyRun | Failure) -> bytes:
    """Return a run, or its failure, as a file's content."""
    about: dict[str, Any] = {
        "format": FORMAT, "superscope": __version__, "config": asdict(result.config)
    }  # fmt: skip
    arrays: dict[str, Any] = {}
    if isinstance(result, Failure):
        about["failed"] = result.reason
    else:
        about["seconds"] = result.seconds
        arrays = {name: getattr(result, name) for name in ("W", "b", "losses", "feature_loss")}
    file = io.BytesIO()
    np.savez(file, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)
    return file.getvalue()


def from_bytes(content: bytes) -> ToyRun | Failure:
    """Return what :func:`to_bytes` wrote.

    Raises
    ------
    FormatError
        Cut short, damaged, or of another version.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            about = json.loads(bytes(file["about"]))
            if about["format"] != FORMAT:
                raise FormatError(
                    f"format {about['format']} of superscope {about.get('superscope')}, "
                    f"not {FORMAT}"
                )
            config = ToyConfig.from_mapping(about["config"])
            if "failed" in about:
                return Failure(config, about["failed"])
            W, b, losses, feature_loss = (
                file[name] for name in ("W", "b", "losses", "feature_loss")
            )
        n, steps = (config.n,), (config.steps,)
        shapes = W.shape, b.shape, losses.shape, feature_loss.shape
        if shapes != ((config.n, config.width), n, steps, n):
            raise FormatError("arrays of another shape than its config says")
        return ToyRun(config, W, b, losses, feature_loss, about["seconds"])
    except FormatError:
        raise
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, KeyError,
            TypeError, OSError, RuntimeError, SuperscopeError) as error:  # fmt: skip
        raise FormatError(f"damaged: {error}") from None
