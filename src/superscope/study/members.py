"""The members of a study: what is to be done of each, and what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

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
from superscope.frequency import Text, count_tokens
from superscope.frequency.checkpoint import Loadable, loadable
from superscope.frequency.tokenizer import Tokenizer, load_tokenizer
from superscope.geometry import Geometry
from superscope.heads import read_head
from superscope.heads._locate import locate
from superscope.heads.checkpoint import Checkpoint
from superscope.observations import Observation

Int64 = npt.NDArray[np.int64]

PARTS = ("head", "loss")


@dataclass(frozen=True)
class Task:
    """One part of one member: its head to be measured, or its loss to be evaluated.

    Attributes
    ----------
    part
        ``head`` or ``loss``.
    checkpoint, loadable
        Which model, where it was located, and what transformers loads of it.
    text, options
        On what, and how.
    blocks
        Folder for what is finished of a loss.
    """

    part: str
    checkpoint: Checkpoint
    loadable: Loadable
    text: Text
    options: LossOptions
    blocks: Path

    @property
    def identity(self) -> str:
        """A name that changes with anything that could change the result."""
        limits = (self.options.max_tokens, self.options.max_documents)
        named = (self.text.name, sorted(asdict(self.options).items()))
        how = limits if self.part == "head" else named
        seen = (__version__, self.part, self.loadable.identity, self.text.identity, how)
        return f"{self.part}-{hashlib.sha256(repr(seen).encode()).hexdigest()[:20]}"


def work(tasks: Sequence[Task]) -> list[bytes]:
    """Do tasks and return each one's result as JSON."""
    done = []
    for task in tasks:
        result = _head(task) if task.part == "head" else _loss(task)
        done.append(result.to_json().encode())
    return done


def _head(task: Task) -> Geometry:
    """Measure a head, weighted by how often its tokens occur in the text where they are known."""
    options = task.options

    def measured(frequencies: Int64 | None) -> Geometry:
        head = read_head(task.checkpoint, progress=None)
        return measure(
            head, pairs="none", device=options.device, frequencies=frequencies, progress=None
        )

    # What is wrong with a text or tokenizer stays so; a network that fails is tried again.
    try:
        counts = count_tokens(
            _tokenizer(task.loadable), task.text, max_tokens=options.max_tokens,
            max_documents=options.max_documents, progress=None,
        ).counts  # fmt: skip
    except (FormatError, NotFoundError, UsageError, EvaluationError) as error:
        return _noted(measured(None), f"not weighted by the text: {error}")
    try:
        return measured(counts)
    except UsageError as error:  # they are of another tokenizer
        return _noted(measured(None), f"not weighted by the text: {error}")


def _noted(geometry: Geometry, note: str) -> Geometry:
    known = geometry.provenance
    return replace(geometry, provenance=replace(known, notes=(*known.notes, note)))


def _loss(task: Task) -> Evaluation:
    return evaluate(
        task.loadable, task.text, task.options, keep=task.blocks,
        tokenizer=_tokenizer(task.loadable), progress=None,
    )  # fmt: skip


@lru_cache(maxsize=1)  # a member's head and its loss follow each other
def _tokenizer(place: Loadable) -> Tokenizer:
    return load_tokenizer(place)


@dataclass(frozen=True)
class Failure:
    """What could not be done of a member: ``head``, ``loss`` or ``model`` (both), and why.

    Attributes
    ----------
    part
        ``head``, ``loss``, or ``model`` for both.
    reason
        Why, in one line.
    """

    part: str
    reason: str


@dataclass(frozen=True, eq=False)
class Member:
    """A model of the study, with what is known of it.

    Attributes
    ----------
    name, family
        As the user named it, and the family it belongs to, if known.
    geometry, evaluation
        Of its head, and its loss; None where that could not be done.
    failures
        What could not be done, and why.
    """

    name: str
    family: str | None
    geometry: Geometry | None
    evaluation: Evaluation | None
    failures: tuple[Failure, ...] = ()

    @property
    def observation(self) -> Observation | None:
        """The member as a row of the table: overlap and loss together; None if it has neither."""
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
    name: str, family: str | None, text: Text, options: LossOptions, folder: Path
) -> tuple[Task, ...] | Failure:
    """Return what is to be done of a member, or why it cannot be found."""
    try:
        found = locate(name)
        place = loadable(found)
    except SuperscopeError as error:
        return Failure("model", str(error))
    return tuple(Task(part, found, place, text, options, folder / "blocks") for part in PARTS)
