"""Families of language models, with the hub ids of all their members."""

from __future__ import annotations

from superscope.errors import UsageError, did_you_mean

FAMILIES: dict[str, tuple[str, ...]] = {
    "opt": tuple(
        f"facebook/opt-{size}"
        for size in ("125m", "350m", "1.3b", "2.7b", "6.7b", "13b", "30b", "66b")
    ),
    "gpt2": tuple(
        f"openai-community/{name}" for name in ("gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl")
    ),
    "qwen2.5": tuple(
        f"Qwen/Qwen2.5-{size}" for size in ("0.5B", "1.5B", "3B", "7B", "14B", "32B", "72B")
    ),
    "pythia": tuple(
        f"EleutherAI/pythia-{size}"
        for size in ("70m", "160m", "410m", "1b", "1.4b", "2.8b", "6.9b", "12b")
    ),
    "llama3": (
        "meta-llama/Llama-3.2-1B",
        "meta-llama/Llama-3.2-3B",
        "meta-llama/Meta-Llama-3-8B",
        "meta-llama/Llama-3.1-8B",
        "meta-llama/Meta-Llama-3-70B",
        "meta-llama/Llama-3.1-70B",
        "meta-llama/Llama-3.1-405B",
    ),
    "gemma3": (
        "google/gemma-3-270m",
        "google/gemma-3-1b-pt",
        "google/gemma-3-4b-pt",
        "google/gemma-3-12b-pt",
        "google/gemma-3-27b-pt",
    ),
    "qwen3": (
        "Qwen/Qwen3-0.6B-Base",
        "Qwen/Qwen3-1.7B-Base",
        "Qwen/Qwen3-4B-Base",
        "Qwen/Qwen3-8B-Base",
        "Qwen/Qwen3-14B-Base",
        "Qwen/Qwen3-32B",  # published after instruction tuning only
        "Qwen/Qwen3-30B-A3B-Base",
        "Qwen/Qwen3-235B-A22B",  # likewise
    ),
    "olmo2": (
        "allenai/OLMo-2-0425-1B",
        "allenai/OLMo-2-1124-7B",
        "allenai/OLMo-2-1124-13B",
        "allenai/OLMo-2-0325-32B",
    ),
    "smollm2": (
        "HuggingFaceTB/SmolLM2-135M",
        "HuggingFaceTB/SmolLM2-360M",
        "HuggingFaceTB/SmolLM2-1.7B",
    ),
}


def members(family: str) -> tuple[str, ...]:
    """Return the hub ids of a family, from the smallest member to the largest.

    Parameters
    ----------
    family
        A name in :data:`FAMILIES`.

    Returns
    -------
    tuple of str
        Hub ids.

    Raises
    ------
    UsageError
        The family is not known; the message lists the known ones.
    """
    try:
        return FAMILIES[family.lower()]
    except KeyError:
        raise UsageError(
            f"there is no family {family!r}; {did_you_mean(family, FAMILIES)}"
            f"the families are {', '.join(FAMILIES)}"
        ) from None


def family_of(model: str) -> str | None:
    """Return the family a hub id belongs to, or None.

    Parameters
    ----------
    model
        A hub id.

    Returns
    -------
    str or None
        A name in :data:`FAMILIES`.
    """
    return next((name for name, ids in FAMILIES.items() if model in ids), None)
