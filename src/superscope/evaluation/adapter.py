"""A PEFT adapter, applied to the model that it was trained on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from superscope.errors import EvaluationError, FormatError, install_hint
from superscope.frequency.checkpoint import Loadable
from superscope.heads.peft import CONFIG, FILES

# What a plain call of the model does not apply: they need more than the tokens of a text.
_NOT_ALONE = ("POLY", "XLORA")
_NAME = "default"  # of the adapter in the model


class PeftAdapter:
    """A PEFT adapter, downloaded and checked before its base is loaded.

    Parameters
    ----------
    place
        Where it lies.

    Raises
    ------
    MissingExtraError
        peft is not installed.
    EvaluationError
        It is of a kind that changes a text or needs more than one.
    """

    def __init__(self, place: Loadable) -> None:
        try:
            import peft
        except ImportError as error:
            raise install_hint("peft", "peft", f"the adapter {place.name}") from error
        self._place, self._peft = place, peft
        self._folder = _downloaded(place)
        self._config = peft.PeftConfig.from_pretrained(self._folder)
        self._config.inference_mode = True
        kind = str(getattr(self._config.peft_type, "value", self._config.peft_type))
        invoked = getattr(self._config, "alora_invocation_tokens", None)
        if self._config.is_prompt_learning or invoked or kind in _NOT_ALONE:
            raise EvaluationError(
                f"{place.name} is an adapter of the kind {'aLoRA' if invoked else kind}, which "
                "cannot be evaluated: it changes more than the model's weights"
            )

    def applied(self, base: Any) -> Any:
        """Return the base with the adapter in it.

        Raises
        ------
        FormatError
            Not every tensor of the adapter belongs to the base, or some are missing.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of training, and of what transformers deprecates
            weights = self._peft.load_peft_weights(self._folder, device="cpu")
            model = self._peft.PeftModel(base, self._config, _NAME)
            try:
                told = self._peft.set_peft_model_state_dict(model, weights, _NAME)
            except KeyError as error:  # a module that was saved whole
                raise self._unfit("it lacks", error.args[:1]) from None
        state = model.state_dict(keep_vars=True)
        here = {id(state[key]) for key in state.keys() - {*told.missing_keys}}
        # A tensor that was not loaded would be as before training: the loss of the base alone.
        lacking = [
            key for key in told.missing_keys
            if f".{_NAME}" in key and key in state and id(state[key]) not in here
        ]  # fmt: skip
        if told.unexpected_keys:
            raise self._unfit("the base has no place for", told.unexpected_keys)
        if lacking:
            raise self._unfit("it lacks", lacking)
        return model.get_base_model()

    def _unfit(self, what: str, tensors: Sequence[object]) -> FormatError:
        first = min(str(tensor) for tensor in tensors)
        return FormatError(f"{self._place.name}: the adapter does not fit its base: {what} {first}")


def _downloaded(place: Loadable) -> str:
    """Return the local folder of an adapter."""
    if place.revision is None:
        return place.source
    from huggingface_hub import snapshot_download

    with place.checked_downloads():
        return snapshot_download(
            place.source,
            revision=place.revision,
            allow_patterns=[CONFIG, *FILES],
            local_files_only=place.offline,
        )
