"""Recognize the output head of a checkpoint by the names of its tensors.

Names are compared from their end, so that prefixes of wrappers (``model.``, ``language_model.``,
``module.``, ``_orig_mod.``) do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.heads.tying import kind_of, tied_by_config, untied_by_default

# Names of output matrices, with any prefix.
_OUTPUT = (
    "lm_head.weight",  # Llama, Mistral, Mixtral, Qwen, Phi, OLMo 2, OPT-66b, GPT-J, …
    "lm_head.decoder.weight",  # RoBERTa, MPNet
    "lm_head.linear.weight",  # the first Phi checkpoints
    "embed_out.weight",  # GPT-NeoX, Pythia
    "predictions.decoder.weight",  # BERT, ALBERT
    "lm_predictions.lm_head.weight",  # DeBERTa
    "vocab_projector.weight",  # DistilBERT
    "generator_lm_head.weight",  # ELECTRA
    "transformer.ff_out.weight",  # the first OLMo checkpoints
    "output_layer.weight",  # ChatGLM
    "language_model.output.weight",  # InternLM2 within InternVL
    "out_head.weight",  # Raschka's GPT
    "unembed.weight",
    "unembed.W_U",  # TransformerLens
    "lm_head.kernel",  # Flax
    "embed_out.kernel",
)
# Names of output matrices without any prefix.
_OUTPUT_WHOLE = ("output.weight", "head.weight", "decoder.weight", "W_U")
# Whisper's head. Projectors and diffusion models use this name too, but have no embedding.
_OUTPUT_WITH_EMBEDDING = "proj_out.weight"
# Names of matrices that are stored with a column for each token.
_COLUMNS = re.compile(r"(^|[./])(W_U|W_enc|kernel)$")

# PEFT and FSDP insert these between a module's name and its weight.
_WRAPPED = re.compile(
    r"\.(modules_to_save\.[^.]+|original_module|base_layer|_fsdp_wrapped_module|"
    r"_checkpoint_wrapped_module)(?=\.)"
)
# Wrappers put these before the names of a whole model.
_OUTER = re.compile(
    r"^((model|module|state_dict|base_model|_orig_mod|_fsdp_wrapped_module|net)\.)+"
)
# Tensors with these names show that the model has a head, even if its format is unknown …
_HEAD_PART = re.compile(r"(^|\.)(lm_head|output|embed_out|out_head|unembed)\.")
# … except for biases and the layers before a tied head.
_BEFORE_HEAD = re.compile(r"\.(bias|b_U|dense|layer_norm|LayerNorm|ln|norm|transform)(\.|$)")

# Where a matrix has the shape of the input embedding, such a name may be that of a head.
_OUTWARD = re.compile(r"(?i)out|head|logit|unembed|proj|score|classifier|generator|predict|vocab")

# Names of input embeddings, which are also the head of models that tie the two.
_EMBEDDING = (
    "embed_tokens.weight",  # Llama, Qwen, Gemma, OPT, SmolLM, …
    "wte.weight",  # GPT-2, GPT-Neo, MPT, the first OLMo
    "word_embeddings.weight",  # BLOOM, Falcon, BERT-style masked models
    "tok_embeddings.weight",  # Llama's own format, ModernBERT
    "token_embd.weight",  # GGUF
    "embed_in.weight",  # GPT-NeoX
    "shared.weight",  # T5, BART
    "backbone.embeddings.weight",  # Mamba
    "backbone.embedding.weight",
    "rwkv.embeddings.weight",  # RWKV
    "embedding.weight",
    "embeddings.weight",
    "embed.W_E",  # TransformerLens
    "embed_tokens.embedding",  # Flax
    "wte.embedding",
    "word_embeddings.embedding",
    "shared.embedding",
)

# The head is never in these parts of multimodal or encoder-decoder models, nor inside a layer
# (multi-token prediction repeats heads and embeddings there).
_ELSEWHERE = re.compile(
    r"(^|\.)(vision\w*|visual|audio\w*|image\w*|encoder|text_encoder|q_?former|mtp|"
    r"(layers|layer|blocks|block|blk|h)\.\d+)\."
)

_MAX_PARTS = 40  # of a tensor's dotted name, within which modules are looked for

_FINAL_NORM = (
    "model.norm.weight",  # Llama, Mistral, Qwen, Gemma, OLMo 2, …
    "transformer.ln_f.weight",  # GPT-2, GPT-J, BLOOM, Falcon
    "ln_f.weight",
    "final_layer_norm.weight",  # GPT-NeoX, OPT
    "final_layernorm.weight",  # Phi
    "norm_f.weight",  # MPT, Mamba
    "output_norm.weight",  # GGUF
    "lm_head.ln.weight",  # the first Phi checkpoints
    "predictions.transform.LayerNorm.weight",  # BERT
    "predictions.LayerNorm.weight",  # ALBERT
    "generator_predictions.LayerNorm.weight",  # ELECTRA
    "lm_head.layer_norm.weight",  # RoBERTa
    "vocab_layer_norm.weight",  # DistilBERT
    "head.norm.weight",  # ModernBERT, whose final_norm comes before its head
    "final_norm.weight",
    "norm.weight",
)

# Models whose norms store gain − 1 (not all Gemmas do).
_GAIN_LESS_ONE = frozenset(
    ["gemma", "gemma2", "gemma3", "gemma3_text", "recurrent_gemma", "vaultgemma", "nemotron",
     "qwen3_next", "qwen3_5", "qwen3_5_text", "qwen3_5_moe", "qwen3_5_moe_text"]
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """The tensor that was chosen as the head, and the reason.

    Attributes
    ----------
    tensor
        Its name.
    reason
        Why it was chosen.
    own
        Whether its name is that of an output matrix, not of an input embedding.
    directions
        Whether its rows are directions, such as those of a dictionary, and not tokens.
    columns
        Whether it has a column for each row of the head.
    """

    tensor: str
    reason: str
    own: bool = False
    directions: bool = False
    columns: bool = False


def choose(
    names: Iterable[str],
    config: Mapping[str, Any],
    wanted: str | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Choice:
    """Choose the output head among a checkpoint's tensors.

    Parameters
    ----------
    names
        Names of all tensors of the checkpoint.
    config
        The model's ``config.json``; empty if there is none.
    wanted
        The user's own choice, which is used if it exists.
    shapes
        Known shapes by name, for the list of candidates.

    Raises
    ------
    NotFoundError
        `wanted` does not exist, or no name is that of a head; the message lists candidates.
    FormatError
        The head is quantized by GPTQ, AWQ or bitsandbytes.
    UsageError
        Several tensors could be the head.
    """
    every = sorted(names)
    known = shapes or {}
    if wanted is not None:
        if wanted in every:
            return Choice(wanted, "named by the user")
        raise NotFoundError(f"there is no tensor {wanted}; {candidates(every, known)}")
    here = [name for name in every if not _ELSEWHERE.search(name)]
    refuse_quantized(here, _OUTPUT, config)
    tied = tied_by_config(config)
    outputs = _outputs(here, known)
    if outputs:
        reason = "the output head, tied to the input embedding" if tied else "its own output head"
        if ".modules_to_save." in outputs[0]:
            reason = "the output head that was trained beside an adapter"
        return _only(outputs, reason, known, own=True)
    refuse_quantized(here, _EMBEDDING, config)
    embeddings = _matching(here, _EMBEDDING)
    matrices = [name for name in every if len(known.get(name, ())) == 2]
    if not embeddings and (len(every) == 1 or len(matrices) == 1):
        return Choice((matrices or every)[0], "the only matrix there is")
    if not embeddings:
        raise NotFoundError(f"no tensor has the name of an output head; {candidates(every, known)}")
    unread = [name for name in here if _is_of_a_head(name)]
    if unread:
        raise NotFoundError(
            f"{unread[0]} belongs to an output head of an unknown kind, so the input embedding "
            f"was not measured in its place; {candidates(every, known)}"
        )
    rivals = [] if tied else _of_the_shape(embeddings, here, known)
    if rivals:
        raise NotFoundError(
            f"{rivals[0]} has the shape of the input embedding and may be the output head, so the "
            f"input embedding was not measured in its place; {candidates(every, known)}"
        )
    untied = untied_by_default(config) if tied is None else None
    if untied:
        raise NotFoundError(
            f"the checkpoint has no output head. In {untied} models the input embedding is the "
            "head only if config.json says so (tie_word_embeddings); "
            f"{candidates(every, known)}"
        )
    if tied is False:
        raise NotFoundError(
            "the checkpoint has no output head, and config.json says that the input embedding is "
            f"a different matrix; {candidates(every, known)}"
        )
    if tied:
        return _only(embeddings, "the input embedding, tied to the output", known)
    return _only(embeddings, "the input embedding, because there is no output head", known)


def embedding_of(names: Iterable[str]) -> str | None:
    """Return the name of the input embedding, or None if no tensor or several could be it."""
    found = _matching([n for n in names if not _ELSEWHERE.search(n)], _EMBEDDING)
    return found[0] if len(found) == 1 else None


def within_head(names: Iterable[str]) -> dict[str, str]:
    """Return the tensors that lie within an output head, each with the name of its module."""
    return _within(names, lambda weights: _outputs(weights, {}))


def within_embedding(names: Iterable[str]) -> dict[str, str]:
    """Return the tensors that lie within an input embedding, each with its module's name."""
    return _within(names, lambda weights: _matching(weights, _EMBEDDING))


