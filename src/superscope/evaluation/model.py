"""A causal language model, loaded, and the losses of the tokens it reads."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Many
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope.device import device_named, resolved
from superscope.errors import EvaluationError
from superscope.evaluation.adapter import PeftAdapter
from superscope.evaluation.sequences import Sequence
from superscope.frequency.checkpoint import OUT_OF_MEMORY, Loadable, loading

if TYPE_CHECKING:
    import torch

LOGITS_BYTES = 1 << 27  # of float32 logits at once: 128 MB
PROBE = 4  # tokens on which the two ways to the logits are compared

Float32 = npt.NDArray[np.float32]


class OutOfMemory(Exception):
    """A batch did not fit."""


class LanguageModel:
    """A causal language model in evaluation mode.

    The logits of a batch are never held at once: its hidden states are, and the model's own last
    steps turn them into logits a piece at a time (see :meth:`losses`).

    Attributes
    ----------
    name
        What to call it.
    rows, width, depth
        Rows and columns of the output head; layers, None where it does not tell.
    parameters
        Weights, without those of an adapter.
    context
        Most tokens it can read, or None if nothing limits them.
    device, dtype
        Where it is, ``cuda:0, cuda:1`` if spread over several, and its precision.
    whole_logits
        Whether this architecture gives its logits whole only.
    """

    def __init__(self, name: str, loaded: Any, logits_bytes: int = LOGITS_BYTES) -> None:
        self.name, self._model, self._limit = name, loaded.eval(), logits_bytes
        head = loaded.get_output_embeddings()
        if head is None or getattr(head, "weight", None) is None:
            raise EvaluationError(f"{name} has no output head: it is not a causal language model")
        config = loaded.config.get_text_config()
        self.rows, self.width = int(head.weight.shape[0]), int(head.weight.shape[1])
        depth = getattr(config, "num_hidden_layers", None)
        self.depth = int(depth) if isinstance(depth, int) else None
        self.parameters: int | None = sum(p.numel() for p in loaded.parameters())
        self.context = _context(config)
        entry = loaded.get_input_embeddings()
        self.inputs = int(entry.weight.shape[0])
        self._entry: torch.device = entry.weight.device
        # What accelerate keeps outside memory is on no device until it is needed.
        places = sorted({str(p.device).replace("meta", "offloaded") for p in loaded.parameters()})
        self.device, self.dtype = ", ".join(places), str(head.weight.dtype).removeprefix("torch.")
        self._base = self._find_base()
        self.whole_logits = self._base is None

    def losses(self, batch: Many[Sequence]) -> list[Float32]:
        """Return the loss of each scored token of each sequence, in nats.

        Sequences are padded on the right, and padding is masked. Logits are float32 and at most
        `logits_bytes` at once, but for `whole_logits`.

        Raises
        ------
        OutOfMemory
            The batch is too large for the device.
        """
        import torch

        longest = max(len(sequence) for sequence in batch)
        ids = np.zeros((len(batch), longest), np.int64)
        mask = np.zeros((len(batch), longest), np.int64)
        scored = np.zeros((len(batch), longest), bool)
        for k, sequence in enumerate(batch):
            ids[k, : len(sequence)] = sequence.ids
            mask[k, : len(sequence)] = 1
            scored[k, : len(sequence)] = sequence.documents >= 0
        tokens = torch.from_numpy(ids).to(self._entry)
        masked = torch.from_numpy(mask).to(self._entry)
        # What is known before a token predicts it: the logits of the position before.
        before = torch.from_numpy(scored[:, 1:])
        targets = torch.from_numpy(ids[:, 1:][scored[:, 1:]])
        try:
            with torch.inference_mode(), _out_of_memory():
                if self._base is None:
                    flat = self._whole(tokens, masked, before, targets)
                else:
                    flat = self._in_pieces(tokens, masked, before, targets)
        except (RuntimeError, IndexError, ValueError) as error:
            reason = " ".join(str(error).split())[:300]
            raise EvaluationError(
                f"{self.name} fails on {len(batch)} sequences of up to {longest:,} tokens: {reason}"
            ) from None
        counts = np.cumsum(scored.sum(axis=1))[:-1]
        return np.split(flat.float().cpu().numpy(), counts)

    def _in_pieces(
        self,
        tokens: torch.Tensor,
        mask: torch.Tensor,
        before: torch.Tensor,
        targets: torch.Tensor,
    ) -> torch.Tensor:
        import torch

        kind, hidden = self._hidden(tokens, mask)
        states = hidden[:, :-1][before.to(hidden.device)]
        del hidden
        piece = max(1, self._limit // (4 * self.rows))
        parts = []
        with self._head_only(kind) as logits_of:
            for start in range(0, len(states), piece):
                logits = logits_of(states[start : start + piece])
                parts.append(_cross_entropy(logits, targets[start : start + piece]).cpu())
                del logits
        return torch.cat(parts)

    def _whole(
        self,
        tokens: torch.Tensor,
        mask: torch.Tensor,
        before: torch.Tensor,
        targets: torch.Tensor,
    ) -> torch.Tensor:
        """Return the losses of a model that gives its logits whole only: one sequence at a time."""
        import torch

        parts, start = [], 0
        for k in range(len(tokens)):
            length = int(mask[k].sum())
            output = self._model(
                input_ids=tokens[k : k + 1, :length],
                attention_mask=mask[k : k + 1, :length],
                use_cache=False,
            )
            logits = output.logits[0, :-1]
            logits = logits[before[k, : length - 1].to(logits.device)]
            parts.append(_cross_entropy(logits, targets[start : start + len(logits)]).cpu())
            start += len(logits)
        return torch.cat(parts)

    def _hidden(self, tokens: torch.Tensor, mask: torch.Tensor) -> tuple[Any, torch.Tensor]:
        """Return the type of what the model's body gives, and the hidden states in it."""
        assert self._base is not None
        output = self._base(input_ids=tokens, attention_mask=mask, use_cache=False)
        return type(output), output[0]

    @contextmanager
    def _head_only(self, kind: Any) -> Iterator[Any]:
        """Give a function from hidden states (n, m) to logits (n, V), by the model's own forward.

        Its body is stood in for by what it would have returned (of type `kind`), so that whatever
        an architecture does after it (scaling, capping, projecting) is done.
        """
        import torch

        base = self._base
        assert base is not None
        given: list[torch.Tensor] = []
        had = base.__dict__.get("forward")  # set by accelerate

        def stand_in(*_: Any, **__: Any) -> Any:
            return kind(last_hidden_state=given[-1])

        def logits_of(states: torch.Tensor) -> torch.Tensor:
            given[:] = [states[None]]
            tokens = torch.zeros(1, len(states), dtype=torch.long, device=self._entry)
            logits: torch.Tensor = self._model(
                input_ids=tokens, attention_mask=torch.ones_like(tokens), use_cache=False
            ).logits[0]
            return logits

        base.forward = stand_in
        try:
            yield logits_of
        finally:
            if had is None:
                del base.forward
            else:
                base.forward = had

    def _find_base(self) -> Any:
        """Return the part of the model that gives its hidden states, tried on a few tokens.

        None if there is no such part, or logits by way of it are not the model's own.
        """
        import torch

        model = self._model
        body = getattr(model, model.base_model_prefix or "model", None)
        candidates = [body, getattr(body, "decoder", None), getattr(model, "model", None)]
        called: list[Any] = []
        hooks = [
            part.register_forward_hook(lambda part, *_: called.append(part))
            for part in candidates
            if isinstance(part, torch.nn.Module)
        ]
        tokens = torch.arange(PROBE, device=self._entry)[None] % self.inputs
        others = tokens.clone()
        others[0, -1] = (others[0, -1] + 1) % self.inputs
        try:
            with torch.inference_mode():
                mask = torch.ones_like(tokens)
                expected, other = (
                    model(input_ids=ids, attention_mask=mask, use_cache=False).logits[0].float()
                    for ids in (tokens, others)
                )
        finally:
            for hook in hooks:
                hook.remove()
        if not _alike(other[:-1], expected[:-1]):
            raise EvaluationError(
                f"{self.name} is not a causal language model: a token changes predictions before it"
            )
        self._base = next(
            (part for part in candidates if part is not None and part in called), None
        )
        if self._base is None:
            return None
        try:
            with torch.inference_mode():
                kind, hidden = self._hidden(tokens, torch.ones_like(tokens))
                with self._head_only(kind) as logits_of:
                    found = logits_of(hidden[0]).float()
        except (TypeError, ValueError, AttributeError, KeyError, RuntimeError):
            return None
        return self._base if _alike(found, expected) else None


