"""Write a model whose head is factors to a folder, and load it from there."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from superscope.arguments import checked
from superscope.atomic import make_folder, usual_modes, write_file, write_folder
from superscope.device import device_named
from superscope.errors import UsageError
from superscope.evaluation.factored import from_pretrained, is_factored, name_of
from superscope.evaluation.load import check_loaded
from superscope.frequency.checkpoint import loadable, loading, quiet
from superscope.heads.factored import FILE, Part, arrays_of, config_with

SHARD = "5GB"  # of the body's weights, at most
_INTEGERS = "int64"


@checked
def load(
    folder: str | Path, *, dtype: str = "auto", device: str = "cpu", revision: str | None = None
) -> Any:
    """Load a model whose head is factors, as ``superscope repack --out`` writes it.

    Parameters
    ----------
    folder
        The folder, or a hub repository that it was uploaded to.
    dtype
        Number format of the weights; ``auto`` is that of the files.
    device
        Where the model goes: ``cpu``, ``cuda``, …, as torch names it.
    revision
        Branch, tag or commit of a hub repository.

    Returns
    -------
    transformers.PreTrainedModel
        A causal language model in evaluation mode. Its output head has ``blocks``: one pair of
        ``torch.nn.Linear``, ``columns``, from m to r numbers, and ``rows``, from r to V; a head
        of the way ``blocks`` has a pair for each of its blocks of rows. Its ``save_pretrained``
        takes what that of transformers does, and writes what :func:`save` writes.

    Raises
    ------
    SuperscopeError
        It does not exist, its head is not factors, it is damaged, or there is no such number
        format or device.

    Examples
    --------
    >>> import superscope
    >>> model = superscope.repack.load("narrow")  # doctest: +SKIP
    """
    precision, place = _dtype_named(dtype), device_named(device)
    checkpoint = loadable(folder, revision)
    if not checkpoint.factored:
        raise UsageError(
            f"{checkpoint.name}: its output head is not stored as factors; load it with "
            "transformers.AutoModelForCausalLM"
        )
    with loading(checkpoint, "the model") as transformers, checkpoint.checked_downloads():
        loaded, told = from_pretrained(transformers, checkpoint, dtype=precision)
    check_loaded(checkpoint, told)
    loaded.save_pretrained = partial(_save_pretrained, loaded)
    return loaded.to(place).eval()


def _dtype_named(name: str) -> Any:
    """Return torch's number format of a name; ``auto`` stays."""
    import torch

    found = getattr(torch, name, None)
    if name == "auto":
        return name
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise UsageError(
            f"dtype={name!r} is no number format of weights: choose auto, float32, bfloat16 or "
            "float16"
        )
    return found


@checked
def save(model: Any, folder: str | Path) -> None:
    """Write a model that :func:`load` returned to a new folder.

    The folder gets the body's weights as transformers writes them, the factors in a file of their
    own, and the configs. What is not part of the model is not written: the tokenizer, the model
    card, the license, ``repack.json``, and the checkpoint of full size in ``full``.

    Parameters
    ----------
    model
        The model.
    folder
        Where to; it must not exist, or be empty.

    Raises
    ------
    UsageError
        The head of the model is not factors, or the folder has files in it.
    """
    target = Path(folder)
    if not is_factored(model.get_output_embeddings()):
        raise UsageError("the output head of the model is not factors; call its save_pretrained")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} exists; name another folder")
    with write_folder(target) as beside:
        write_into(model, beside, model.dtype)


def _save_pretrained(  # noqa: PLR0917 - those of transformers
    model: Any,
    save_directory: str | Path,
    is_main_process: bool = True,
    state_dict: dict[str, Any] | None = None,
    push_to_hub: bool = False,
    max_shard_size: int | str = SHARD,
    **more: Any,
) -> None:
    """Write a model into a folder, called as transformers' ``save_pretrained`` is.

    Its trainer calls it so. As there, files that are in the folder stay.
    """
    if push_to_hub:
        raise UsageError("push_to_hub=True: save the model to a folder, and upload that")
    if is_main_process:
        folder = Path(save_directory)
        make_folder(folder)
        write_into(model, folder, model.dtype, state_dict, max_shard_size=max_shard_size, **more)


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
