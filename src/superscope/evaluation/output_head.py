"""The output head of a loaded model, and what the model does around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope.errors import EvaluationError
from superscope.evaluation.factored import inputs_of, is_factored, weights_of
from superscope.evaluation.scoring import OtherRows

if TYPE_CHECKING:
    import torch

PROBE = 4  # tokens on which the two ways to the logits are compared

Float32 = npt.NDArray[np.float32]


class OutputHead:
    """The output head of a loaded model, apart from its body.

    Parameters
    ----------
    name
        What to call the model.
    model
        As transformers loads it.
    entry
        Where its input embedding is.

    Attributes
    ----------
    whole_logits
        Whether this architecture gives its logits whole only, so that the head cannot be run alone.
    """

    def __init__(self, name: str, model: Any, entry: torch.device) -> None:
        self.name, self._model, self._entry = name, model, entry
        self._changed: Any = None  # a copy of the head, for other rows
        self._kind: Any = None  # the type of what the body gives
        self._body_width = 0  # that of its hidden states
        self._base = self._find_base()

    @property
    def whole_logits(self) -> bool:
        """Whether the logits are given whole only."""
        return self._base is None

    @property
    def plain(self) -> bool:
        """Whether the rows of the output head are its weight: an adapter may add to that."""
        head = self._model.get_output_embeddings()
        return "weight" in head._parameters or is_factored(head)

    @property
    def device(self) -> torch.device:
        """Where its rows are."""
        device: torch.device = weights_of(self._model.get_output_embeddings()).device
        return device

    @property
    def bias(self) -> Float32 | None:
        """What it adds to its products, float32, shape (V,); None for nothing."""
        bias = getattr(self._model.get_output_embeddings(), "bias", None)
        if bias is None:
            return None
        made: Float32 = bias.detach().float().cpu().numpy()
        return made

    def rows(self, ids: npt.NDArray[np.int64]) -> Float32:
        """Return rows of the output head, shape (r, m)."""
        rows: Float32 = (
            self._model.get_output_embeddings().weight[ids].detach().float().cpu().numpy()
        )
        return rows

    def met(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor | None:
        """Return what the model hands to its output head; the head itself is not run."""

        def taken(_: Any, given: tuple[Any, ...]) -> None:
            raise _Met(given[0])

        hook = self._model.get_output_embeddings().register_forward_pre_hook(taken)
        try:
            self._model(input_ids=tokens, attention_mask=mask, use_cache=False)
        except _Met as found:
            states: torch.Tensor = found.args[0]
            return states
        finally:
            hook.remove()
        return None

    def moved(self, others: OtherRows, logits_of: Callable[[], torch.Tensor]) -> torch.Tensor:
        """Return the logits of other rows, float32, shape (n, r); a tied embedding stays."""
        import torch

        head = self._model.get_output_embeddings()
        if self._base is None and head is self._model.get_input_embeddings():
            raise EvaluationError(
                f"{self.name}: its output head is its input embedding, so that its rows cannot be "
                "changed alone"
            )
        if is_factored(head):
            return _moved_in_factors(head, others, logits_of)
        own = head.weight
        if self._changed is None:
            self._changed = torch.nn.Parameter(own.detach().clone(), requires_grad=False)
        found: list[torch.Tensor] = []
        head.weight = self._changed
        try:
            for start, stop in others.rounds:
                ids = others.ids[start:stop]
                rows = torch.from_numpy(others.rows[start:stop])
                self._changed.data[ids] = rows.to(own.device, own.dtype)
                found.append(logits_of()[:, ids].float())
        finally:
            self._changed.data[others.ids] = own.data[others.ids]
            head.weight = own
        return torch.cat(found, dim=1)

    def hidden(self, tokens: torch.Tensor, mask: torch.Tensor) -> tuple[Any, torch.Tensor]:
        """Return the type of what the model's body gives, and the hidden states in it."""
        assert self._base is not None
        output = self._base(input_ids=tokens, attention_mask=mask, use_cache=False)
        return type(output), output[0]

    @contextmanager
    def alone(self, kind: Any) -> Iterator[Any]:
        """Give a function from hidden states (n, m) to logits (n, V), by the model's own forward.

        Its body is stood in for by what it would have returned (of type `kind`), so that whatever
        an architecture does after it (scaling, capping, projecting) is done.
        """
        import torch

        given: list[torch.Tensor] = []

        def stand_in(*_: Any, **__: Any) -> Any:
            return kind(last_hidden_state=given[-1])

        def logits_of(states: torch.Tensor) -> torch.Tensor:
            given[:] = [states[None]]
            tokens = torch.zeros(1, len(states), dtype=torch.long, device=self._entry)
            logits: torch.Tensor = self._model(
                input_ids=tokens, attention_mask=torch.ones_like(tokens), use_cache=False
            ).logits[0]
            return logits

        with _standing_in(self._base, stand_in):
            yield logits_of

    @contextmanager
    def last_steps(self) -> Iterator[Callable[[torch.Tensor], torch.Tensor]]:
        """Give a function from the products of an output head, (n, V), to logits (n, V).

        It does what the model does after its head (scaling, capping), and gradients go through it.

        Raises
        ------
        EvaluationError
            This architecture gives its logits whole.
        """
        import torch

        if self._base is None:
            raise EvaluationError(
                f"{self.name} gives its logits whole: its output head cannot be run alone"
            )
        given: list[torch.Tensor] = []

        def stand_in(*_: Any, **__: Any) -> Any:
            return given[-1]

        with (
            self.alone(self._kind) as logits_of,
            _standing_in(self._model.get_output_embeddings(), stand_in),
        ):

            def finished(products: torch.Tensor) -> torch.Tensor:
                given[:] = [products[None]]
                shape = len(products), self._body_width
                body = torch.zeros(shape, dtype=products.dtype, device=products.device)
                logits: torch.Tensor = logits_of(body).float()
                return logits

            yield finished

    def _find_base(self) -> Any:
        """Return the part of the model that gives its hidden states, tried on a few tokens.

        None if there is no such part, or logits by way of it are not the model's own.
        """
        import torch

        model = self._model
        inputs = inputs_of(model.get_input_embeddings())
        body = getattr(model, model.base_model_prefix or "model", None)
        candidates = [body, getattr(body, "decoder", None), getattr(model, "model", None)]
        called: list[Any] = []
        hooks = [
            part.register_forward_hook(lambda part, *_: called.append(part))
            for part in candidates
            if isinstance(part, torch.nn.Module)
        ]
        tokens = torch.arange(PROBE, device=self._entry)[None] % inputs
        others = tokens.clone()
        others[0, -1] = (others[0, -1] + 1) % inputs
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
                kind, hidden = self.hidden(tokens, torch.ones_like(tokens))
                self._kind, self._body_width = kind, int(hidden.shape[-1])
                with self.alone(kind) as logits_of:
                    found = logits_of(hidden[0]).float()
        except (TypeError, ValueError, AttributeError, KeyError, RuntimeError):
            return None
        return self._base if _alike(found, expected) else None


