"""Tiny random models of every architecture whose head superscope knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import transformers

V, WIDTH = 96, 16
_GPT = {"vocab_size": V, "n_embd": WIDTH, "n_layer": 2, "n_head": 2, "n_positions": 32}
_LLAMA = {
    "vocab_size": V, "hidden_size": WIDTH, "intermediate_size": 24, "num_hidden_layers": 2,
    "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 32,
    "head_dim": 8, "pad_token_id": 0,
}  # fmt: skip
_BERT = {
    "vocab_size": V, "hidden_size": WIDTH, "intermediate_size": 24, "num_hidden_layers": 2,
    "num_attention_heads": 2, "max_position_embeddings": 34,
}  # fmt: skip
_OPT = {
    "vocab_size": V, "hidden_size": WIDTH, "ffn_dim": 24, "num_hidden_layers": 2,
    "num_attention_heads": 2, "max_position_embeddings": 32, "word_embed_proj_dim": WIDTH,
}  # fmt: skip
_BLOOM = {"vocab_size": V, "hidden_size": WIDTH, "n_layer": 2, "n_head": 2}
_VIT = {
    "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2,
    "image_size": 8, "patch_size": 4,
}  # fmt: skip


@dataclass(frozen=True)
class Architecture:
    """How to build a tiny model, and what superscope must find in its checkpoint.

    Attributes
    ----------
    config
        Name of the config class, and its arguments.
    auto
        The class that makes the model of it.
    tensor
        The head's name in the files that transformers writes.
    own
        Whether the head is its own matrix, not the tied embedding.
    width
        Columns of the head.
    """

    config: str
    arguments: dict[str, Any]
    tensor: str
    own: bool
    auto: str = "AutoModelForCausalLM"
    width: int = WIDTH
    parts: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def build(self) -> Any:
        """Return the model, its weights random by a fixed seed."""
        transformers.set_seed(7)
        inner = {k: getattr(transformers, c)(**a) for k, (c, a) in self.parts.items()}
        config = getattr(transformers, self.config)(**self.arguments, **inner)
        return getattr(transformers, self.auto).from_config(config).eval()


_MASKED = "AutoModelForMaskedLM"
_PICTURES = "AutoModelForImageTextToText"
_TOKENS = {"bos_token_id": 1, "eos_token_id": 2}

ARCHITECTURES = {
    "gpt2": Architecture("GPT2Config", _GPT, "transformer.wte.weight", False),
    "gpt-neo": Architecture(
        "GPTNeoConfig",
        {"vocab_size": V, "hidden_size": WIDTH, "num_layers": 2, "num_heads": 2,
         "attention_types": [[["global", "local"], 1]], "max_position_embeddings": 32},
        "transformer.wte.weight", False,
    ),
    "opt": Architecture("OPTConfig", _OPT, "model.decoder.embed_tokens.weight", False),
    "opt-350m": Architecture(
        "OPTConfig", {**_OPT, "word_embed_proj_dim": 8, "do_layer_norm_before": False},
        "model.decoder.embed_tokens.weight", False, width=8,
    ),
    "opt-66b": Architecture(
        "OPTConfig", {**_OPT, "tie_word_embeddings": False}, "lm_head.weight", True
    ),
    "qwen2-0.5b": Architecture(
        "Qwen2Config", {**_LLAMA, "tie_word_embeddings": True}, "model.embed_tokens.weight", False
    ),
    "qwen2-7b": Architecture("Qwen2Config", _LLAMA, "lm_head.weight", True),
    "qwen2-moe": Architecture(
        "Qwen2MoeConfig",
        {**_LLAMA, "num_experts": 2, "moe_intermediate_size": 12,
         "shared_expert_intermediate_size": 12},
        "lm_head.weight", True,
    ),
    "qwen3-0.6b": Architecture(
        "Qwen3Config", {**_LLAMA, "tie_word_embeddings": True}, "model.embed_tokens.weight", False
    ),
    "qwen3-8b": Architecture("Qwen3Config", _LLAMA, "lm_head.weight", True),
    "pythia": Architecture("GPTNeoXConfig", _BERT, "embed_out.weight", True),
    "gpt-neox tied": Architecture(
        "GPTNeoXConfig", {**_BERT, "tie_word_embeddings": True}, "gpt_neox.embed_in.weight", False
    ),
    "llama": Architecture("LlamaConfig", _LLAMA, "lm_head.weight", True),
    "smollm": Architecture(
        "LlamaConfig", {**_LLAMA, "tie_word_embeddings": True}, "model.embed_tokens.weight", False
    ),
    "mistral": Architecture("MistralConfig", _LLAMA, "lm_head.weight", True),
    "mixtral": Architecture(
        "MixtralConfig", {**_LLAMA, "num_local_experts": 2}, "lm_head.weight", True
    ),
    "gemma": Architecture("GemmaConfig", _LLAMA, "model.embed_tokens.weight", False),
    "gemma2": Architecture("Gemma2Config", _LLAMA, "model.embed_tokens.weight", False),
    "gemma3": Architecture("Gemma3TextConfig", _LLAMA, "model.embed_tokens.weight", False),
    "gemma3 with vision": Architecture(
        "Gemma3Config", {"mm_tokens_per_image": 4, "image_token_index": 5, "boi_token_index": 6,
                         "eoi_token_index": 7},
        "language_model.model.embed_tokens.weight", False, _PICTURES,
        parts={"text_config": ("Gemma3TextConfig", _LLAMA),
               "vision_config": ("SiglipVisionConfig", _VIT)},
    ),
    "phi": Architecture("PhiConfig", _LLAMA, "lm_head.weight", True),
    "phi3": Architecture("Phi3Config", {**_LLAMA, **_TOKENS}, "lm_head.weight", True),
    "olmo": Architecture("OlmoConfig", {**_LLAMA, **_TOKENS}, "lm_head.weight", True),
    "olmo tied": Architecture(
        "OlmoConfig", {**_LLAMA, **_TOKENS, "tie_word_embeddings": True},
        "model.embed_tokens.weight", False,
    ),
    "olmo2": Architecture("Olmo2Config", {**_LLAMA, **_TOKENS}, "lm_head.weight", True),
    "bloom": Architecture("BloomConfig", _BLOOM, "transformer.word_embeddings.weight", False),
    "falcon": Architecture(
        "FalconConfig",
        {"vocab_size": V, "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2},
        "transformer.word_embeddings.weight", False,
    ),
    "gpt-j": Architecture("GPTJConfig", {**_GPT, "rotary_dim": 4}, "lm_head.weight", True),
    "mpt": Architecture(
        "MptConfig", {"vocab_size": V, "d_model": WIDTH, "n_layers": 2, "n_heads": 2},
        "transformer.wte.weight", False,
    ),
    "mamba": Architecture(
        "MambaConfig",
        {"vocab_size": V, "hidden_size": WIDTH, "state_size": 4, "num_hidden_layers": 1},
        "backbone.embeddings.weight", False,
    ),
    "bert": Architecture(
        "BertConfig", _BERT, "bert.embeddings.word_embeddings.weight", False, _MASKED
    ),
    "roberta": Architecture(
        "RobertaConfig", _BERT, "roberta.embeddings.word_embeddings.weight", False, _MASKED
    ),
    "distilbert": Architecture(
        "DistilBertConfig", {"vocab_size": V, "dim": WIDTH, "hidden_dim": 24, "n_layers": 2,
                             "n_heads": 2},
        "distilbert.embeddings.word_embeddings.weight", False, _MASKED,
    ),
    "albert": Architecture(
        "AlbertConfig", {**_BERT, "embedding_size": 8},
        "albert.embeddings.word_embeddings.weight", False, _MASKED, width=8,
    ),
    "electra": Architecture(
        "ElectraConfig", {**_BERT, "embedding_size": 8},
        "electra.embeddings.word_embeddings.weight", False, _MASKED, width=8,
    ),
    "modernbert": Architecture(
        "ModernBertConfig", {**_BERT, **_TOKENS, "pad_token_id": 0, "cls_token_id": 1,
                             "sep_token_id": 2},
        "model.embeddings.tok_embeddings.weight", False, _MASKED,
    ),
    "nemotron": Architecture("NemotronConfig", _LLAMA, "lm_head.weight", True),
    "qwen3-next": Architecture(
        "Qwen3NextConfig",
        {**_LLAMA, "num_experts": 2, "moe_intermediate_size": 12, "num_experts_per_tok": 1,
         "shared_expert_intermediate_size": 12, "linear_num_key_heads": 2,
         "linear_num_value_heads": 2, "linear_key_head_dim": 8, "linear_value_head_dim": 8},
        "lm_head.weight", True,
    ),
    "llava": Architecture(
        "LlavaConfig", {"image_token_index": 5},
        "language_model.lm_head.weight", True, _PICTURES,
        parts={"text_config": ("LlamaConfig", _LLAMA),
               "vision_config": ("CLIPVisionConfig", {**_VIT, "projection_dim": 8})},
    ),
    "qwen2-vl": Architecture(
        "Qwen2VLConfig", {"tie_word_embeddings": True},
        "model.embed_tokens.weight", False, _PICTURES,
        parts={"text_config": ("Qwen2VLTextConfig", {
                   **_LLAMA, "tie_word_embeddings": True,
                   "rope_parameters": {"rope_type": "default", "rope_theta": 1e4,
                                       "mrope_section": [1, 1, 2]}}),
               "vision_config": ("Qwen2VLVisionConfig", {
                   "depth": 1, "embed_dim": 8, "hidden_size": WIDTH, "num_heads": 2,
                   "mlp_ratio": 2})},
    ),
    "t5 tied": Architecture(
        "T5Config", {"vocab_size": V, "d_model": WIDTH, "d_kv": 8, "d_ff": 24, "num_layers": 1,
                     "num_heads": 2},
        "shared.weight", False, "AutoModelForSeq2SeqLM",
    ),
    "bart": Architecture(
        "BartConfig", {"vocab_size": V, "d_model": WIDTH, "encoder_layers": 1,
                       "decoder_layers": 1, "encoder_attention_heads": 2,
                       "decoder_attention_heads": 2, "encoder_ffn_dim": 24,
                       "decoder_ffn_dim": 24, "max_position_embeddings": 32},
        "model.shared.weight", False, "AutoModelForSeq2SeqLM",
    ),
}  # fmt: skip


@cache
def built(name: str) -> Any:
    """Return the model of an architecture, built once."""
    return ARCHITECTURES[name].build()


def head_of(model: Any) -> Any:
    """Return the matrix that makes the logits, float32."""
    layer = model.get_output_embeddings() or model.get_input_embeddings()
    return layer.weight.detach().float().numpy()
