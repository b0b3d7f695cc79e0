"""Write a model whose output head is factors, as :func:`from_pretrained` of this room reads it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from superscope.atomic import usual_modes, write_file
from superscope.errors import UsageError
from superscope.evaluation.factored import is_factored, name_of
from superscope.frequency.checkpoint import quiet
from superscope.heads.factored import FILE, Part, arrays_of, config_with

SHARD = "5GB"  # of the body's weights, at most
_INTEGERS = "int64"


def write_into(
    model: Any, folder: Path, dtype: Any, state: dict[str, Any] | None = None, **more: Any
) -> None:
    """Write a model whose head is factors into a folder.

    Parameters
    ----------
    model
        The model.
    folder
        It exists.
    dtype
        Number format of what is written, a ``torch.dtype``. What would lose by it stays as it is.
    state
        Its tensors by name, where they are not those that it has.
    **more
        Of transformers' ``save_pretrained``.

    Raises
    ------
    UsageError
        The disk is full, or the folder cannot be written.
    """
    import transformers

    parts: dict[Part, Any] = {"head": model.get_output_embeddings()}
    entry = model.get_input_embeddings()
    if is_factored(entry):
        parts["input"] = entry
    own = {part: f"{name_of(model, module)}." for part, module in parts.items()}
    every = model.state_dict() if state is None else state
    body = {n: t for n, t in every.items() if not n.startswith(tuple(own.values()))}
    more = {"max_shard_size": SHARD, **more}
    with quiet(transformers), _dequantized(model), _writing(folder):
        type(model).save_pretrained(model, folder, state_dict=narrowed(body, dtype), **more)
    config = json.loads((folder / "config.json").read_bytes())
    config["dtype"] = str(dtype).removeprefix("torch.")
    write_file(folder / "config.json", json.dumps(config_with(config), indent=2) + "\n")
    tensors = {}
    for part, module in parts.items():
        if state is not None:
            module = _with_state(module, state, own[part])  # noqa: PLW2901 - the same, elsewhere
        for name, array in arrays_of(module.factors, part).items():
            tensors[name] = _tensor(array, dtype)
    save_tensors(tensors, folder / FILE)
    for file in folder.glob("*.safetensors"):
        usual_modes(file)


def save_tensors(tensors: dict[str, Any], file: Path) -> None:
    """Write tensors to a file.

    Raises
    ------
    UsageError
        The disk is full, or the file cannot be written.
    """
    from safetensors.torch import save_file

    with _writing(file):
        save_file(tensors, file, metadata={"format": "pt"})


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    """Turn the errors of writing into ours."""
    from safetensors import SafetensorError

    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write {place}: {error.strerror or error}") from error
    except SafetensorError as error:
        reason = str(error).removeprefix("Error while serializing: ").removeprefix("I/O error: ")
        raise UsageError(f"cannot write {place}: {reason}") from None


def _with_state(module: Any, state: dict[str, Any], prefix: str) -> Any:
    """Return a copy of a module with its tensors from those of the model, by name."""
    made = copy.deepcopy(module)
    own = {n.removeprefix(prefix): t for n, t in state.items() if n.startswith(prefix)}
    made.load_state_dict(own)
    return made


@contextmanager
def _dequantized(model: Any) -> Iterator[None]:
    """Let a model from a GGUF file be written: its weights are numbers, but it is marked."""
    marks = [(model, "hf_quantizer"), (model.config, "quantization_config")]
    kept = [(part, name, part.__dict__.pop(name)) for part, name in marks if name in part.__dict__]
    try:
        yield
    finally:
        for part, name, value in kept:
            part.__dict__[name] = value


def narrowed(tensors: dict[str, Any], dtype: Any) -> dict[str, Any]:
    """Return tensors in a number format, but for those that would lose by it.

    Tensors that share their numbers go on doing so.
    """
    import torch

    made: dict[Any, Any] = {}

    def one(tensor: Any) -> Any:
        if not tensor.is_floating_point() or tensor.dtype == dtype:
            return tensor
        key = tensor.data_ptr(), tuple(tensor.shape), tensor.stride()
        if key not in made:
            cast = tensor.to(dtype)
            made[key] = cast if torch.equal(cast.to(tensor.dtype), tensor) else tensor
        return made[key]

    return {name: one(tensor) for name, tensor in tensors.items()}


def _tensor(array: Any, dtype: Any) -> Any:
    import torch

    tensor = torch.from_numpy(array)
    return tensor.contiguous() if array.dtype == _INTEGERS else tensor.to(dtype).contiguous()
