"""Which tensor is the head: names alone."""

from __future__ import annotations

from typing import Any

import pytest

from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.heads.naming import choose, final_norm
from superscope.heads.tying import tied_by_config

TIED, UNTIED = {"tie_word_embeddings": True}, {"tie_word_embeddings": False}
LAYERS = ["model.layers.0.self_attn.q_proj.weight", "model.norm.weight"]

# What checkpoints on the hub really hold, and the head among it.
REAL: dict[str, tuple[list[str], dict[str, Any], str]] = {
    "openai-community/gpt2": (
        ["wte.weight", "wpe.weight", "h.0.attn.c_attn.weight", "ln_f.weight"], {}, "wte.weight"),
    "facebook/opt-125m": (
        ["decoder.embed_tokens.weight", "decoder.embed_positions.weight",
         "decoder.layers.0.fc1.weight"], {}, "decoder.embed_tokens.weight"),
    "facebook/opt-350m": (
        ["model.decoder.embed_tokens.weight", "model.decoder.project_in.weight",
         "model.decoder.project_out.weight"], {}, "model.decoder.embed_tokens.weight"),
    "facebook/opt-66b": (
        ["lm_head.weight", "model.decoder.embed_tokens.weight"], {}, "lm_head.weight"),
    "EleutherAI/pythia-70m": (
        ["embed_out.weight", "gpt_neox.embed_in.weight", "gpt_neox.final_layer_norm.weight"],
        UNTIED, "embed_out.weight"),
    "Qwen/Qwen2.5-0.5B": (["model.embed_tokens.weight", *LAYERS], TIED,
                          "model.embed_tokens.weight"),
    "Qwen/Qwen2.5-7B": (["model.embed_tokens.weight", "lm_head.weight", *LAYERS], UNTIED,
                        "lm_head.weight"),
    "google/gemma-3-4b-pt": (
        ["language_model.model.embed_tokens.weight", "vision_tower.vision_model.head.weight",
         "vision_tower.vision_model.embeddings.position_embedding.weight",
         "multi_modal_projector.mm_input_projection_weight"],
        {"text_config": {"tie_word_embeddings": True}},
        "language_model.model.embed_tokens.weight"),
    "llava-hf/llava-1.5-7b-hf": (
        ["language_model.lm_head.weight", "language_model.model.embed_tokens.weight",
         "vision_tower.vision_model.encoder.layers.0.mlp.fc1.weight"], {},
        "language_model.lm_head.weight"),
    "Qwen/Qwen2-VL-7B": (
        ["lm_head.weight", "model.embed_tokens.weight", "visual.patch_embed.proj.weight"],
        UNTIED, "lm_head.weight"),
    "bigscience/bloom": (
        ["word_embeddings.weight", "word_embeddings_layernorm.weight", "h.0.mlp.w.weight"], {},
        "word_embeddings.weight"),
    "tiiuae/falcon-40b": (
        ["lm_head.weight", "transformer.word_embeddings.weight"], {}, "lm_head.weight"),
    "microsoft/phi-1 (first upload)": (
        ["layers.0.wte.weight", "layers.25.linear.weight", "lm_head.linear.weight",
         "lm_head.ln.weight"], {}, "lm_head.linear.weight"),
    "allenai/OLMo-7B": (
        ["model.transformer.wte.weight", "model.transformer.ff_out.weight",
         "model.transformer.blocks.0.ff_out.weight"], {}, "model.transformer.ff_out.weight"),
    "mosaicml/mpt-7b": (["transformer.wte.weight"], {}, "transformer.wte.weight"),
    "google-bert/bert-base-uncased": (
        ["bert.embeddings.word_embeddings.weight", "bert.pooler.dense.weight",
         "cls.predictions.bias", "cls.predictions.transform.dense.weight",
         "bert.encoder.layer.0.output.dense.weight"], {},
        "bert.embeddings.word_embeddings.weight"),
    "FacebookAI/roberta-base": (
        ["lm_head.dense.weight", "lm_head.decoder.weight", "lm_head.layer_norm.weight",
         "roberta.embeddings.word_embeddings.weight"], {}, "lm_head.decoder.weight"),
    "distilbert": (
        ["vocab_projector.weight", "vocab_transform.weight",
         "distilbert.embeddings.word_embeddings.weight"], {}, "vocab_projector.weight"),
    "deepseek-ai/DeepSeek-V3 (repeats the head for multi-token prediction)": (
        ["lm_head.weight", "model.embed_tokens.weight", "model.layers.61.embed_tokens.weight",
         "model.layers.61.shared_head.head.weight", "mtp.0.lm_head.weight"], UNTIED,
        "lm_head.weight"),
    "openai/whisper": (
        ["model.decoder.embed_tokens.weight", "proj_out.weight",
         "model.encoder.embed_positions.weight"], {}, "proj_out.weight"),
    "google-t5/t5-small": (
        ["shared.weight", "decoder.block.0.layer.0.SelfAttention.q.weight"], {}, "shared.weight"),
    "facebook/bart-base": (
        ["model.shared.weight", "model.encoder.embed_tokens.weight",
         "model.decoder.embed_tokens.weight"], {}, "model.decoder.embed_tokens.weight"),
    "Llama in its own format": (
        ["tok_embeddings.weight", "output.weight", "layers.0.wq.weight"], {}, "output.weight"),
    "a GGUF file": (["token_embd.weight", "output_norm.weight", "blk.0.attn_output.weight"], {},
                    "token_embd.weight"),
    "an untied GGUF file": (
        ["token_embd.weight", "output.weight", "blk.0.attn_output.weight"], {}, "output.weight"),
    "compiled and data-parallel": (
        ["_orig_mod.module.lm_head.weight", "_orig_mod.module.embed_tokens.weight"], {},
        "_orig_mod.module.lm_head.weight"),
}  # fmt: skip


