"""List and clear the cache of downloaded heads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.heads import cache, copies


@dataclass(frozen=True)
class Holding:
    """The kept files of one version of a model, of its measured revisions, or of a table.

    Attributes
    ----------
    name
        The model's name, or the table's file name.
    revision
        Commit or version, or None.
    content
        Names of the kept tensors, ``measured revisions``, or ``table``.
    nbytes
        Size of the files in bytes.
    path
        The folder or file to delete.
    """

    name: str
    revision: str | None
    content: str
    nbytes: int
    path: Path


def cached_heads() -> tuple[Holding, ...]:
    """List the models whose heads are in the cache, by name.

    Returns
    -------
    tuple of Holding
        One for each version of each model.
    """
    root = cache.root()
    folders = sorted(root.glob("*/heads/*/")) if root.is_dir() else []
    return tuple(sorted(map(_holding, folders), key=lambda h: (h.name, h.revision or "")))


def drop(holding: Holding) -> None:
    """Delete the files of one model or table; they are downloaded again when needed.

    Parameters
    ----------
    holding
        What to delete.

    Raises
    ------
    UsageError
        The files cannot be deleted.
    """
    path = holding.path
    try:
        if not path.is_dir():
            path.unlink(missing_ok=True)
            return
        shutil.rmtree(path)
        if path.parent.name == "heads" and not any(left.is_dir() for left in path.parent.iterdir()):
            shutil.rmtree(path.parent.parent)  # the list of files of a model without any head
    except OSError as error:
        raise UsageError(f"cannot delete {path}: {error.strerror or error}") from error


def _holding(folder: Path) -> Holding:
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = list(_described(folder))
    store = folder.parent.parent.name
    name = store.removeprefix("models--").replace("--", "/") if "models--" in store else store
    return Holding(
        found[0][0] if found else name,
        found[0][1] if found else None,
        ", ".join(dict.fromkeys(tensor for *_, tensor in found)) or "no head",
        sum(path.stat().st_size for path in files),
        folder,
    )


def _described(folder: Path) -> Iterator[tuple[str, str | None, str]]:
    """Yield model, revision and tensor of each head in a folder."""
    for file in sorted(folder.glob("head-*.safetensors")):
        try:
            provenance = copies.provenance(file)
        except (FormatError, NotFoundError):
            continue
        yield provenance.model, provenance.revision, str(provenance.tensor)
