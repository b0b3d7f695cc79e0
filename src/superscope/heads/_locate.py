"""Find the checkpoint that a name stands for: a set of files that can be opened.

A checkpoint is a local folder or file, a repository of the Hugging Face hub, or files in any
other store that fsspec supports. All three have the same methods, so the code that reads heads
does not depend on where the files are.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import NamedTuple

from superscope.errors import NotFoundError, UsageError
from superscope.heads import cache, foreign
from superscope.heads.checkpoint import WEIGHTS, Checkpoint
from superscope.heads.hub import HubCheckpoint
from superscope.heads.store import RemoteCheckpoint
from superscope.heads.transport import RangeFile, open_local

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


def locate(model: str | Path, revision: str | None = None) -> Checkpoint:
    """Find the files of a model.

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
        The model's location and its list of files.

    Raises
    ------
    NotFoundError, RemoteError, UsageError
        The model does not exist or cannot be reached, or a revision is given for a model that is
        not on the hub.
    """
    place = place_of(model, revision)
    if isinstance(place, Path):
        return LocalCheckpoint(place)
    return HubCheckpoint(*place) if isinstance(place, HubPlace) else RemoteCheckpoint(place)


class HubPlace(NamedTuple):
    """A repository of the hub, with its revision and the one file of it that was named."""

    repo: str
    revision: str | None
    only: str | None = None


def place_of(model: str | Path, revision: str | None = None) -> Path | HubPlace | str:
    """Return what a name stands for, without asking a server: a path, a repository, or a URI.

    Raises
    ------
    NotFoundError, UsageError
        As of :func:`locate`.
    """
    text = str(model)
    if not text:
        raise UsageError("the model's name is empty")
    if "://" not in text or text.startswith("file://"):
        local = existing(text.removeprefix("file://"))
        if local is not None:
            _no_revision(revision, text)
            return local
        foreign.refuse_prefix(text, _beside(text))
        looks_local = text.endswith(WEIGHTS) or text[:1] in "./~" or text.startswith("file://")
        hub_id, at, named = text.partition("@")
        known = HUB_ID.fullmatch(hub_id) and bool(named) == bool(at)
        if isinstance(model, Path) or looks_local or not known:
            raise NotFoundError(f"there is no file or folder {text}, and it is not a hub id")
        return HubPlace(hub_id, _one_revision(named, revision, text))
    hub = re.fullmatch(r"(?:hf://(?:models/)?|https://(?:huggingface\.co|hf\.co)/)(.+)", text)
    if hub:
        return _from_hub_uri(hub[1].strip("/"), revision, text)
    _no_revision(revision, text)
    return text


def existing(path: str) -> Path | None:
    """Return a local file or folder, or None if it does not exist.

    Raises
    ------
    NotFoundError
        The path cannot be looked up.
    """
    try:
        local = Path(path).expanduser()
        return local if local.exists() else None
    except (OSError, RuntimeError) as error:  # too long, no permission, no such user
        raise NotFoundError(f"cannot open {path}: {error}") from error


def _beside(path: str) -> list[str]:
    """Return the names of the files in the folder where a path would be."""
    try:
        return [p.name for p in Path(path.removeprefix("file://")).expanduser().parent.iterdir()]
    except (OSError, RuntimeError):  # there is no such folder, and the path may be a hub id
        return []


def _from_hub_uri(path: str, revision: str | None, text: str) -> HubPlace:
    """Return the repository of ``owner/name[@revision][/file]`` or of a page of the hub."""
    page = re.fullmatch(r"([^/@]+/[^/@]+)/(?:resolve|blob|tree)/([^/]+)(?:/(.+))?", path)
    plain = re.fullmatch(r"([^/@]+/[^/@]+)(?:@([^/]+))?(?:/(.+))?", path)
    parts = page or plain
    if parts is None or parts[1].split("/")[0] in ("datasets", "spaces", "buckets"):
        raise UsageError(f"{text} is not the address of a hub model; write hf://owner/name")
    named = (parts[2] or "").replace("%2F", "/")
    return HubPlace(parts[1], _one_revision(named, revision, text), parts[3])


def _one_revision(named: str, revision: str | None, text: str) -> str | None:
    """Return the revision that the name `text` has, or the one given beside it."""
    if named and revision and named != revision:
        raise UsageError(
            f"{text} has the revision {named}, but revision={revision!r} was given; leave one out"
        )
    return named or revision


def _no_revision(revision: str | None, text: str) -> None:
    if revision is not None:
        raise UsageError(
            f"revision={revision!r} needs a hub repository, and {text} is not one; leave it out"
        )


class LocalCheckpoint(Checkpoint):
    """A local folder, or one file together with the other files in its folder."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._folder = path if path.is_dir() else path.parent
        self.only = None if path.is_dir() else path.name

    def files(self) -> tuple[str, ...]:
        try:
            return tuple(sorted(p.name for p in self._folder.iterdir() if p.is_file()))
        except OSError as error:
            raise NotFoundError(f"cannot list {self._folder}: {error.strerror}") from error

    def below(self) -> tuple[str, ...]:
        try:
            found = [p.relative_to(self._folder) for p in self._folder.glob("*/*") if p.is_file()]
        except OSError:
            return ()
        return tuple(sorted(map(PurePath.as_posix, found)))

    def open(self, file: str) -> RangeFile:
        if file != self.only and file not in (*self.files(), *self.below()):
            raise NotFoundError(f"{self.name} has no file {file}")
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
