"""From a model's name and a text to its loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from superscope._version import __version__
from superscope.arguments import checked
from superscope.errors import EvaluationError, FormatError, UsageError
from superscope.evaluation import sequences
from superscope.evaluation.blocks import (
    Batches,
    BlockLosses,
    added,
    blocks,
    bytes_of,
    identity_of,
    words_of,
)
from superscope.evaluation.evaluation import (
    EvaluatedModel,
    Evaluation,
    Losses,
    LossSettings,
    TextRead,
)
from superscope.evaluation.model import LanguageModel, load_model
from superscope.evaluation.options import LossOptions
from superscope.evaluation.sequences import Sequence
from superscope.frequency.checkpoint import Loadable, loadable
from superscope.frequency.reading import Counts, Limits
from superscope.frequency.text import Text, text_of
from superscope.frequency.tokenizer import Tokenizer, load_tokenizer
from superscope.heads.checkpoint import Checkpoint
from superscope.progress import Progress, ProgressChoice, chosen
from superscope.runs import RunFolder
from superscope.text import counted, percent

LOADING, READING = "loading the model", "reading the text"  # stages before the first block
FEW = 0.95  # of the model's rows; a tokenizer with fewer ids is remarked on


@checked
def evaluate(
    model: str | Path | Checkpoint | Loadable,
    text: Text | Iterable[str],
    options: LossOptions = LossOptions(),  # noqa: B008 - frozen
    *,
    revision: str | None = None,
    base: str | None = None,
    keep: Path | None = None,
    tokenizer: Tokenizer | None = None,
    progress: ProgressChoice = "auto",
) -> Evaluation:
    """Return the loss of a language model on a text.

    Parameters
    ----------
    model
        Hub id, local folder or GGUF file of anything ``AutoModelForCausalLM`` loads, or of a PEFT
        adapter, which is applied to its base; or a checkpoint that was located.
    text
        From :func:`text_files` or :func:`hub_text`, or strings, one a document.
    options
        How.
    revision
        Branch, tag or commit of a hub repository.
    base
        Model that a PEFT adapter was trained on, if its ``adapter_config.json`` names none or one
        that is not there.
    keep
        Folder that keeps what is finished: started again with the same options, the work goes on
        after the last finished block, and ends with the same bits.
    tokenizer
        The model's, if it is loaded already.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook, None shows nothing, and a function is
        called as ``progress(stage, done, total)``. The stages are ``loading the model``,
        ``reading the text`` (up to the first block) and ``loss of MODEL``, the last in bytes of
        text, or in tokens where `max_tokens` is given.

    Returns
    -------
    Evaluation
        Nats per token and bits per byte with standard errors clustered by document; losses of each
        document and of each entry of the vocabulary.

    Raises
    ------
    SuperscopeError
        One line that names what is wrong, where, and the way out.

    Examples
    --------
    >>> from superscope.evaluation import LossOptions, evaluate
    >>> from superscope.frequency import text_files
    >>> text = text_files(["held_out.txt"])  # doctest: +SKIP
    >>> options = LossOptions(max_tokens=100_000)
    >>> print(evaluate("openai-community/gpt2", text, options))  # doctest: +SKIP
    """
    source = text if isinstance(text, Text) else text_of(text)
    with chosen(progress) as report:
        report(LOADING, 0, 1)  # finding it asks the hub, and is the beginning of loading
        checkpoint = model if isinstance(model, Loadable) else loadable(model, revision, base)
        return _Run(checkpoint, source, options, keep, report).evaluation(tokenizer)


class _Run:
    """The state of one :func:`evaluate`."""

    def __init__(
        self,
        checkpoint: Loadable,
        text: Text,
        options: LossOptions,
        keep: Path | None,
        progress: Progress,
    ):
        self.checkpoint, self.text, self.options = checkpoint, text, options
        self.progress = progress
        self.folder = None if keep is None else RunFolder(keep, ".npz")
        self.counts = Counts()
        self.notes = list(checkpoint.notes)
        self.batches = Batches(options.batch)
        self.words = 0  # that end in scored tokens

    def evaluation(self, tokenizer: Tokenizer | None) -> Evaluation:
        next(iter(self.text), None)  # what is wrong with it is said before the model is loaded
        tokenizer = tokenizer or load_tokenizer(self.checkpoint)
        tokenizer = tokenizer.reading(self.options.special)
        # Loaded even if all is done: its shape and its precision are part of the result.
        model = load_model(self.checkpoint, self.options.device, self.options.dtype)
        self.progress(LOADING, 1, 1)
        context = self._context(model)
        stride = None
        if self.options.mode == "windows":
            most = max(1, context - len(tokenizer.prefix) - 1)  # leaves a token of context
            stride = self.options.stride or min(context // 2, most)
        if context < 2 + len(tokenizer.prefix):
            raise UsageError(f"a context of {context} leaves no token to be predicted")
        settings = self._settings(model, tokenizer, context, stride)
        done, sizes = self._blocks(model, tokenizer, settings)
        if not done:
            raise self._nothing()
        if self.batches.size < self.options.batch:
            self.notes.append(
                f"out of memory: batches of {self.options.batch} became {self.batches.size}"
            )
        self._remark(model, tokenizer)
        c, read = self.counts, added(sizes)
        nbytes = int(read.counts.sum())
        return Evaluation(
            model=EvaluatedModel(
                model.name, (self.checkpoint.adapter or self.checkpoint).revision, model.rows,
                model.width, model.depth, model.parameters,
            ),
            text=TextRead(
                self.text.name, c.documents, c.empty, c.short, c.cut, c.undecodable, nbytes,
                self.words, c.tokens, c.unread,
            ),
            settings=settings,
            documents=added([block.documents for block in done]),
            document_bytes=read.counts,
            token_losses=added([block.tokens for block in done]),
            vocabulary=_spelled(tokenizer, model.rows),
            notes=tuple(self.notes),
        )  # fmt: skip

    def _settings(
        self, model: LanguageModel, tokenizer: Tokenizer, context: int, stride: int | None
    ) -> LossSettings:
        o = self.options
        return LossSettings(
            mode=o.mode,
            context=context,
            stride=stride,
            batch=o.batch,
            max_tokens=o.max_tokens,
            max_documents=o.max_documents,
            device=model.device,
            dtype=model.dtype,
            version=__version__,
            before=tuple(tokenizer.token(i) or f"id {i}" for i in tokenizer.prefix.tolist()),
            first_scored=len(tokenizer.prefix) > 0,
            special=o.special,
        )

    def _context(self, model: LanguageModel) -> int:
        asked, allowed = self.options.context, model.context
        if allowed is None or asked <= allowed:
            return asked
        self.notes.append(
            f"the context is {allowed:,}: the model allows {allowed:,} of the {asked:,} set"
        )
        return allowed

    def _sequences(self, tokenizer: Tokenizer, settings: LossSettings) -> Iterator[Sequence]:
        limits = Limits(self.options.max_tokens, self.options.max_documents)
        if settings.stride is None:
            return sequences.documents(self.text, tokenizer, settings.context, limits, self.counts)
        return sequences.windows(
            self.text, tokenizer, settings.context, settings.stride, limits, self.counts
        )

    def _blocks(
        self, model: LanguageModel, tokenizer: Tokenizer, settings: LossSettings
    ) -> tuple[list[BlockLosses], list[Losses]]:
        """Return the losses of every block in order, and their bytes by document as counts."""
        how: dict[str, object] = {
            "model": self.checkpoint.identity,
            "batch": settings.batch,
            "device": settings.device,
            "dtype": settings.dtype,
            "version": __version__,
        }
        stage = f"loss of {self.checkpoint.name}"
        done: list[BlockLosses] = []
        sizes: list[Losses] = []
        at = 0  # bytes of text, or tokens
        self.progress(READING, 0, 1)
        for block in blocks(self._sequences(tokenizer, settings), self.options.block_tokens):
            if not done:
                self.progress(READING, 1, 1)
            self._check_ids(block, model, tokenizer)
            if self.options.max_tokens is None:
                after = block[-1].read
                total = max(self.text.size or 0, after + 1)
            else:
                after = at + sum(int(sequence.scored.sum()) for sequence in block)
                total = max(self.options.max_tokens, after)
            self.progress(stage, at, total)

            def share(part: float, at: int = at, after: int = after, total: int = total) -> None:
                self.progress(stage, at + int(part * (after - at)), total)

            done.append(self._block(block, model, how, share))
            sizes.append(bytes_of(block))
            self.words += words_of(block)
            at = after
        self.progress(stage, 1, 1)
        return done, sizes

    def _block(
        self,
        block: list[Sequence],
        model: LanguageModel,
        how: dict[str, object],
        share: Callable[[float], None],
    ) -> BlockLosses:
        if self.folder is None:
            return self.batches.evaluate(model, block, share)
        identity = identity_of(block, how)
        if self.folder.has(identity):
            file = self.folder.file(identity)
            try:
                kept = BlockLosses.from_bytes(file.read_bytes())
            except (FormatError, OSError):
                self.folder.set_aside(file)
            else:
                self.batches.size = min(self.batches.size, kept.batch)  # go on as it was
                return kept
        losses = self.batches.evaluate(model, block, share)
        self.folder.write(identity, losses.to_bytes())
        return losses

    def _check_ids(self, block: list[Sequence], model: LanguageModel, tokenizer: Tokenizer) -> None:
        """Refuse ids that the model has no row for."""
        rows = min(model.rows, model.inputs)
        for sequence in block:
            largest = int(sequence.ids.max())
            if largest >= rows:
                raise EvaluationError(
                    f"{model.name}: the tokenizer does not match the model: token "
                    f"{tokenizer.token(largest)!r} has id {largest:,}, the model has {rows:,} rows"
                )

    def _remark(self, model: LanguageModel, tokenizer: Tokenizer) -> None:
        """Note what the reader of the loss should know."""
        c = self.counts
        if tokenizer.size > min(model.rows, model.inputs):
            self.notes.append(
                f"the tokenizer has {tokenizer.size:,} ids, the model "
                f"{min(model.rows, model.inputs):,} rows: the ids beyond did not occur"
            )
        if tokenizer.size < FEW * model.rows:
            self.notes.append(
                f"the tokenizer has {tokenizer.size:,} ids, the model {model.rows:,} rows: "
                "is it this model's tokenizer?"
            )
        if c.unread:
            self.notes.append(
                f"{c.unread:,} of {c.unread + c.tokens:,} tokens "
                f"({percent(c.unread / (c.unread + c.tokens))}) are not read: "
                f"{counted(c.cut, 'document is', 'documents are')} longer than the context; "
                "mode='windows' reads them whole"
            )
        self.notes += c.separator_notes(self.text)
        self.notes += c.special_notes(self.options.special)
        self.notes += c.undecodable_notes()
        for count, what in ((c.empty, "without a token"), (c.short, "of a single token")):
            if count:
                left_out = f"document {what} was left out", f"documents {what} were left out"
                self.notes.append(counted(count, *left_out))
        if model.whole_logits:
            self.notes.append("this architecture gives its logits whole: memory is not bounded")

    def _nothing(self) -> UsageError:
        if self.counts.documents:
            return UsageError(
                f"{self.text.name}: no document has two tokens; the first token of a text "
                "has nothing before it and cannot be scored"
            )
        return UsageError(f"{self.text.name} has no text in it")


def _spelled(tokenizer: Tokenizer, rows: int) -> tuple[str | None, ...]:
    """Return the text of each of the model's rows; JSON and Parquet hold no lone surrogates."""
    texts = tokenizer.tokens()[:rows]
    plain = (t if t is None else t.encode("utf-8", "replace").decode() for t in texts)
    return (*plain, *[None] * (rows - len(texts)))
