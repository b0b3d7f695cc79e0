"""How often each token occurs in a text, and the exponent of Zipf's law in its tail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope._version import __version__
from superscope.errors import EvaluationError, UsageError
from superscope.evaluation.checkpoint import Checkpoint
from superscope.evaluation.frequency_summary import as_text, many
from superscope.evaluation.sequences import Counts, Limits, taken
from superscope.evaluation.text import Text, text_of
from superscope.evaluation.tokenizer import Tokenizer, load_tokenizer
from superscope.evaluation.zipf import FIRST_RANK, GROUPS, Bend, ZipfExponent, ZipfFit, fit_zipf
from superscope.progress import Progress, silent
from superscope.serialize import decode, encode

if TYPE_CHECKING:
    import pandas as pd

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

FEW_DOCUMENTS = 64  # with fewer, by their weight, the groups are made of runs of tokens
RUN_TOKENS = 1000
MOST_FREQUENT = (10, 100, 1000, 10_000)
_BUFFER = 1 << 22  # tokens


@dataclass(frozen=True)
class CountedText:
    """The text, as far as it was counted.

    Attributes
    ----------
    name
        What tables call it.
    documents, empty
        Documents with tokens, and without any.
    undecodable
        Bytes that could not be decoded, read as U+FFFD.
    nbytes
        Bytes of UTF-8 that the tokens stand for.
    """

    name: str
    documents: int
    empty: int
    undecodable: int
    nbytes: int


@dataclass(frozen=True, eq=False)
class TokenFrequency:
    """Counts of a text's tokens, and the power law of their tail.

    Attributes
    ----------
    tokenizer
        Name of the tokenizer.
    text
        What was counted.
    counts
        How often each id occurs, int64, shape (V,); special tokens that the tokenizer adds to a
        text are not counted.
    groups
        What the 32 groups are made of, between which counts vary: ``documents``, or ``runs`` of
        1,000 tokens where there are few documents.
    dispersion
        How much more counts vary between groups than tokens drawn one by one would, at least 1;
        None where it cannot be told.
    tail
        The exponent of the tail, or None; then `reason` says why.
    decades
        The exponent of each decade of rank, as far as ranks can be told.
    bend
        Whether one exponent holds in the tail; None where it has too few ranks to tell.
    reason
        Why there is no exponent of the tail.
    max_tokens, max_documents
        How much of the text was taken, None for all.
    version
        Of superscope.
    notes
        What the user should know.
    """

    tokenizer: str
    text: CountedText
    counts: Int64
    groups: str
    dispersion: float | None
    tail: ZipfExponent | None
    decades: tuple[ZipfExponent, ...]
    bend: Bend | None
    reason: str | None
    max_tokens: int | None
    max_documents: int | None
    version: str
    notes: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """Number of tokens counted."""
        return int(self.counts.sum())

    @property
    def vocabulary(self) -> int:
        """V, one more than the largest id of the tokenizer."""
        return len(self.counts)

    @property
    def seen(self) -> int:
        """Number of ids that occur."""
        return int(np.count_nonzero(self.counts))

    @property
    def coverage(self) -> float:
        """Share of the ids that occur."""
        return self.seen / self.vocabulary

    @property
    def once(self) -> int:
        """Number of ids that occur once."""
        return int((self.counts == 1).sum())

    @property
    def new_token_chance(self) -> float:
        """Good–Turing estimate of the chance that the next token is an id not seen before.

        It is the share of tokens whose id occurs once (Good 1953), as for tokens drawn one by one.
        """
        return 0.0 if self.seen == self.vocabulary else self.once / self.tokens

    @property
    def ranks(self) -> Int64:
        """Rank of each id by count, 1 for the most frequent, 0 where it does not occur.

        Equal counts rank by id.
        """
        ranks = np.empty(self.vocabulary, np.int64)
        ranks[np.argsort(-self.counts, kind="stable")] = np.arange(1, self.vocabulary + 1)
        ranks[self.counts == 0] = 0
        return ranks

    @property
    def shares(self) -> dict[int, float]:
        """Share of the text that the most frequent 10, 100, 1,000 and 10,000 ids make up."""
        return {most: self.share(1, most) for most in MOST_FREQUENT if most < self.vocabulary}

    def share(self, first: int, last: int) -> float:
        """Return the share of the text that some ranks make up, both ends included."""
        ordered = np.sort(self.counts)[::-1]
        return float(ordered[first - 1 : last].sum()) / self.tokens

    @property
    def alpha(self) -> float | None:
        """α of the toy model that corresponds: its features' frequencies are p ∝ rank^(−α)."""
        return None if self.tail is None else self.tail.value

    @property
    def toy_options(self) -> str | None:
        """Options of ``superscope toy train`` for features as frequent as tokens of the tail.

        A density of 1 is one token at a time.
        """
        return None if self.alpha is None else f"--alpha {self.alpha:.4g} --density 1"

    @property
    def weak_exponent(self) -> float | None:
        """Exponent of loss in width that weak superposition would give: α − 1; None for α ≤ 1."""
        return None if self.alpha is None or self.alpha <= 1 else self.alpha - 1

    def token_table(self, texts: list[str | None] | None = None) -> pd.DataFrame:
        """Return a row for each of the V ids: id, token, count, rank.

        Those that do not occur have count 0 and no rank. `texts` are the tokens' texts
        (:meth:`Tokenizer.tokens`).
        """
        import pandas as pd

        known = list(texts or [])[: self.vocabulary]
        ranks = pd.array(self.ranks, dtype="Int64")
        ranks[self.counts == 0] = pd.NA
        return pd.DataFrame(
            {
                "id": np.arange(self.vocabulary),
                "token": pd.array(known + [None] * (self.vocabulary - len(known)), dtype="string"),
                "count": self.counts,
                "rank": ranks,
            }
        )

    def to_json(self) -> str:
        """Return all of it as one line of JSON, with the derived numbers beside."""
        return encode(self, derived=_derived)

    @classmethod
    def from_json(cls, text: str) -> TokenFrequency:
        """Return the frequencies that :meth:`to_json` wrote, without loss.

        Raises
        ------
        FormatError
            The text is no token frequencies of this version.
        """
        return decode(cls, text)

    def __str__(self) -> str:
        return as_text(self)

    __repr__ = __str__


