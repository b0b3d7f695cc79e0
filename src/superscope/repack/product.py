"""The model with a narrower head that was written: what it is and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from superscope.lens.estimate import Estimate


@dataclass(frozen=True)
class Product:
    """A model with a narrower head, in a folder.

    Attributes
    ----------
    folder
        Where it is.
    way, rank, ranks
        How its head was made; the ranks of its blocks, one for a head of a single block.
    asked_for
        Whether its way was asked for by name; else it has the least loss at this rank.
    among
        How many ways were compared at this rank.
    dtype
        Number format of its weights.
    quantized
        Number format of the original if that was quantized, so that the weights were dequantized.
    tied
        ``untied``, or what became of the input embedding the head was tied to: ``keep``, ``both``.
    loss, excess
        Of its head as written, in its number format, with the original body: nats per token, and
        that over the full head's.
    whole_loss, whole_excess
        With factors for the input embedding too, the whole model read over the text; None unless
        `tied` is ``both``.
    full_loss
        Of the checkpoint of full size, in its number format; None where it is not written.
    full_missing
        Why the checkpoint of full size is not written; None where it is.
    license, base
        Of the original: its license, and its hub id or the name it gives itself; None where
        unknown.
    weights, weights_before
        Numbers in the model and in the original, each tied one once.
    nbytes, nbytes_before
        Bytes of weights on disk, and of the original in the same number format.
    stored_before
        Bytes of the original's weights files, as they are; None where unknown.
    full_bytes
        Bytes that the full-size checkpoint adds; its body is the same files.
    """

    folder: str
    way: str
    rank: int
    ranks: tuple[int, ...]
    asked_for: bool
    among: int
    dtype: str
    quantized: str | None
    tied: str
    loss: Estimate
    excess: Estimate
    whole_loss: Estimate | None
    whole_excess: Estimate | None
    full_loss: Estimate | None
    full_missing: str | None
    license: str | None
    base: str | None
    weights: int
    weights_before: int
    nbytes: int
    nbytes_before: int
    stored_before: int | None
    full_bytes: int
