"""A folder of results, one file a run, named by the run's identity."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from superscope.atomic import write_file
from superscope.errors import NotFoundError, UsageError

_CLAIMS, _ASIDE = ".claims", "set-aside"


class Claim:
    """A run that this process does, held against others that share the folder.

    The operating system lets go of it when the process ends, however that happens.
    """

    def __init__(self, lock: FileLock):
        self._lock = lock

    def release(self) -> None:
        """Let go; done twice, it does nothing."""
        if self._lock.is_locked:
            # First away, then free: nobody can claim a file that is about to go.
            Path(self._lock.lock_file).unlink(missing_ok=True)
            self._lock.release()


class RunFolder:
    """Results of runs, each written whole or not at all.

    Parameters
    ----------
    path
        The folder; made if it does not exist and `create` is true.
    suffix
        Of the result files.
    create
        Whether to make the folder where there is none.

    Raises
    ------
    UsageError
        The folder cannot be made or written to.
    NotFoundError
        It does not exist and is not to be made.
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
                f"cannot keep results in {self.path}: {error.strerror or error}"
            ) from error

    def _clear(self) -> None:
        """Remove what a killed process was still writing an hour ago or more."""
        for left in self.path.glob(f".*{self.suffix}.*"):
            if time.time() - left.stat().st_mtime > 3600:
                left.unlink(missing_ok=True)

    def file(self, identity: str) -> Path:
        """Return the file that holds a run, or will."""
        return self.path / f"{identity}{self.suffix}"

    def has(self, identity: str) -> bool:
        """Return whether a run is done."""
        return self.file(identity).is_file()

    def files(self) -> Iterator[Path]:
        """Yield the files of all runs that are done, by name."""
        # Files still being written begin with a dot.
        yield from sorted(p for p in self.path.glob(f"*{self.suffix}") if p.name[0] != ".")

    def write(self, identity: str, content: bytes) -> None:
        """Keep a run's result."""
        write_file(self.file(identity), content)

    def claim(self, identity: str) -> Claim | None:
        """Claim a run for this process, or return None if another one is at it."""
        lock = FileLock(self.path / _CLAIMS / identity, fallback_to_soft=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        except (OSError, NotImplementedError):
            # Some shared file systems have no locks. Then two sweeps may do the same run, and
            # the second result replaces the first by the same bits.
            pass
        return Claim(lock)

    def set_aside(self, file: Path) -> Path:
        """Move a file that cannot be read out of the way, and return where it went."""
        folder = self.path / _ASIDE
        folder.mkdir(exist_ok=True)
        for count in range(1, 1 << 30):
            target = folder / (file.name if count == 1 else f"{file.name}.{count}")
            if not target.exists():
                with contextlib.suppress(FileNotFoundError):  # another sweep was faster
                    file.rename(target)
                return target
        raise AssertionError
