"""How often each token occurs in a text: every number of it, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from superscope.frequency.zipf import Bend, ZipfExponent
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd

Int64 = npt.NDArray[np.int64]

MOST_FREQUENT = (10, 100, 1000, 10_000)


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
class TokenFrequency(Result, Pictured):
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
    texts
        Text of each id as the vocabulary spells it, None for an id without text; or None.
    """

    DERIVED = (
        "tokens",
        "vocabulary",
        "seen",
        "coverage",
        "once",
        "new_token_chance",
        "shares",
        "alpha",
        "toy_options",
        "weak_exponent",
    )

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
    texts: tuple[str | None, ...] | None = None

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

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each of the V ids: id, token, count, rank.

        Those that do not occur have count 0 and no rank.
        """
        import pandas as pd

        ranks = pd.array(self.ranks, dtype="Int64")
        ranks[self.counts == 0] = pd.NA
        texts = self.texts or (None,) * self.vocabulary
        return pd.DataFrame(
            {
                "id": np.arange(self.vocabulary),
                "token": pd.array(texts, dtype="string"),
                "count": self.counts,
                "rank": ranks,
            }
        )

    def __repr__(self) -> str:
        exponent = "no exponent" if self.alpha is None else f"alpha={self.alpha:.4g}"
        of = f"{counted(self.seen, 'id')} of {self.vocabulary:,}, {exponent}"
        return f"<TokenFrequency {self.text.name!r}: {counted(self.tokens, 'token')}, {of}>"
