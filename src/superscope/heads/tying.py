"""Find out whether a config ties the output head to the input embedding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Architectures that transformers does not tie if the config is silent. It ties all others.
_UNTIED = frozenset(
    ["apertus", "arcee", "arctic", "aria_text", "baichuan", "bamba", "bitnet", "chatglm",
     "codegen", "cwm", "dbrx", "deepseek", "deepseek_v2", "deepseek_v3", "diffllama", "dots1",
     "exaone4", "fuyu", "glm", "glm4", "glm4_moe", "gpt_neox", "gpt_neox_japanese", "gpt_oss",
     "gptj", "granite", "granitemoe", "helium", "internlm", "internlm2", "internlm3", "jamba",
     "llama", "llama4_text", "mamba2", "minimax", "ministral", "mistral", "mixtral",
     "mllama_text_model", "nemotron", "olmo", "olmo2", "olmo3", "olmoe", "persimmon", "phi",
     "phi3", "phimoe", "qwen2", "qwen2_moe", "qwen2_vl", "qwen2_5_vl", "qwen3", "qwen3_moe",
     "rwkv", "seed_oss", "stablelm", "yi"]
)  # fmt: skip


def parts_of(config: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the parts of a config that may describe the text model, and then the whole."""
    parts = (config.get("text_config"), config.get("llm_config"), config)
    return tuple(part for part in parts if isinstance(part, Mapping))


def tied_by_config(config: Mapping[str, Any]) -> bool | None:
    """Return whether ``config.json`` ties the head to the embedding; None if it is silent."""
    said = [part.get("tie_word_embeddings") for part in parts_of(config)]
    # In multimodal configs the outer value is often a default, and the text part says True.
    return True if True in said else False if False in said else None


def untied_by_default(config: Mapping[str, Any]) -> str | None:
    """Return the architecture if it does not tie the two by default, or None."""
    kind = next((kind for part in parts_of(config) if (kind := part.get("model_type"))), None)
    return kind if isinstance(kind, str) and kind in _UNTIED else None