@pytest.mark.parametrize("model", REAL)
def test_real_checkpoints(model: str) -> None:
    names, config, head = REAL[model]
    assert choose(names, config).tensor == head
    assert choose(reversed(names), config).tensor == head


def test_the_reason_is_told() -> None:
    both = ["lm_head.weight", "model.embed_tokens.weight"]
    assert choose(both, UNTIED).reason == "its own output head"
    assert choose(both, TIED).reason == "the output head, tied to the input embedding"
    assert choose(both[1:], TIED).reason == "the input embedding, tied to the output"
    assert "because there is no output head" in choose(both[1:], {}).reason
    assert choose(both, {}, "model.embed_tokens.weight").reason == "named by the user"


def test_the_users_choice_comes_before_all_else() -> None:
    names = ["lm_head.weight", "model.layers.0.mlp.weight", "lm_head.qweight"]
    assert choose(names, {}, "model.layers.0.mlp.weight").tensor == "model.layers.0.mlp.weight"


def test_an_unknown_choice_lists_matrices_by_size() -> None:
    shapes = {"a.bias": (900,), "b": (5, 7), "c": (90, 4), "d": (8, 80), "e": (3, 3, 900)}
    with pytest.raises(NotFoundError) as raised:
        choose(shapes, {}, "nothing", shapes)
    assert str(raised.value) == (
        "there is no tensor nothing; pass tensor='NAME'; candidates: c 90 × 4, d 8 × 80, b 5 × 7"
    )


def test_many_candidates_are_cut_short() -> None:
    shapes = {f"w{i:02d}": (i + 2, 4) for i in range(30)}
    with pytest.raises(NotFoundError, match=r"w29 31 × 4, .* and 18 more$"):
        choose(shapes, {}, None, shapes)


def test_two_heads_are_the_users_to_choose() -> None:
    shapes = {"a.lm_head.weight": (9, 4), "b.lm_head.weight": (9, 4)}
    with pytest.raises(UsageError) as raised:
        choose(shapes, {}, None, shapes)
    assert str(raised.value) == (
        "several tensors could be the head; pass tensor='NAME'; candidates: "
        "a.lm_head.weight 9 × 4, b.lm_head.weight 9 × 4"
    )


def test_the_text_models_head_is_nearest() -> None:
    names = ["talker.lm_head.weight", "language_model.lm_head.weight"]
    assert choose(names, {}).tensor == "language_model.lm_head.weight"


def test_untied_without_a_head_is_an_error() -> None:
    shapes = {"model.embed_tokens.weight": (9, 4), "model.norm.weight": (4,)}
    with pytest.raises(
        NotFoundError, match=r"a different matrix; .* candidates: model.embed_tokens.weight 9"
    ):
        choose(shapes, UNTIED, None, shapes)


def test_a_vector_of_a_heads_name_is_no_head() -> None:
    shapes = {"head.weight": (4,), "wte.weight": (9, 4)}
    assert choose(shapes, {}, None, shapes).tensor == "wte.weight"


def test_the_only_matrix_there_is() -> None:
    shapes = {"anything": (9, 4), "bias": (9,)}
    assert choose(shapes, {}, None, shapes).tensor == "anything"
    assert choose(["anything"], {}).tensor == "anything"


@pytest.mark.parametrize("extra", ["lm_head.qweight", "model.lm_head.weight_packed", "lm_head.SCB"])
def test_a_quantized_head_is_not_passed_over_for_the_embedding(extra: str) -> None:
    with pytest.raises(FormatError, match="is quantized by"):
        choose(["model.embed_tokens.weight", extra], {})


@pytest.mark.parametrize(
    ("config", "tied"),
    [
        ({}, None),
        (TIED, True),
        ({"text_config": UNTIED}, False),
        ({"llm_config": TIED}, True),
        ({**UNTIED, "text_config": TIED}, True),
        ({"tie_word_embeddings": "yes", "text_config": [1]}, None),
    ],
)
def test_what_the_config_says(config: dict[str, Any], tied: bool | None) -> None:
    assert tied_by_config(config) is tied


@pytest.mark.parametrize(
    ("names", "norm"),
    [
        (["model.layers.0.norm.weight", "model.norm.weight"], "model.norm.weight"),
        (["language_model.model.norm.weight", "vision_tower.norm.weight"],
         "language_model.model.norm.weight"),
        (["output_norm.weight", "blk.0.attn_norm.weight"], "output_norm.weight"),
        (["lm_head.weight", "h.0.ln_1.weight"], None),
    ],
)  # fmt: skip
def test_the_final_norm(names: list[str], norm: str | None) -> None:
    assert final_norm(names) == norm
