"""Find out whether a config ties the output head to the input embedding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Architectures that transformers 5.23 does not tie if the config is silent, and some of code on the
# hub. All others are tied.
_UNTIED = frozenset(
    ["afmoe", "apertus", "arcee", "arctic", "aria", "aria_text", "axk1", "axk2", "baichuan",
     "bailing_hybrid", "bamba", "beam", "bitnet", "blt", "chameleon", "chatglm", "codegen",
     "cohere_compass", "cosmos3_edge", "cosmos3_edge_text", "cosmos3_omni", "cwm", "dbrx",
     "deepseek", "deepseek_ocr2", "deepseek_ocr2_text", "deepseek_v2", "deepseek_v3",
     "deepseek_v32", "deepseek_v4", "diffllama", "doge", "dots1", "dots3_note", "dots3_note_text",
     "emu3", "emu3_text_model", "evolla", "exaone4", "exaone4_5", "exaone_moe", "falcon_h1",
     "fast_vlm", "flex_olmo", "flint", "fuyu", "git", "glm", "glm4", "glm46v", "glm4_moe",
     "glm4_moe_lite", "glm4v", "glm4v_moe", "glm4v_moe_text", "glm5_next", "glm5_next_text",
     "glm_moe_dsa", "glm_ocr", "glmga", "gpt_neox", "gpt_oss", "gptj", "granite", "granite4_vision",
     "granite4_vision_text", "granitemoe", "granitemoe_swa", "granitemoehybrid", "granitemoeshared",
     "helium", "hrm_text", "hunyuan_v1_dense", "hunyuan_v1_moe", "hy_v3", "hy_v4", "hyperclovax",
     "idefics", "idefics2", "idefics3", "internlm", "internlm2", "internlm3", "iquestcoder",
     "jais2", "jamba", "kimi_linear", "kolibri1", "kyutai_speech_to_text", "laguna", "llama",
     "llama4", "llama4_text", "llava", "llava_next", "llava_next_video", "llava_onevision",
     "longcat_flash", "mamba2", "mellum", "mimo_v2_flash", "minicpmv4_6", "minicpmv4_7", "minimax",
     "minimax_m2", "minimax_m3_vl", "minimax_m3_vl_text", "ministral", "ministral3", "mistral",
     "mistral4", "mistral_large4", "mistral_large4_text", "mixtral", "mllama_text_model", "molmo2",
     "molmo2_text", "moshi", "muse_glimmer_text", "muse_spark_text", "nanochat", "nemotron",
     "nemotron_h", "olmo", "olmo2", "olmo3", "olmo_hybrid", "olmoe", "persimmon",
     "phi", "phi3", "phi4_multimodal", "phimoe", "pix2struct", "pix2struct_text_model",
     "pp_formulanet_text", "qianfan_ocr", "qwen2", "qwen2_5_omni_thinker", "qwen2_5_vl",
     "qwen2_moe", "qwen2_vl", "qwen3", "qwen3_5", "qwen3_5_moe", "qwen3_5_moe_text", "qwen3_5_text",
     "qwen3_moe", "qwen3_next", "qwen3_omni_moe_talker_text", "qwen3_omni_moe_thinker", "qwen3_vl",
     "qwen3_vl_moe", "qwen4_exp", "qwen4_exp_text", "reformer", "rembert", "rwkv", "seed_oss",
     "smolvlm", "solar_open", "stablelm", "step3p5", "unlimited_ocr", "unlimited_ocr_text",
     "video_llama_3", "video_llava", "vipllava", "xlstm", "yi"]
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


def is_tied(config: Mapping[str, Any]) -> bool:
    """Return whether the head is tied to the embedding, by the config or by its architecture."""
    tied = tied_by_config(config)
    return untied_by_default(config) is None if tied is None else tied


def kind_of(config: Mapping[str, Any]) -> str | None:
    """Return the architecture of the text model, or None if no part of the config names it."""
    kind = next((kind for part in parts_of(config) if (kind := part.get("model_type"))), None)
    return kind if isinstance(kind, str) else None


def untied_by_default(config: Mapping[str, Any]) -> str | None:
    """Return the architecture if it does not tie the head when the config is silent, or None."""
    kind = kind_of(config)
    return kind if kind in _UNTIED else None
