"""How often each token occurs in a text, and the exponent of Zipf's law in its tail."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope._version import __version__
from superscope.arguments import checked
from superscope.errors import EvaluationError, UsageError
from superscope.frequency.checkpoint import Loadable
from superscope.frequency.options import FrequencyOptions
from superscope.frequency.reading import Counts, Limits, taken
from superscope.frequency.text import Text, text_of
from superscope.frequency.token_frequency import CountedText, TokenFrequency
from superscope.frequency.tokenizer import Tokenizer, load_tokenizer
from superscope.frequency.zipf import FIRST_RANK, GROUPS, ZipfFit, fit_zipf
from superscope.options import changed, taking
from superscope.progress import Progress, ProgressChoice, chosen
from superscope.text import counted

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

FEW_DOCUMENTS = 64  # with fewer, by their weight, the groups are made of runs of tokens
RUN_TOKENS = 1000
_BUFFERED = 1 << 22  # tokens


@taking(FrequencyOptions)
@checked
def count_tokens(
    tokenizer: str | Path | Loadable | Tokenizer,
    text: Text | Iterable[str],
    *,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> TokenFrequency:
    """Count a text's tokens and fit Zipf's law to the tail of their frequencies.

    Ranks and counts of one sample are not independent: among rare ids, those that occur more often
    by chance rank higher, which bends the curve. So the text is divided into four quarters; the ids
    are ranked in three of them and counted in the fourth, each in turn. A zeta distribution
    truncated to the ranks [a, b] is fitted by maximum likelihood: its α is the one at which the
    expected log rank is the mean log rank of the tokens counted. What ranks of three quarters still
    lack, ids out of order by chance, is in proportion to 1 / (tokens ranked), and taken off by
    comparison with ranks of a single quarter. The standard error is that over 200 half-samples of
    32 groups of documents, since tokens of one document are not independent, joined by 0.3 of
    the bias taken off.

    Parameters
    ----------
    tokenizer
        Hub id, local folder, GGUF file, ``tokenizer.json``; a checkpoint found; or what
        :func:`~superscope.frequency.tokenizer.load_tokenizer` returned.
    text
        From ``text_files`` or ``hub_text``, or strings, one a document.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress("tokens of TEXT", done, total)``, in bytes of text or
        in tokens.
    **changes
        Options, by name.

    Returns
    -------
    TokenFrequency
        Without an exponent, and with the reason, where the text is too short for one.

    Raises
    ------
    SuperscopeError
        One line that names what is wrong, where, and the way out.

    Examples
    --------
    >>> from superscope.frequency import count_tokens
    >>> from tokenizers import Tokenizer, models, pre_tokenizers
    >>> ids = {"the": 0, "cat": 1, "sat": 2, "?": 3}
    >>> words = Tokenizer(models.WordLevel(ids, unk_token="?"))
    >>> words.pre_tokenizer = pre_tokenizers.Whitespace()
    >>> words.save("tokenizer.json")
    >>> count_tokens("tokenizer.json", ["the cat sat", "the cat", "the dog"]).counts
    array([3, 2, 1, 1])
    """
    options = changed(FrequencyOptions(), changes, "count_tokens")
    first, last = options.ranks or (None, None)
    _check_order(first, last)
    source = text if isinstance(text, Text) else text_of(text)
    loaded = tokenizer if isinstance(tokenizer, Tokenizer) else load_tokenizer(tokenizer)
    loaded = loaded.reading(options.special)
    if max(first or 1, last or 1) > loaded.size:
        raise UsageError(
            f"ranks {_ranks(first, last)}: {loaded.name} has {loaded.size:,} ids, and no more ranks"
        )
    counter = _Counter(loaded, source, Limits(options.max_tokens, options.max_documents))
    with chosen(progress) as report:
        counter.count(report)
        kind, groups = counter.groups()
        counts = groups.sum(axis=0)
        seen = int(np.count_nonzero(counts))
        if max(first or 1, last or 1) > seen:
            raise UsageError(
                f"ranks {_ranks(first, last)}: only {seen:,} ids occur in {source.name}; "
                "choose lower ranks or a longer text"
            )
        fitted = ZipfFit()
        if counter.units < GROUPS:
            fitted.reason = (
                f"the text is too short: {counted(counter.units, kind[:-1])}"
                f"{f' of {RUN_TOKENS:,} tokens' if kind == 'runs' else ''}; {GROUPS} are needed"
            )
        else:
            fitted = fit_zipf(groups, first, last, report)
    c = counter.met
    return TokenFrequency(
        tokenizer=loaded.name,
        text=CountedText(source.name, c.documents, c.empty, c.undecodable, counter.nbytes),
        counts=counts,
        groups=kind,
        dispersion=fitted.dispersion,
        tail=fitted.tail,
        decades=fitted.decades,
        bend=fitted.bend,
        reason=fitted.reason,
        max_tokens=options.max_tokens,
        max_documents=options.max_documents,
        version=__version__,
        notes=(*counter.notes(options.special), *fitted.notes),
        texts=tuple(loaded.tokens()),
    )


def _check_order(first: int | None, last: int | None) -> None:
    if min(first or 1, last or 1) < 1 or 0 in (first, last):
        raise UsageError(f"ranks {_ranks(first, last)}: the most frequent id has rank 1")
    if last is not None and (first or FIRST_RANK) >= last:
        raise UsageError(
            f"ranks {_ranks(first or FIRST_RANK, last)}: the first must be below the last"
        )


def _ranks(first: int | None, last: int | None) -> str:
    return ":".join("" if rank is None else str(rank) for rank in (first, last))


class _Counter:
    """Counts tokens by group: of documents and, in case there are few of them, of runs."""

    def __init__(self, tokenizer: Tokenizer, text: Text, limits: Limits):
        self.tokenizer, self.text, self.limits = tokenizer, text, limits
        self.met = Counts()
        self.nbytes = self.tokens = 0
        self._squares = 0  # of tokens per document
        self._counts = np.zeros((2, GROUPS, tokenizer.size), np.int64)
        self._waiting: list[tuple[Int64, Int64, Int64]] = []
        self._held = 0

    def count(self, progress: Progress) -> None:
        """Count the text.

        Raises
        ------
        UsageError
            It has no tokens.
        """
        stage = f"tokens of {self.text.name}"
        for number, encoded in taken(self.text, self.tokenizer, self.limits, self.met):
            ids = encoded.ids.astype(np.int64)
            runs = np.arange(self.tokens, self.tokens + len(ids)) // RUN_TOKENS % GROUPS
            self._waiting.append((ids, np.full(len(ids), number % GROUPS), runs))
            self._held += len(ids)
            self.tokens += len(ids)
            self._squares += len(ids) ** 2
            self.nbytes += int(encoded.ends[-1])
            if self._held >= _BUFFERED:
                self._add()
            if self.limits.tokens is not None:
                progress(stage, self.tokens, max(self.tokens + 1, self.limits.tokens))
            else:
                progress(stage, self.met.read, max(self.text.size or 0, self.met.read + 1))
        if not self.tokens:
            raise UsageError(f"{self.text.name} has no text in it")
        self._add()
        progress(stage, 1, 1)

    def _add(self) -> None:
        ids, *groups = (np.concatenate(part) for part in zip(*self._waiting, strict=True))
        self._waiting, self._held = [], 0
        size = self.tokenizer.size
        if ids.max() >= size:
            raise EvaluationError(
                f"{self.tokenizer.name} gives id {ids.max():,}, but its vocabulary has {size:,} ids"
            )
        for k, group in enumerate(groups):
            flat = np.bincount(group * size + ids, minlength=GROUPS * size)
            self._counts[k] += flat.reshape(GROUPS, size)

    @property
    def _by_document(self) -> bool:
        return self.tokens**2 >= FEW_DOCUMENTS * self._squares

    @property
    def units(self) -> int:
        """Number of documents or runs that the groups are made of."""
        return self.met.documents if self._by_document else -(-self.tokens // RUN_TOKENS)

    def groups(self) -> tuple[str, Int64]:
        """Return what the groups are made of, and the counts of each, shape (32, V)."""
        return ("documents", self._counts[0]) if self._by_document else ("runs", self._counts[1])

    def notes(self, special: str) -> list[str]:
        """Return what the reader of the counts should know."""
        notes = []
        if not self._by_document and self.units >= GROUPS:
            few = counted(self.met.documents, "document")
            if self.met.documents >= FEW_DOCUMENTS:
                few += ", of which a few are most of the text"
            notes.append(
                f"{few}: divided into runs of {RUN_TOKENS:,} tokens; "
                "intervals do not say how other documents would differ"
            )
        notes += self.met.separator_notes(self.text)
        notes += self.met.special_notes(special)
        notes += self.met.undecodable_notes()
        if self.met.empty:
            notes.append(f"{counted(self.met.empty, 'document')} without a token left out")
        return notes
