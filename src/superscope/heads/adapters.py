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

import numpy as np

from superscope.errors import FormatError
from superscope.heads.bias import bias_note
from superscope.heads.encodings import Float32
from superscope.heads.opened import Opened
from superscope.heads.patterns import matches
from superscope.heads.rows import AdaptedRows, Rows

CONFIG = "adapter_config.json"
MERGE = "merge it into the model first (merge_and_unload)"

_BASE = re.compile(r"(\.base_layer|\.linear)?\.weight$")
_PAIR = re.compile(r"lora_(embedding_)?(A|B)(?:\.([^.]+))?(?:\.weight)?")
_HARMLESS = re.compile(
    r"base_layer\..*|linear\..*|bias|weight|weight[_.].*|(lora_)?alpha|scale.*|"
    r"lora_B(\.[^.]+)?\.bias"  # it adds to the bias of the logits
)
_MORE_BIAS = re.compile(r"lora_B(\.[^.]+)?\.bias")


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
    bias
        Name of the bias of B, or None.
    """

    down: str
    up: str
    embedding: bool
    alpha: str | None
    module: str
    bias: str | None


@dataclass(frozen=True, eq=False)
class Merged:
    """A head with an adapter merged into it.

    Attributes
    ----------
    rows
        Its rows.
    bias
        What the adapter adds to the bias of the logits, float32, shape (V,); None for nothing.
    notes
        What was done.
    """

    rows: Rows
    bias: Float32 | None
    notes: tuple[str, ...]


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
        if (match := _PAIR.fullmatch(tail)) and not _HARMLESS.fullmatch(tail):
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
            f"{label} has an adapter that superscope cannot merge ({found}); {MERGE}, "
            f"or pass tensor={head!r} to measure the head without it"
        )
    if not pairs:
        return None
    ((kind, _), pair), *_ = pairs.items()
    alpha = next((beside[t] for t in ("alpha", "lora_alpha") if t in beside), None)
    bias = next((name for tail, name in beside.items() if _MORE_BIAS.fullmatch(tail)), None)
    return Adapter(pair["A"], pair["B"], bool(kind), alpha, module, bias)


def merged(
    rows: Rows,
    opened: Opened,
    where: Mapping[str, str],
    adapter: Adapter,
    *,
    config: Mapping[str, Any],
    label: str,
) -> Merged:
    """Return a head with an adapter merged into it.

    Parameters
    ----------
    rows
        The head without the adapter.
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
    rank = down.shape[0]
    if adapter.embedding:
        up, down = down.T, up.T
    if (len(up), down.shape[1]) != rows.shape:
        raise FormatError(
            f"{label} has shape {rows.shape}, but its adapter {adapter.up} makes "
            f"{(len(up), down.shape[1])}"
        )
    told = _by_pattern(config, "rank_pattern", adapter.module, "r")
    if type(told) is int and told != rank:
        raise FormatError(
            f"{label}: its adapter {adapter.up} has rank {rank}, but {CONFIG} says "
            f"{told}; that file belongs to another adapter"
        )
    alpha = _alpha(opened, where, adapter, config)
    if alpha is None:
        raise FormatError(
            f"{label} has a LoRA adapter, {adapter.up}, and its scale is not known; put its "
            f"{CONFIG} beside the checkpoint, {MERGE}, or pass "
            f"tensor={adapter.module + '.base_layer.weight'!r} to measure the head without it"
        )
    factor = alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)
    notes: tuple[str, ...] = (
        f"the LoRA adapter {adapter.up} was merged into the head with scale {factor:g}",
    )
    bias = None
    if adapter.bias is not None:
        bias = np.float32(factor) * opened.loaded(where, adapter.bias).ravel()
        if bias.shape != (rows.shape[0],):
            raise FormatError(
                f"{label} has {rows.shape[0]:,} rows, and the bias {adapter.bias} of its adapter "
                f"{len(bias):,} numbers"
            )
        notes = (
            *notes,
            f"{bias_note(adapter.bias)}; it is added with the same scale",
        )
    return Merged(AdaptedRows(rows, np.float32(factor) * up, down), bias, notes)


def sum_of(bias: Float32 | None, more: Float32 | None) -> Float32 | None:
    """Return the sum of two biases, of which either may be None for nothing."""
    if bias is None or more is None:
        return more if bias is None else bias
    return bias + more


def _alpha(
    opened: Opened, where: Mapping[str, str], adapter: Adapter, config: Mapping[str, Any]
) -> float | None:
    if config.get("use_dora"):
        return None
    if adapter.alpha is not None:
        return float(opened.loaded(where, adapter.alpha).ravel()[0])
    value = _by_pattern(config, "alpha_pattern", adapter.module, "lora_alpha")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def _by_pattern(config: Mapping[str, Any], patterns: str, module: str, key: str) -> object:
    """Return what a config says about a module: by the first pattern that matches, or in general.

    Raises
    ------
    FormatError
        A pattern takes too long to match.
    """
    told = config.get(patterns)
    told = told if isinstance(told, Mapping) else {}
    name = module.removeprefix("base_model.model.")
    found = matches(list(told), [name], f"{CONFIG} ({patterns})")
    values = (value for value, (match,) in zip(told.values(), found, strict=True) if match)
    return next(values, config.get(key))
