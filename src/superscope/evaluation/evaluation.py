"""The loss of a model on a text: every number of it, as values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from superscope.evaluation.clustered import clustered_error, clustered_freedom
from superscope.heads import family_of
from superscope.observations import Observation
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.text import counted, percent

if TYPE_CHECKING:
    import pandas as pd

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

PARTS = 20
"""Of a text, by documents in turn: what the error of a single token's loss is estimated from."""
LEVEL = 0.95
LEAST_COUNT = 20
"""Occurrences of an entry of the vocabulary before its losses by part are kept."""


@dataclass(frozen=True)
class LossSettings:
    """How a model was evaluated.

    Attributes
    ----------
    mode
        ``documents``: each cut to the context. ``windows``: over all documents in a row.
    context
        Tokens read at once.
    stride
        Tokens from one window to the next; None for ``documents``.
    batch
        Sequences read at once.
    max_tokens, max_documents
        How much of the text was taken, None for all.
    device, dtype
        Where the model was, and the precision of its weights.
    version
        Of superscope.
    before
        Tokens that the tokenizer puts before every text, as it spells them, such as ``<s>``.
    first_scored
        Whether the first token of a text is scored: only where a token stands before it.
    special
        How special tokens that the text spells were read: as ``tokens`` or as ``text``.
    """

    mode: str
    context: int
    stride: int | None
    batch: int
    max_tokens: int | None
    max_documents: int | None
    device: str
    dtype: str
    version: str
    before: tuple[str, ...] = ()
    first_scored: bool = False
    special: str = "tokens"

    @property
    def reading(self) -> str:
        """How the documents were read, in words."""
        if self.stride is None:
            return f"documents, each cut to {self.context:,} tokens"
        return (
            f"windows of {self.context:,} tokens over the documents in a row, one every "
            f"{self.stride:,}; each token scored once"
        )


@dataclass(frozen=True)
class EvaluatedModel:
    """The model that was evaluated.

    Attributes
    ----------
    name, revision
        Hub id or path, and commit.
    rows, width
        Rows V and columns m of its output head.
    depth, parameters
        Layers and weights, None where it does not tell.
    """

    name: str
    revision: str | None
    rows: int
    width: int
    depth: int | None
    parameters: int | None


@dataclass(frozen=True)
class TextRead:
    """The text, as far as it was read.

    Attributes
    ----------
    name
        What tables call it.
    documents
        Documents with tokens.
    empty, short
        Documents left out: without a token, and with none that has one before it.
    cut
        Documents whose end was left out, being longer than the context.
    undecodable
        Bytes that could not be decoded, read as U+FFFD.
    nbytes
        Bytes of UTF-8 that the scored tokens stand for.
    words
        Words, separated by white space, that end in a scored token; None if not counted.
    tokens, unread
        Tokens of the documents that were read, and those left out beyond the context.
    """

    name: str
    documents: int
    empty: int
    short: int
    cut: int
    undecodable: int
    nbytes: int
    words: int | None = None
    tokens: int = 0
    unread: int = 0

    @property
    def unread_share(self) -> float:
        """Share of the documents' tokens that were left out beyond the context."""
        return self.unread / max(1, self.tokens + self.unread)


@dataclass(frozen=True, eq=False)
class Losses:
    """Sums of losses over what has an id: documents, or entries of the vocabulary.

    Attributes
    ----------
    ids
        Ascending, int64, shape (n,).
    counts
        Scored tokens, int64, shape (n,).
    nats
        Sum of their losses, float64, shape (n,).
    """

    ids: Int64
    counts: Int64
    nats: Float64

    @property
    def means(self) -> Float64:
        """Mean loss of each, nats."""
        return self.nats / self.counts

    @property
    def loss(self) -> float:
        """Mean loss of all together, nats: over tokens, not over ids."""
        return float(self.nats.sum()) / int(self.counts.sum())

    @property
    def loss_se(self) -> float | None:
        """Standard error of ``loss`` if what has an id is one draw; None for a single one."""
        return clustered_error(self.nats, self.counts)


