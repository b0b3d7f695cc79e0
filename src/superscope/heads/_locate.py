"""From what the user names to a checkpoint: a set of files that can be opened.

A checkpoint is a local folder or file, a repository of the Hugging Face hub, or
files of any other store that fsspec reaches. All three answer the same questions,
so that nothing after this module knows which it has.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from superscope.errors import (
    AccessRefusedError,
    NotFoundError,
    RemoteError,
    SuperscopeError,
    UnreachableError,
    UsageError,
    without_secrets,
)
from superscope.heads import cache, network
from superscope.heads.transport import RangeFile, asked, filesystem, open_local, open_remote
from superscope.text import slug

WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".npy", ".npz")
T = TypeVar("T")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


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


def locate(model: str | Path, revision: str | None = None) -> Checkpoint:
    """Return the checkpoint that `model` names.

    Parameters
    ----------
    model
        A hub id (``openai-community/gpt2``), an ``hf://``, ``s3://`` or ``https://`` URI, or a
        local folder or file.
    revision
        Branch, tag or commit of a hub repository.

    Returns
    -------
    Checkpoint
        Where it is, and which files it has.

    Raises
    ------
    NotFoundError, RemoteError, UsageError
        It does not exist, cannot be reached, or cannot have a revision.
    """
    text = str(model)
    if not text:
        raise UsageError("the model's name is empty")
    if "://" not in text or text.startswith("file://"):
        try:
            local = Path(text.removeprefix("file://")).expanduser()
            here = local.exists()
        except (OSError, RuntimeError) as error:  # too long, no permission, no such user
            raise NotFoundError(f"cannot open {text}: {error}") from error
        if here:
            _no_revision(revision, text)
            return LocalCheckpoint(local)
        looks_local = text.endswith(WEIGHTS) or text[:1] in "./~" or text.startswith("file://")
        if isinstance(model, Path) or looks_local or not _HUB_ID.fullmatch(text):
            raise NotFoundError(f"no file or folder {text}, and it is not a hub id")
        return HubCheckpoint(text, revision)
    hub = re.fullmatch(r"(?:hf://(?:models/)?|https://(?:huggingface\.co|hf\.co)/)(.+)", text)
    if hub:
        return _from_hub_uri(hub[1].strip("/"), revision, text)
    _no_revision(revision, text)
    return RemoteCheckpoint(text)


def _from_hub_uri(path: str, revision: str | None, text: str) -> HubCheckpoint:
    """Return the checkpoint of ``owner/name[@revision][/file]`` or of a page of the hub."""
    page = re.fullmatch(r"([^/@]+/[^/@]+)/(?:resolve|blob|tree)/([^/]+)(?:/(.+))?", path)
    plain = re.fullmatch(r"([^/@]+/[^/@]+)(?:@([^/]+))?(?:/(.+))?", path)
    parts = page or plain
    if parts is None or parts[1].split("/")[0] in ("datasets", "spaces", "buckets"):
        raise UsageError(f"{text} names no model of the hub; expected hf://owner/name")
    named = parts[2].replace("%2F", "/") if parts[2] else None
    if named and revision and named != revision:
        raise UsageError(f"{text} names revision {named}, and revision={revision!r} names another")
    return HubCheckpoint(parts[1], named or revision, parts[3])


def _no_revision(revision: str | None, text: str) -> None:
    if revision is not None:
        raise UsageError(f"revision={revision!r} goes with a hub repository; {text} is none")


class LocalCheckpoint(Checkpoint):
    """A folder, or one file with whatever lies beside it."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._folder = path if path.is_dir() else path.parent
        self.only = None if path.is_dir() else path.name

    def files(self) -> tuple[str, ...]:
        try:
            return tuple(sorted(p.name for p in self._folder.iterdir() if p.is_file()))
        except OSError as error:
            raise NotFoundError(f"cannot list {self._folder}: {error.strerror}") from error

    def open(self, file: str) -> RangeFile:
        if file != self.only and file not in self.files():
            raise NotFoundError(f"{self.name}: {file} is missing")
        return open_local(self._folder / file)

    def small(self, file: str) -> bytes | None:
        path = self._folder / file
        longest = cache.longest(file)
        try:
            if not path.is_file():
                return None
            return cache.read_bounded(path, longest)
        except OSError as error:
            raise NotFoundError(f"cannot read {path}: {error.strerror}") from error