def _within(names: Iterable[str], known: Callable[[list[str]], list[str]]) -> dict[str, str]:
    found = {}
    for name in names:
        parts = name.split(".")
        weights = [".".join([*parts[:n], "weight"]) for n in range(1, len(parts))]
        if len(parts) <= _MAX_PARTS and not _ELSEWHERE.search(name) and (own := known(weights)):
            found[name] = own[0].removesuffix(".weight")
    return found


def elsewhere(name: str) -> bool:
    """Return whether a tensor lies in a part of the model that has no head."""
    return bool(_ELSEWHERE.search(name))


def by_columns(name: str) -> bool:
    """Return whether matrices of this name are stored with a column for each token."""
    return bool(_COLUMNS.search(name))


def plain_name(name: str) -> str:
    """Return a tensor's name without the parts that PEFT and FSDP insert."""
    return _WRAPPED.sub("", name.replace("/", "."))


def _outputs(here: list[str], shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Return the names of output heads."""
    found = _matching(here, _OUTPUT)
    if not found:
        bare = {name: _OUTER.sub("", plain_name(name), count=1) for name in here}
        known = {*_OUTPUT_WHOLE}
        if _matching(here, _EMBEDDING):
            known.add(_OUTPUT_WITH_EMBEDDING)
        found = _in_use([name for name, plain in bare.items() if plain in known])
    return [name for name in found if len(shapes.get(name, (0, 0))) == 2]


def _of_the_shape(
    embeddings: list[str], here: list[str], shapes: Mapping[str, tuple[int, ...]]
) -> list[str]:
    """Return matrices of an output's name that have the shape of an embedding, also transposed."""
    sizes = {shapes[name] for name in embeddings if len(shapes.get(name, ())) == 2}
    sizes |= {size[::-1] for size in sizes}
    return [
        name
        for name in here
        if shapes.get(name) in sizes and _OUTWARD.search(name) and not _matching([name], _EMBEDDING)
    ]


def _is_of_a_head(name: str) -> bool:
    dotted = name.replace("/", ".")
    return bool(_HEAD_PART.search(dotted)) and not _BEFORE_HEAD.search(dotted)


def final_norm(names: Iterable[str]) -> str | None:
    """Return the name of the gain of the norm before the head, or None."""
    here = [name for name in names if not _ELSEWHERE.search(name)]
    for tail in _FINAL_NORM:
        found = sorted((n for n in here if n == tail or n.endswith(f".{tail}")), key=len)
        if found:
            return found[0]
    return None


def gain_less_one(config: Mapping[str, Any]) -> bool:
    """Return whether the model's norms store their gain minus 1."""
    return kind_of(config) in _GAIN_LESS_ONE


def refuse_quantized(
    names: Iterable[str], tails: tuple[str, ...], config: Mapping[str, Any]
) -> None:
    """Raise if a matrix whose name ends in one of `tails` is quantized to integers.

    Raises
    ------
    FormatError
        The message names the method.
    """
    method = _method(config)
    for name in names:
        stem, _, last = name.rpartition(".")
        head = f"{stem}.weight"
        if last in ("qweight", "weight_packed") and _matching([head], tails):
            raise _quantized(name, method or "GPTQ or AWQ")
        if last in ("SCB", "weight_format") and _matching([head], tails):
            raise _quantized(head, "bitsandbytes")
        before, _, after = name.partition(".weight.")
        if after.startswith(("absmax", "nested_absmax", "quant_")) and _matching(
            [f"{before}.weight"], tails
        ):
            raise _quantized(f"{before}.weight", "bitsandbytes")


def refuse_integers(name: str, dtype: str, config: Mapping[str, Any]) -> None:
    """Raise if the chosen tensor holds integers, except for int8, which only needs a scale."""
    method = _method(config)
    if re.fullmatch(r"[IU]\d+", dtype) and method:
        raise _quantized(name, method, dtype)
    if re.fullmatch(r"[IU]\d+", dtype) and dtype != "I8":
        raise FormatError(
            f"{name} is stored as {dtype}: it holds whole numbers, which are no weights, or is "
            "quantized in a way that is not known; measure the unquantized checkpoint"
        )


def _method(config: Mapping[str, Any]) -> str | None:
    quantization = config.get("quantization_config")
    method = quantization.get("quant_method") if isinstance(quantization, Mapping) else None
    spelled = {"gptq": "GPTQ", "awq": "AWQ", "bitsandbytes": "bitsandbytes"}
    return spelled.get(str(method), str(method)[:40]) if method else None


def _quantized(name: str, method: str, dtype: str = "") -> FormatError:
    stored = f" (stored as {dtype})" if dtype else ""
    return FormatError(
        f"the head {name}{stored} is quantized by {method}, which superscope cannot read; "
        "measure the unquantized checkpoint"
    )


def _matching(names: Iterable[str], tails: tuple[str, ...]) -> list[str]:
    """Return the names that end in the first of `tails` with which any name ends."""
    plain = {name: plain_name(name) for name in names}
    for tail in tails:
        found = [name for name, p in plain.items() if p == tail or p.endswith(f".{tail}")]
        if found:
            return _in_use(found)
    return []


def _in_use(names: list[str]) -> list[str]:
    """Return the names without modules that PEFT replaced by a trained copy."""
    trained = {plain_name(name) for name in names if ".modules_to_save." in name}
    return [n for n in names if ".modules_to_save." in n or plain_name(n) not in trained]


def _only(
    found: list[str], reason: str, shapes: Mapping[str, tuple[int, ...]], own: bool = False
) -> Choice:
    if len(found) == 1:
        return Choice(found[0], reason, own)
    # A wrapper may repeat the head of the text model inside it: the text model's own is right.
    text = [name for name in found if re.search(r"(^|\.)(language_model|text_model)\.", name)]
    if len(text) == 1:
        return Choice(text[0], reason, own)
    decoder = [name for name in found if re.search(r"(^|\.)decoder\.", name)]
    if len(decoder) == 1:
        return Choice(decoder[0], reason, own)
    raise UsageError(f"several tensors could be the head; {candidates(found, shapes)}")


def candidates(names: list[str], shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Return the part of a message that lists the tensors to choose from, largest first."""
    listed = [n for n in names if len(shapes.get(n, (0, 0))) == 2 and not n.endswith(".bias")]
    likely = sorted(listed, key=lambda n: (-max(shapes.get(n, (0,))), n))[:12]
    if not likely:
        return "the checkpoint has no 2-D tensor"
    shown = ", ".join(
        f"{n} {' × '.join(map(str, shapes[n]))}" if n in shapes else n for n in likely
    )
    more = f" and {len(listed) - len(likely)} more" if len(listed) > len(likely) else ""
    return f"pass tensor='NAME'; candidates: {shown}{more}"