@dataclass(frozen=True, eq=False)
class Evaluation(Result, Pictured):
    """The loss of a language model on a text.

    Attributes
    ----------
    model, text, settings
        What was evaluated, on what, how.
    documents
        Losses of each document.
    document_bytes
        Bytes of UTF-8 that the scored tokens of each stand for, int64, of the same length.
    token_losses
        Losses of each entry of the vocabulary that was a target; ``tokens`` in JSON.
    vocabulary
        Text of each entry as the tokenizer spells it, None where it has none, (V,).
    notes
        What the user should know.
    token_parts
        Losses of each entry with :data:`LEAST_COUNT` occurrences or more in each part of the
        text that it occurs in; document d is in part d mod :data:`PARTS`. Their ids are the
        entry's id · PARTS + the part. None in results of earlier versions.
    """

    DERIVED = (
        "loss", "loss_se", "loss_interval", "perplexity", "word_perplexity", "bits_per_byte",
        "bits_per_byte_se", "bits_per_byte_interval", "scored", "unread_share",
    )  # fmt: skip

    model: EvaluatedModel
    text: TextRead
    settings: LossSettings
    documents: Losses
    document_bytes: Int64
    token_losses: Losses = field(metadata={"json": "tokens"})
    vocabulary: tuple[str | None, ...] = ()
    notes: tuple[str, ...] = ()
    token_parts: Losses | None = None

    @property
    def scored(self) -> int:
        """Number of tokens scored."""
        return int(self.documents.counts.sum())

    @property
    def loss(self) -> float:
        """Mean loss, nats per token: over tokens, not over documents."""
        return self.documents.loss

    @property
    def loss_se(self) -> float | None:
        """Standard error of the loss, clustered by document; None for a single document.

        Tokens of one document are not independent. The loss is a ratio of sums over documents, and
        its error the linearized one: sqrt(D/(D − 1) Σ_d (nats_d − loss · tokens_d)²) / Σ tokens_d.
        """
        return self.documents.loss_se

    @property
    def loss_interval(self) -> tuple[float, float] | None:
        """95 % interval of the loss by Student's t, wide for few documents; None for a single one.

        Its degrees of freedom are Satterthwaite's for documents of these lengths: D − 1 if they are
        of one length, fewer where a few documents have most of the tokens.
        """
        return _interval(self.loss, self.loss_se, self.documents.counts)

    @property
    def perplexity(self) -> float:
        """exp of the loss."""
        return math.exp(min(self.loss, 700.0))

    @property
    def word_perplexity(self) -> float | None:
        """exp of the nats per word, words being separated by white space; None without a word."""
        words = self.text.words
        if not words:
            return None
        return math.exp(min(float(self.documents.nats.sum()) / words, 700.0))

    @property
    def unread_share(self) -> float:
        """Share of the documents' tokens that were left out beyond the context."""
        return self.text.unread_share

    @property
    def bits_per_byte(self) -> float:
        """Loss in bits per byte of UTF-8: what tokenizers cannot change."""
        return float(self.documents.nats.sum()) / math.log(2) / self.text.nbytes

    @property
    def bits_per_byte_se(self) -> float | None:
        """Standard error of the bits per byte, clustered by document as that of the loss."""
        error = clustered_error(self.documents.nats, self.document_bytes)
        return None if error is None else error / math.log(2)

    @property
    def bits_per_byte_interval(self) -> tuple[float, float] | None:
        """95 % interval of the bits per byte, as that of the loss."""
        return _interval(self.bits_per_byte, self.bits_per_byte_se, self.document_bytes)

    @property
    def how(self) -> str:
        """Mode, context, what stood before a text and what was not read: the run in tables."""
        s = self.settings
        mode = "documents" if s.stride is None else "windows"
        parts = [f"{mode} of {s.context}" + ("" if s.stride is None else f" by {s.stride}")]
        if s.before:
            parts.append(f"after {' '.join(s.before)}")
        if s.special == "text":
            parts.append("special tokens as text")
        if self.text.unread:
            parts.append(f"{percent(self.text.unread_share)} unread")
        return ", ".join(parts)

    def observation(self) -> Observation:
        """Return the loss as a row of the table of observations."""
        return Observation(
            source="checkpoint",
            run=self.how,
            family=family_of(self.model.name),
            model=self.model.name,
            revision=self.model.revision,
            width=self.model.width,
            features=self.model.rows,
            depth=self.model.depth,
            parameters=self.model.parameters,
            dataset=self.text.name,
            loss=self.loss,
            loss_se=self.loss_se,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each document: document, tokens, bytes, and mean loss in nats.

        Documents without a scored token have no row.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "document": self.documents.ids,
                "tokens": self.documents.counts,
                "bytes": self.document_bytes,
                "loss": self.documents.means,
            }
        )

    def tokens(self) -> pd.DataFrame:
        """Return a row for each of the V entries: id, token, count, and its mean loss in nats.

        Entries that never were a target have count 0 and no loss.

        Examples
        --------
        >>> from superscope.evaluation import evaluate
        >>> found = evaluate("openai-community/gpt2", ["A cat sat."])  # doctest: +SKIP
        >>> found.tokens().nlargest(5, "loss")  # doctest: +SKIP
        """
        import pandas as pd

        counts = np.zeros(self.model.rows, np.int64)
        counts[self.token_losses.ids] = self.token_losses.counts
        losses = np.full(self.model.rows, np.nan)
        losses[self.token_losses.ids] = self.token_losses.means
        unnamed = [None] * (self.model.rows - len(self.vocabulary))
        return pd.DataFrame(
            {
                "id": np.arange(self.model.rows),
                "token": pd.array([*self.vocabulary, *unnamed], dtype="string"),
                "count": counts,
                "loss": pd.array(losses, dtype="Float64"),
            }
        )

    def __repr__(self) -> str:
        of = f"{self.model.name!r} on {self.text.name!r}"
        return f"<Evaluation {of}: loss {self.loss:.4f}, {counted(self.scored, 'token')}>"


def _interval(value: float, error: float | None, sizes: Int64) -> tuple[float, float] | None:
    if error is None:
        return None
    from scipy.special import stdtrit

    half = float(stdtrit(clustered_freedom(sizes), (1 + LEVEL) / 2)) * error
    return value - half, value + half
