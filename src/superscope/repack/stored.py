"""Write a model whose head is factors to a folder, and load it from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from superscope.arguments import checked
from superscope.atomic import write_file, write_folder
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
        A causal language model in evaluation mode, whose output head is two ``torch.nn.Linear``:
        ``columns``, from m to r numbers, and ``rows``, from r to V. Its ``save_pretrained`` is
        :func:`save`.

    Raises
    ------
    SuperscopeError
        It does not exist, its head is not factors, or it is damaged.

    Examples
    --------
    >>> import superscope
    >>> model = superscope.repack.load("narrow")  # doctest: +SKIP
    """
    import torch

    checkpoint = loadable(folder, revision)
    if not checkpoint.factored:
        raise UsageError(
            f"{checkpoint.name}: its output head is not stored as factors; load it with "
            "transformers.AutoModelForCausalLM"
        )
    precision = dtype if dtype == "auto" else getattr(torch, dtype)
    with loading(checkpoint, "the model") as transformers, checkpoint.checked_downloads():
        loaded, told = from_pretrained(transformers, checkpoint, dtype=precision)
    check_loaded(checkpoint, told)
    loaded.save_pretrained = partial(save, loaded)
    return loaded.to(device).eval()


@checked
def save(model: Any, folder: str | Path) -> None:
    """Write a model that :func:`load` returned to a new folder.

    The folder gets the body's weights as transformers writes them, the factors in a file of their
    own, and the config; the tokenizer is not part of the model.

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


def write_into(model: Any, folder: Path, dtype: Any) -> None:
    """Write a model whose head is factors into a folder.

    Parameters
    ----------
    model
        The model.
    folder
        It exists.
    dtype
        Number format of what is written, a ``torch.dtype``. What would lose by it stays as it is.
    """
    import transformers
    from safetensors.torch import save_file

    parts: dict[Part, Any] = {"head": model.get_output_embeddings()}
    entry = model.get_input_embeddings()
    if is_factored(entry):
        parts["input"] = entry
    own = tuple(f"{name_of(model, part)}." for part in parts.values())
    body = {n: t for n, t in model.state_dict().items() if not n.startswith(own)}
    with quiet(transformers), _dequantized(model):
        type(model).save_pretrained(
            model, folder, state_dict=narrowed(body, dtype), max_shard_size=SHARD
        )
    config = json.loads((folder / "config.json").read_bytes())
    config["dtype"] = str(dtype).removeprefix("torch.")
    write_file(folder / "config.json", json.dumps(config_with(config), indent=2) + "\n")
    tensors = {}
    for part, module in parts.items():
        for name, array in arrays_of(module.factors, part).items():
            tensors[name] = _tensor(array, dtype)
    save_file(tensors, folder / FILE, metadata={"format": "pt"})


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
