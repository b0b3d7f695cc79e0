"""Load a causal language model."""

from __future__ import annotations

from typing import Any

from superscope.device import device_named, resolved
from superscope.errors import EvaluationError
from superscope.evaluation.adapter import PeftAdapter
from superscope.evaluation.factored import from_pretrained
from superscope.evaluation.model import LanguageModel
from superscope.frequency.checkpoint import Loadable, loading


def load_model(checkpoint: Loadable, device: str, dtype: str) -> LanguageModel:
    """Return a model, loaded.

    Parameters
    ----------
    checkpoint
        Where it lies.
    device
        ``cpu``, ``cuda``, …; ``auto`` is a GPU where there is one, all of them where there are
        several (accelerate's ``device_map``).
    dtype
        ``auto`` is the checkpoint's own on a GPU, float32 on a CPU.

    Raises
    ------
    SuperscopeError
        It cannot be loaded, or does not fit.
    """
    import torch

    place = resolved(device)
    spread = device == "auto" and torch.cuda.device_count() > 1
    precision = ("float32" if place == "cpu" else "auto") if dtype == "auto" else dtype
    if place == "cpu":
        _check_memory(checkpoint, precision)
    with loading(checkpoint, "the model") as transformers:
        adapter = None if checkpoint.adapter is None else PeftAdapter(checkpoint.adapter)
        with checkpoint.checked_downloads():
            loaded, told = from_pretrained(
                transformers,
                checkpoint,
                dtype=precision if precision == "auto" else getattr(torch, precision),
                adapter_kwargs={"subfolder": "-"},  # otherwise it applies one beside the model
                **({"device_map": "auto"} if spread else {}),
            )
        check_loaded(checkpoint, told)
        parameters = sum(p.numel() for p in loaded.parameters())
        if adapter is not None:
            loaded = adapter.applied(loaded)
        if not spread and place != "cpu":
            loaded = loaded.to(device_named(place))
        made = LanguageModel(checkpoint.name, loaded)
        made.parameters = parameters
        return made


def check_loaded(checkpoint: Loadable, told: Any) -> None:
    """Refuse a model with weights that its checkpoint lacks: they would be random numbers."""
    for key in ("missing_keys", "mismatched_keys"):
        lacking = sorted(str(k[0] if isinstance(k, tuple) else k) for k in told.get(key) or ())
        if lacking:
            shown = ", ".join(lacking[:3]) + (", …" if len(lacking) > 3 else "")
            raise EvaluationError(
                f"{checkpoint.name} lacks weights of its language model: {shown}; "
                "is it a checkpoint of its body alone?"
            )


def _check_memory(checkpoint: Loadable, precision: str) -> None:
    """Refuse a model larger than the memory that is free, before it is downloaded or loaded."""
    try:
        import psutil
    except ImportError:  # it comes with accelerate
        return
    needed = checkpoint.loaded_bytes(4 if precision == "float32" else 2)
    free = psutil.virtual_memory().available
    if needed is not None and needed > free:
        raise EvaluationError(
            f"{checkpoint.name} is too large for this machine: its weights take "
            f"{needed / 1e9:.3g} GB in {precision}, {free / 1e9:.3g} GB of memory are free"
        )
