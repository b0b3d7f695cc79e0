"""A checkpoint in any store that fsspec supports."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from superscope.errors import NotFoundError, RemoteError, UnreachableError, without_secrets
from superscope.heads import cache
from superscope.heads.checkpoint import USUAL_FILES, USUAL_INDEXES, WEIGHTS, Checkpoint
from superscope.heads.transport import RangeFile, asked, filesystem, open_remote
from superscope.text import slug


class RemoteCheckpoint(Checkpoint):
    """A file or folder in a store such as ``s3://`` or ``https://``.

    ETag, size and time identify the version of a file: if they change, it is read again. Without
    a network the versions that were seen last are used.
    """

    def __init__(self, uri: str) -> None:
        # The query of a URL may be a signature, which is a secret and not part of the name.
        self.name = without_secrets(uri)
        self._fs, path = filesystem(uri)
        self._web = path.startswith(("http://", "https://"))
        # The query, such as a signature, belongs to the named file only.
        plain, mark, query = path.partition("?") if self._web else (path, "", "")
        plain = plain.rstrip("/")
        self._folder, self._query = plain, mark + query
        if plain.endswith(WEIGHTS):
            self._folder, _, self.only = plain.rpartition("/")
        self._told: dict[str, dict[str, Any]] = {}  # the store's full answer about each file
        store = cache.folder("uri--" + slug(without_secrets(self._folder)))
        record = store / f"{slug(self.only or 'files')}.json"
        try:
            known = self._look()
        except UnreachableError:
            recorded = cache.read_record(record)
            if recorded is None:
                raise
            known = recorded
            self.notes = (
                "the store could not be reached; the files are those that were downloaded last",
            )
        else:
            if known:
                cache.write_record(record, known)
        self._known: dict[str, dict[str, str]] = known
        main = known.get(self.only or "") or next(iter(known.values()), {})
        tag = main.get("ETag") or main.get("etag")
        self.revision = tag.strip('"') if self.only and tag else None
        self._cache: Path | None = None
        # A size alone does not show that a file was replaced, so nothing is kept then.
        if known and all(len(facts) > 1 for facts in known.values()):
            self._cache = store / slug(repr(sorted(known.items())))

    @property
    def cache(self) -> Path | None:
        return self._cache

    def _look(self) -> dict[str, dict[str, str]]:
        """Return the facts that identify the version of each file."""
        self._fs.invalidate_cache()
        if self.only is None and not self._web:
            entries = asked(lambda: self._fs.ls(self._folder, detail=True), self.name)
            named = {str(e["name"]).rstrip("/").rpartition("/")[2]: e for e in entries}
            kept = (*WEIGHTS, ".json")
            return {n: _facts(e) for n, e in sorted(named.items()) if n.endswith(kept)}
        # A web folder has no list of files, so the usual names are tried.
        wanted = (self.only,) if self.only else (*USUAL_INDEXES, *USUAL_FILES)
        found = {}
        for file in (*wanted, "config.json", "tokenizer.json"):
            path = self._path(file)
            try:
                self._told[file] = asked(partial(self._fs.info, path), self._label(file))
                found[file] = _facts(self._told[file])
            except UnreachableError:
                raise
            except (NotFoundError, RemoteError):
                # Stores that do not allow listing answer 403 for missing files.
                if file == self.only:
                    raise
        return found

    def _path(self, file: str) -> str:
        return f"{self._folder}/{file}{self._query if file == self.only else ''}"

    def files(self) -> tuple[str, ...]:
        return tuple(self._known)

    def open(self, file: str) -> RangeFile:
        try:
            return open_remote(self._fs, self._path(file), self._label(file), self._told.get(file))
        except NotFoundError as error:
            raise NotFoundError(f"{self.name} has no file {file}") from error

    def small(self, file: str) -> bytes | None:
        if file not in self._known:
            return None
        return cache.kept_small(self.cache, file, lambda: self._whole(file))

    def facts(self, file: str, *, anew: bool = False) -> dict[str, str] | None:
        if self.notes:  # the store could not be reached
            return None
        if file in self._known and not anew:
            return self._known[file]
        if anew and self._web:  # the version was checked in each answer
            return None
        if not self._web:
            return self._look().get(file)  # info() of one file may have other fields than ls()
        return _facts(asked(partial(self._fs.info, self._path(file)), self._label(file)))

    def _whole(self, file: str) -> bytes:
        """Return a whole file, and check its length."""
        longest = cache.longest(file)
        path, name = self._path(file), self._label(file)
        size = self._known[file].get("size")
        if size is not None and int(size) > longest:
            raise cache.too_long(name, int(size), longest)
        data: bytes = asked(partial(self._fs.cat_file, path, end=longest), name)
        if size is not None and len(data) != int(size):
            raise RemoteError(
                f"{name}: only {len(data):,} of {int(size):,} bytes arrived; try again"
            )
        return data

    def _label(self, file: str) -> str:
        """Return the name of a file in messages."""
        return without_secrets(f"{self._folder}/{file}")


def _facts(info: Mapping[str, Any]) -> dict[str, str]:
    fields = ("ETag", "etag", "size", "Last-Modified", "LastModified", "mtime", "created")
    return {key: str(info[key]) for key in fields if info.get(key)}
