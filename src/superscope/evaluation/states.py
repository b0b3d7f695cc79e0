"""What the output head is multiplied with before each scored token of a text, kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.atomic import lacking_room, write_whole
from superscope.errors import EvaluationError, UsageError
from superscope.evaluation.blocks import identity_of
from superscope.evaluation.passes import Pass
from superscope.frequency.reading import Counts
from superscope.runs import RunFolder

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class StoredStates:
    """Hidden states before the scored tokens of a text, in its order, in files that are mapped.

    Attributes
    ----------
    files
        One .npy file a block, float32, each (tokens of it, m).
    starts
        The first position of each block, and the end, int64, shape (blocks + 1,).
    targets
        The token that came at each position, int64, shape (n,).
    documents
        Document of each position, int64, shape (n,).
    nbytes
        Bytes of UTF-8 that each target stands for, int64, shape (n,).
    identity
        Changes with the model, the text and how it is read.
    notes
        What the reader of a result should know.
    chosen
        Which positions of the files these are, ascending, int64, shape (n,); None for all.
    """

    files: tuple[Path, ...]
    starts: Int64
    targets: Int64
    documents: Int64
    nbytes: Int64
    identity: str
    notes: tuple[str, ...] = ()
    chosen: Int64 | None = None

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def document_count(self) -> int:
        """Documents that the positions lie in."""
        return len(np.unique(self.documents))

    def pieces(self, most: int) -> Iterator[tuple[slice, Float32]]:
        """Yield the positions in order, at most so many at once, with their states."""
        cuts = self._cuts(np.arange(len(self)) if self.chosen is None else self.chosen)
        for a, b in pairwise(cuts.tolist()):
            for at in range(a, b, most):
                stop = min(at + most, b)
                yield slice(at, stop), self.take(np.arange(at, stop))

    def only(self, positions: Int64) -> StoredStates:
        """Return some of the positions, in the order of the text."""
        there = np.sort(positions)
        name = hashlib.sha256(there.tobytes()).hexdigest()[:8]
        return replace(
            self,
            targets=self.targets[there],
            documents=self.documents[there],
            nbytes=self.nbytes[there],
            identity=f"{self.identity}-{name}",
            chosen=there if self.chosen is None else self.chosen[there],
        )

    def take(self, positions: Int64) -> Float32:
        """Return the states of some positions, in the order given."""
        if self.chosen is not None:
            positions = self.chosen[positions]
        order = np.argsort(positions, kind="stable")
        ascending = positions[order]
        first = np.load(self.files[0], mmap_mode="r")
        made = np.empty((len(positions), first.shape[1]), np.float32)
        cuts = self._cuts(ascending)
        for k, file in enumerate(self.files):
            a, b = cuts[k], cuts[k + 1]
            if b > a:
                made[order[a:b]] = np.load(file, mmap_mode="r")[ascending[a:b] - self.starts[k]]
        return made

    def _cuts(self, ascending: Int64) -> Int64:
        """Return where the positions of each file begin, and the end, shape (blocks + 1,)."""
        return np.searchsorted(ascending, self.starts)


class Planned:
    """The states of a text that are to be kept: what is there already is not read again.

    Parameters
    ----------
    read
        The model and the text.
    folder
        Where the states are kept.
    what
        What the text is for, as progress names it.

    Raises
    ------
    SuperscopeError
        The text has nothing to score, or its tokens are not the model's.
    """

    def __init__(self, read: Pass, folder: Path, what: str) -> None:
        self.read, self.folder, self.what = read, folder, what
        self.kept, self.counts = RunFolder(folder, ".npy"), Counts()
        self.blocks = [(identity_of(b, read.how), b) for b in read.blocks(self.counts)]
        if not self.blocks:
            raise UsageError(f"{what}: {read.nothing(self.counts)}")
        for _, block in self.blocks:
            read.check_ids(block)
        self.sizes = [sum(int(s.scored.sum()) for s in block) for _, block in self.blocks]

    @property
    def needed(self) -> int:
        """Bytes of what is not there yet."""
        missing = (
            n for n, (name, _) in zip(self.sizes, self.blocks, strict=True)
            if not self.kept.has(name)
        )  # fmt: skip
        return 4 * self.read.model.width * sum(missing)

    def documents(self) -> dict[bytes, int]:
        """Return how many positions each document has, by a hash of its scored tokens."""
        hashes: dict[int, Any] = {}
        counts: dict[int, int] = {}
        for _, block in self.blocks:
            for sequence in block:
                ids, of = (a[sequence.scored] for a in (sequence.ids, sequence.documents))
                cuts = np.flatnonzero(np.diff(of)) + 1
                for part, owner in zip(np.split(ids, cuts), of[[0, *cuts]], strict=True):
                    hashed = hashes.setdefault(int(owner), hashlib.sha256())
                    hashed.update(part.tobytes())
                    counts[int(owner)] = counts.get(int(owner), 0) + len(part)
        found: dict[bytes, int] = {}
        for owner, hashed in hashes.items():
            key = hashed.digest()
            found[key] = found.get(key, 0) + counts[owner]
        return found

    def store(self) -> StoredStates:
        """Read what is missing, and return it all.

        Raises
        ------
        SuperscopeError
            A state is not finite, or memory does not suffice.
        """
        read, width, at, total = self.read, self.read.model.width, 0, sum(self.sizes)
        stage = f"{self.what} with {read.checkpoint.name}"
        for size, (name, block) in zip(self.sizes, self.blocks, strict=True):
            read.progress(stage, at, total)
            if not _whole(self.kept, name, (size, width)):

                def share(part: float, at: int = at, size: int = size) -> None:
                    read.progress(stage, at + int(part * size), total)

                states = np.concatenate(read.states_of(block, share))
                _check_finite(states, read)
                with write_whole(self.kept.file(name)) as file:
                    np.save(file, states)
            at += size
        read.progress(stage, 1, 1)
        sequences = [s for _, block in self.blocks for s in block]
        return StoredStates(
            files=tuple(self.kept.file(name) for name, _ in self.blocks),
            starts=np.cumsum([0, *self.sizes]),
            targets=np.concatenate([s.ids[s.scored] for s in sequences]).astype(np.int64),
            documents=np.concatenate([s.documents[s.scored] for s in sequences]).astype(np.int64),
            nbytes=np.concatenate([s.lengths[s.scored] for s in sequences]),
            identity=identity_of(sequences, read.how),
            notes=tuple(read.remarks(self.counts, read.options.batch)),
        )


def check_disk(planned: Sequence[Planned], more: int = 0) -> None:
    """Refuse states that do not fit on the disk, before any is computed.

    Parameters
    ----------
    planned
        Of one disk.
    more
        Bytes of what is kept beside them.

    Raises
    ------
    UsageError
        With what they take and what is free.
    """
    needed, folder = more + sum(p.needed for p in planned), planned[0].folder
    free = lacking_room(folder, needed)
    if free is not None:
        what = "the hidden states and what is trained" if more else "the hidden states"
        raise UsageError(
            f"{what} take {needed / 1e9:.3g} GB, and {free / 1e9:.3g} GB are free in {folder}: "
            "read fewer tokens, or choose a folder on another disk"
        )


def _whole(kept: RunFolder, name: str, shape: tuple[int, int]) -> bool:
    """Return whether a block is there; one that cannot be read is set aside."""
    if not kept.has(name):
        return False
    try:
        if np.load(kept.file(name), mmap_mode="r").shape == shape:
            return True
    except (OSError, ValueError):
        pass
    kept.set_aside(kept.file(name))
    return False


def _check_finite(states: Float32, read: Pass) -> None:
    if not np.isfinite(states).all():
        full = read.model.dtype == "float32"
        way_out = "its weights may be damaged" if full else "try dtype='float32'"
        raise EvaluationError(
            f"{read.model.name}: a hidden state before its output head is not finite; {way_out}"
        )
