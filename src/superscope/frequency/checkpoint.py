"""From the name of a model to what transformers loads: a folder or repository, and a file in it."""

from __future__ import annotations

import io
import json
import logging
import math
import re
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stderr
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from superscope.errors import (
    EvaluationError,
    FormatError,
    NotFoundError,
    SuperscopeError,
    UsageError,
    install_hint,
    raise_panic,
)
from superscope.frequency.text import identity_of
from superscope.heads import network
from superscope.heads._locate import LocalCheckpoint, locate
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.factored import FILE as FACTORS
from superscope.heads.factored import is_factored
from superscope.heads.hub import HubCheckpoint, checked_downloads
from superscope.heads.opened import read_directory
from superscope.heads.peft import adapter_of, refuse_base, unmerged
from superscope.heads.transport import open_local

OUT_OF_MEMORY = re.compile("(out of|not enough|allocate) memory")
_ONE_AT_A_TIME = threading.RLock()  # quiet loading is a setting of the whole process


@dataclass(frozen=True)
class Loadable:
    """What transformers needs to load a model or its tokenizer.

    Attributes
    ----------
    name
        What to call it: hub id or path.
    source
        Local folder or hub id.
    revision
        Commit of a hub repository, or None.
    gguf
        Name of a GGUF file in it, or None.
    identity
        Changes when the files do: the commit, or the local files' names, sizes and times.
    weights
        Names of the weights files.
    notes
        What the user should know of how it was found.
    offline
        Whether the hub was not reached, and what is cached must do.
    adapter
        The PEFT adapter that is applied to it, whose base it is; or None.
    tokenizer
        Where its tokenizer lies, if elsewhere: an adapter may have one of its own.
    factored
        Whether its output head is stored as factors.
    """

    name: str
    source: str
    revision: str | None
    gguf: str | None
    identity: str
    weights: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    offline: bool = False
    adapter: Loadable | None = None
    tokenizer: Loadable | None = None
    factored: bool = False

    @property
    def arguments(self) -> dict[str, Any]:
        """What every ``from_pretrained`` takes of it."""
        optional = {"revision": self.revision, "gguf_file": self.gguf}
        given: dict[str, Any] = {k: value for k, value in optional.items() if value is not None}
        if self.offline:
            given["local_files_only"] = True  # otherwise each file is requested several times
        return {**given, "trust_remote_code": False}  # otherwise it waits for an answer

    def checked_downloads(self) -> AbstractContextManager[None]:
        """Check the hash of the weights files that are downloaded while the block runs.

        Raises
        ------
        RemoteError
            A file differs from the hub's.
        """
        if self.revision is None or self.offline:
            return nullcontext()
        return checked_downloads(self.source, self.revision, self.weights)

    def loaded_bytes(self, itemsize: int) -> int | None:
        """Return the size of the weights in memory, `itemsize` bytes each; None if not known."""
        if self.gguf is not None and self.revision is None:
            tensors = read_directory(open_local(Path(self.source) / self.gguf)).tensors.values()
            return itemsize * sum(math.prod(tensor.shape) for tensor in tensors)
        try:
            stored, config = self.stored_bytes(), self._config()
        except (OSError, ValueError):  # errors of the hub's client are among these
            return None
        if stored is None:
            return None
        text = config.get("text_config") or config
        kind = str(text.get("dtype") or text.get("torch_dtype") or config.get("torch_dtype"))
        sizes = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}
        return stored * itemsize // sizes.get(kind, itemsize)

    def stored_bytes(self) -> int | None:
        """Return the size of the weights files; None if not known.

        Raises
        ------
        OSError
            The hub cannot be reached, or a file is gone.
        """
        if self.offline:
            return None
        if self.revision is None:
            return sum((Path(self.source) / name).stat().st_size for name in self.weights)
        from huggingface_hub import HfApi

        listed = HfApi().model_info(
            self.source, revision=self.revision, files_metadata=True, timeout=network.TIMEOUT
        )
        sizes = [s.size for s in listed.siblings or () if s.rfilename in self.weights]
        return sum(size or 0 for size in sizes) or None

    def _config(self) -> dict[str, Any]:
        path = Path(self.source) / "config.json"
        if self.revision is not None:
            from huggingface_hub import hf_hub_download

            path = Path(hf_hub_download(self.source, "config.json", revision=self.revision))
        config = json.loads(path.read_bytes())
        return config if isinstance(config, dict) else {}


