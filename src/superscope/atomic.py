"""Write files completely or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from superscope.errors import UsageError

_SLACK = 1.05  # of the bytes needed, free on the disk


@contextmanager
def write_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file beside `path` for writing and rename it into place on success.

    On any exception, Ctrl-C included, the partial file is removed and an earlier file
    at `path` is left untouched. A device or pipe (`/dev/stdout`) is written to
    directly, since it must not be replaced by a file.

    Raises
    ------
    UsageError
        The folder is missing or not writable, or the disk is full.
    """
    try:
        if path.exists() and not path.is_file():
            if path.is_dir():
                raise UsageError(f"{path} is a folder; name a file")
            with path.open("wb") as device:
                yield device
            return
        target = path.resolve()  # a symbolic link stays a link; its target is replaced
        handle, beside = tempfile.mkstemp(prefix=f".{target.name[:80]}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            # mkstemp makes private files; give the result the mode a plain open() would.
            Path(beside).chmod(0o666 & ~_umask())
            Path(beside).replace(target)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _not_written(path, error) from error


def write_file(path: Path, content: bytes | str) -> None:
    """Write a file; text is encoded as UTF-8.

    Raises
    ------
    UsageError
        The folder is missing or not writable, or the disk is full.
    """
    with write_whole(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def check_writable(path: Path) -> None:
    """Raise UsageError unless a file can be written at `path`; no file is left behind."""
    try:
        if path.is_dir():
            raise UsageError(f"cannot write {path}: it is a folder")
        if path.exists() and not path.is_file():  # a device or pipe
            if not os.access(path, os.W_OK):
                raise UsageError(f"cannot write {path}: permission denied")
            return
        with tempfile.TemporaryFile(dir=path.resolve().parent):
            pass
    except OSError as error:
        raise _not_written(path, error) from error


def lacking_room(folder: Path, nbytes: int) -> int | None:
    """Return the bytes that are free on the disk of a folder if so many do not fit, or None."""
    free = shutil.disk_usage(folder).free
    return free if nbytes * _SLACK > free else None


def _not_written(path: Path, error: OSError) -> UsageError:
    absent = isinstance(error, FileNotFoundError)
    reason = f"there is no folder {path.parent}" if absent else why(path, error)
    return UsageError(f"cannot write {path}: {reason}")


def why(path: Path, error: OSError) -> str:
    """Return why a folder cannot be made at a path, or a file in its folder, in words."""
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        for one in (path, *path.parents):
            if one.is_file():
                return f"{one} is a file, not a folder"
            if one.is_symlink() and not one.exists():
                return f"{one} is a link to nothing"
            if one.exists() and not one.is_dir():
                return f"{one} is a pipe or a device, not a folder"
    return error.strerror or str(error)


def make_folder(path: Path) -> None:
    """Create a folder and its parents if they are missing.

    Raises
    ------
    UsageError
        The folder cannot be made, or nothing can be written to it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise UsageError(f"cannot write {path}: {why(path, error)}") from error


def usual_modes(place: Path) -> None:
    """Give a file, or a folder and all in it, the modes that plain writing would give."""
    mask = _umask()
    for path in (place, *place.rglob("*")):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def occupied(folder: Path) -> bool:
    """Return whether a new folder cannot be put there: a file is, or a folder with files in it."""
    return folder.exists() and (not folder.is_dir() or any(folder.iterdir()))


@contextmanager
def write_folder(path: Path) -> Iterator[Path]:
    """Give a new folder beside `path`, and rename it to `path` on success.

    On any exception, Ctrl-C included, what was written is removed, and `path` is as it was.

    Raises
    ------
    UsageError
        The folder it would lie in is missing or not writable, or the disk is full.
    """
    try:
        target = path.resolve()
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name[:80]}.", dir=target.parent))
        try:
            yield beside
            usual_modes(beside)
            beside.replace(target)  # an empty folder may be there
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
    except OSError as error:
        raise _not_written(path, error) from error