class _Met(Exception):
    """Carries what the output head is given, past the head."""


def _moved_in_factors(
    head: Any, others: OtherRows, logits_of: Callable[[], torch.Tensor]
) -> torch.Tensor:
    """Return the logits of other rows of a head that has no matrix to put them into."""
    import torch

    own, bias = head.forward, head.bias
    found: list[torch.Tensor] = []
    for start, stop in others.rounds:
        ids, rows = others.ids[start:stop], torch.from_numpy(others.rows[start:stop])

        def products(states: torch.Tensor, ids: Any = ids, rows: Any = rows) -> torch.Tensor:
            made: torch.Tensor = own(states)
            moved = states @ rows.to(states).T
            made[..., ids] = moved if bias is None else moved + bias[ids]
            return made

        with _standing_in(head, products):
            found.append(logits_of()[:, ids].float())
    return torch.cat(found, dim=1)


@contextmanager
def _standing_in(module: Any, forward: Callable[..., Any]) -> Iterator[None]:
    """Let a module do something else."""
    had = module.__dict__.get("forward")  # set by accelerate
    module.forward = forward
    try:
        yield
    finally:
        if had is None:
            del module.forward
        else:
            module.forward = had


def _alike(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Return whether logits are the same numbers but for the order of sums."""
    import torch

    size = float(b.nan_to_num().abs().max())
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-3, atol=1e-3 * size, equal_nan=True)
