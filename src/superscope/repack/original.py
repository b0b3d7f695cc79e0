"""What is known of the model that a narrower one is made from: name, license, number format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from superscope.errors import EvaluationError, SuperscopeError, UsageError
from superscope.frequency.checkpoint import Loadable, located
from superscope.heads import HeadOptions
from superscope.heads.adapters import MERGE
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.factored import FILE
from superscope.heads.find import find_head
from superscope.heads.head import Provenance
from superscope.heads.opened import Opened, config_of

_CARD = "README.md"
_LICENSES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE", "NOTICE.txt")
_FRONT = re.compile(r"---[\r\n].*[\r\n]---[\r\n]", re.DOTALL)
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_HUB_PAGE = re.compile(r"https://huggingface\.co/([\w.-]+/[\w.-]+?)/?")
_KEYS = ("license", "license_name", "license_link")
_DTYPES = {"BF16": "bfloat16", "F16": "float16"}


@dataclass(frozen=True)
class Original:
    """The model as it was.

    Attributes
    ----------
    name
        Its hub id, or what it calls itself, or the name of its file or folder.
    base
        Its hub id, or that of the model it was made from, or what it calls itself; None where none
        is known.
    license
        ``license``, ``license_name`` and ``license_link``, as far as they are known.
    files
        Texts of its license, by name.
    dtype
        What its weights are written as: its own number format, or float32.
    quantized
        Its number format where that is a quantization; or None.
    stored_bytes
        Bytes of its weights files; None where unknown.
    """

    name: str
    base: str | None
    license: Mapping[str, str]
    files: Mapping[str, bytes]
    dtype: str
    quantized: str | None
    stored_bytes: int | None

    def bytes_of(self, checkpoint: Loadable) -> int:
        """Return about how many bytes its weights take as they are written; 0 if not known."""
        return checkpoint.loaded_bytes(4 if self.dtype == "float32" else 2) or 0


def original_of(checkpoint: Loadable) -> Original:
    """Return what is known of a model.

    Raises
    ------
    UsageError
        It is an adapter.
    """
    if checkpoint.adapter is not None:
        raise UsageError(
            f"{checkpoint.name}: the weights of an adapter and its base are not written as one; "
            f"{MERGE}, and repack that"
        )
    found = located(checkpoint)
    opened = Opened(found)
    if (how := config_of(found).get("quantization_config")) and checkpoint.gguf is None:
        method = how.get("quant_method") if isinstance(how, dict) else None
        raise UsageError(
            f"{checkpoint.name}: its weights are quantized ({method}), and are not written so; "
            "save it dequantized (model.dequantize(), model.save_pretrained), and repack that"
        )
    said: dict[str, Any] = {}
    told: Mapping[str, Any] = {}
    if checkpoint.gguf is not None:
        told = opened.directory(checkpoint.gguf).properties
        said = {key: told.get(f"general.{key.replace('_', '.')}") for key in _KEYS}
    if checkpoint.factored and any(n.startswith("input.") for n in opened.directory(FILE).tensors):
        raise UsageError(
            f"{checkpoint.name}: its input embedding is factors already, as tied='both' writes it, "
            "and is not made narrower again; repack the model it was made from"
        )
    card = _front_matter(found.small(_CARD))
    known = {k: said.get(k) or card.get(k) for k in _KEYS}
    source = _head_of(found, opened)
    dtype = "F32" if source is None else source.dtype
    texts = {name: found.small(name) for name in _LICENSES if name in found.files()}
    called, base = _own_names(told, card, config_of(found))
    if checkpoint.revision:
        called = base = checkpoint.source
    return Original(
        name=called or Path(checkpoint.name).name,
        base=base,
        license={k: v for k, v in known.items() if isinstance(v, str) and v.isprintable() and v},
        files={name: text for name, text in texts.items() if text is not None},
        dtype=_DTYPES.get(dtype, "float32"),
        quantized=_quantized(source),
        stored_bytes=_stored_bytes(checkpoint),
    )


def _own_names(
    gguf: Mapping[str, Any], card: Mapping[str, Any], config: Mapping[str, Any]
) -> tuple[str | None, str | None]:
    """Return what a local model calls itself, and the hub id it tells or else the same.

    Parameters
    ----------
    gguf
        Metadata of a GGUF file.
    card
        Of its model card.
    config
        Its ``config.json``.
    """
    index = card.get("model-index")
    first = index[0] if isinstance(index, list) and index else {}
    of_index = first.get("name") if isinstance(first, dict) else None
    names = (card.get("model_name"), of_index, gguf.get("general.name"))
    name = next((n for n in names if isinstance(n, str) and n.isprintable() and n.strip()), None)
    path = str(config.get("_name_or_path"))
    own = path if _HUB_ID.fullmatch(path) and not Path(path).exists() else None
    for key in ("general.source.repo_url", "general.repo_url"):
        own = own or _hub_id(gguf.get(key))
    parent = _hub_id(gguf.get("general.base_model.0.repo_url"))  # perhaps trained further since
    return own or name, own or parent or name


def _hub_id(page: Any) -> str | None:
    match = _HUB_PAGE.fullmatch(str(page))
    return None if match is None else match[1]


def _stored_bytes(checkpoint: Loadable) -> int | None:
    try:
        return checkpoint.stored_bytes()
    except OSError:  # errors of the hub's client are among these
        return None


def quantized_head(checkpoint: Loadable) -> str | None:
    """Return how the head of a model is stored if that is a quantization."""
    if checkpoint.adapter is not None:
        return None
    found = located(checkpoint)
    return _quantized(_head_of(found, Opened(found)))


def _head_of(found: Checkpoint, opened: Opened) -> Provenance | None:
    try:
        return find_head(found, opened, HeadOptions()).provenance
    except SuperscopeError:  # what transformers loads may be of a format that is not read here
        return None


def _quantized(source: Provenance | None) -> str | None:
    return source.dtype if source is not None and source.quantized else None


def _front_matter(card: bytes | None) -> Mapping[str, Any]:
    """Return the metadata of a model card; nothing if it has none that can be read."""
    from huggingface_hub import RepoCard

    text = (card or b"").decode(errors="replace")
    if not _FRONT.match(text):  # otherwise the hub's client warns
        return {}
    try:
        data: Any = RepoCard(text, ignore_metadata_errors=True).data
        return dict(data.to_dict())
    except Exception:  # of YAML, and of what the hub makes of it
        return {}


def check_dtype(original: Original, loaded: str, name: str) -> None:
    """Refuse to write a model that was loaded with fewer bits than it has.

    Raises
    ------
    EvaluationError
        Naming the number format.
    """
    if loaded not in ("auto", "float32", original.dtype):
        raise EvaluationError(
            f"{name}: {loaded} is not its own number format, and its weights would be written "
            "rounded; pass dtype='float32'"
        )
