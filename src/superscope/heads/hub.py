"""A model repository of the Hugging Face hub."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from superscope.errors import (
    AccessRefusedError,
    NotFoundError,
    OfflineError,
    SuperscopeError,
    UnreachableError,
)
from superscope.heads import cache, network
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.transport import RangeFile, asked, filesystem, open_remote
from superscope.text import slug

T = TypeVar("T")


class HubCheckpoint(Checkpoint):
    """A model repository of the hub, pinned to one commit.

    The hub is asked for the branch's commit each time, because branches move. Without a network
    the last known commit is used, and a note says so. What is downloaded is kept in `folder`, by
    default that of the repository in the cache.
    """

    def __init__(
        self,
        repo: str,
        revision: str | None,
        only: str | None = None,
        folder: Path | None = None,
    ) -> None:
        from huggingface_hub import HfApi

        self.name = repo
        self.only = only
        self._own_folder = folder
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
            self.notes = (
                "the hub could not be reached; revision "
                f"{branch} is the one that was downloaded last",
            )
        self.revision = str(known["commit"] or branch)
        self._files = tuple(known["files"])
        self._tags: dict[str, str] = {}

    @property
    def _folder(self) -> Path:
        return self._own_folder or folder_of(self.name)

    @property
    def cache(self) -> Path:
        """Folder for this commit; computed anew, since another machine may unpickle this."""
        return self._folder / slug(str(self.revision))

    def files(self) -> tuple[str, ...]:
        return self._files

    def open(self, file: str) -> RangeFile:
        if file not in self._files:
            raise NotFoundError(f"{self.name} has no file {file}")
        url, told = self._asked_of(file)
        self._tags[file] = str(told.etag)
        fs, path = self._filesystem(url)
        try:
            return open_remote(fs, path, f"{self.name}/{file}", {"size": told.size})
        except AccessRefusedError as error:
            raise network.gated(self.name) from error

    def sha256(self, file: str) -> str | None:
        tag = self._tags.get(file, "")
        return tag if len(tag) == 64 else None  # files outside LFS have git's hash

    def _asked_of(self, file: str) -> tuple[str, Any]:
        """Return a file's URL, and its metadata with size and hash.

        The hub itself is asked for these, because the links to its store may allow only GET.
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
        """Return a whole file, from the hub's own cache if it is there.

        A downloaded file must have the length and the hash that the hub gives for it.
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


def folder_of(repo: str) -> Path:
    """Return the folder of the cache for a repository, which may not exist yet."""
    return cache.folder("models--" + repo.replace("/", "--"))


def refs_of(repo: str) -> dict[str, str]:
    """Return the commit of each branch and tag of a repository.

    Without a network it is what the hub said last. A tag with the name of a branch is left out, as
    the name stands for the branch.

    Raises
    ------
    NotFoundError, RemoteError
        There is no such repository, or the hub cannot be reached and was not asked before.
    """
    from huggingface_hub import constants
    from huggingface_hub.utils import (  # type: ignore[attr-defined]
        build_hf_headers,
        get_session,
        hf_raise_for_status,
    )

    def ask() -> dict[str, Any]:
        # HfApi.list_repo_refs would wait for ever for a silent server.
        answer = get_session().get(
            f"{constants.ENDPOINT}/api/models/{repo}/refs",
            headers=build_hf_headers(),
            timeout=network.TIMEOUT,
        )
        hf_raise_for_status(answer)
        listed: dict[str, list[dict[str, str]]] = answer.json()
        return {
            ref["name"]: ref["targetCommit"]
            for kind in ("tags", "branches")
            for ref in listed.get(kind, ())
        }

    record = folder_of(repo) / "refs.record"
    known = cache.read_record(record)
    try:
        known = _hub(ask, repo, None, retry=known is None)
        cache.write_record(record, known)
    except UnreachableError:
        if known is None:
            raise
    return known


@contextmanager
def checked_downloads(repo: str, revision: str | None, files: Iterable[str]) -> Iterator[None]:
    """Check the hash of files that other libraries download while the block runs.

    huggingface_hub compares only the length of a download. It stores a large file under the
    SHA-256 that the hub gives for it, so the content is compared with that name. Files that were
    in its cache before are not read again.

    Parameters
    ----------
    repo, revision
        The repository, and its commit.
    files
        Names of the files to check.

    Raises
    ------
    RemoteError
        A file has another hash. It is deleted from the cache, so that the next try downloads it.
    """
    names = tuple(files)
    before = {name for name in names if _downloaded(repo, revision, name) is not None}
    yield
    for name in names:
        blob = None if name in before else _downloaded(repo, revision, name)
        if blob is None or not re.fullmatch(r"[0-9a-f]{64}", blob.name):
            continue
        with blob.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        if digest != blob.name:
            blob.unlink()
            raise cache.damaged(f"{repo}/{name}", digest, blob.name)


def _downloaded(repo: str, revision: str | None, file: str) -> Path | None:
    """Return where huggingface_hub's cache has the content of a file, or None."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repo, file, revision=revision)
    return Path(found).resolve() if isinstance(found, str) else None


def _hub(action: Callable[[], T], repo: str, revision: str | None, retry: bool = True) -> T:
    """Return what `action` gets from the hub, with retries where they may help."""

    def explain(error: Exception) -> SuperscopeError:
        told = network.hub_error(error, repo, revision)
        return told or UnreachableError(f"{repo}: the hub cannot be reached: {error}")

    try:
        return network.retried(action, explain, retry)
    except OfflineError:  # which says the way out itself
        raise
    except UnreachableError as error:
        raise UnreachableError(
            f"{error}; try again later, or name a local folder or file"
        ) from None
