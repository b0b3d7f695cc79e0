"""Take the head of a model that is already in memory."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from superscope.arrays import as_numpy
from superscope.errors import FormatError, HeadDataError, UsageError
from superscope.heads import scales
from superscope.heads.adapters import MERGE, adapter_beside
from superscope.heads.bias import bias_beside, bias_note
from superscope.heads.dictionaries import choose
from superscope.heads.encodings import Float32
from superscope.heads.head import Head, Provenance
from superscope.heads.kinds import JsonVocabulary
from superscope.heads.tokens import from_tokenizer_json

ARRAYS = ("shape", "__array__", "__dlpack__")  # what arrays of any library have


def head_of(
    value: Any, *, tensor: str | None = None, layer: int | None = None, tokens: Any = None
) -> Head:
    """Return the head of a model or matrix in memory.

    Parameters
    ----------
    value
        A model with ``get_output_embeddings`` (such as those of transformers), another module of
        torch whose names tell its head, an ``Embedding`` or ``Linear``, a state dict, a matrix
        of shape (V, m), a :class:`Head`, or a mapping from names to vectors of length m.
    tensor
        Name of the tensor in a state dict.
    layer
        Which matrix of an array of shape (layers, V, m).
    tokens
        Text of each id: a sequence of strings, or a tokenizer.

    Returns
    -------
    Head
        The head, whose rows are not copied if they need no conversion.

    Raises
    ------
    HeadDataError
        The value holds no floating-point matrix.
    NotFoundError, UsageError
        No tensor could be the head, or several could; or the value is no model or matrix.
    """
    if tensor is not None and not isinstance(value, Mapping):
        raise UsageError("tensor= needs a checkpoint or a state dict; leave it out")
    if isinstance(value, Mapping) and tensor is None:
        value = _stacked(value)
    value = value if layer is None else _layer(value, layer)
    if isinstance(value, Head):
        head = value
    elif hasattr(value, "get_output_embeddings"):
        head = _of_model(value)
    elif isinstance(value, Mapping):
        head = _of_state(value, tensor)
    elif _is_module(value) and getattr(value, "weight", None) is None:
        head = _of_module(value)
    elif _is_module(value):
        head = _of_layer(value, type(value).__name__)
    elif isinstance(value, (list, tuple)) or any(hasattr(value, name) for name in ARRAYS):
        head = Head.from_array(value)
    else:
        raise UsageError(
            "a model is a name, a path, a Head, a model or layer of torch, a state dict or a "
            f"matrix (V, m), not {value!r:.80}"
        )
    return with_tokens(head, tokens, head.stored.shape[0])


def with_tokens(head: Head, tokens: Any, count: int) -> Head:
    """Return a head that knows the text of each of `count` ids from a tokenizer or a sequence."""
    if tokens is None:
        return head
    return replace(head, tokens=_texts(tokens, count), tokenizer=_vocabulary(tokens))


def _stacked(state: Mapping[str, Any]) -> Any:
    """Return the head of a mapping to vectors of one length, or the mapping itself."""
    shapes = {tuple(getattr(vector, "shape", ())) for vector in state.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        return state
    vectors = np.stack([as_numpy(vector, str(name))[0] for name, vector in state.items()])
    head = Head.from_array(vectors, model="directions", tokens=tuple(map(str, state)))
    return replace(head, provenance=replace(head.provenance, features="directions"))


def _layer(value: Any, layer: int) -> Any:
    """Return one matrix of an array of shape (layers, V, m)."""
    shape = tuple(getattr(value, "shape", ()))
    if isinstance(value, Head) or len(shape) != 3:
        raise UsageError(
            f"layer={layer} is for an array of shape (layers, directions, m); leave it out"
        )
    if layer >= shape[0]:
        raise UsageError(
            f"the array has {shape[0]:,} layers, so layer={layer} must be from 0 to "
            f"{shape[0] - 1:,}"
        )
    return value[layer]


def output_layer(model: Any) -> Any:
    """Return the layer of a model whose weight is its head.

    Raises
    ------
    HeadDataError
        The model has none.
    """
    layer = model.get_output_embeddings()
    if layer is None:
        raise HeadDataError(
            f"{_name(model)} has no output embeddings; load it with its head (AutoModelForCausalLM)"
        )
    return layer


def of_model(provenance: Provenance, model: Any) -> Provenance:
    """Return where a head came from, with what a model says of itself."""
    inputs = getattr(model, "get_input_embeddings", lambda: None)()
    own = getattr(output_layer(model), "weight", None)
    tied = inputs is not None and _same(own, getattr(inputs, "weight", None))
    return replace(
        provenance,
        model=_name(model),
        tensor="get_output_embeddings().weight",
        reason="tied to the input embedding" if tied else "the model's own output head",
        depth=getattr(getattr(model, "config", None), "num_hidden_layers", None),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
    )


def _name(model: Any) -> str:
    return str(getattr(model, "name_or_path", "") or type(model).__name__)


def _of_model(model: Any) -> Head:
    head = _of_layer(output_layer(model), _name(model))
    if head.bias is None:  # BART adds its own
        head = _biased(head, getattr(model, "final_logits_bias", None), "final_logits_bias")
    return replace(head, provenance=of_model(head.provenance, model))


def _of_module(module: Any) -> Head:
    name, state = type(module).__name__, module.state_dict()
    if not state:
        raise HeadDataError(
            f"{name} has no weights; pass a model with an output head, or its Embedding or Linear "
            "layer"
        )
    return _of_state(state, None, name)


def _of_state(state: Mapping[str, Any], tensor: str | None, model: str = "state dict") -> Head:
    shapes = {name: tuple(v.shape) for name, v in state.items() if hasattr(v, "shape")}
    choice = choose(shapes, {}, tensor, shapes)
    chosen = state[choice.tensor]
    shared = sorted(n for n in shapes if n != choice.tensor and _same(chosen, state[n]))
    reason = f"tied to {', '.join(shared)}" if shared else choice.reason
    if tensor is None and adapter_beside(choice.tensor, shapes, "the state dict"):
        raise FormatError(
            f"the state dict has a LoRA adapter for {choice.tensor}; {MERGE}, or pass "
            f"tensor={choice.tensor!r} to measure the head without it"
        )
    numbers = _numbers(chosen)
    notes: tuple[str, ...] = ()
    if choice.columns and len(numbers.shape) == 2:
        numbers = numbers.T
        notes = (f"{choice.tensor} has a column for each feature, so it was transposed",)
    head = _scaled(Head.from_array(numbers, model=model), choice.tensor, state)
    notes = (*head.provenance.notes, *notes)
    described = replace(
        head.provenance, tensor=choice.tensor, reason=reason, notes=notes,
        features="directions" if choice.directions else "tokens",
    )  # fmt: skip
    head = replace(head, provenance=described)
    beside = () if choice.directions else bias_beside(choice.tensor, shapes, tensor is not None)
    for name in beside:
        if head.bias is None:
            head = _biased(head, state[name], name)
    return head


def _of_layer(layer: Any, model: str) -> Head:
    head = Head.from_array(_adapted(layer, _weight(layer)), model=model)
    state = {**dict(layer.named_parameters()), **dict(layer.named_buffers())}
    head = _scaled(head, "weight", state) if "weight" in state else head
    return _biased(head, getattr(layer, "bias", None), "bias")


def _biased(head: Head, bias: Any, name: str) -> Head:
    """Return the head with its logit bias, if it is one."""
    rows = head.stored.shape[0]
    if bias is None or tuple(getattr(bias, "shape", ())) not in ((rows,), (1, rows)):
        return head
    notes = (*head.provenance.notes, bias_note(name))
    numbers = _float32(bias, name).ravel()
    return replace(head, bias=numbers, provenance=replace(head.provenance, notes=notes))


def _numbers(tensor: Any) -> Any:
    """Return a tensor, with int8 numbers converted to float32."""
    return tensor.to("cpu").float() if str(tensor.dtype) == "torch.int8" else tensor


def _scaled(head: Head, name: str, state: Mapping[str, Any]) -> Head:
    """Return the head with the scale of its fp8 or int8 numbers applied."""
    dtype = str(state[name].dtype).removeprefix("torch.")
    if not dtype.startswith(("float8", "int8")):
        return head
    label = f"state dict: tensor {name}"
    beside, zero = scales.scale_beside(name, state, label), scales.zero_beside(name, state)
    if beside is None:
        notes = scales.missing(dtype, scales.unknown_beside(name, state))
        known = replace(
            head.provenance, dtype=dtype, quantized=True, scale_known=False, notes=notes
        )
        return replace(head, provenance=known)
    factors = _float32(state[beside], f"{label}: its scale {beside}")
    points = None if zero is None else _float32(state[zero].float(), zero)
    scale = scales.fitted(beside, factors, head.stored.shape, label=label, zero=points)
    notes = (scale.described(head.stored.shape),)
    known = replace(head.provenance, dtype=dtype, quantized=True, scale_known=True, notes=notes)
    return replace(head, stored=scale.applied(head.stored), provenance=known)


def _float32(value: Any, name: str) -> Float32:
    return as_numpy(value, name)[0].astype(np.float32)


def _is_module(value: Any) -> bool:
    torch = sys.modules.get("torch")  # a module of torch exists only if torch was imported
    return torch is not None and isinstance(value, torch.nn.Module)


def _weight(module: Any) -> Any:
    """Return the weight of a layer; raise HeadDataError if it has none or is quantized."""
    weight = getattr(module, "weight", None)
    name = type(module).__name__
    if weight is None:
        raise HeadDataError(f"{name} has no weight; pass its Embedding or Linear layer")
    if callable(weight) or not weight.is_floating_point():
        raise HeadDataError(f"{name} is a quantized layer; measure the unquantized model")
    return weight


def _adapted(layer: Any, weight: Any) -> Any:
    """Return the weight of a layer with what its LoRA adapters of PEFT add to it."""
    if not hasattr(layer, "get_delta_weight") or layer.merged or layer.disable_adapters:
        return weight
    names = [name for name in layer.active_adapters if name in layer.scaling]
    if any(getattr(layer, "use_dora", {}).get(name) for name in names):
        raise FormatError(f"the head has a DoRA adapter, {names[0]}; {MERGE}")
    return sum((layer.get_delta_weight(name).float() for name in names), weight.float())


def _same(a: Any, b: Any) -> bool:
    """Return whether two torch tensors share their memory."""
    if not (hasattr(a, "data_ptr") and hasattr(b, "data_ptr")):
        return a is b
    return bool(a.shape == b.shape and a.data_ptr() == b.data_ptr() and a.data_ptr() != 0)


def _vocabulary(tokens: Any) -> JsonVocabulary | None:
    """Return what a tokenizer of the library tokenizers says of its ids."""
    backend = getattr(tokens, "backend_tokenizer", tokens)
    if not hasattr(backend, "to_str"):
        return None
    return JsonVocabulary(backend.to_str().encode(), "the tokenizer")


def _texts(tokens: Any, count: int) -> tuple[str | None, ...]:
    """Return the text of every id from a tokenizer or a sequence."""
    vocabulary = _vocabulary(tokens)
    if vocabulary is not None:
        return from_tokenizer_json(vocabulary.data, vocabulary.name)
    if hasattr(tokens, "decode") and not isinstance(tokens, bytes):
        known = min(count, len(tokens)) if hasattr(tokens, "__len__") else count
        return tuple(tokens.decode([index]) for index in range(known))
    if isinstance(tokens, (str, bytes, Mapping)) or not isinstance(tokens, Iterable):
        raise UsageError("tokens= must be a sequence of strings or a tokenizer")
    texts = tuple(None if token is None else str(token) for token in tokens)
    if len(texts) > count:
        raise UsageError(
            f"tokens= has {len(texts):,} strings, but the head has only {count:,} rows"
        )
    return texts
