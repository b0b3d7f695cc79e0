"""Train a small family of language models that differ in width alone.

    python tools/fetch_text.py
    python examples/train_family.py --out family
    superscope study family/* --text .cache/text/gcide/test.jsonl --out study

Five GPT-NeoX models, 32 to 256 wide, with a tokenizer of their own, each trained on the same
tokens of the GNU Collaborative International Dictionary of English. About 20 minutes on two cores.
A model whose folder is there is not trained again.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

WIDTHS = (32, 56, 96, 160, 256)
DEPTH, HEAD_WIDTH = 4, 8
CONTEXT, BATCH = 256, 16
END = "<|endoftext|>"


def make_tokenizer(texts: list[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer trained on the texts."""
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(texts, vocabulary, special_tokens=[END], show_progress=False)
    return PreTrainedTokenizerFast(tokenizer_object=trained._tokenizer, eos_token=END)


def encode(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> torch.Tensor:
    """Return all texts as one row of ids, each ended by the end-of-text token."""
    end = [tokenizer.eos_token_id]
    rows = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return torch.from_numpy(np.concatenate([np.asarray(r + end, np.int64) for r in rows]))


def make_model(
    width: int, vocabulary: int, depth: int = DEPTH, tied: bool = False
) -> GPTNeoXForCausalLM:
    """Return an untrained model."""
    return GPTNeoXForCausalLM(
        GPTNeoXConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            num_hidden_layers=depth,
            num_attention_heads=width // HEAD_WIDTH,
            intermediate_size=4 * width,
            max_position_embeddings=CONTEXT,
            bos_token_id=0,
            eos_token_id=0,
            tie_word_embeddings=tied,
        )
    )


def batches(ids: torch.Tensor, steps: int, seed: int) -> Iterator[torch.Tensor]:
    """Yield the windows of every step: the same for every model of a seed."""
    generator = np.random.default_rng(seed)
    for _ in range(steps):
        starts = generator.integers(0, len(ids) - CONTEXT, BATCH)
        yield torch.stack([ids[s : s + CONTEXT] for s in starts.tolist()])


def train(
    model: GPTNeoXForCausalLM, ids: torch.Tensor, steps: int, seed: int, decay: float = 0.1
) -> None:
    """Train with AdamW: linear warm-up over 5 % of the steps, then cosine to a tenth."""
    peak = 3e-3 * math.sqrt(64 / model.config.hidden_size)
    optimizer = torch.optim.AdamW(model.parameters(), peak, betas=(0.9, 0.95), weight_decay=decay)
    warm_up, began = max(1, steps // 20), time.monotonic()
    for step, batch in enumerate(batches(ids, steps, seed)):
        done = (step - warm_up) / max(1, steps - warm_up)
        rate = (step + 1) / warm_up if done < 0 else 0.55 + 0.45 * math.cos(math.pi * done)
        optimizer.param_groups[0]["lr"] = peak * rate
        loss = model(input_ids=batch, labels=batch).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 0 or step + 1 == steps:
            print(f"width {model.config.hidden_size}, step {step:,}: loss {loss.item():.3f}, "
                  f"{time.monotonic() - began:.0f} s", flush=True)  # fmt: skip


def save(model: GPTNeoXForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the model and its tokenizer as one folder, which is there whole or not at all."""
    beside = folder.parent / f".{folder.name}"
    shutil.rmtree(beside, ignore_errors=True)
    model.save_pretrained(beside)
    tokenizer.save_pretrained(beside)
    beside.rename(folder)


def main() -> None:
    """Make the tokenizer, then each model that is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    here = Path(__file__).resolve().parent.parent
    parser.add_argument("--text", type=Path, default=here / ".cache/text/gcide/train.jsonl")
    parser.add_argument("--out", type=Path, default=Path("family"))
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS)
    parser.add_argument("--vocabulary", type=int, default=4096)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--documents", type=int, help="use this many documents only")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    with open(asked.text, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines][: asked.documents]
    tokenizer = make_tokenizer(texts, asked.vocabulary)
    ids = encode(tokenizer, texts)
    print(f"{len(texts):,} documents, {len(ids):,} tokens, vocabulary {len(tokenizer):,}")
    for width in asked.widths:
        folder = asked.out / f"neox-{width:03d}"
        if folder.is_dir():
            continue
        torch.manual_seed(asked.seed)
        model = make_model(width, len(tokenizer))
        train(model, ids, asked.steps, asked.seed)
        save(model, tokenizer, folder)


if __name__ == "__main__":
    main()
