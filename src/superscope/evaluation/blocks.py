"""Blocks of sequences: what is done at once, kept, and not done again."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.errors import EvaluationError, FormatError
from superscope.evaluation.evaluation import PARTS, Losses
from superscope.evaluation.model import LanguageModel, OutOfMemory
from superscope.evaluation.scoring import Array, Scored, Scoring
from superscope.evaluation.sequences import Sequence

FORMAT: Mapping[str, object] = {"format": 2, "parts": PARTS}
"""What the numbers in a file of a block mean; raise the first where they come to mean another
thing, or others are kept: files of before are then not taken for it."""
_MORE = "more_"  # before the names of what a scoring keeps
_SUMS = ("documents", "tokens", "parts")


@dataclass(frozen=True, eq=False)
class BlockLosses:
    """Sums of losses over one block: by document, by vocabulary entry, by entry and part of text.

    The ids of `parts` are those of ``Evaluation.token_parts``. `batch` is how many sequences were
    read at once, fewer than asked for if memory ran out; `more` is what a
    :class:`~superscope.evaluation.scoring.Scoring` keeps.
    """

    documents: Losses
    tokens: Losses
    parts: Losses
    batch: int
    more: Mapping[str, Array]

    def to_bytes(self) -> bytes:
        """Return it as an ``.npz`` file."""
        content = io.BytesIO()
        arrays = {
            f"{part}_{name}": getattr(getattr(self, part), name)
            for part in _SUMS
            for name in ("ids", "counts", "nats")
        }
        arrays |= {_MORE + name: value for name, value in self.more.items()}
        np.savez(content, batch=np.int64(self.batch), **arrays)
        return content.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> BlockLosses:
        """Return what :meth:`to_bytes` wrote.

        Raises
        ------
        FormatError
            It is something else.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                parts = {
                    part: Losses(*(stored[f"{part}_{name}"] for name in ("ids", "counts", "nats")))
                    for part in _SUMS
                }
                batch = int(stored["batch"])
                names = (name for name in stored.files if name.startswith(_MORE))
                more = {name.removeprefix(_MORE): stored[name] for name in names}
        except Exception as error:  # zip files break in many ways
            raise FormatError(f"no block of losses: {error}") from None
        return cls(**parts, batch=batch, more=more)


def blocks(sequences: Iterable[Sequence], tokens: int) -> Iterator[list[Sequence]]:
    """Yield sequences in blocks of at least so many tokens, the last one excepted."""
    block: list[Sequence] = []
    held = 0
    for sequence in sequences:
        block.append(sequence)
        held += len(sequence)
        if held >= tokens:
            yield block
            block, held = [], 0
    if block:
        yield block


def identity_of(block: list[Sequence], settings: dict[str, object]) -> str:
    """Return a name that tells a block, and how it is evaluated, from all others."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for sequence in block:
        digest.update(np.int64(len(sequence)).tobytes())
        digest.update(sequence.ids.tobytes())
        digest.update(sequence.documents.tobytes())
    return digest.hexdigest()[:24]


class Batches:
    """Evaluates blocks in batches, and halves the batches when memory runs out.

    Attributes
    ----------
    size
        Sequences in a batch now.
    scoring
        Takes more than losses, or None.
    """

    def __init__(self, size: int, scoring: Scoring | None = None):
        self.size, self.scoring = size, scoring

    def evaluate(
        self, model: LanguageModel, block: list[Sequence], share: Callable[[float], None]
    ) -> BlockLosses:
        """Return the losses of a block; batches have sequences of like length.

        After each batch `share` is told how much of the block's tokens is done, from 0 to 1.

        Raises
        ------
        EvaluationError
            A single sequence does not fit into memory, or a loss is not a number.
        """
        while True:
            try:
                return self._summed(model, block, self._values(model, block, share))
            except OutOfMemory:
                if self.size == 1:
                    raise too_long(model, block) from None
            self.size //= 2

    def _values(
        self, model: LanguageModel, block: list[Sequence], share: Callable[[float], None]
    ) -> dict[str, Array]:
        """Return the values of the scored tokens of a block, in the order of the text."""
        whole, done = sum(map(len, block)), 0
        order = sorted(range(len(block)), key=lambda k: -len(block[k]))
        found: dict[int, dict[str, Array]] = {}
        for start in range(0, len(order), self.size):
            chosen = order[start : start + self.size]
            values = model.scored([block[k] for k in chosen], self.scoring)
            found |= zip(chosen, values, strict=True)
            done += sum(len(block[k]) for k in chosen)
            share(done / whole)
        ordered = [found[k] for k in range(len(block))]
        return {name: np.concatenate([values[name] for values in ordered]) for name in ordered[0]}

    def _summed(
        self, model: LanguageModel, block: list[Sequence], values: dict[str, Array]
    ) -> BlockLosses:
        documents = np.concatenate([s.documents[s.scored] for s in block])
        tokens = np.concatenate([s.ids[s.scored] for s in block])
        nats = values.pop("loss").astype(np.float64)
        bad = np.flatnonzero(~np.isfinite(nats))
        if len(bad):
            full = model.dtype == "float32"
            way_out = "its weights may be damaged" if full else "try dtype='float32'"
            raise EvaluationError(
                f"{model.name}: the loss of token {int(tokens[bad[0]])} in document "
                f"{int(documents[bad[0]])} is {nats[bad[0]]}; {way_out}"
            )
        scored = Scored(documents, tokens, nats, values)
        more = {} if self.scoring is None else self.scoring.kept(scored)
        parts = tokens.astype(np.int64) * PARTS + documents % PARTS
        of_document, of_token, of_part = (by_id(ids, nats) for ids in (documents, tokens, parts))
        return BlockLosses(of_document, of_token, of_part, self.size, more)


def too_long(model: LanguageModel, block: list[Sequence]) -> EvaluationError:
    """Return the error for a single sequence that does not fit into memory."""
    longest = max(map(len, block))
    return EvaluationError(
        f"{model.name}: out of memory with one sequence of {longest:,} tokens; "
        "choose a shorter context=, or dtype='bfloat16'"
    )


def by_id(
    ids: npt.NDArray[np.integer],
    nats: npt.NDArray[np.float64],
    counts: npt.NDArray[np.int64] | None = None,
) -> Losses:
    """Return sums by id, added up in the order given; each is one token unless `counts` says."""
    named, place = np.unique(ids, return_inverse=True)
    total = np.bincount(place, counts, len(named))  # exact: counts are far below 2^53
    return Losses(
        named.astype(np.int64),
        total.astype(np.int64),
        np.bincount(place, nats, len(named)).astype(np.float64),
    )


def bytes_of(block: list[Sequence]) -> Losses:
    """Return the bytes that the scored tokens of each document stand for, as counts."""
    documents = np.concatenate([s.documents[s.scored] for s in block])
    lengths = np.concatenate([s.lengths[s.scored] for s in block])
    return by_id(documents, np.zeros(len(documents)), lengths)


def words_of(block: list[Sequence]) -> int:
    """Return the words that end in scored tokens."""
    return sum(int(s.words[s.scored].sum()) for s in block if s.words is not None)


def added(parts: list[Losses]) -> Losses:
    """Return the sums of several parts in their order."""
    return by_id(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.nats for part in parts]),
        np.concatenate([part.counts for part in parts]),
    )
