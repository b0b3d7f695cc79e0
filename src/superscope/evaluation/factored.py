"""Models of transformers whose output head, and perhaps input embedding, are factors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from superscope.errors import EvaluationError, FormatError
from superscope.frequency.checkpoint import Loadable, located
from superscope.heads import factored
from superscope.heads.narrow_head import NarrowHead
from superscope.heads.opened import Opened

if TYPE_CHECKING:
    import torch
    from torch import nn


def from_pretrained(transformers: Any, checkpoint: Loadable, **arguments: Any) -> tuple[Any, Any]:
    """Return a model that transformers loads, and what it tells of loading it.

    A head, or an input embedding, that is stored as factors becomes modules of ours.

    Parameters
    ----------
    transformers
        The package.
    checkpoint
        Where the model lies.
    **arguments
        Of ``from_pretrained``.

    Raises
    ------
    FormatError
        The factors are damaged, or do not fit the body.
    """
    arguments |= {"output_loading_info": True, **checkpoint.arguments}
    kind = transformers.AutoModelForCausalLM
    if not checkpoint.factored:
        loaded, told = kind.from_pretrained(checkpoint.source, **arguments)
        return loaded, told
    found = located(checkpoint)
    opened = Opened(found)
    said = factored.body_config(found)
    head, entry = (factored.factors(found, opened, part) for part in ("head", "input"))
    assert head is not None
    try:
        config = transformers.CONFIG_MAPPING[said.get("model_type")]
    except KeyError:
        raise FormatError(
            f"{checkpoint.name}: transformers does not know the type of its body, "
            f"{said.get('model_type')!r}; update transformers"
        ) from None
    # Tied for the moment, so that no head of full size is made where that can be helped.
    tied = config.from_dict({**said, "tie_word_embeddings": True})
    loaded, told = kind.from_pretrained(checkpoint.source, config=tied, **arguments)
    own = [name_of(loaded, loaded.get_output_embeddings())]
    own += [] if entry is None else [name_of(loaded, loaded.get_input_embeddings())]
    replace_head(loaded, head)
    if entry is not None:
        replace_entry(loaded, entry)
    missing = [key for key in told.get("missing_keys") or () if key.rpartition(".")[0] not in own]
    return loaded, {**told, "missing_keys": missing}


def replace_head(loaded: Any, head: NarrowHead) -> nn.Module:
    """Put factors in the place of a model's output head, and return what was there.

    Raises
    ------
    FormatError
        They have another shape.
    """
    from superscope.evaluation.factored_modules import module_of

    old: nn.Module = loaded.get_output_embeddings()
    weight = weights_of(old)
    _check_shape(loaded, head, shape_of(old))
    put(loaded, old, module_of(head, weight.dtype, weight.device))
    loaded.config.get_text_config().tie_word_embeddings = False
    loaded.config.tie_word_embeddings = False
    loaded.all_tied_weights_keys = {}
    return old


def replace_entry(loaded: Any, entry: NarrowHead) -> Any:
    """Put factors in the place of a model's input embedding, and return what was there.

    Raises
    ------
    FormatError
        They have another shape.
    EvaluationError
        The embedding does more than look up rows.
    """
    from superscope.evaluation.factored_modules import FactoredEmbedding

    old: Any = loaded.get_input_embeddings()
    weight = weights_of(old)
    _check_shape(loaded, entry, (inputs_of(old), old.embedding_dim))
    made = FactoredEmbedding(entry, _scale(old), weight.dtype, weight.device)
    put(loaded, old, made)
    return old


@contextmanager
def with_factors(loaded: Any, head: NarrowHead, entry: NarrowHead | None) -> Iterator[None]:
    """Let a model have factors for its output head, and perhaps its input embedding."""
    config, text = loaded.config, loaded.config.get_text_config()
    tied = [getattr(c, "tie_word_embeddings", None) for c in (config, text)]
    keys = getattr(loaded, "all_tied_weights_keys", {})
    own, below = loaded.get_output_embeddings(), loaded.get_input_embeddings()
    try:
        replace_head(loaded, head)
        if entry is not None:
            replace_entry(loaded, entry)
        yield
    finally:
        for old, new in (
            (own, loaded.get_output_embeddings()),
            (below, loaded.get_input_embeddings()),
        ):
            if new is not old:
                put(loaded, new, old)
        config.tie_word_embeddings, text.tie_word_embeddings = tied
        loaded.all_tied_weights_keys = keys


def put(loaded: Any, old: nn.Module, new: nn.Module) -> None:
    """Put a module in the place of another."""
    where, _, last = name_of(loaded, old).rpartition(".")
    setattr(loaded.get_submodule(where), last, new)


def name_of(loaded: Any, module: nn.Module) -> str:
    """Return the name of a module in a model."""
    name: str = next(name for name, part in loaded.named_modules() if part is module)
    return name


def is_factored(module: nn.Module) -> bool:
    """Return whether a module is one of ours, whose weight is made when it is asked for."""
    return hasattr(module, "factors")


def shape_of(head: Any) -> tuple[int, int] | None:
    """Return rows and columns of an output head; None if it has none."""
    if is_factored(head):
        return head.out_features, head.in_features
    weight = getattr(head, "weight", None)
    return None if weight is None else (int(weight.shape[0]), int(weight.shape[1]))


def inputs_of(entry: Any) -> int:
    """Return the rows of an input embedding."""
    return int(entry.num_embeddings if is_factored(entry) else len(entry.weight))


def weights_of(module: Any) -> torch.Tensor:
    """Return the weight of a head or embedding, or a factor of it: it tells type and device."""
    weight: torch.Tensor = next(module.parameters()) if is_factored(module) else module.weight
    return weight


def _check_shape(loaded: Any, head: NarrowHead, shape: tuple[int, ...] | None) -> None:
    made = head.vocabulary, head.width
    if made != shape:
        raise FormatError(
            f"{type(loaded).__name__}: its factors make a matrix of shape {made}, and the model "
            f"has one of shape {shape}"
        )


def _scale(embedding: Any) -> float:
    """Return what an input embedding multiplies its rows with."""
    import torch

    weight = embedding.weight
    ids = torch.arange(min(64, len(weight)), device=weight.device)
    with torch.inference_mode():
        rows, given = weight[ids].double(), embedding(ids).double()
    size = float((rows * rows).sum())
    scale = float((rows * given).sum()) / size if rows.shape == given.shape and size else 1.0
    if rows.shape != given.shape or not torch.allclose(given, scale * rows, rtol=1e-2, atol=1e-6):
        raise EvaluationError(
            "the model's input embedding does more than look up rows, and cannot be factored: "
            "pass tied='keep'"
        )
    said = getattr(embedding, "scalar_embed_scale", getattr(embedding, "embed_scale", None))
    return 1.0 if abs(scale - 1) < 1e-6 else float(scale if said is None else said)
