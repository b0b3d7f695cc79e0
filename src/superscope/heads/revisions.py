"""The states of a model while it trained: branches and tags of the hub, or local checkpoints."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from superscope.errors import NotFoundError, UsageError, did_you_mean
from superscope.heads import cache
from superscope.heads._locate import HubPlace, LocalCheckpoint, place_of
from superscope.heads.checkpoint import WEIGHTS, Checkpoint
from superscope.heads.hub import HubCheckpoint, folder_of, refs_of
from superscope.heads.opened import OF_TRAINING
from superscope.text import counted, named, slug

SHOWN = 8  # names, where none matches
_NUMBER = r"(\d+)([kmb]?)(?![a-z\d.])"
_WORDED = re.compile(rf"(?:step|checkpoint|ckpt|iter(?:ation)?)s?[-_=]?{_NUMBER}", re.I)
# Glued to other letters, a number is of a hash, a version or a type: a1b2c3d, v2, bf16.
_ALONE = re.compile(rf"(?:(?<![a-z\d.])|(?<=epoch)|(?<=tokens)){_NUMBER}", re.I)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}


@dataclass(frozen=True)
class Revision:
    """A state of a model while it trained.

    Attributes
    ----------
    name
        Of the branch, the tag, the folder or the file.
    step
        The step of training that its name has.
    place
        Where it is: a path, or a repository at a commit.
    identity
        Changes when the files do: the commit, or names, sizes and times of local files.
    """

    name: str
    step: int
    place: Path | HubPlace
    identity: str

    @contextmanager
    def opened(self) -> Iterator[Checkpoint]:
        """Give the checkpoint while the block runs.

        What is downloaded meanwhile is deleted at its end: the heads of a training take many times
        the place of one. What the cache has of the revision is used and stays.

        Yields
        ------
        Checkpoint
            Its files.
        """
        if isinstance(self.place, Path):
            yield LocalCheckpoint(self.place)
            return
        repo, commit, only = self.place
        folder = folder_of(repo)
        if (folder / slug(str(commit))).is_dir():
            yield HubCheckpoint(repo, commit, only)
            return
        cache.make_folder(folder)
        with tempfile.TemporaryDirectory(dir=folder, prefix="measuring-") as passing:
            yield HubCheckpoint(repo, commit, only, Path(passing))


@dataclass(frozen=True)
class Revisions:
    """What a pattern matches.

    Attributes
    ----------
    model
        Hub id, or the path of the folder.
    found
        By step.
    unnumbered
        Names that match, but have no step, or several numbers of which none is said to be one.
    """

    model: str
    found: tuple[Revision, ...]
    unnumbered: tuple[str, ...] = ()


def find_revisions(model: str | Path, pattern: str) -> Revisions:
    """Find the revisions of a model whose names match a pattern.

    Parameters
    ----------
    model
        Hub id, or a local folder with a folder or a file for each checkpoint.
    pattern
        Of names of branches and tags, or of folders and files, as a shell has it: ``step*``.

    Returns
    -------
    Revisions
        By step. Of several names of one commit at one step, it has the first.

    Raises
    ------
    NotFoundError
        There is no such model, or nothing matches.
    UsageError
        The model has no revisions, or two of them have the same step.
    RemoteError
        The hub cannot be reached, and was not asked before.
    """
    place = place_of(model)
    if isinstance(place, HubPlace):
        if place.revision is not None:
            raise UsageError(f"{model} names the revision {place.revision} already; leave it out")
        commits = refs_of(place.repo)
        where: Mapping[str, Path | HubPlace] = {
            name: place._replace(revision=commit) for name, commit in commits.items()
        }
        what, whole = "branch or tag", place.repo
    elif isinstance(place, Path):
        where, what, whole = _below(place), "folder or weights file", str(place)
    else:
        raise UsageError(
            f"{model}: revisions are branches and tags of a hub repository, or folders in a local "
            "folder; name one of these"
        )
    names = [name for name in where if fnmatchcase(name, pattern)]
    if not names:
        raise NotFoundError(_nothing(whole, what, pattern, where))
    steps = {name: step_of(name) for name in names}
    found = [
        Revision(name, step, where[name], _identity(where[name]))
        for name, step in steps.items()
        if step is not None
    ]
    if not found:
        raise UsageError(
            f"{whole}: {pattern} matches {_some(names)}, which have no number of a step; a "
            "pattern such as 'step*' names others"
        )
    unnumbered = sorted(name for name, step in steps.items() if step is None)
    return Revisions(whole, _by_step(whole, found), tuple(unnumbered))


def step_of(name: str) -> int | None:
    """Return the step that a name has, or None.

    It is the number after ``step``, ``checkpoint``, ``ckpt`` or ``iter``, the last if there are
    several; or else the only number that stands alone, or after ``epoch`` or ``tokens``. A number
    of which letters are part, as in a hash, has no step.

    Parameters
    ----------
    name
        Of a revision.

    Returns
    -------
    int or None
        The step.

    Examples
    --------
    >>> from superscope.heads.revisions import step_of
    >>> step_of("stage1-step2000-tokens9B"), step_of("checkpoint-500"), step_of("main")
    (2000, 500, None)
    """
    plain = name.removesuffix(next(filter(name.endswith, WEIGHTS), ""))
    worded = _WORDED.findall(plain)
    numbers = worded or _ALONE.findall(plain)
    if not worded and len(numbers) != 1:
        return None
    digits, unit = numbers[-1]
    return int(digits) * _UNITS[unit.lower()]


def _below(folder: Path) -> dict[str, Path]:
    """Return the folders and weights files in a folder by name."""
    if not folder.is_dir():
        raise UsageError(
            f"{folder} is a file, which has no revisions; name the folder that holds a folder or "
            "a file for each checkpoint"
        )
    try:
        return {
            path.name: path
            for path in sorted(folder.iterdir())
            if path.is_dir()
            or (path.name.endswith(WEIGHTS) and not OF_TRAINING.fullmatch(path.name))
        }
    except OSError as error:
        raise NotFoundError(f"cannot list {folder}: {error.strerror}") from error


def _by_step(whole: str, found: Iterable[Revision]) -> tuple[Revision, ...]:
    """Return revisions by step, one of each; raise for different ones of the same step."""
    kept: dict[int, Revision] = {}
    for one in sorted(found, key=lambda r: (r.step, r.name)):
        other = kept.setdefault(one.step, one)
        if other.identity != one.identity:
            raise UsageError(
                f"{whole}: {named(other.name)} and {named(one.name)} both have the step "
                f"{one.step:,}; a narrower pattern tells them apart"
            )
    return tuple(kept.values())


def _identity(place: Path | HubPlace) -> str:
    """Return what changes when the files of a revision do."""
    if isinstance(place, HubPlace):
        seen: list[object] = list(place)
    else:
        # Those of training may come later than the weights, and change nothing of the head.
        files = sorted(place.iterdir()) if place.is_dir() else [place]
        kept = [f for f in files if f.is_file() and not OF_TRAINING.fullmatch(f.name)]
        stats = [(f.name, f.stat()) for f in kept]
        seen = [str(place.resolve()), *((n, s.st_size, s.st_mtime_ns) for n, s in stats)]
    return hashlib.sha256(repr(seen).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _nothing(whole: str, what: str, pattern: str, there: Mapping[str, object]) -> str:
    near = did_you_mean(pattern, there)
    return f"{whole} has no {what} that matches {pattern!r}; {near}there are: {_some(there)}"


def _some(names: Iterable[str]) -> str:
    """Return the first few of some names by step, and how many there are."""

    def order(name: str) -> tuple[bool, int, str]:
        step = step_of(name)
        return step is None, step or 0, name

    every = sorted(names, key=order)
    if not every:
        return "none"
    shown = ", ".join(named(name) for name in every[:SHOWN])
    return shown if len(every) <= SHOWN else f"{shown}, … ({counted(len(every), 'name')})"