class HubCheckpoint(Checkpoint):
    """A model repository of the hub, pinned to one commit.

    The commit is asked for each time, so that a branch which moved is seen; without
    a network the commit last seen is used, and the notes say so.
    """

    def __init__(self, repo: str, revision: str | None, only: str | None = None) -> None:
        from huggingface_hub import HfApi

        self.name = repo
        self.only = only
        branch = revision or "main"
        listing = self._folder / f"{slug(branch)}.json"

        def ask() -> dict[str, Any]:
            info = HfApi().model_info(repo, revision=revision, timeout=network.TIMEOUT)
            return {"commit": info.sha, "files": [s.rfilename for s in info.siblings or ()]}

        known = cache.read_record(listing)
        try:
            known = _hub(ask, repo, revision, retry=known is None)
            cache.write_record(listing, known)
        except UnreachableError:
            if known is None:
                raise
            self.notes = (f"hub not reached: revision {branch} as last seen",)
        self.revision = str(known["commit"] or branch)
        self._files = tuple(known["files"])
        self._tags: dict[str, str] = {}

    @property
    def _folder(self) -> Path:
        return cache.folder("models--" + self.name.replace("/", "--"))

    @property
    def cache(self) -> Path:
        """Folder of this machine, which need not be the one where the model was located."""
        return self._folder / slug(str(self.revision))

    def files(self) -> tuple[str, ...]:
        return self._files

    def open(self, file: str) -> RangeFile:
        if file not in self._files:
            raise NotFoundError(f"{self.name}: {file} is missing")
        url, told = self._asked_of(file)
        self._tags[file] = str(told.etag)
        fs, path = self._filesystem(url)
        try:
            return open_remote(fs, path, f"{self.name}/{file}", {"size": told.size})
        except AccessRefusedError as error:
            raise network.gated(self.name) from error

    def sha256(self, file: str) -> str | None:
        tag = self._tags.get(file, "")
        return tag if len(tag) == 64 else None  # of other files it is git's hash

    def _asked_of(self, file: str) -> tuple[str, Any]:
        """Return a file's URL, and its size and hash.

        The hub tells them itself: links to its store may be signed for GET alone.
        """
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        url = hf_hub_url(self.name, file, revision=self.revision)
        return url, _hub(
            lambda: get_hf_file_metadata(url, timeout=network.TIMEOUT), self.name, self.revision
        )

    @staticmethod
    def _filesystem(url: str) -> tuple[Any, str]:
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

        return filesystem(url, build_hf_headers())

    def small(self, file: str) -> bytes | None:
        if file not in self._files:
            return None
        return cache.kept_small(self.cache, file, lambda: self._whole(file))

    def _whole(self, file: str) -> bytes:
        """Fetch a whole file, if it is not too long; take it from the hub's cache if it is there.

        What arrives must have the length and the hash that the hub tells.
        """
        from huggingface_hub import try_to_load_from_cache

        name, longest = f"{self.name}/{file}", cache.longest(file)
        found = try_to_load_from_cache(self.name, file, revision=self.revision)
        if isinstance(found, str):
            return cache.read_bounded(Path(found), longest)
        url, told = self._asked_of(file)
        if told.size is not None and told.size > longest:
            raise cache.too_long(name, told.size, longest)
        fs, path = self._filesystem(url)
        try:
            data: bytes = asked(lambda: fs.cat_file(path, end=longest), name)
        except AccessRefusedError as error:
            raise network.gated(self.name) from error
        cache.check_content(name, data, told.size, told.etag)
        return data


