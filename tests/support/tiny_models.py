"""Tiny tokenizers and random language models, saved as transformers saves them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LINES = (
    "The cat sat on the mat, and the dog sat on the log.",
    "Much meaning is packed into the width of a language model.",
    "Grüße aus Köln: naïve café, 東京 and 🙂 take more bytes than letters.",
    "0 1 2 3 4 5 6 7 8 9\n\nA paragraph.  Two  spaces.\tA tab.",
)
"""What :func:`byte_tokenizer` learns its merges from."""

BEGIN, END = "<s>", "</s>"
VOCABULARY = 320
CONTEXT = 64
_WIDTH = 16


def byte_tokenizer(
    folder: Path, *, begin: bool = False, finish: bool = False, end: bool = True,
    vocabulary: int = VOCABULARY,
) -> Path:  # fmt: skip
    """Save a byte-level BPE tokenizer, and return its folder.

    Parameters
    ----------
    folder
        Where to; made if need be.
    begin, finish
        Whether it puts BEGIN before each text (id 0), and END after it (id 1).
    end
        Whether it has an end-of-text token (END).
    vocabulary
        Its size: 256 bytes, BEGIN, END, and merges.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=[BEGIN, END], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), min_frequency=1,
    )  # fmt: skip
    raw.train_from_iterator(LINES, trainer)
    if begin or finish:
        raw.post_processor = processors.TemplateProcessing(
            single=f"{f'{BEGIN} ' if begin else ''}$A{f' {END}' if finish else ''}",
            special_tokens=[(BEGIN, 0), (END, 1)],
        )
    return _saved(PreTrainedTokenizerFast(tokenizer_object=raw, **_special(end)), folder)


def word_tokenizer(folder: Path, words: tuple[str, ...], *, end: bool = True) -> Path:
    """Save a tokenizer of whole words between spaces, ids in order; others are ``<unk>``, id 0."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {text: k for k, text in enumerate(("<unk>", END, *words))}
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    special = {"unk_token": "<unk>", **({"eos_token": END} if end else {})}
    return _saved(PreTrainedTokenizerFast(tokenizer_object=raw, **special), folder)


def _special(end: bool) -> dict[str, str]:
    return {"bos_token": BEGIN, **({"eos_token": END} if end else {})}


def _saved(loaded: Any, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    loaded.save_pretrained(str(folder))
    return folder


@dataclass(frozen=True)
class _Kind:
    """A config class, the names it gives to sizes, and what else to set."""

    config: str
    width: str
    depth: str
    heads: str | None
    context: str | None
    more: dict[str, Any]


_LLAMA = ("hidden_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings")
_GROUPED = {"intermediate_size": 24, "num_key_value_heads": 1, "initializer_range": 0.3}
KINDS = {
    "gpt2": _Kind("GPT2Config", "n_embd", "n_layer", "n_head", "n_positions",
                  {"initializer_range": 0.3}),
    "gpt-neox": _Kind("GPTNeoXConfig", *_LLAMA,
                      {"intermediate_size": 24, "initializer_range": 0.3}),
    "llama": _Kind("LlamaConfig", *_LLAMA, _GROUPED),
    "opt": _Kind("OPTConfig", *_LLAMA,
                 {"ffn_dim": 24, "word_embed_proj_dim": 8, "do_layer_norm_before": False,
                  "init_std": 0.3}),
    "qwen2": _Kind("Qwen2Config", *_LLAMA, {**_GROUPED, "tie_word_embeddings": True}),
    "gemma2": _Kind("Gemma2Config", *_LLAMA,
                    {**_GROUPED, "head_dim": 8, "final_logit_softcapping": 2.0,
                     "sliding_window": 8}),
    "phi": _Kind("PhiConfig", *_LLAMA, {"intermediate_size": 24, "initializer_range": 0.3}),
    "cohere": _Kind("CohereConfig", *_LLAMA, {**_GROUPED, "logit_scale": 0.3}),
    "granite": _Kind("GraniteConfig", *_LLAMA, {**_GROUPED, "logits_scaling": 4.0}),
    "mamba": _Kind("MambaConfig", "hidden_size", "num_hidden_layers", None, None,
                   {"state_size": 4, "initializer_range": 0.3}),
}  # fmt: skip
"""Names for :func:`tiny_model`. OPT projects to half its width before the head, Gemma 2 caps its
logits (at 2, so that it shows), Phi's head has a bias, Cohere and Granite scale their logits, Mamba
has no positions."""


def tiny_model(
    kind: str,
    folder: Path,
    vocabulary: int = VOCABULARY,
    seed: int = 0,
    *,
    context: int = CONTEXT,
    dtype: str = "float32",
) -> Path:
    """Save a random causal model of a few thousand parameters, and return its folder.

    Parameters
    ----------
    kind
        One of `KINDS`.
    folder
        Where to; a tokenizer may lie there as well.
    vocabulary
        Rows of its head.
    seed
        Of its weights, which are large enough for losses to differ.
    context
        Most tokens that it reads, but for Mamba.
    dtype
        Of the file.
    """
    import torch
    import transformers

    of = KINDS[kind]
    sizes: dict[str, Any] = {"vocab_size": vocabulary, of.width: _WIDTH, of.depth: 2}
    sizes |= {of.heads: 2} if of.heads else {}
    sizes |= {of.context: context} if of.context else {}
    ends = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
    config = getattr(transformers, of.config)(**{**sizes, **ends, **of.more})
    state = torch.random.get_rng_state()
    try:
        torch.manual_seed(seed)
        model = transformers.AutoModelForCausalLM.from_config(config)
    finally:
        torch.random.set_rng_state(state)
    model.to(getattr(torch, dtype)).save_pretrained(str(folder))
    return folder


def tiny_language_model(
    kind: str, folder: Path, seed: int = 0, *, begin: bool = False, context: int = CONTEXT
) -> Path:
    """Save a tokenizer and a model that fits it into a folder, and return it."""
    return tiny_model(kind, byte_tokenizer(folder, begin=begin), seed=seed, context=context)


def lora_adapter(base: Path, folder: Path, seed: int = 0, base_name: str | None = None) -> Path:
    """Save a random LoRA adapter of every q_proj of a model as PEFT does, without PEFT."""
    import numpy as np
    from safetensors.numpy import load_file, save_file

    random = np.random.default_rng(seed)
    tensors = {}
    for name, weight in load_file(base / "model.safetensors").items():
        if name.endswith("q_proj.weight"):
            module = "base_model.model." + name.removesuffix(".weight")
            for part, shape in (("A", (2, weight.shape[1])), ("B", (weight.shape[0], 2))):
                values = random.standard_normal(shape).astype(np.float32)
                tensors[f"{module}.lora_{part}.weight"] = values
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "lora_alpha": 4,
        "target_modules": ["q_proj"], "base_model_name_or_path": base_name or str(base),
    }  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder
