"""Write a model whose head is factors to a folder, and load it from there."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from superscope.arguments import checked
from superscope.atomic import make_folder, occupied, write_folder
from superscope.device import device_named
from superscope.errors import UsageError
from superscope.evaluation.factored import from_pretrained, is_factored
from superscope.evaluation.factored_files import SHARD, write_into
from superscope.evaluation.load import check_loaded
from superscope.frequency.checkpoint import loadable, loading


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
    if occupied(target):
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