def loadable(
    model: str | Path | Checkpoint, revision: str | None = None, base: str | None = None
) -> Loadable:
    """Return where the model lies: a hub id, a local folder, or a GGUF file.

    Parameters
    ----------
    model
        Hub id, local folder, GGUF file, or a checkpoint that was located.
    revision
        Branch, tag or commit of the hub.
    base
        Model that a PEFT adapter was trained on, if its ``adapter_config.json`` names none or one
        that is not there.

    Returns
    -------
    Loadable
        Where the model lies; of a PEFT adapter, where its base lies, with the adapter.

    Raises
    ------
    NotFoundError, RemoteError, UsageError
        It does not exist, cannot be reached, or is nothing transformers can load.
    """
    found = model if isinstance(model, Checkpoint) else locate(model, revision)
    adapter = adapter_of(found) if found.only is None else None
    if adapter is None:
        refuse_base(found, base)
        return _whole(found)
    own, below = _whole(found), _whole(adapter.base(base))
    at = f" at {below.revision}" if below.revision else ""
    return replace(
        below,
        name=f"{own.name} (adapter of {below.name})",
        identity=identity_of([own.identity, below.identity]),
        notes=(*own.notes, *below.notes, f"the adapter is applied to its base, {below.name}{at}"),
        adapter=own,
        tokenizer=own if _has_tokenizer(found) else below,
    )


def located(place: Loadable) -> Checkpoint:
    """Return the files of what was found to load."""
    if place.revision is not None:
        return HubCheckpoint(place.source, place.revision, place.gguf)
    return locate(Path(place.source) / (place.gguf or ""))


def tokenizer_place(model: str | Path | Checkpoint, revision: str | None = None) -> Loadable:
    """Return where the tokenizer of a model lies; an adapter with its own needs no base."""
    found = model if isinstance(model, Checkpoint) else locate(model, revision)
    if found.only is None and adapter_of(found) is not None and _has_tokenizer(found):
        return _whole(found)
    return loadable(found)


def _has_tokenizer(found: Checkpoint) -> bool:
    return any(_TOKENIZER.match(file) for file in found.files())


def _whole(found: Checkpoint) -> Loadable:
    """Return where a model lies, or an adapter as it is."""
    if not isinstance(found, (LocalCheckpoint, HubCheckpoint)):
        raise UsageError(
            f"{found.name}: a model to evaluate is a hub id or a local folder; download it first"
        )
    files = found.files()
    gguf = _gguf(found.name, found.only, files)
    weights = tuple(_weights(files)) if gguf is None else (gguf,)
    factored = gguf is None and is_factored(found)
    weights += (FACTORS,) if factored else ()
    notes = (*found.notes, *unmerged(found))
    if isinstance(found, HubCheckpoint):
        identity = identity_of([found.name, found.revision, gguf])
        name = found.name if gguf is None else f"{found.name}/{gguf}"
        return Loadable(
            name, found.name, found.revision, gguf, identity, weights, notes,
            offline=bool(found.notes), factored=factored,
        )  # fmt: skip
    path = Path(found.name)
    folder = path if path.is_dir() else path.parent
    if found.only is not None and gguf is None:
        raise UsageError(f"{found.name} is a file; name its folder, {folder}, or a GGUF file")
    used = [file for file in files if file in weights or (gguf is None and _OTHERS.match(file))]
    stats = [(name, (folder / name).stat()) for name in used]
    identity = identity_of(
        [str(folder.resolve()), *((n, s.st_size, s.st_mtime_ns) for n, s in stats)]
    )
    return Loadable(
        found.name, str(folder), None, gguf, identity, weights, notes, factored=factored
    )


_TOKENIZER = re.compile(r"(tokenizer|vocab|spiece|sentencepiece)")
_OTHERS = re.compile(r"((adapter_)?config|tokenizer|vocab|merges|special_tokens|added_tokens)")
_SHARD = re.compile(r"(model|pytorch_model)-\d+-of-\d+\.")