def _derived(value: Any) -> dict[str, Any]:
    if not isinstance(value, TokenFrequency):
        return {}
    names = ("tokens", "vocabulary", "seen", "coverage", "once", "new_token_chance", "shares",
             "alpha", "toy_options", "weak_exponent")  # fmt: skip
    return {name: getattr(value, name) for name in names}


def count_tokens(
    tokenizer: str | Path | Checkpoint | Tokenizer,
    text: Text | Iterable[str],
    *,
    max_tokens: int | None = None,
    max_documents: int | None = None,
    ranks: tuple[int | None, int | None] | None = None,
    progress: Progress = silent,
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
        :func:`~superscope.evaluation.tokenizer.load_tokenizer` returned.
    text
        From ``text_files`` or ``hub_text``, or strings, one a document.
    max_tokens, max_documents
        How much of the text is taken; all by default.
    ranks
        a and b, the first and last rank of the tail; None for either means the default: a = 100,
        and b the last rank seen 20 times, or more often where counts vary more than by chance.
    progress
        Called as ``progress("tokens of TEXT", done, total)``, in bytes of text or in tokens.

    Returns
    -------
    TokenFrequency
        Without an exponent, and with the reason, where the text is too short for one.

    Raises
    ------
    SuperscopeError
        One line that names what is wrong, where, and the way out.
    """
    for name, value in (("max-tokens", max_tokens), ("max-documents", max_documents)):
        if value is not None and value < 1:
            raise UsageError(f"{name} must be at least 1, not {value}")
    first, last = ranks or (None, None)
    _check_order(first, last)
    source = text if isinstance(text, Text) else text_of(text)
    loaded = tokenizer if isinstance(tokenizer, Tokenizer) else load_tokenizer(tokenizer)
    if max(first or 1, last or 1) > loaded.size:
        raise UsageError(
            f"ranks {_ranks(first, last)}: {loaded.name} has {loaded.size:,} ids, and no more ranks"
        )
    counter = _Counter(loaded, source, Limits(max_tokens, max_documents))
    counter.count(progress)
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
            f"the text is too short: {many(counter.units, kind[:-1])}"
            f"{f' of {RUN_TOKENS:,} tokens' if kind == 'runs' else ''}; {GROUPS} are needed"
        )
    else:
        fitted = fit_zipf(groups, first, last, progress)
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
        max_tokens=max_tokens,
        max_documents=max_documents,
        version=__version__,
        notes=(*counter.notes(), *fitted.notes),
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
            if self._held >= _BUFFER:
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

    def notes(self) -> list[str]:
        """Return what the reader of the counts should know."""
        notes = []
        if not self._by_document and self.units >= GROUPS:
            few = many(self.met.documents, "document")
            if self.met.documents >= FEW_DOCUMENTS:
                few += ", of which a few are most of the text"
            notes.append(
                f"{few}: divided into runs of {RUN_TOKENS:,} tokens; "
                "intervals do not say how other documents would differ"
            )
        notes += self.met.undecodable_notes()
        if self.met.empty:
            notes.append(f"{many(self.met.empty, 'document')} without a token left out")
        return notes
