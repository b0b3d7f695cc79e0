"""A model that reads a text: block by block, resumable, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from superscope._version import __version__
from superscope.errors import EvaluationError, FormatError, UsageError
from superscope.evaluation import sequences
from superscope.evaluation.blocks import (
    FORMAT,
    Batches,
    BlockLosses,
    added,
    blocks,
    bytes_of,
    identity_of,
    too_long,
    words_of,
)
from superscope.evaluation.evaluation import (
    LEAST_COUNT,
    PARTS,
    EvaluatedModel,
    Evaluation,
    Losses,
    LossSettings,
    TextRead,
)
from superscope.evaluation.load import load_model
from superscope.evaluation.model import Float32, LanguageModel, OutOfMemory
from superscope.evaluation.options import LossOptions
from superscope.evaluation.scoring import Scoring
from superscope.evaluation.sequences import Sequence
from superscope.frequency.checkpoint import Loadable
from superscope.frequency.reading import Counts, Limits
from superscope.frequency.text import Text
from superscope.frequency.tokenizer import Tokenizer, load_tokenizer
from superscope.progress import Progress
from superscope.runs import RunFolder
from superscope.text import counted, percent

LOADING, READING = "loading the model", "reading the text"  # stages before the first block
FEW = 0.95  # of the model's rows; a tokenizer with fewer ids is remarked on


class Pass:
    """A model read over a text, once or several times; it is loaded once.

    Parameters
    ----------
    checkpoint
        Where the model lies.
    text
        What it reads.
    options
        How.
    keep
        Folder that keeps what is finished, or None.
    progress
        Called with the stages ``loading the model``, ``reading the text`` and ``… of MODEL``.
    tokenizer
        The model's, if it is loaded already.
    model
        The model, if it is loaded already.

    Attributes
    ----------
    model, tokenizer, settings
        What reads, and how.

    Raises
    ------
    SuperscopeError
        The text cannot be read, or the model cannot be loaded.
    """

    def __init__(  # noqa: PLR0917 - those of evaluate
        self,
        checkpoint: Loadable,
        text: Text,
        options: LossOptions,
        keep: Path | None,
        progress: Progress,
        tokenizer: Tokenizer | None = None,
        model: LanguageModel | None = None,
    ):
        self.checkpoint, self.text, self.options = checkpoint, text, options
        self.progress = progress
        self.folder = None if keep is None else RunFolder(keep, ".npz")
        self.notes = list(checkpoint.notes)
        next(iter(self.text), None)  # what is wrong with it is said before the model is loaded
        tokenizer = tokenizer or load_tokenizer(self.checkpoint)
        self.tokenizer = tokenizer.reading(self.options.special)
        # Loaded even if all is done: its shape and its precision are part of the result.
        self.model = model or load_model(checkpoint, self.options.device, self.options.dtype)
        self.progress(LOADING, 1, 1)
        self.settings = self._settings()

    def sequences(self, counts: Counts | None = None) -> Iterator[Sequence]:
        """Yield what the model reads at once, in the order of the text."""
        counts, settings = counts or Counts(), self.settings
        limits = Limits(self.options.max_tokens, self.options.max_documents)
        if settings.stride is None:
            return sequences.documents(self.text, self.tokenizer, settings.context, limits, counts)
        return sequences.windows(
            self.text, self.tokenizer, settings.context, settings.stride, limits, counts
        )

    def evaluation(self, scoring: Scoring | None = None) -> Evaluation:
        """Return the loss; `scoring` takes more in the same pass.

        Raises
        ------
        SuperscopeError
            Nothing can be scored, the tokenizer is not the model's, or memory does not suffice.
        """
        counts = Counts()
        batches = Batches(self.options.batch, scoring)
        done: list[BlockLosses] = []
        sizes: list[Losses] = []
        words = 0  # that end in scored tokens
        for block, losses in self._blocks(counts, batches):
            if scoring is not None:
                scoring.add(losses.more)
            done.append(replace(losses, more={}))
            sizes.append(bytes_of(block))
            words += words_of(block)
        if not done:
            raise self.nothing(counts)
        tokens = added([block.tokens for block in done])
        read, model = added(sizes), self.model
        nbytes = int(read.counts.sum())
        return Evaluation(
            model=EvaluatedModel(
                model.name, (self.checkpoint.adapter or self.checkpoint).revision, model.rows,
                model.width, model.depth, model.parameters,
            ),
            text=TextRead(
                self.text.name, counts.documents, counts.empty, counts.short, counts.cut,
                counts.undecodable, nbytes, words, counts.tokens, counts.unread,
            ),
            settings=self.settings,
            documents=added([block.documents for block in done]),
            document_bytes=read.counts,
            token_losses=tokens,
            vocabulary=_spelled(self.tokenizer, model.rows),
            notes=(*self.notes, *self.remarks(counts, batches.size)),
            token_parts=_frequent(added([block.parts for block in done]), tokens),
        )  # fmt: skip

    def states(self) -> Iterator[tuple[Sequence, Float32]]:
        """Yield each sequence with what the output head is given before its scored tokens, (n, m).

        Raises
        ------
        EvaluationError
            The architecture does not call its output head, or memory does not suffice.
        """
        for block in self.blocks(Counts()):
            self.check_ids(block)
            yield from zip(block, self.states_of(block), strict=True)

    def blocks(self, counts: Counts) -> Iterator[list[Sequence]]:
        """Yield what the model reads in the blocks that are kept."""
        return blocks(self.sequences(counts), self.options.block_tokens)

    def states_of(
        self, block: list[Sequence], share: Callable[[float], None] = lambda part: None
    ) -> list[Float32]:
        """Return the states (:meth:`states`) of each sequence of a block.

        After each batch `share` is told how much of the block's tokens is done, from 0 to 1.
        """
        size, done = self.options.batch, 0
        found: dict[int, Float32] = {}
        left = sorted(range(len(block)), key=lambda k: -len(block[k]))  # of like length
        while left:
            some = left[:size]
            try:
                found |= zip(some, self.model.states([block[k] for k in some]), strict=True)
            except OutOfMemory:
                if size == 1:
                    raise too_long(self.model, block) from None
                size //= 2
                continue
            left = left[size:]
            done += sum(len(block[k]) for k in some)
            share(done / sum(map(len, block)))
        return [found[k] for k in range(len(block))]

    def _settings(self) -> LossSettings:
        o, prefix = self.options, self.tokenizer.prefix
        context = self._context()
        stride = None
        if o.mode == "windows":
            most = max(1, context - len(prefix) - 1)  # leaves a token of context
            stride = o.stride or min(context // 2, most)
        if context < 2 + len(prefix):
            raise UsageError(f"a context of {context} leaves no token to be predicted")
        return LossSettings(
            mode=o.mode,
            context=context,
            stride=stride,
            batch=o.batch,
            max_tokens=o.max_tokens,
            max_documents=o.max_documents,
            device=self.model.device,
            dtype=self.model.dtype,
            version=__version__,
            before=tuple(self.tokenizer.token(i) or f"id {i}" for i in prefix.tolist()),
            first_scored=len(prefix) > 0,
            special=o.special,
        )

    def _context(self) -> int:
        asked, allowed = self.options.context, self.model.context
        if allowed is None or asked <= allowed:
            return asked
        self.notes.append(
            f"the context is {allowed:,}: the model allows {allowed:,} of the {asked:,} set"
        )
        return allowed

    @property
    def how(self) -> dict[str, object]:
        """What the values of a block depend on beside its tokens; JSON."""
        settings = self.settings
        return {
            "model": self.checkpoint.identity,
            "batch": settings.batch,
            "device": settings.device,
            "dtype": settings.dtype,
            "version": __version__,
        }

    def _blocks(
        self, counts: Counts, batches: Batches
    ) -> Iterator[tuple[list[Sequence], BlockLosses]]:
        """Yield every block in order, with its losses."""
        scoring, how = batches.scoring, {**self.how, **FORMAT}
        if scoring is not None:
            how |= {"scoring": scoring.what, "scored": dict(scoring.settings)}
        stage = f"{'loss' if scoring is None else scoring.what} of {self.checkpoint.name}"
        at = 0  # bytes of text, or tokens
        self.progress(READING, 0, 1)
        for number, block in enumerate(self.blocks(counts)):
            if not number:
                self.progress(READING, 1, 1)
            self.check_ids(block)
            if self.options.max_tokens is None:
                after = block[-1].read
                total = max(self.text.size or 0, after + 1)
            else:
                after = at + sum(int(sequence.scored.sum()) for sequence in block)
                total = max(self.options.max_tokens, after)
            self.progress(stage, at, total)

            def share(part: float, at: int = at, after: int = after, total: int = total) -> None:
                self.progress(stage, at + int(part * (after - at)), total)

            yield block, self._block(block, how, batches, share)
            at = after
        self.progress(stage, 1, 1)

    def _block(
        self,
        block: list[Sequence],
        how: dict[str, object],
        batches: Batches,
        share: Callable[[float], None],
    ) -> BlockLosses:
        if self.folder is None:
            return batches.evaluate(self.model, block, share)
        identity = identity_of(block, how)
        if self.folder.has(identity):
            file = self.folder.file(identity)
            try:
                kept = BlockLosses.from_bytes(file.read_bytes())
            except (FormatError, OSError):
                self.folder.set_aside(file)
            else:
                batches.size = min(batches.size, kept.batch)  # go on as it was
                return kept
        losses = batches.evaluate(self.model, block, share)
        self.folder.write(identity, losses.to_bytes())
        return losses

    def check_ids(self, block: list[Sequence]) -> None:
        """Refuse ids that the model has no row for.

        Raises
        ------
        EvaluationError
            Naming one.
        """
        rows = min(self.model.rows, self.model.inputs)
        for sequence in block:
            largest = int(sequence.ids.max())
            if largest >= rows:
                raise EvaluationError(
                    f"{self.model.name}: the tokenizer does not match the model: token "
                    f"{self.tokenizer.token(largest)!r} has id {largest:,}, the model has "
                    f"{rows:,} rows"
                )

    def nothing(self, counts: Counts) -> UsageError:
        """Return the error for a text in which nothing can be scored."""
        if counts.documents:
            return UsageError(
                f"{self.text.name}: no document has two tokens; the first token of a text "
                "has nothing before it and cannot be scored"
            )
        return UsageError(f"{self.text.name} has no text in it")

    def remarks(self, c: Counts, batch: int) -> Iterator[str]:
        """Yield what the reader of a result should know; `batch` sequences were read at once."""
        if batch < self.options.batch:
            yield f"out of memory: batches of {self.options.batch} became {batch}"
        size, rows = self.tokenizer.size, self.model.rows
        if size > min(rows, self.model.inputs):
            yield (
                f"the tokenizer has {size:,} ids, the model {min(rows, self.model.inputs):,} rows: "
                "the ids beyond did not occur"
            )
        if size < FEW * rows:
            yield (
                f"the tokenizer has {size:,} ids, the model {rows:,} rows: "
                "is it this model's tokenizer?"
            )
        if c.unread:
            yield (
                f"{c.unread:,} of {c.unread + c.tokens:,} tokens "
                f"({percent(c.unread / (c.unread + c.tokens))}) are not read: "
                f"{counted(c.cut, 'document is', 'documents are')} longer than the context; "
                "mode='windows' reads them whole"
            )
        yield from c.separator_notes(self.text)
        yield from c.special_notes(self.options.special)
        yield from c.undecodable_notes()
        for count, what in ((c.empty, "without a token"), (c.short, "of a single token")):
            if count:
                left_out = f"document {what} was left out", f"documents {what} were left out"
                yield counted(count, *left_out)
        if self.model.head.whole_logits:
            yield "this architecture gives its logits whole: memory is not bounded"


def _frequent(parts: Losses, tokens: Losses) -> Losses:
    """Return the losses by part of the entries that occur often enough."""
    often = np.isin(parts.ids // PARTS, tokens.ids[tokens.counts >= LEAST_COUNT])
    return Losses(parts.ids[often], parts.counts[often], parts.nats[often])


def _spelled(tokenizer: Tokenizer, rows: int) -> tuple[str | None, ...]:
    """Return the text of each of the model's rows; JSON and Parquet hold no lone surrogates."""
    texts = tokenizer.tokens()[:rows]
    plain = (t if t is None else t.encode("utf-8", "replace").decode() for t in texts)
    return (*plain, *[None] * (rows - len(texts)))
