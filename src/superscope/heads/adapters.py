"""LoRA adapters that are stored beside a head and not merged into it.

The merged head is W + s B A, with s = α / r, or s = α / √r if rank-stabilized (Hu et al. 2021,
https://arxiv.org/abs/2106.09685; Kalajdzievski 2023, https://arxiv.org/abs/2312.03732).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from superscope.errors import FormatError
from superscope.heads.encodings import Float32
from superscope.heads.opened import Opened

_BASE = re.compile(r"(\.base_layer|\.linear)?\.weight$")
_PAIR = re.compile(r"lora_(embedding_)?(A|B)(?:\.([^.]+))?(?:\.weight)?")
_HARMLESS = re.compile(r"base_layer\..*|linear\..*|bias|weight|weight[_.].*|(lora_)?alpha|scale.*")


@dataclass(frozen=True)
class Adapter:
    """The tensors of a LoRA adapter: A of shape (r, inputs) and B of shape (outputs, r).

    Attributes
    ----------
    down, up
        Names of the tensors A and B.
    embedding
        Whether the adapter belongs to an embedding, whose inputs are the rows.
    alpha
        Name of the tensor that holds α, or None.
    module
        Name of the adapted module.
    """

    down: str
    up: str
    embedding: bool
    alpha: str | None
    module: str


def adapter_beside(head: str, names: Iterable[str], label: str) -> Adapter | None:
    """Return the adapter stored beside a head, or None if there is none.

    Raises
    ------
    FormatError
        There are several adapters, or one that is not a plain LoRA.
    """
    module = _BASE.sub("", head)
    beside = {n.removeprefix(f"{module}."): n for n in names if n.startswith(f"{module}.")}
    pairs: dict[tuple[str, str], dict[str, str]] = {}
    for tail, name in beside.items():
        if match := _PAIR.fullmatch(tail):
            pairs.setdefault((match[1] or "", match[3] or ""), {})[match[2]] = name
    foreign = [
        name
        for tail, name in beside.items()
        if not _PAIR.fullmatch(tail) and not _HARMLESS.fullmatch(tail)
    ]
    adapted = bool(pairs) or ".base_layer." in head
    if adapted and (foreign or len(pairs) > 1 or any(len(p) != 2 for p in pairs.values())):
        found = ", ".join(foreign[:3] or [n for p in pairs.values() for n in p.values()][:4])
        raise FormatError(
            f"{label} has an adapter that superscope cannot merge ({found}); merge it into the "
            f"model first (merge_and_unload), or pass tensor={head!r} to measure the head "
            "without it"
        )
    if not pairs:
        return None
    ((kind, _), pair), *_ = pairs.items()
    alpha = next((beside[t] for t in ("alpha", "lora_alpha") if t in beside), None)
    return Adapter(pair["A"], pair["B"], bool(kind), alpha, module)


def update(
    opened: Opened,
    where: Mapping[str, str],
    adapter: Adapter,
    *,
    config: Mapping[str, Any],
    shape: tuple[int, int],
    label: str,
) -> tuple[Float32, float]:
    """Return the product of an adapter's factors, in the shape of the head, and its scale.

    Parameters
    ----------
    config
        The adapter's ``adapter_config.json``; empty if there is none.

    Raises
    ------
    FormatError
        The scale is not known, or the shapes do not match.
    """
    down, up = (opened.loaded(where, name) for name in (adapter.down, adapter.up))
    if up.shape[1] != down.shape[0]:
        raise FormatError(
            f"{label}: the shapes of {adapter.down} {down.shape} and {adapter.up} {up.shape} "
            "do not match"
        )
    product = up @ down
    product = product.T if adapter.embedding else product
    if product.shape != shape:
        raise FormatError(
            f"{label} has shape {shape}, but its adapter {adapter.up} makes {product.shape}"
        )
    rank = down.shape[0]
    told = config.get("r")
    if type(told) is int and told != rank and not config.get("rank_pattern"):
        raise FormatError(
            f"{label}: its adapter {adapter.up} has rank {rank}, but adapter_config.json says "
            f"{told}; that file belongs to another adapter"
        )
    alpha = _alpha(opened, where, adapter, config)
    if alpha is None:
        raise FormatError(
            f"{label} has a LoRA adapter, {adapter.up}, and its scale is not known; put its "
            "adapter_config.json beside the checkpoint, merge it into the model first "
            f"(merge_and_unload), or pass tensor={adapter.module + '.base_layer.weight'!r} "
            "to measure the head without it"
        )
    return product, alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _alpha(
    opened: Opened, where: Mapping[str, str], adapter: Adapter, config: Mapping[str, Any]
) -> float | None:
    if config.get("use_dora"):
        return None
    if adapter.alpha is not None:
        return float(opened.loaded(where, adapter.alpha).ravel()[0])
    patterns = config.get("alpha_pattern")
    for key, value in patterns.items() if isinstance(patterns, dict) else ():
        tail = str(key).removeprefix("^")
        if adapter.module == tail or adapter.module.endswith(f".{tail}"):
            return _number(value)
    return _number(config.get("lora_alpha"))


def _number(value: object) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None
