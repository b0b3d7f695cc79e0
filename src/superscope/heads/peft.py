"""PEFT adapters: the head of an adapter's folder is that of its base with what was trained.

PEFT saves only what was trained beside a model, and ``adapter_config.json`` names the model. What
is done here is what PEFT does when it loads the adapter. It ties nothing that was not tied while
it was trained: an adapter of the input embedding alone leaves the head of a tied model as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from superscope.errors import FormatError, NotFoundError, SuperscopeError, UsageError
from superscope.heads import adapters, naming
from superscope.heads._locate import HUB_ID, LocalCheckpoint, existing, locate
from superscope.heads.adapters import CONFIG, MERGE, Merged
from superscope.heads.bias import logit_bias
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.head import Head
from superscope.heads.hub import HubCheckpoint
from superscope.heads.opened import Opened, config_of, weights_of
from superscope.heads.rows import ReplacedRows, Rows
from superscope.heads.tying import is_tied, tied_by_config
from superscope.text import counted

FILES = ("adapter_model.safetensors", "adapter_model.bin")
_TOKENS = "trainable_tokens_delta"
# Ways to initialize that leave the base as it is; others take the first product from it.
_PLAIN_STARTS = (None, True, False, "gaussian", "eva", "orthogonal")
# Variants whose adapter is not a plain product, or is not always on.
_VARIANTS = (
    "use_dora", "use_qalora", "use_bdlora", "alora_invocation_tokens", "arrow_config",
    "kasa_config", "monteclora_config",
)  # fmt: skip


@dataclass(frozen=True)
class AdapterFolder:
    """A PEFT adapter whose base lies elsewhere.

    Attributes
    ----------
    checkpoint
        Where the adapter is.
    file
        Its weights file.
    config
        Its ``adapter_config.json``.
    opened
        The opened file.
    """

    checkpoint: Checkpoint
    file: str
    config: Mapping[str, Any]
    opened: Opened

    @property
    def names(self) -> dict[str, str]:
        """Its tensors, each with the file that holds it."""
        return dict.fromkeys(self.opened.directory(self.file).tensors, self.file)

    @property
    def whole_head(self) -> bool:
        """Whether the adapter's file holds a whole head: one that was trained or resized."""
        heads = naming.within_head(self.names)
        return any(naming.plain_name(name) == f"{module}.weight" for name, module in heads.items())

    def check_whole(self, base: str | None) -> None:
        """Refuse a whole head beside trained rows of an input embedding that is tied to it.

        Raises
        ------
        FormatError
            The adapter has both.
        """
        rows = _of_tokens(naming.within_embedding(self.names))
        if rows and is_tied(config_of(self.base(base))):
            self._refuse_rows(rows)

    def _refuse_rows(self, rows: Mapping[str, str]) -> None:
        if rows:
            raise FormatError(
                f"{self.checkpoint.name}: the adapter trains the head and also rows of the input "
                f"embedding ({min(rows)}), which is tied to the head; {MERGE}"
            )

    def base(self, named: str | None) -> Checkpoint:
        """Return the model that the adapter was trained on.

        Raises
        ------
        SuperscopeError
            It is not named, or not there.
        """
        told = named or self.config.get("base_model_name_or_path")
        name = self.checkpoint.name
        if not isinstance(told, str) or not told:
            raise NotFoundError(
                f"{name} is a PEFT adapter, and its {CONFIG} does not name the model that it was "
                "trained on; write it there or pass base='MODEL'"
            )
        revision = None if named else self.config.get("revision")
        revision = revision if isinstance(revision, str) else None
        try:
            found = self._located(told, revision, named is not None)
        except SuperscopeError as error:
            raise type(error)(
                f"{name} is a PEFT adapter of {told}: {error}; if that model is elsewhere, pass "
                "base='MODEL'"
            ) from error
        if adapter_of(found) is not None:
            raise UsageError(f"{name} is an adapter of {told}, which is an adapter itself; {MERGE}")
        return found

    def _located(self, told: str, revision: str | None, trusted: bool) -> Checkpoint:
        if trusted or (isinstance(self.checkpoint, LocalCheckpoint) and existing(told)):
            return locate(told)
        if not HUB_ID.fullmatch(told):  # nor any URI: where to ask is the user's choice
            raise NotFoundError("there is no such folder, and it is not a hub id")
        return HubCheckpoint(told, revision)

    def joined(self, head: Head, base: Checkpoint) -> Head:
        """Return the head of the base with what the adapter changes of it.

        Raises
        ------
        FormatError
            The adapter changes the head in a way that is not known here.
        """
        names = self.names
        if head.gain is not None and naming.final_norm(names) is not None:
            raise FormatError(
                f"{self.checkpoint.name}: the adapter has a final norm of its own, which is not "
                "folded in; leave out fold_norm=True"
            )
        tied = bool(tied_by_config(config_of(base))) or bool(
            naming.within_embedding([str(head.provenance.tensor)])
        )
        adapted = self._adapted(head.stored, tied)
        known = head.provenance
        matrix = f"base_model.model.{known.tensor}"
        own, said = logit_bias(self.opened, names, matrix, adapted.rows.shape[0], named=False)
        bias = adapters.sum_of(head.bias if own is None else own, adapted.bias)
        described = replace(
            known,
            model=self.checkpoint.name,
            family=None,
            revision=self.checkpoint.revision,
            reason=f"{known.reason} (of the adapter's base, {known.model})",
            notes=(*known.notes, *adapted.notes, *said),
        )
        return replace(head, stored=adapted.rows, provenance=described, bias=bias)

    def _adapted(self, rows: Rows, tied: bool) -> Merged:
        heads = naming.within_head(self.names)
        embeddings = naming.within_embedding(self.names) if tied else {}
        if heads:
            self._refuse_rows(_of_tokens(embeddings))
        else:  # token adapters are tied as the model is, all others are not
            heads = _of_tokens(embeddings)
        label = f"{self.checkpoint.name}: the head"
        if not heads:
            note = (
                "the adapter leaves the head of its base as it is; it changes the input embedding "
                f"({min(embeddings)}), which is tied to the head in the base: PEFT applies the "
                "change to the input alone, but a merged model may have it in both"
                if embeddings
                else "the adapter leaves the head of its base as it is"
            )
            return Merged(rows, None, (note,))
        if len({*heads.values()}) > 1:
            raise FormatError(f"{label} has adapters in several modules; {MERGE}")
        module = next(iter(heads.values()))
        changes = [name for name in heads if _TOKENS in name]
        if changes and len(heads) == 1:
            return self._replaced(rows, module, changes[0])
        variant = next((key for key in _VARIANTS if self.config.get(key)), None)
        start = self.config.get("init_lora_weights")
        if variant is not None or start not in _PLAIN_STARTS:
            what = variant or f"init_lora_weights = {start!r}"
            raise FormatError(
                f"{label} has an adapter with {what}, which superscope cannot merge; {MERGE}"
            )
        adapter = adapters.adapter_beside(f"{module}.weight", self.names, label)
        if adapter is None:
            shown = ", ".join(sorted(heads)[:4])
            raise FormatError(
                f"{label} has an adapter that superscope cannot merge ({shown}); {MERGE}"
            )
        return adapters.merged(
            rows, self.opened, self.names, adapter, config=self.config, label=label
        )

    def _replaced(self, rows: Rows, module: str, name: str) -> Merged:
        """Return the rows with those that were trained one by one, by their ids."""
        values = self.opened.loaded(self.names, name)
        told = self.config.get("trainable_token_indices") or self.config.get("token_indices")
        if isinstance(told, Mapping):
            told = next((v for key, v in told.items() if f".{module}".endswith(f".{key}")), None)
        ids = told if isinstance(told, list) else []
        valid = all(type(i) is int and 0 <= i < rows.shape[0] for i in ids)
        if not valid or values.shape != (len({*ids}), rows.shape[1]) or len({*ids}) != len(ids):
            raise FormatError(
                f"{self.checkpoint.name}: {name} of shape {values.shape} does not match the ids of "
                f"trained tokens in {CONFIG}, or the head of shape {rows.shape}"
            )
        note = f"the adapter replaces {counted(len(ids), 'row')} of the head, by {name}"
        return Merged(ReplacedRows(rows, np.array(ids, np.int64), values), None, (note,))


