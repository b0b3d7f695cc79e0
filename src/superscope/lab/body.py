"""The body of a lab model: a config of transformers."""

from __future__ import annotations

from typing import Any

from superscope.errors import install_hint
from superscope.lab.config import LabConfig
from superscope.lab.drawing import drawn_from


def transformers_config(config: LabConfig, vocabulary: int, end: int | None) -> Any:
    """Return the config of a model whose body this is, untied.

    Parameters
    ----------
    config
        Shape and kind.
    vocabulary
        V of the tokenizer.
    end
        Id of the end-of-text token.
    """
    try:
        import transformers
    except ImportError:
        raise install_hint("transformers", "text", "the lab") from None
    shape: dict[str, Any] = {
        "vocab_size": vocabulary,
        "hidden_size": config.width,
        "num_hidden_layers": config.depth,
        "num_attention_heads": config.width // config.attention_width,
        "max_position_embeddings": config.context,
        "bos_token_id": end,
        "eos_token_id": end,
        "tie_word_embeddings": False,
        "use_cache": False,
    }
    if config.architecture == "llama":
        # Three matrices of 8/3 m take as many weights as two of 4 m.
        inner = -(-8 * config.width // 24) * 8
        return transformers.LlamaConfig(intermediate_size=inner, **shape)
    return transformers.GPTNeoXConfig(intermediate_size=4 * config.width, **shape)


def make_body(model_config: Any, seed: int) -> Any:
    """Return an untrained body without a head.

    Its weights depend on shape and seed alone, so that all variants of a seed begin with the same.
    """
    import transformers

    with drawn_from(seed):
        return transformers.AutoModel.from_config(model_config).float().train()
