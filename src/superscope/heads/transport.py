"""Read parts of local or remote files through fsspec.

Remote reads fetch exactly the requested bytes, are repeated when a connection drops, and fail if
the server would send the whole file.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from superscope.errors import FormatError, NotFoundError, RemoteError, install_hint
from superscope.heads import network

CHUNK = 8 << 20  # bytes of one request, and so the most that a dropped connection loses
LONGEST_READ = 16_000_000  # limit in bytes for reads by zipfile, which reads only directories

T = TypeVar("T")


class RangeFile(io.RawIOBase):
    """A read-only seekable file that reads exactly the bytes it is asked for.

    Parameters
    ----------
    file
        File opened by fsspec, or anything with ``seek`` and ``read``.
    name
        Path or URL, for messages.
    size
        Length of the file in bytes.
    local
        The local path, or None for a remote file.
    """

    def __init__(self, file: Any, name: str, size: int, local: Path | None) -> None:
        self._file = file
        self.name = name
        self.size = size
        self.local = local
        self._position = 0

    def read_at(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes from `start`.

        Raises
        ------
        FormatError
            The file is shorter.
        RemoteError
            The server does not support ranges, or the connection failed several times.
        """
        if start < 0 or length < 0 or start + length > self.size:
            raise FormatError(
                f"{self.name} is truncated: it has {self.size:,} bytes, "
                f"but bytes {start:,} to {start + length:,} are needed"
            )
        return b"".join(self.chunks(start, length))

    def chunks(self, start: int, length: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to `start + length` a chunk at a time."""
        for at in range(start, start + length, CHUNK):
            yield self._fetch(at, min(CHUNK, start + length - at))

    def _fetch(self, start: int, length: int) -> bytes:
        def fetch() -> bytes:
            self._file.seek(start)
            data: bytes = self._file.read(length)
            if len(data) != length:
                raise ConnectionError(f"{len(data):,} of {length:,} bytes arrived")
            return data

        if self.local is not None:
            try:
                return fetch()
            except OSError as error:
                raise FormatError(f"{self.name}: {error.strerror or error}") from error
        data = asked(fetch, self.name)
        # A store that has lost a block may send zeros; the second answer is often right.
        return data if data.strip(b"\0") or length <= 64 else asked(fetch, self.name)

    # The io protocol, for zipfile and numpy.

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError(f"seek before the start of {self.name}")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        # RawIOBase.read would allocate any length, and a damaged file can ask for a huge one.
        left = max(0, self.size - self._position)
        length = left if size is None or size < 0 else min(size, left)
        if length > LONGEST_READ:
            raise FormatError(
                f"{self.name} is damaged: its zip directory has {length:,} bytes "
                f"(the limit is {LONGEST_READ:,})"
            )
        data = self.read_at(self._position, length) if length else b""
        self._position += length
        return data

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        length = max(0, min(len(view), self.size - self._position))
        view[:length] = self.read_at(self._position, length)
        self._position += length
        return length

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def open_local(path: Path) -> RangeFile:
    """Open a local file.

    Raises
    ------
    NotFoundError
        The file does not exist or cannot be read, or it is a pipe or device.
    """
    import fsspec

    try:
        if path.exists() and not path.is_file():
            raise NotFoundError(f"{path} is not a regular file; save its content to one")
        file = fsspec.filesystem("file").open(str(path), "rb")
        return RangeFile(file, str(path), path.stat().st_size, path)
    except OSError as error:
        raise NotFoundError(f"cannot open {path}: {error.strerror or error}") from error


def open_remote(fs: Any, path: str, name: str, known: Mapping[str, Any] | None = None) -> RangeFile:
    """Open a remote file of an fsspec file system for exact range reads.

    `name` is the file's name in messages. `known` holds its size and other facts if the server
    was asked before.

    Raises
    ------
    NotFoundError, RemoteError
        The file does not exist, or the server refuses, cannot be reached, or sends no ranges.
    """
    from superscope.heads.web import Version, WebFileSystem

    info = known or asked(lambda: fs.info(path), name)
    size = info.get("size")
    if size is None or info.get("partial") is False:
        raise network.no_ranges(name)
    if not int(size):
        return RangeFile(io.BytesIO(), name, 0, None)
    options: dict[str, Any] = {"cache_type": "none", "block_size": CHUNK}
    if isinstance(fs, WebFileSystem):
        options["version"] = Version.of({**info, "size": int(size)}, path)
    file = asked(lambda: fs.open(path, "rb", **options), name)
    return RangeFile(file, name, int(size), None)


def filesystem(uri: str, headers: Mapping[str, str] | None = None) -> tuple[Any, str]:
    """Return the fsspec file system of a URI and the path within it.

    `headers` are sent with every request to a web server.

    Raises
    ------
    MissingExtraError
        The protocol needs a package that is not installed (``s3://`` needs s3fs).
    RemoteError
        fsspec does not support the protocol.
    """
    import fsspec

    protocol = uri.split("://", 1)[0]
    if protocol in ("http", "https"):
        from superscope.heads.web import web_filesystem

        return web_filesystem(headers), uri
    try:
        fs, path = fsspec.core.url_to_fs(uri)
    except ImportError:
        if protocol in ("s3", "s3a"):
            raise install_hint("s3fs", "s3", f"reading {uri}") from None
        raise RemoteError(
            f"reading {uri} needs the fsspec package for {protocol}://, which is not installed"
        ) from None
    except Exception as error:  # some file systems connect to their server at this point
        raise RemoteError(f"{uri}: {str(error) or type(error).__name__}") from error
    return fs, path


def asked(action: Callable[[], T], name: str) -> T:
    """Return what `action` gets from a store, with retries after dropped connections."""
    return network.retried(action, partial(network.store_error, name=name))
