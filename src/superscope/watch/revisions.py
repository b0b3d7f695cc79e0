"""A head over its training after the fact, from checkpoints that were kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from superscope._measure import MeasureOptions
from superscope._version import __version__
from superscope.arguments import checked
from superscope.errors import FormatError, HeadDataError, UsageError
from superscope.geometry import measure_head
from superscope.heads import cache, read_head
from superscope.heads._locate import HubPlace, place_of
from superscope.heads.holdings import Holding
from superscope.heads.revisions import Revision, Revisions, find_revisions
from superscope.options import changed, taking
from superscope.progress import ProgressChoice
from superscope.result import derived
from superscope.runs import RunFolder, Workers, run_all, this_process, workers_of
from superscope.serialize import decode, encode
from superscope.text import slug
from superscope.watch.events import EventLog
from superscope.watch.point import TracePoint
from superscope.watch.trace import Event, Trace

SUFFIX = ".json"
_KEPT = "measured"
"""The folder of the cache with a folder for each model whose revisions were measured."""


@dataclass(frozen=True)
class NotMeasuredRevision:
    """A revision that was not measured.

    Attributes
    ----------
    name, step
        Its name, and the step that this has.
    why
        The reason.
    """

    name: str
    step: int
    why: str


@dataclass(frozen=True, repr=False)
class RevisionTrace(Trace):
    """A head over the revisions of its model.

    Attributes
    ----------
    points
        The observations, by step; the `run` of each is the name of its revision.
    events
        Where regime, share of the mean row or shape are others than at the revision before.
    missing
        Revisions that were not measured, and why.
    unnumbered
        Names that matched the pattern but have no step.
    """

    missing: tuple[NotMeasuredRevision, ...] = ()
    unnumbered: tuple[str, ...] = ()


@dataclass(frozen=True)
class RevisionTask:
    """A revision to be measured.

    Attributes
    ----------
    model
        Hub id, or the folder of the revisions.
    revision
        Which.
    options
        How.
    """

    model: str
    revision: Revision
    options: MeasureOptions

    @property
    def identity(self) -> str:
        """A name that depends on everything that the result depends on."""
        seen = (__version__, self.revision.name, self.revision.identity, self.options)
        return hashlib.sha256(repr(seen).encode("utf-8", "surrogatepass")).hexdigest()[:24]


@taking(MeasureOptions)
@checked
def measure_revisions(
    model: str | Path,
    pattern: str,
    options: MeasureOptions = MeasureOptions(pairs="none"),  # noqa: B008 - frozen
    *,
    out: str | Path | None = None,
    executor: Executor | Workers | None = None,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> RevisionTrace:
    """Measure how a head changed in training, from the checkpoints that were kept.

    Only the head of each is fetched, and not kept. What is measured is kept, so that a second call
    measures only what is missing; a revision that cannot be read does not stop the others.

    Parameters
    ----------
    model
        Hub id, whose branches and tags are the revisions; or a local folder that holds a folder or
        a weights file for each.
    pattern
        Of their names, as a shell has it: ``step*`` or ``checkpoint-*``. Each name has its step.
    options
        What to read and how to measure. Numbers of pairs are not measured.
    out
        Folder that keeps the measured revisions, one file each; by default one of the cache.
    executor
        Any ``concurrent.futures.Executor`` whose workers can import superscope, to measure several
        at once; by default this process measures them one by one.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress("runs", done, total)``.
    **changes
        Options, by name.

    Returns
    -------
    RevisionTrace
        An observation for each revision, by step, and the revisions that were not measured.

    Raises
    ------
    SuperscopeError
        There are no such revisions, or none can be measured.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> from pathlib import Path
    >>> Path("run").mkdir()
    >>> for step in (0, 10):
    ...     np.save(f"run/step{step}.npy", np.eye(6, 4) + step)
    >>> trace = superscope.measure_revisions("run", "step*")
    >>> [(point.step, point.observation.run) for point in trace.points]
    [(0, 'step0.npy'), (10, 'step10.npy')]
    >>> superscope.measure_revisions("EleutherAI/pythia-70m", "step*").plot()  # doctest: +SKIP
    """
    o = changed(options, changes, "measure_revisions")
    if o.revision is not None:
        raise UsageError(f"revision={o.revision!r} is a single one; the pattern names them all")
    if o.pairs == "exact":
        raise UsageError("a trace has no numbers of pairs; leave out pairs='exact'")
    plain = replace(o, pairs="none")
    found = find_revisions(model, pattern)
    tasks = [RevisionTask(found.model, one, plain) for one in found.found]
    folder = RunFolder(kept_in(model) if out is None else Path(out).resolve(), SUFFIX)
    for task in tasks:
        if folder.has(task.identity) and _read(task, folder) is None:
            folder.set_aside(folder.file(task.identity))
    workers = this_process() if executor is None else workers_of(executor)
    errors = run_all(tasks, work, folder, workers, progress=progress).errors
    return _trace(found, tasks, folder, errors)


def work(tasks: Sequence[RevisionTask]) -> list[bytes]:
    """Measure revisions, and return the content of the file of each; this may run in a worker."""
    made = []
    for task in tasks:
        with task.revision.opened() as checkpoint:
            head = read_head(checkpoint, task.options, texts=False, progress=None)
            geometry = measure_head(head, task.options, progress=None)
        point = TracePoint.of(task.revision.step, geometry)
        named = replace(point.observation, model=task.model, run=task.revision.name)
        made.append(encode(replace(point, observation=named), derived).encode())
    return made


def kept_in(model: str | Path) -> Path:
    """Return the folder of the cache that keeps the measured revisions of a model."""
    place = place_of(model)
    name = place.repo if isinstance(place, HubPlace) else str(Path(place).resolve())
    return cache.root() / _KEPT / slug(name)


def kept_measurements() -> tuple[Holding, ...]:
    """List the models whose measured revisions are in the cache, by name."""
    return tuple(sorted(_holdings(), key=lambda h: h.name))


def _holdings() -> Iterator[Holding]:
    root = cache.root() / _KEPT
    for folder in root.iterdir() if root.is_dir() else ():
        files = list(RunFolder(folder, SUFFIX, create=False).files())
        try:
            model = decode(TracePoint, files[0].read_text("utf-8")).observation.model
        except (IndexError, FormatError, OSError, UnicodeDecodeError):
            model = None
        nbytes = sum(file.stat().st_size for file in files)
        yield Holding(model or folder.name, None, "measured revisions", nbytes, folder)


def _read(task: RevisionTask, folder: RunFolder) -> TracePoint | None:
    """Return a revision that was measured, or None where its file is damaged."""
    try:
        return decode(TracePoint, folder.file(task.identity).read_text("utf-8"))
    except (FormatError, OSError, UnicodeDecodeError):
        return None


def _trace(
    found: Revisions, tasks: Sequence[RevisionTask], folder: RunFolder, errors: dict[str, str]
) -> RevisionTrace:
    points: list[TracePoint] = []
    missing: list[NotMeasuredRevision] = []
    for task in tasks:
        point = _read(task, folder)
        if point is None:
            why = errors.get(task.identity, "its result was lost")
            missing.append(NotMeasuredRevision(task.revision.name, task.revision.step, why))
        else:
            points.append(point)
    if not points:
        raise HeadDataError(f"no revision of {found.model} was measured; the first: "
                            f"{missing[0].why}")  # fmt: skip
    return RevisionTrace(tuple(points), _events(points), tuple(missing), found.unnumbered)


def _events(points: Sequence[TracePoint]) -> tuple[Event, ...]:
    """Return what happened to the head as a whole; what its rows did in between is not known."""
    log = EventLog(lambda index: None)
    return tuple(event for point in points for event in log.events(point, {}))