def _of_tokens(modules: Mapping[str, str]) -> dict[str, str]:
    """Return the tensors that hold rows of single tokens, each with its module."""
    return {name: module for name, module in modules.items() if _TOKENS in name}


def adapter_of(checkpoint: Checkpoint) -> AdapterFolder | None:
    """Return the PEFT adapter that a checkpoint is; None if it is a model of its own."""
    files = [f for f in checkpoint.files() if "/" not in f]
    if CONFIG not in files or checkpoint.only not in (None, *FILES):
        return None
    here = [file for file in FILES if file in files]
    if checkpoint.only is None and (not here or {*weights_of(files)} - {*FILES}):
        return None
    file = checkpoint.only or here[0]
    return AdapterFolder(checkpoint, file, config_of(checkpoint, CONFIG), Opened(checkpoint))


def refuse_base(checkpoint: Checkpoint, base: str | None) -> None:
    """Raise UsageError if a base is named for a model of its own."""
    if base is not None:
        raise UsageError(
            f"base={base!r} goes with a PEFT adapter; {checkpoint.name} is a model of its own"
        )


def unmerged(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Return a note if an adapter lies beside a model of its own."""
    files = checkpoint.files()
    beside = [file for file in FILES if file in files and CONFIG in files]
    if checkpoint.only is not None or not beside or adapter_of(checkpoint) is not None:
        return ()
    return (f"the folder also has an adapter, {beside[0]}, which is left out",)
