"""A folder of results: one file per run, named after the run's identity."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from superscope.atomic import why, write_file
from superscope.errors import NotFoundError, UsageError

_CLAIMS, _ASIDE = ".claims", "set-aside"


class Claim:
    """A lock on a run, so that no other process on the same folder starts it.

    The operating system releases the lock when the process ends, even if it is killed.
    """

    def __init__(self, lock: FileLock):
        self._lock = lock

    def release(self) -> None:
        """Release the lock; a second call does nothing."""
        if self._lock.is_locked:
            # Remove the file before releasing it: nobody can claim a file that is being removed.
            Path(self._lock.lock_file).unlink(missing_ok=True)
            self._lock.release()


class RunFolder:
    """Results of runs, each written whole or not at all.

    Parameters
    ----------
    path
        The folder; made if it does not exist and `create` is true.
    suffix
        Suffix of the result files.
    create
        Whether to make the folder if it does not exist.

    Raises
    ------
    UsageError
        The folder cannot be made or written to.
    NotFoundError
        The folder does not exist and `create` is false.
    """

    def __init__(self, path: Path, suffix: str, *, create: bool = True):
        self.path, self.suffix = Path(path), suffix
        try:
            if not create:
                if not self.path.is_dir():
                    raise NotFoundError(f"there is no folder {self.path}")
                return
            (self.path / _CLAIMS).mkdir(parents=True, exist_ok=True)
            probe = self.path / _CLAIMS / ".probe"
            probe.touch()
            probe.unlink(missing_ok=True)
            self._clear()
        except OSError as error:
            raise UsageError(
                f"cannot keep results in {self.path}: {why(self.path, error)}"
            ) from error

    def _clear(self) -> None:
        """Remove partial files of killed processes that are an hour old or more."""
        for left in self.path.glob(f".*{self.suffix}.*"):
            if time.time() - left.stat().st_mtime > 3600:
                left.unlink(missing_ok=True)

    def file(self, identity: str) -> Path:
        """Return the path of a run's file, whether or not it exists yet."""
        return self.path / f"{identity}{self.suffix}"

    def has(self, identity: str) -> bool:
        """Return whether a run is done."""
        return self.file(identity).is_file()

    def files(self) -> Iterator[Path]:
        """Yield the files of all runs that are done, by name."""
        # Files still being written begin with a dot.
        yield from sorted(p for p in self.path.glob(f"*{self.suffix}") if p.name[0] != ".")

    def write(self, identity: str, content: bytes) -> None:
        """Store a run's result."""
        write_file(self.file(identity), content)

    def claim(self, identity: str) -> Claim | None:
        """Lock a run for this process, or return None if another process works on it."""
        lock = FileLock(self.path / _CLAIMS / identity, fallback_to_soft=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        except (OSError, NotImplementedError):
            # Some shared file systems have no locks. Two sweeps may then do the same run, and
            # the second result replaces the first with the same bits.
            pass
        return Claim(lock)

    def set_aside(self, file: Path) -> Path:
        """Move an unreadable file aside, and return its new path."""
        folder = self.path / _ASIDE
        folder.mkdir(exist_ok=True)
        for count in range(1, 1 << 30):
            target = folder / (file.name if count == 1 else f"{file.name}.{count}")
            if not target.exists():
                with contextlib.suppress(FileNotFoundError):  # another sweep was faster
                    file.rename(target)
                return target
        raise AssertionError
