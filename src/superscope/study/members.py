"""The members of a study: their tasks, and their results."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

from superscope._measure import measure
from superscope._version import __version__
from superscope.errors import (
    EvaluationError,
    FormatError,
    NotFoundError,
    SuperscopeError,
    UsageError,
)
from superscope.evaluation import Evaluation, LossOptions, evaluate
from superscope.evaluation.evaluation import PARTS
from superscope.frequency import Text, TokenFrequency, count_tokens
from superscope.frequency.checkpoint import Loadable, loadable
from superscope.frequency.tokenizer import Tokenizer, load_tokenizer
from superscope.geometry import Geometry, classify
from superscope.heads import read_head
from superscope.heads._locate import existing, locate
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.hub import HubCheckpoint
from superscope.heads.peft import adapter_of
from superscope.observations import Observation


@dataclass(frozen=True)
class MemberTask:
    """A task for one member: to measure its head, or to evaluate its loss.

    Attributes
    ----------
    part
        ``head`` or ``loss``.
    checkpoint, loadable
        The located model, and how transformers loads it.
    text, options
        The text and options for the loss.
    blocks
        Folder for the finished parts of a loss.
    initial, initial_identity
        For a head, the model before training, and what changes when its files do.
    base
        For a PEFT adapter, the model that it was trained on, if the user named it.
    """

    part: str
    checkpoint: Checkpoint
    loadable: Loadable
    text: Text
    options: LossOptions
    blocks: Path
    initial: Checkpoint | None = None
    initial_identity: str | None = None
    base: str | None = None

    @property
    def identity(self) -> str:
        """A name that depends on everything that the result depends on."""
        o = self.options
        counted = (o.max_tokens, o.max_documents, o.special, "classes")
        named = (self.text.name, sorted(asdict(o).items()), PARTS)
        how: tuple[object, ...] = counted if self.part == "head" else named
        if self.initial_identity is not None:
            how = (*how, self.initial_identity)
        seen = (__version__, self.part, self.loadable.identity, self.text.identity, how)
        return f"{self.part}-{hashlib.sha256(repr(seen).encode()).hexdigest()[:20]}"


def work(tasks: Sequence[MemberTask]) -> list[bytes]:
    """Do tasks, and return the result of each as JSON."""
    done = []
    for task in tasks:
        result = _head(task) if task.part == "head" else _loss(task)
        done.append(result.to_json().encode())
    return done


def _head(task: MemberTask) -> Geometry:
    """Measure a head, weighted by the frequencies of its tokens in the text if they are known."""
    options = task.options

    def measured(frequencies: TokenFrequency | None) -> Geometry:
        head = read_head(task.checkpoint, base=task.base, progress=None)
        before = task.initial and read_head(task.initial, rows="all", progress=None)
        found = measure(
            head, pairs="none", device=options.device, frequencies=frequencies, initial=before,
            progress=None,
        )  # fmt: skip
        return replace(found, classes=classify(head))  # which no pairs need, but emergence does

    # Errors of the text or the tokenizer are permanent. Network errors are not caught, so that
    # the next start of the study tries again.
    try:
        counts = count_tokens(
            _tokenizer(task.loadable), task.text, max_tokens=options.max_tokens,
            max_documents=options.max_documents, special=options.special, progress=None,
        )  # fmt: skip
    except (FormatError, NotFoundError, UsageError, EvaluationError) as error:
        return _noted(measured(None), f"the overlaps were not weighted by the text: {error}")
    try:
        return measured(counts)
    except UsageError as error:  # the counts are of another tokenizer
        return _noted(measured(None), f"the overlaps were not weighted by the text: {error}")


def _noted(geometry: Geometry, note: str) -> Geometry:
    known = geometry.provenance
    return replace(geometry, provenance=replace(known, notes=(*known.notes, note)))


def _loss(task: MemberTask) -> Evaluation:
    return evaluate(
        task.loadable, task.text, task.options, keep=task.blocks,
        tokenizer=_tokenizer(task.loadable), progress=None,
    )  # fmt: skip


@lru_cache(maxsize=1)  # the head and the loss of a member are done one after the other
def _tokenizer(place: Loadable) -> Tokenizer:
    return load_tokenizer(place)


@dataclass(frozen=True)
class MemberFailure:
    """A part of a member that failed, and the reason.

    Attributes
    ----------
    part
        ``head``, ``loss``, or ``model`` for both.
    reason
        The reason, in one line.
    """

    part: str
    reason: str


@dataclass(frozen=True, eq=False)
class Member:
    """A model of the study, and its results.

    Attributes
    ----------
    name, family
        Name that the user gave, and its family if it has one.
    geometry, evaluation
        Geometry of its head, and its loss; None if that failed.
    failures
        The parts that failed, and the reasons.
    """

    name: str
    family: str | None
    geometry: Geometry | None
    evaluation: Evaluation | None
    failures: tuple[MemberFailure, ...] = ()

    @property
    def observation(self) -> Observation | None:
        """The member as a row of the table of observations; None if it has no result."""
        g, e = self.geometry, self.evaluation
        if g is None:
            return None if e is None else self._of_family(e.observation())
        row = self._of_family(g.observation())
        if e is None:
            return row
        return replace(
            row, run=e.how, dataset=e.text.name, loss=e.loss, loss_se=e.loss_se,
            parameters=row.parameters or e.model.parameters, depth=row.depth or e.model.depth,
        )  # fmt: skip

    def _of_family(self, row: Observation) -> Observation:
        return replace(row, family=self.family or row.family)


def located(
    name: str,
    text: Text,
    options: LossOptions,
    folder: Path,
    *,
    base: str | None = None,
    initial: str | Path | None = None,
) -> tuple[MemberTask | MemberFailure, ...]:
    """Return the tasks for a member, or the reasons why a model of it was not found.

    `base` is the base of a member that is a PEFT adapter, and `initial` the member before training.
    """
    try:
        found = locate(name)
        base = base if adapter_of(found) else None
        place = loadable(found, base=base)
        loss = MemberTask("loss", found, place, text, options, folder / "blocks", base=base)
    except SuperscopeError as error:
        return (MemberFailure("model", str(error)),)
    head = replace(loss, part="head")
    if initial is None:
        return head, loss
    try:
        before = _before_training(found, initial)
        return replace(head, initial=before, initial_identity=loadable(before).identity), loss
    except SuperscopeError as error:
        return MemberFailure("head", str(error)), loss


def _before_training(found: Checkpoint, initial: str | Path) -> Checkpoint:
    """Return a member's initialization: of its name in a folder, or a revision of it."""
    folder = existing(str(initial))
    if folder is not None:
        return locate(folder.resolve() / Path(found.name).name)
    if isinstance(found, HubCheckpoint):
        return HubCheckpoint(found.name, str(initial), found.only)
    raise UsageError(
        f"there is no folder {initial} for the initialization of {found.name}, which has no "
        "revisions because it is not on the hub"
    )
