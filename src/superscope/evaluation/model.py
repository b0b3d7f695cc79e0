"""A causal language model, and what it knows before each token it reads."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from collections.abc import Sequence as Many
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope.errors import EvaluationError
from superscope.evaluation.factored import inputs_of, shape_of, weights_of
from superscope.evaluation.output_head import OutputHead
from superscope.evaluation.scoring import Array, OtherRows, Piece, Scoring
from superscope.evaluation.sequences import Sequence
from superscope.frequency.checkpoint import OUT_OF_MEMORY

if TYPE_CHECKING:
    import torch

LOGITS_BYTES = 1 << 27  # of float32 logits at once: 128 MB

Float32 = npt.NDArray[np.float32]


class OutOfMemory(Exception):
    """A batch did not fit."""


class LanguageModel:
    """A causal language model in evaluation mode.

    The logits of a batch are never held at once: its hidden states are, and the model's own last
    steps turn them into logits a piece at a time (see :meth:`scored`).

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
    head
        Its output head, to be looked at and run apart from its body.
    """

    def __init__(self, name: str, loaded: Any, logits_bytes: int = LOGITS_BYTES) -> None:
        self.name, self._model, self._limit = name, loaded.eval(), logits_bytes
        head = loaded.get_output_embeddings()
        shape = None if head is None else shape_of(head)
        if shape is None:
            raise EvaluationError(f"{name} has no output head: it is not a causal language model")
        config = loaded.config.get_text_config()
        self.rows, self.width = shape
        depth = getattr(config, "num_hidden_layers", None)
        self.depth = int(depth) if isinstance(depth, int) else None
        self.parameters: int | None = sum(p.numel() for p in loaded.parameters())
        self.context = _context(config)
        entry = loaded.get_input_embeddings()
        self.inputs = inputs_of(entry)
        self._entry: torch.device = weights_of(entry).device
        # What accelerate keeps outside memory is on no device until it is needed.
        places = sorted({str(p.device).replace("meta", "offloaded") for p in loaded.parameters()})
        self.device, self.dtype = (
            ", ".join(places),
            str(weights_of(head).dtype).removeprefix("torch."),
        )
        self.head = OutputHead(name, loaded, self._entry)

    @property
    def loaded(self) -> Any:
        """The model as transformers loaded it."""
        return self._model

    @property
    def tied(self) -> bool:
        """Whether its output head is its input embedding."""
        head, entry = self._model.get_output_embeddings(), self._model.get_input_embeddings()
        ours = {id(p) for p in head.parameters()}
        return any(id(p) in ours for p in entry.parameters())

    def losses(self, batch: Many[Sequence]) -> list[Float32]:
        """Return the loss of each scored token of each sequence, in nats."""
        return [values["loss"] for values in self.scored(batch)]

    def scored(
        self, batch: Many[Sequence], scoring: Scoring | None = None
    ) -> list[dict[str, Array]]:
        """Return the values of each scored token of each sequence, by name: ``loss`` in nats.

        Sequences are padded on the right, and padding is masked. Logits are float32 and at most
        `logits_bytes` at once, but for an architecture that gives them whole.

        Parameters
        ----------
        batch
            Sequences to read at once.
        scoring
            Takes more values.

        Raises
        ------
        OutOfMemory
            The batch is too large for the device.
        """
        import torch

        tokens, mask, scored = self._padded(batch)
        # What is known before a token predicts it: the logits of the position before.
        before, targets = scored[:, 1:], tokens[:, 1:].cpu()[scored[:, 1:]]
        # Closed even if memory runs out, so that the model's body is its own again.
        with (
            self._trying(batch),
            torch.inference_mode(),
            closing(self._pieces(tokens, mask, before, targets, scoring)) as pieces,
        ):
            parts = [_values(piece, scoring) for piece in pieces]
        counts = np.cumsum(scored.sum(dim=1).numpy())[:-1]
        split = {
            name: np.split(np.concatenate([part[name] for part in parts]), counts)
            for name in parts[0]
        }
        return [{name: split[name][k] for name in split} for k in range(len(batch))]

    def states(self, batch: Many[Sequence]) -> list[Float32]:
        """Return what the output head is multiplied with before each scored token, each (n, m).

        Raises
        ------
        OutOfMemory
            The batch is too large for the device.
        EvaluationError
            This architecture does not call its output head.
        """
        import torch

        tokens, mask, scored = self._padded(batch)
        with self._trying(batch), torch.inference_mode():
            met = self.head.met(tokens, mask)
            if met is None:
                raise EvaluationError(f"{self.name} does not call its output head as a module")
            flat = met[:, :-1][scored[:, 1:].to(met.device)].float().cpu().numpy()
        return np.split(flat, np.cumsum(scored.sum(dim=1).numpy())[:-1])

    def _padded(self, batch: Many[Sequence]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return ids and mask of a batch on the model's device, and which tokens are scored."""
        import torch

        longest = max(len(sequence) for sequence in batch)
        ids = np.zeros((len(batch), longest), np.int64)
        mask = np.zeros((len(batch), longest), np.int64)
        scored = np.zeros((len(batch), longest), bool)
        for k, sequence in enumerate(batch):
            ids[k, : len(sequence)] = sequence.ids
            mask[k, : len(sequence)] = 1
            scored[k, : len(sequence)] = sequence.documents >= 0
        tokens, masked = (torch.from_numpy(a).to(self._entry) for a in (ids, mask))
        return tokens, masked, torch.from_numpy(scored)

    @contextmanager
    def _trying(self, batch: Many[Sequence]) -> Iterator[None]:
        """Turn the errors of the model's forward into ours."""
        try:
            with _out_of_memory():
                yield
        except (RuntimeError, IndexError, ValueError) as error:
            reason = " ".join(str(error).split())[:300]
            longest = max(map(len, batch))
            raise EvaluationError(
                f"{self.name} fails on {len(batch)} sequences of up to {longest:,} tokens: {reason}"
            ) from None

    def _pieces(
        self,
        tokens: torch.Tensor,
        mask: torch.Tensor,
        before: torch.Tensor,
        targets: torch.Tensor,
        scoring: Scoring | None,
    ) -> Generator[Piece]:
        """Yield the scored positions of a batch, as many at once as their logits may be."""
        others = None if scoring is None else scoring.other_rows
        if self.head.whole_logits:
            yield from self._whole(tokens, mask, before, targets, others)
            return
        kind, hidden = self.head.hidden(tokens, mask)
        states = hidden[:, :-1][before.to(hidden.device)]
        del hidden
        piece = max(1, self._limit // (4 * self.rows))
        with self.head.alone(kind) as logits_of:
            for start in range(0, len(states), piece):
                some = states[start : start + piece]
                moved = None
                if others is not None:
                    moved = self.head.moved(others, partial(logits_of, some))
                yield _piece(some, logits_of(some), targets[start : start + piece], moved)

    def _whole(
        self,
        tokens: torch.Tensor,
        mask: torch.Tensor,
        before: torch.Tensor,
        targets: torch.Tensor,
        others: OtherRows | None,
    ) -> Generator[Piece]:
        """Yield the positions of a model that gives its logits whole only: a sequence at once."""
        start = 0
        for k in range(len(tokens)):
            length = int(mask[k].sum())

            def logits_of(k: int = k, length: int = length) -> torch.Tensor:
                output = self._model(
                    input_ids=tokens[k : k + 1, :length],
                    attention_mask=mask[k : k + 1, :length],
                    use_cache=False,
                )
                logits: torch.Tensor = output.logits[0, :-1]
                return logits[before[k, : length - 1].to(logits.device)]

            moved = None if others is None else self.head.moved(others, logits_of)
            logits = logits_of()
            yield _piece(None, logits, targets[start : start + len(logits)], moved)
            start += len(logits)


def _piece(
    states: torch.Tensor | None,
    logits: torch.Tensor,
    targets: torch.Tensor,
    others: torch.Tensor | None,
) -> Piece:
    import torch

    wide, targets = logits.float(), targets.to(logits.device)
    losses = torch.nn.functional.cross_entropy(wide, targets, reduction="none")
    return Piece(states, wide, targets, losses, others)


def _values(piece: Piece, scoring: Scoring | None) -> dict[str, Array]:
    """Return the values of a piece, off the device."""
    values = {} if scoring is None else scoring.piece(piece)
    return {name: value.cpu().numpy() for name, value in {"loss": piece.losses, **values}.items()}


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