def _alike(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Return whether logits are the same numbers but for the order of sums."""
    import torch

    size = float(b.nan_to_num().abs().max())
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-3, atol=1e-3 * size, equal_nan=True)


def _cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.nn.functional.cross_entropy(
        logits.float(), targets.to(logits.device), reduction="none"
    )


@contextmanager
def _out_of_memory() -> Iterator[None]:
    """Raise OutOfMemory for every kind of out-of-memory error."""
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory(str(error)) from None
    except RuntimeError as error:  # the CPU's allocator, MPS
        if OUT_OF_MEMORY.search(str(error)):
            raise OutOfMemory(str(error)) from None
        raise


def _context(config: Any) -> int | None:
    """Return the most tokens a model can read, by the name its config gives that."""
    for key in ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len",
                "max_sequence_length", "seq_length"):  # fmt: skip
        value = getattr(config, key, None)
        if isinstance(value, int) and 1 < value < 1 << 40:
            return value
    return None


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
            loaded, told = transformers.AutoModelForCausalLM.from_pretrained(
                checkpoint.source,
                dtype=precision if precision == "auto" else getattr(torch, precision),
                output_loading_info=True,
                adapter_kwargs={"subfolder": "-"},  # otherwise it applies one beside the model
                **({"device_map": "auto"} if spread else {}),
                **checkpoint.arguments,
            )
        _check_loaded(checkpoint, told)
        parameters = sum(p.numel() for p in loaded.parameters())
        if adapter is not None:
            loaded = adapter.applied(loaded)
        if not spread and place != "cpu":
            loaded = loaded.to(device_named(place))
        made = LanguageModel(checkpoint.name, loaded)
        made.parameters = parameters
        return made


def _check_loaded(checkpoint: Loadable, told: Any) -> None:
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
