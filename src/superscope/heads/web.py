"""fsspec's web file system, with every answer checked before its bytes are believed.

fsspec takes a 206 at its word. Here its ``Content-Range`` must be what was asked, the file must
stay the one that it was at the first answer (ETag, or else its date), and no body is read beyond
what was asked for. Only what is remote imports this module: aiohttp takes a quarter of a second.
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

LONGEST_ANSWER = 300.0  # seconds for a chunk: a server that sends bytes one by one is left
PIECE = 1 << 20
_FACTS = ("ETag", "Last-Modified")
# Answers to HEAD by servers that answer GET: links may be signed for one method alone.
_NO_HEAD = (400, 401, 403, 405, 501)


@dataclass
class Version:
    """What tells one state of a file from another; what is not known yet is filled in.

    Attributes
    ----------
    size
        Length of the file in bytes.
    tag, date
        Its ETag and its Last-Modified.
    direct
        Whether the server that was asked answered itself, without a redirect.
    """

    size: int | None = None
    tag: str | None = None
    date: str | None = None
    direct: bool = False

    @classmethod
    def of(cls, info: Mapping[str, Any], url: str) -> Version:
        """Return the version of which `info` was told."""
        return cls(
            info.get("size"),
            info.get("ETag"),
            info.get("Last-Modified"),
            info.get("url") == url,
        )

    @property
    def condition(self) -> dict[str, str]:
        """The header that makes a server refuse any other version of the file."""
        # A redirect may lead to a store with tags of its own, and weak tags match nothing.
        strong = self.tag is not None and not self.tag.startswith("W/")
        return {"If-Match": str(self.tag)} if strong and self.direct else {}

    def check(self, answer: Any) -> None:
        """Refuse an answer that is about another version, and learn from one that is not."""
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


CHANGED = "the file changed on the server while it was read; run the command again"


class WebFileSystem(HTTPFileSystem):  # type: ignore[misc]
    """Files by URL."""

    protocol = ("superscope+http",)  # not registered: URLs of others stay fsspec's own

    async def _info(self, url: str, **_: Any) -> dict[str, Any]:
        """Return size, ETag and date of a file, without its body."""
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
        """Return a range of a file that is still of this version."""
        session = await self.set_session()
        stop = start + length
        headers = {"Range": f"bytes={start}-{stop - 1}", **version.condition}
        async with session.get(self.encode_url(url), headers=headers) as answer:
            if answer.status == 412:
                raise network.WrongAnswerError(CHANGED)
            answer.raise_for_status()
            if answer.status != 206:
                # The whole file is the range if the whole file was asked for.
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
    """A file on the web that is read by ranges, with ``seek`` and ``read`` as others have."""

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
        """Do nothing: connections are the file system's."""


def web_filesystem(headers: Mapping[str, str] | None) -> WebFileSystem:
    """Return the file system of web servers; `headers` are sent with every request."""
    # A range of a compressed body would be a range of something else; proxies are those of
    # the environment, as for huggingface_hub.
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
        size = None  # the length of another sequence of bytes
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
            f"bytes {start}-{stop - 1} were asked for, and the server says that it sent "
            f"{answer.headers.get('Content-Range', 'no range')[:80]!r}; "
            "download the file and pass its path"
        )
    if answer.headers.get("Content-Encoding", "identity") not in ("identity", ""):
        raise network.WrongAnswerError(
            "the server compresses ranges of the file; download it and pass its path"
        )


async def _body(answer: Any, longest: int | None) -> bytes:
    """Return a body, left where it is longer than it may be."""
    pieces, length = [], 0
    async for piece in answer.content.iter_chunked(PIECE):
        length += len(piece)
        if longest is not None and length > longest:
            raise network.WrongAnswerError(f"the server sends more than {longest:,} bytes")
        pieces.append(piece)
    return b"".join(pieces)
