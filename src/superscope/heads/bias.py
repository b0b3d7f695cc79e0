"""The bias of the logits, which some heads have beside their matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from superscope.errors import FormatError, NotFoundError
from superscope.heads.encodings import Float32
from superscope.heads.naming import elsewhere, plain_name
from superscope.heads.opened import Opened

# Biases of heads that are tied to the input embedding, or that have another name than the matrix.
_TAILS = (
    "predictions.decoder.bias",  # BERT, ALBERT
    "predictions.bias",  # BERT before transformers 4.5
    "lm_head.decoder.bias",  # RoBERTa
    "lm_head.bias",  # RoBERTa, DeBERTa, ESM
    "vocab_projector.bias",  # DistilBERT
    "generator_lm_head.bias",  # ELECTRA
    "pred_layer.proj.bias",  # XLM
    "unembed.b_U",  # TransformerLens
    "final_logits_bias",  # BART, Marian
)
_WHOLE = ("output.bias", "decoder.bias", "b_U")  # of GGUF; of ModernBERT; without any prefix
_MATRIX = ("weight", "kernel", "W_U")


def bias_beside(head: str, names: Iterable[str], named: bool) -> list[str]:
    """Return the tensors that may be the bias of a head, the likeliest first.

    Parameters
    ----------
    head
        Name of the head's matrix.
    names
        Names of all tensors.
    named
        Whether the user named the matrix; then only a bias of its own module belongs to it.
    """
    plain = {name: plain_name(name) for name in names}
    module, _, last = plain_name(head).rpartition(".")
    own = f"{module}.{'b_U' if last == 'W_U' else 'bias'}".lstrip(".")
    found = [name for name, p in plain.items() if p == own and last in _MATRIX]
    if not named:
        here = {name: p for name, p in plain.items() if not elsewhere(name)}
        for tail in _TAILS:
            found += [name for name, p in here.items() if p == tail or p.endswith(f".{tail}")]
        found += [name for name, p in here.items() if p in _WHOLE]
    return list(dict.fromkeys(found))


def logit_bias(
    opened: Opened, where: Mapping[str, str], head: str, rows: int, *, named: bool
) -> tuple[Float32 | None, tuple[str, ...]]:
    """Return a head's bias, shape (V,), and a note about it; None and no note if it has none.

    Raises
    ------
    FormatError
        The bias is damaged.
    """
    for name in bias_beside(head, where, named):
        try:
            shape = opened.tensor(where, name).shape
        except (FormatError, NotFoundError) as error:  # perhaps only the head was downloaded
            return None, (f"the logits may have a bias, {name}, which cannot be read: {error}",)
        if shape in ((rows,), (1, rows)):
            opened.tensor(where, name).check_whole(opened.file(where[name]))
            return opened.loaded(where, name).ravel(), (bias_note(name),)
    return None, ()


def bias_note(name: str) -> str:
    """Return the note that a head has a bias."""
    return f"the logits have a bias, {name}, which is no part of the overlaps"
