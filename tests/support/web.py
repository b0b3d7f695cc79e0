"""A web server, and a model hub with its CDN, on this machine: they count what they send."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest

PIECE = 1 << 16


@dataclass
class Answer:
    """What a server says to a request."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    zeros: int = 0  # further bytes of the body, too many to keep


class Web:
    """Files by path over HTTP, with switches for what servers do wrong.

    Attributes
    ----------
    files
        Content by path (``/folder/model.safetensors``).
    sent
        Bytes of bodies sent, by path.
    requests
        Method, path and headers of every request.
    ranges
        ``honored``, ``ignored`` (200 and the whole file), or ``none`` (and says so).
    drops
        How many more bodies to cut off half-way.
    failures
        Status by path, instead of the file.
    heads
        Whether HEAD is answered, not refused with 403 as by links signed for GET alone.
    etags
        Whether to tell files apart by ETag.
    query
        What followed the question mark in the last request.
    body
        What the last POST request sent.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.sent: Counter[str] = Counter()
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.ranges = "honored"
        self.drops = 0
        self.failures: dict[str, int] = {}
        self.heads = True
        self.etags = True
        self.query = self.body = ""
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def body_bytes(self, pattern: str = "") -> int:
        """Return the bytes of bodies sent for paths that match a regular expression."""
        return sum(n for path, n in self.sent.items() if re.search(pattern, path))

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        """Return the answer to a request."""
        if method == "HEAD" and not self.heads:
            return Answer(403)
        if path in self.failures:
            return Answer(self.failures[path])
        if path not in self.files:
            return Answer(404)
        return self.ranged(self.files[path], headers)

    def ranged(self, content: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the part of a file that was asked for."""
        more = {"ETag": f'"{etag(content)}"'} if self.etags else {}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
        if self.ranges == "none":
            more["Accept-Ranges"] = "none"
        if wanted is None or self.ranges != "honored":
            return Answer(200, content, more)
        start = int(wanted[1])
        stop = min(int(wanted[2]) + 1 if wanted[2] else len(content), len(content))
        if start >= len(content):
            return Answer(416)
        more["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
        return Answer(206, content[start:stop], more)

    def start(self) -> None:
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def handle_any(self) -> None:
                path = unquote(self.path)
                headers = {key.lower(): value for key, value in self.headers.items()}
                web.requests.append((self.command, path, headers))
                path, _, web.query = path.partition("?")
                web.body = self.rfile.read(int(headers.get("content-length", 0))).decode()
                answer = web.answer(self.command, path, headers)
                self.close_connection = True
                self.send_response(answer.status)
                length = len(answer.body) + answer.zeros
                for key, value in {"Content-Length": str(length), **answer.headers}.items():
                    self.send_header(key, value)
                self.send_header("Connection", "close")
                self.end_headers()
                if self.command != "HEAD":
                    self._send(path, answer)

            def _send(self, path: str, answer: Answer) -> None:
                body = answer.body
                if web.drops > 0 and len(body) > 1000 and answer.status < 400:
                    web.drops -= 1
                    body = body[: len(body) // 2]
                for at in range(0, len(body) + answer.zeros, PIECE):
                    piece = body[at : at + PIECE] if at < len(body) else bytes(PIECE)
                    self.wfile.write(piece)
                    web.sent[path] += len(piece)

            do_GET = do_HEAD = do_POST = handle_any

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                pass  # clients that stop reading are what some tests are about

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Go off the network; further connections are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def etag(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Repo:
    """A repository of a model or a data set: commits, and branches and tags that name them.

    What is in `tags` are the refs that are tags; the others are branches.
    """

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    needs_token: str | None = None
    gated: bool = False

    def commit(self, files: Mapping[str, bytes], *refs: str) -> str:
        """Add a commit, let `refs` (main by default) name it, and return its hash."""
        what = "".join(f"{name}{etag(data)}" for name, data in sorted(files.items()))
        sha = hashlib.sha1(f"{len(self.commits)}{what}".encode()).hexdigest()
        self.commits[sha] = dict(files)
        for ref in refs or ("main",):
            self.refs[ref] = sha
        return sha

    def found(self, rest: str) -> tuple[str, str]:
        """Return the commit that a path of the form REVISION/NAME begins with, and the name."""
        for revision in (*self.refs, *self.commits):
            if f"{rest}/".startswith(f"{revision}/"):
                return self.refs.get(revision, revision), rest[len(revision) + 1 :]
        return "", ""


class Hub(Web):
    """The hub's routes; large files are redirected to a CDN on another port."""

    large = (".safetensors", ".bin", ".gguf", ".parquet", ".gz")

    def __init__(self, cdn: Web) -> None:
        super().__init__()
        self.cdn = cdn
        self.repos: dict[str, Repo] = {}
        self.datasets: dict[str, Repo] = {}

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        if path in self.failures:
            return Answer(self.failures[path])
        api = re.fullmatch(
            r"/api/(models|datasets)/([^/]+/[^/]+)(?:/(revision|tree|paths-info|refs)(?:/(.+))?)?",
            path,
        )
        file = re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)/(resolve)/(.+)", path)
        parts = api or file
        if parts is None:
            return _error(401, "RepoNotFound")
        repo = (self.datasets if "datasets" in (parts[1] or "") else self.repos).get(parts[2])
        authorized = repo is not None and (
            repo.needs_token is None or headers.get("authorization") == f"Bearer {repo.needs_token}"
        )
        if repo is None or not (authorized or repo.gated):
            return _error(401, "RepoNotFound")
        if parts[3] == "refs":
            return _json(_refs(repo)) if authorized else _error(401, "GatedRepo")
        sha, name = repo.found(parts[4] or "main")
        if not sha:
            return _error(404, "RevisionNotFound")
        files = repo.commits[sha]
        if api and parts[3] in (None, "revision"):
            sizes = "blobs=true" in self.query  # else the hub does not tell them
            siblings = [
                {"rfilename": f} | ({"size": len(files[f])} if sizes else {}) for f in files
            ]
            return _json({"id": parts[2], "sha": sha, "siblings": siblings})
        if not authorized:
            return _error(403 if "authorization" in headers else 401, "GatedRepo", sha)
        if parts[3] == "paths-info":
            wanted = parse_qs(self.body).get("paths", [])
            return _json([entry for entry in _tree(files, "", True) if entry["path"] in wanted])
        if parts[3] == "tree":
            entries = _tree(files, name, "recursive=True" in self.query)
            return _json(entries) if entries else _error(404, "EntryNotFound", sha)
        return self._file(files, name, sha, headers)

    def _file(
        self, files: Mapping[str, bytes], name: str, sha: str, headers: Mapping[str, str]
    ) -> Answer:
        if name not in files:
            return _error(404, "EntryNotFound", sha)
        content = files[name]
        known = {"X-Repo-Commit": sha, "ETag": f'"{etag(content)}"'}
        if not name.endswith(self.large):
            answer = self.ranged(content, headers)
            return Answer(answer.status, answer.body, {**answer.headers, **known})
        blob = f"/blob/{etag(content)}/{name}"
        self.cdn.files[blob] = content
        linked = {"X-Linked-Size": str(len(content)), "X-Linked-Etag": known["ETag"]}
        return Answer(302, b"", {**known, **linked, "Location": f"{self.cdn.url}{blob}?signed=1"})


def _json(content: Any) -> Answer:
    return Answer(200, json.dumps(content).encode(), {"Content-Type": "application/json"})


def _refs(repo: Repo) -> dict[str, list[dict[str, str]]]:
    """Return the branches and tags as the hub lists them."""
    listed: dict[str, list[dict[str, str]]] = {"branches": [], "converts": [], "tags": []}
    for name, sha in repo.refs.items():
        kind, of = ("tags", "tags") if name in repo.tags else ("branches", "heads")
        listed[kind].append({"name": name, "ref": f"refs/{of}/{name}", "targetCommit": sha})
    return listed


def _tree(files: Mapping[str, bytes], folder: str, recursive: bool) -> list[dict[str, Any]]:
    """Return the entries of a folder as the hub lists them."""
    start = f"{folder}/" if folder else ""
    entries: dict[str, dict[str, Any]] = {}
    for name, content in files.items():
        if not name.startswith(start):
            continue
        parts = name[len(start) :].split("/")
        for depth in range(1, len(parts) if recursive else min(2, len(parts))):
            path = start + "/".join(parts[:depth])
            entries[path] = {"type": "directory", "path": path, "oid": etag(path.encode())}
        if recursive or len(parts) == 1:
            size = len(content)
            entries[name] = {"type": "file", "path": name, "size": size, "oid": etag(content)}
    return list(entries.values())


class Bucket(Web):
    """As much of S3 as listing a folder and reading objects needs."""

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        query = dict(part.partition("=")[::2] for part in self.query.split("&"))
        if "list-type" not in query:
            found = super().answer(method, path, headers)
            return replace(found, headers={**found.headers, "Last-Modified": _DATE})
        prefix = query.get("prefix", "")
        start = f"{path.rstrip('/')}/{prefix}"
        entries = "".join(
            f"<Contents><Key>{prefix}{name.removeprefix(start)}</Key><Size>{len(data)}</Size>"
            f"<ETag>&quot;{etag(data)}&quot;</ETag>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for name, data in self.files.items()
            if name.startswith(start)
        )
        listed = f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
        return Answer(200, listed.encode(), {"Content-Type": "application/xml"})


_DATE = "Thu, 01 Jan 2026 00:00:00 GMT"


def _error(status: int, code: str, sha: str | None = None) -> Answer:
    headers = {"X-Error-Code": code, "X-Error-Message": code}
    return Answer(status, b"", headers | ({"X-Repo-Commit": sha} if sha else {}))


@contextmanager
def running(*webs: Web) -> Iterator[None]:
    """Run servers while the block runs."""
    for web in webs:
        web.start()
    try:
        yield
    finally:
        for web in webs:
            web.stop()


@contextmanager
def as_the_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Run a hub with its CDN, in place of the real one, while the block runs."""
    from huggingface_hub import constants

    cdn = Web()
    hub = Hub(cdn)
    with running(cdn, hub):
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield hub
