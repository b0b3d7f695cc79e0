"""A PEFT adapter, applied to the model that it was trained on."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from superscope.errors import EvaluationError, FormatError, install_hint
from superscope.frequency.checkpoint import Loadable
from superscope.heads import naming
from superscope.heads.adapters import CONFIG
from superscope.heads.json_text import parsed
from superscope.heads.patterns import matches
from superscope.heads.peft import FILES

_NAME = "default"  # of the adapter in the model
# Settings that PEFT takes for regular expressions: of whole names, and of parts of them.
_PATTERNS = ("target_modules", "exclude_modules", "feedforward_modules")
_PARTS = ("modules_to_save", "layers_pattern")
_NOT_ALONE = ("POLY", "XLORA")  # kinds that need more than the tokens of a text


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
    FormatError, EvaluationError
        It is damaged, or of a kind that cannot be evaluated.
    """

    def __init__(self, place: Loadable) -> None:
        try:
            import peft
        except ImportError as error:
            raise install_hint("peft", "peft", f"the adapter {place.name}") from error
        self._place, self._peft = place, peft
        self._folder = _downloaded(place)
        told = self._settings()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it says of settings is checked here
            self._config = peft.PeftConfig.from_pretrained(self._folder)
            self._config.inference_mode = True
            self._check_kind(told)
            self._weights = peft.load_peft_weights(self._folder, device="cpu")
        self._check_ranks(told)
        self._told = told

    def applied(self, base: Any) -> Any:
        """Return the base with the adapter in it.

        Raises
        ------
        FormatError
            Not every tensor of the adapter belongs to the base, or some are missing.
        """
        if {"cpu", "disk"} & {*map(str, getattr(base, "hf_device_map", {}).values())}:
            raise EvaluationError(
                f"{self._place.name}: its base does not fit into the memory of the GPUs, and an "
                "adapter is not applied to a model in parts; pass device='cpu'"
            )
        self._check_patterns(base)
        resized = self._resized(base)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of training, and of what transformers deprecates
            model = self._peft.PeftModel(base, self._config, _NAME)
            try:
                told = self._peft.set_peft_model_state_dict(model, self._weights, _NAME)
            except KeyError as error:  # a module that was saved whole
                raise self._unfit("it lacks", error.args[:1]) from None
        if told.unexpected_keys:
            raise self._unfit("the base has no place for", told.unexpected_keys)
        # What was not loaded is as before training: the loss would be that of the base alone.
        state = model.state_dict(keep_vars=True)
        here = {id(state[key]) for key in state.keys() - {*told.missing_keys}}
        own = [key for key in told.missing_keys if f".{_NAME}" in key and key in state]
        lacking = [key for key in own if id(state[key]) not in here]
        if lacking:
            raise self._unfit("it lacks", lacking)
        adapted = model.get_base_model()
        for part in (adapted.get_input_embeddings(), adapted.get_output_embeddings()):
            if resized and part.weight.isnan().any():
                raise self._unfit("it lacks", ["the rows of tokens that were added"])
        return adapted

    def _settings(self) -> Mapping[str, Any]:
        file = f"{self._place.name}: {CONFIG}"
        told = parsed((Path(self._folder) / CONFIG).read_bytes(), file)
        kinds = [kind.value for kind in self._peft.PeftType]
        if not isinstance(told, dict) or told.get("peft_type") not in kinds:
            raise FormatError(f"{file} has no peft_type that the installed peft knows; update peft")
        return told

    def _check_kind(self, told: Mapping[str, Any]) -> None:
        """Refuse an adapter that would not be applied as it was trained."""
        kind = "aLoRA" if told.get("alora_invocation_tokens") else told["peft_type"]
        if self._config.is_prompt_learning or kind in ("aLoRA", *_NOT_ALONE):
            raise EvaluationError(
                f"{self._place.name} is an adapter of the kind {kind}, which cannot be evaluated: "
                "it changes more than the model's weights"
            )
        known = {field.name for field in dataclasses.fields(self._config)}
        unknown = sorted(key for key in told.keys() - known if told[key])
        if unknown:
            raise FormatError(
                f"{self._place.name}: the installed peft does not know the adapter's setting "
                f"{unknown[0]}; update peft"
            )

    def _check_ranks(self, told: Mapping[str, Any]) -> None:
        """Refuse a rank for which no tensor is large enough, before PEFT makes room for it."""
        largest = max((max(w.shape, default=0) for w in self._weights.values()), default=0)
        patterns = told.get("rank_pattern")
        ranks = [told.get("r"), *(patterns.values() if isinstance(patterns, dict) else ())]
        if any(isinstance(rank, int) and rank > largest for rank in ranks):
            raise FormatError(
                f"{self._place.name}: a rank in {CONFIG} is larger than every side of the "
                "adapter's tensors"
            )

    def _check_patterns(self, base: Any) -> None:
        """Refuse regular expressions that take too long to match the names of the base."""
        file = f"{self._place.name}: {CONFIG}"
        names = [name for name, _ in (*base.named_modules(), *base.named_parameters())]
        whole, parts = [], []
        for key, value in self._told.items():
            if isinstance(value, str) and key in _PATTERNS:
                whole.append(value)
            elif isinstance(value, str) and key in _PARTS:
                parts.append(value)
            elif isinstance(value, (list, dict)) and (key in _PARTS or key.endswith("_pattern")):
                parts += [part for part in value if isinstance(part, str)]
        matches(whole, names, file, within="({})$")
        matches(parts, names, file, within=r"(.*\.)?({})($|\..*)")

    def _resized(self, base: Any) -> bool:
        """Give the base as many rows as the embedding or head has that was saved with tokens."""
        modules = {**naming.within_embedding(self._weights), **naming.within_head(self._weights)}
        whole = [n for n, module in modules.items() if naming.plain_name(n) == f"{module}.weight"]
        sizes = {len(self._weights[name]) for name in whole}
        before = len(base.get_input_embeddings().weight)
        if len(sizes) != 1 or sizes == {before}:
            return False
        (rows,) = sizes
        base.resize_token_embeddings(rows, mean_resizing=False)
        for part in (base.get_input_embeddings(), base.get_output_embeddings()):
            part.weight.data[before:] = float("nan")  # to see what the adapter lacks
        return True

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