class RemoteCheckpoint(Checkpoint):
    """A file or folder of any store fsspec reaches: ``s3://``, ``https://``, …

    What the store says of the files (ETag, size, time) identifies them: one that was
    replaced is read anew, and without a network they are as last seen.
    """

    def __init__(self, uri: str) -> None:
        # A query may be a signature: it is a secret, and not part of the name.
        self.name = without_secrets(uri)
        self._fs, path = filesystem(uri)
        self._web = path.startswith(("http://", "https://"))
        # What follows a question mark, such as a signature, goes with the named file alone.
        plain, mark, query = path.partition("?") if self._web else (path, "", "")
        plain = plain.rstrip("/")
        self._folder, self._query = plain, mark + query
        if plain.endswith(WEIGHTS):
            self._folder, _, self.only = plain.rpartition("/")
        self._told: dict[str, dict[str, Any]] = {}  # all that the store says now of a file
        store = cache.folder("uri--" + slug(without_secrets(self._folder)))
        record = store / f"{slug(self.only or 'files')}.json"
        try:
            known = self._look()
        except UnreachableError:
            recorded = cache.read_record(record)
            if recorded is None:
                raise
            known = recorded
            self.notes = ("store not reached: the files as last seen",)
        else:
            if known:
                cache.write_record(record, known)
        self._known: dict[str, dict[str, str]] = known
        main = known.get(self.only or "") or next(iter(known.values()), {})
        tag = main.get("ETag") or main.get("etag")
        self.revision = tag.strip('"') if self.only and tag else None
        self._cache: Path | None = None
        # A size alone does not tell a replaced file from the one before.
        if known and all(len(facts) > 1 for facts in known.values()):
            self._cache = store / slug(repr(sorted(known.items())))

    @property
    def cache(self) -> Path | None:
        return self._cache

    def _look(self) -> dict[str, dict[str, str]]:
        """Return what the store says of each file that is there."""
        self._fs.invalidate_cache()
        if self.only is None and not self._web:
            entries = asked(lambda: self._fs.ls(self._folder, detail=True), self.name)
            named = {str(e["name"]).rstrip("/").rpartition("/")[2]: e for e in entries}
            kept = (*WEIGHTS, ".json")
            return {n: _facts(e) for n, e in sorted(named.items()) if n.endswith(kept)}
        # A web folder has no listing: the names every checkpoint uses are tried.
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
                # Stores that may not be listed say 403 for what is not there.
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
            raise NotFoundError(f"{self.name}: {file} is missing") from error

    def small(self, file: str) -> bytes | None:
        if file not in self._known:
            return None
        return cache.kept_small(self.cache, file, lambda: self._whole(file))

    def facts(self, file: str, *, anew: bool = False) -> dict[str, str] | None:
        if self.notes:  # not reached
            return None
        if file in self._known and not anew:
            return self._known[file]
        if anew and self._web:  # each answer told its version
            return None
        if not self._web:
            return self._look().get(file)  # stores tell less of one file than of a folder, or more
        return _facts(asked(partial(self._fs.info, self._path(file)), self._label(file)))

    def _whole(self, file: str) -> bytes:
        """Fetch a whole file, if it is not too long."""
        longest = cache.longest(file)
        path, name = self._path(file), self._label(file)
        size = self._known[file].get("size")
        if size is not None and int(size) > longest:
            raise cache.too_long(name, int(size), longest)
        data: bytes = asked(partial(self._fs.cat_file, path, end=longest), name)
        if size is not None and len(data) != int(size):
            raise RemoteError(f"{name}: {len(data):,} bytes arrived of {int(size):,}; try again")
        return data

    def _label(self, file: str) -> str:
        """Return what messages call a file."""
        return without_secrets(f"{self._folder}/{file}")


def _facts(info: Mapping[str, Any]) -> dict[str, str]:
    fields = ("ETag", "etag", "size", "Last-Modified", "LastModified", "mtime", "created")
    return {key: str(info[key]) for key in fields if info.get(key)}


USUAL_INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
USUAL_FILES = ("model.safetensors", "pytorch_model.bin")


def _hub(action: Callable[[], T], repo: str, revision: str | None, retry: bool = True) -> T:
    """Return what the hub answers about a repository, asked again where that may help."""

    def explain(error: Exception) -> SuperscopeError:
        told = network.hub_error(error, repo, revision)
        return told or UnreachableError(f"{repo}: the hub cannot be reached: {error}")

    return network.retried(action, explain, retry)
