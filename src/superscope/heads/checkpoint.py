"""A checkpoint: the files of one model, on any kind of storage."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from pathlib import Path

from superscope.heads.transport import RangeFile

WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".npy", ".npz")
USUAL_INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
USUAL_FILES = ("model.safetensors", "pytorch_model.bin", "sae_weights.safetensors")
SLICE = re.compile(r"(consolidated\.)(\d\d)(\.\w+)")  # Meta's format: a slice of every matrix


class Checkpoint(ABC):
    """Files of one model.

    Attributes
    ----------
    name
        The model's hub id, or the path or URI given.
    revision
        Commit or version of a remote checkpoint, or None.
    only
        The one weights file that the user chose, or None for the whole checkpoint.
    notes
        Remarks for the user about how it was found.
    """

    name: str
    revision: str | None = None
    only: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def cache(self) -> Path | None:
        """Folder that keeps heads of this checkpoint, or None if it is local."""
        return None

    @abstractmethod
    def files(self) -> tuple[str, ...]:
        """Return the names of the files, relative to the checkpoint."""

    def below(self) -> tuple[str, ...]:
        """Return the names of files in folders of the checkpoint that are none of its own files."""
        return ()

    @abstractmethod
    def open(self, file: str) -> RangeFile:
        """Open one of the files for range reads.

        Raises
        ------
        NotFoundError
            There is no such file.
        """

    @abstractmethod
    def small(self, file: str) -> bytes | None:
        """Return the whole content of a small file, or None if there is no such file."""

    def facts(self, file: str, *, anew: bool = False) -> dict[str, str] | None:
        """Return what identifies the version of a file, such as its ETag.

        Return None if the checkpoint's revision identifies it, or if nothing does. With `anew`,
        ask the store again.
        """
        return None

    def sha256(self, file: str) -> str | None:
        """Return the SHA-256 that the hub gave for an opened file, or None."""
        return None