def _weights(files: tuple[str, ...]) -> list[str]:
    """Return the files transformers would load: safetensors where there are any."""
    for kind, single in ((".safetensors", "model.safetensors"), (".bin", "pytorch_model.bin")):
        named = [file for file in files if file.endswith(kind) and "/" not in file]
        if single in named:
            return [single]
        shards = [file for file in named if _SHARD.match(file)]
        if shards or named:
            return shards or named
    return []


def _gguf(name: str, only: str | None, files: tuple[str, ...]) -> str | None:
    """Return the GGUF file that is meant; None for a checkpoint in another format."""
    if only is not None:
        return only if only.endswith(".gguf") else None
    ggufs = [file for file in files if file.endswith(".gguf")]
    if not ggufs or _weights(files):
        return None
    if len(ggufs) > 1:
        where = name if Path(name).is_dir() else f"hf://{name}"
        shown = ", ".join(f"{where}/{file}" for file in ggufs[:8])
        raise UsageError(
            f"{name} has several GGUF files; name one of: {shown}" + ", …" * (len(ggufs) > 8)
        )
    return ggufs[0]


@contextmanager
def loading(checkpoint: Loadable, what: str) -> Iterator[Any]:
    """Give transformers to the block, quiet, and turn its errors into ours.

    Raises
    ------
    MissingExtraError
        transformers, or what it needs to read this format, is not installed.
    NotFoundError, RemoteError, FormatError, EvaluationError
        What was to be loaded is not there, not to be had, damaged, or does not fit.
    """
    try:
        import transformers
    except ImportError:
        raise install_hint("transformers", "text", f"loading {what}") from None
    # Its progress bar for GGUF ignores the setting. Downloads may show bars.
    bar = nullcontext() if checkpoint.gguf is None else redirect_stderr(io.StringIO())
    try:
        with quiet(transformers), bar:
            yield transformers
    except SuperscopeError:
        raise
    except MemoryError:
        raise EvaluationError(f"{checkpoint.name}: out of memory while loading {what}") from None
    except ImportError as error:
        if not error.name:  # the message says what to install
            raise _explained(error, checkpoint, what) from None
        raise install_hint(error.name, "text", f"loading {what} of {checkpoint.name}") from None
    except Exception as error:  # it may be an error of many packages
        raise _explained(error, checkpoint, what) from None
    except BaseException as error:
        raise_panic(error, f"{checkpoint.name}: {what}")
        raise


@contextmanager
def quiet(transformers: Any) -> Iterator[None]:
    """Let transformers say nothing and show no progress bars of its own."""
    said: Any = transformers.utils.logging
    with _ONE_AT_A_TIME:
        level, bars = said.get_verbosity(), said.is_progress_bar_enabled()
        said.set_verbosity(logging.CRITICAL)
        said.disable_progress_bar()
        try:
            yield
        finally:
            said.set_verbosity(level)
            if bars:
                said.enable_progress_bar()


def _explained(error: Exception, checkpoint: Loadable, what: str) -> SuperscopeError:
    """Return what an exception of transformers means for the user."""
    reason = " ".join(str(error).split())[:300] or type(error).__name__
    where = f"{checkpoint.name}: {what}"
    if type(error).__name__ == "OutOfMemoryError" or OUT_OF_MEMORY.search(reason):
        return EvaluationError(f"{where} does not fit into memory: {reason}")
    of_hub = network.hub_error(error, checkpoint.name, checkpoint.revision)
    if of_hub is not None:
        return of_hub
    if "trust_remote_code" in str(error):  # transformers has no type of its own for these two
        return EvaluationError(
            f"{checkpoint.name} comes with code of its own, which is not run: "
            "only models that transformers itself knows are evaluated"
        )
    if "`superscope_lab`" in reason:
        return EvaluationError(
            f"{checkpoint.name} is a lab model whose head transformers does not know; the lab took "
            "its loss: superscope lab table RUNS"
        )
    if "Unrecognized configuration class" in reason or "Unrecognized model" in reason:
        return EvaluationError(f"{checkpoint.name} is not a causal language model: {reason}")
    kind = NotFoundError if isinstance(error, OSError) else FormatError
    return kind(f"{where} cannot be loaded: {reason}")
