"""A web file system for fsspec that checks every answer of the server.

fsspec accepts any 206. Here its ``Content-Range`` must match the request, the file must not
change between two answers (by ETag, or else by date), and no more bytes are read than requested.
Only remote reads import this module, because aiohttp takes a quarter of a second to import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientTimeout
from fsspec.asyn import sync
from fsspec.implementations.http import HTTPFileSystem

from superscope.heads import network

LONGEST_ANSWER = 300.0  # seconds for one answer, against servers that send byte by byte
PIECE = 1 << 20  # bytes
_FACTS = ("ETag", "Last-Modified")
# Statuses after which GET is tried instead of HEAD: signed links may allow only one method.
_NO_HEAD = (400, 401, 403, 405, 501)


@dataclass
class Version:
    """Facts that identify the version of a file; missing ones are taken from the first answer.

    Attributes
    ----------
    size
        Length of the file in bytes.
    tag, date
        Its ETag and its Last-Modified.
    direct
        Whether the server answered without a redirect.
    """

    size: int | None = None
    tag: str | None = None
    date: str | None = None
    direct: bool = False

    @classmethod
    def of(cls, info: Mapping[str, Any], url: str) -> Version:
        """Return the version that `info` describes."""
        return cls(
            info.get("size"),
            info.get("ETag"),
            info.get("Last-Modified"),
            info.get("url") == url,
        )

    @property
    def condition(self) -> dict[str, str]:
        """The header that makes a server refuse another version of the file."""
        # After a redirect the tag may be unknown to the server, and weak tags never match.
        strong = self.tag is not None and not self.tag.startswith("W/")
        return {"If-Match": str(self.tag)} if strong and self.direct else {}

    def check(self, answer: Any) -> None:
        """Raise if an answer is from another version; fill in facts that were not known."""
        tag, date = (answer.headers.get(name) for name in _FACTS)
        if self.tag is not None and tag is not None:
            same = self.tag.removeprefix("W/") == tag.removeprefix("W/")
        else:
            same = self.date is None or date is None or self.date == date
        total = _content_range(answer)[2]
        if not same or (None not in (total, self.size) and total != self.size):
            raise network.WrongAnswerError(CHANGED)
        if self.tag is None and self.date is None:
            self.tag, self.date, self.direct = tag, date, not answer.history
        self.size = self.size if total is None else total


CHANGED = "the file changed on the server while it was read; try again"


class WebFileSystem(HTTPFileSystem):  # type: ignore[misc]
    """Files on web servers, named by their URL."""

    protocol = ("superscope+http",)  # not registered, so that other users of fsspec keep theirs

    async def _info(self, url: str, **_: Any) -> dict[str, Any]:
        """Return size, ETag and date of a file."""
        session = await self.set_session()
        target = self.encode_url(url)
        async with session.head(target, allow_redirects=True) as answer:
            if answer.status not in _NO_HEAD:
                answer.raise_for_status()
                return _facts(answer, str(target))
        async with session.get(target, headers={"Range": "bytes=0-0"}) as answer:
            answer.raise_for_status()
            return _facts(answer, str(target))

    async def _range(self, url: str, start: int, length: int, version: Version) -> bytes:
        """Return a range of this version of a file."""
        session = await self.set_session()
        stop = start + length
        headers = {"Range": f"bytes={start}-{stop - 1}", **version.condition}
        async with session.get(self.encode_url(url), headers=headers) as answer:
            if answer.status == 412:
                raise network.WrongAnswerError(CHANGED)
            answer.raise_for_status()
            if answer.status != 206:
                # 200 is a valid answer if the range is the whole file.
                if start > 0 or answer.content_length != length:
                    raise network.NoRangesError
            else:
                _check_range(answer, start, stop)
            version.check(answer)
            return await _body(answer, length)

    async def _cat_file(
        self, url: str, start: int | None = None, end: int | None = None, **_: Any
    ) -> bytes:
        """Return a whole file, of at most `end` bytes."""
        session = await self.set_session()
        async with session.get(self.encode_url(url)) as answer:
            answer.raise_for_status()
            return await _body(answer, end)

    def _open(self, path: str, mode: str = "rb", **known: Any) -> WebFile:
        return WebFile(self, path, known.get("version") or Version(known.get("size")))


class WebFile:
    """A file on a web server with ``seek`` and ``read``."""

    def __init__(self, fs: WebFileSystem, url: str, version: Version) -> None:
        self._fs, self._url, self._version = fs, url, version
        self._position = 0

    def seek(self, position: int) -> None:
        """Go to a byte."""
        self._position = position

    def read(self, length: int) -> bytes:
        """Return the next `length` bytes."""
        fs = self._fs
        data: bytes = sync(fs.loop, fs._range, self._url, self._position, length, self._version)
        self._position += len(data)
        return data

    def close(self) -> None:
        """Do nothing: the file system owns the connections."""


def web_filesystem(headers: Mapping[str, str] | None) -> WebFileSystem:
    """Return the file system of web servers; `headers` are sent with every request."""
    # "identity", because a range of a compressed body is not a range of the file. Proxies come
    # from the environment, as for huggingface_hub.
    options = {
        "headers": {"Accept-Encoding": "identity", **(headers or {})},
        "trust_env": True,
        "timeout": ClientTimeout(
            total=LONGEST_ANSWER, sock_connect=network.TIMEOUT, sock_read=network.TIMEOUT
        ),
    }
    return WebFileSystem(client_kwargs=options)


def _facts(answer: Any, asked: str) -> dict[str, Any]:
    facts = {name: answer.headers[name] for name in _FACTS if answer.headers.get(name)}
    size = answer.content_length if answer.status != 206 else _content_range(answer)[2]
    if answer.headers.get("Content-Encoding", "identity") not in ("identity", ""):
        size = None  # the length is that of the compressed body
    return {
        "name": asked,
        "type": "file",
        "size": size,
        "url": str(answer.url) if answer.history else asked,
        **({"partial": False} if answer.headers.get("Accept-Ranges") == "none" else {}),
        **facts,
    }


_CONTENT_RANGE = re.compile(r"\s*bytes\s+(\d{1,19})-(\d{1,19})/(\d{1,19}|\*)\s*", re.IGNORECASE)


def _content_range(answer: Any) -> tuple[int | None, int | None, int | None]:
    """Return the first byte of a range, the one after its last, and the length of the file."""
    match = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if match is None:
        return None, None, None
    return int(match[1]), int(match[2]) + 1, None if match[3] == "*" else int(match[3])


def _check_range(answer: Any, start: int, stop: int) -> None:
    if _content_range(answer)[:2] != (start, stop):
        raise network.WrongAnswerError(
            f"superscope requested bytes {start}-{stop - 1}, but the server sent "
            f"{answer.headers.get('Content-Range', 'no range')[:80]!r}; "
            "download the file and pass its path"
        )
    if answer.headers.get("Content-Encoding", "identity") not in ("identity", ""):
        raise network.WrongAnswerError(
            "the server compresses parts of the file; download it and pass its path"
        )


async def _body(answer: Any, longest: int | None) -> bytes:
    """Return the body of an answer; raise as soon as it is longer than the limit."""
    pieces, length = [], 0
    async for piece in answer.content.iter_chunked(PIECE):
        length += len(piece)
        if longest is not None and length > longest:
            raise network.WrongAnswerError(
                f"the server sent more than the {longest:,} bytes that were expected"
            )
        pieces.append(piece)
    return b"".join(pieces)
