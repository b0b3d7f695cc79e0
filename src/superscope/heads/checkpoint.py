"""A checkpoint: the files of one model, wherever they are."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from pathlib import Path

from superscope.heads.transport import RangeFile

WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".npy", ".npz")
USUAL_INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
USUAL_FILES = ("model.safetensors", "pytorch_model.bin")
SLICE = re.compile(r"(consolidated\.)(\d\d)(\.\w+)")  # Llama's own format: of every matrix a slice


class Checkpoint(ABC):
    """Files of one model.

    Attributes
    ----------
    name
        What to call the model: its hub id, or the path or URI given.
    revision
        Commit or version of a remote checkpoint, or None.
    only
        The one weights file the user named, or None for the whole checkpoint.
    notes
        What the user should know of how it was found.
    """

    name: str
    revision: str | None = None
    only: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def cache(self) -> Path | None:
        """Folder for heads read from here, or None if reading them again costs nothing."""
        return None

    @abstractmethod
    def files(self) -> tuple[str, ...]:
        """Return the names of the files, relative to the checkpoint."""

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
        """Return what tells the state of a file from another, such as its ETag.

        None where the name and revision of the checkpoint do, or where nothing does.
        """
        return None

    def sha256(self, file: str) -> str | None:
        """Return the SHA-256 that a file should have, where that was told when it was opened."""
        return None
