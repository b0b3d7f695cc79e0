"""Compare the AUC that a budget predicts for probes of a language model with what they have.

    python tools/fetch_models.py smollm2
    python tools/fetch_text.py
    python examples/probes_of_smollm2.py --out probes.csv

The features are known for every token: a capital letter, a digit, its length, what the next token
is, and so on. A dictionary is fitted on one half of the text: each hidden state is the sum of the
directions of its features, by least squares. On the other half the AUC of each direction as a
probe is measured, and three predictions are beside it:

- `predicted`: what superscope.budget says from the dictionary, its rates and its amplitudes, where
  features are independent and nothing else is in the hidden states;
- `with_codes`: the same dictionary, with the features as they really occur together;
- `with_noise`: superscope.budget with what the dictionary leaves of the hidden states as noise.

`measured_means` is the AUC of the difference of the two means, the usual probe.

A few minutes on one core.
"""

from __future__ import annotations

import argparse
import re
import string
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

import superscope
from superscope.evaluation import LossOptions, Pass
from superscope.frequency import text_files
from superscope.frequency.checkpoint import loadable
from superscope.progress import silent

Float64 = npt.NDArray[np.float64]
Test = Callable[[str], bool]

RIDGE = 1.0  # positions; some features nearly follow from others
ENDINGS = ("s", "ed", "ing", "e", "ly", "er", "n", "t", "y")
WORDS = (" the", " of", " a", " to", " and", " in", " or", " as", ",", ".", ";", "\n")
NEXT_WORDS = (" the", " of", " a", " to", " and", " in", " or", ",", ".", ";")
OF_TEXT: dict[str, Test] = {
    "begins with a space": lambda s: s.startswith(" "),
    "capital letter": lambda s: s.strip()[:1].isupper(),
    "all capitals": lambda s: s.strip().isupper(),
    "digit": lambda s: any(c.isdigit() for c in s),
    "punctuation": lambda s: bool(s.strip()) and all(c in string.punctuation for c in s.strip()),
    "bracket": lambda s: any(c in "()[]{}" for c in s),
    "quote": lambda s: any(c in "\"'`" for c in s),
    "letters only": lambda s: s.strip().isalpha(),
    "lower case": lambda s: s.strip().islower(),
    "1 letter": lambda s: len(s.strip()) == 1,
    "2 letters": lambda s: len(s.strip()) == 2,
    "3 letters": lambda s: len(s.strip()) == 3,
    "4 letters": lambda s: len(s.strip()) == 4,
    "5 letters": lambda s: len(s.strip()) == 5,
    "6 letters or more": lambda s: len(s.strip()) >= 6,
    "begins with a vowel": lambda s: s.strip()[:1].lower() in tuple("aeiou"),
    "doubled letter": lambda s: bool(re.search(r"([a-z])\1", s)),
}


def features(ids: npt.NDArray[np.int32], texts: list[str]) -> dict[str, npt.NDArray[np.bool_]]:
    """Return what is true at each position but the last, of its token, the next, and its place."""
    here, following = texts[:-1], texts[1:]
    found: dict[str, list[bool]] = {}
    for name, test in OF_TEXT.items():
        found[name] = [test(s) for s in here]
        found[f"next: {name}"] = [test(s) for s in following]
    for ending in ENDINGS:
        found[f"ends with {ending}"] = [s.endswith(ending) and len(s) > 2 for s in here]
    for word in WORDS:
        found[f"is {word!r}"] = [s == word for s in here]
    for word in NEXT_WORDS:
        found[f"next: is {word!r}"] = [s == word for s in following]
    count = len(here)
    piece = np.zeros(count, int)  # of its word
    for k in range(1, count):
        piece[k] = piece[k - 1] + 1 if here[k].isalpha() else 0
    found["second piece of a word"] = (piece == 1).tolist()
    found["third piece of a word, or later"] = (piece >= 2).tolist()
    before = [set(ids[max(0, k - 50) : k].tolist()) for k in range(count + 1)]
    found["occurred before"] = [int(ids[k]) in before[k] for k in range(count)]
    found["next: occurred before"] = [int(ids[k + 1]) in before[k + 1] for k in range(count)]
    found["first 8 tokens"] = [k < 8 for k in range(count)]
    found["after the first 64 tokens"] = [k >= 64 for k in range(count)]
    found["even id"] = [int(i) % 2 == 0 for i in ids[:-1]]
    return {name: np.array(values, bool) for name, values in found.items()}


def read(
    model: Path, text: Path, tokens: int, context: int
) -> tuple[Float64, pd.DataFrame, Float64]:
    """Return hidden states, the features at each, and the document of each."""
    options = LossOptions(max_tokens=tokens, context=context)
    reading = Pass(loadable(model, None), text_files(text), options, None, silent)
    states, frames, documents = [], [], []
    for number, (sequence, hidden) in enumerate(reading.states()):
        ids = sequence.ids
        texts = [reading.tokenizer.token(int(i)) or "" for i in ids]
        scored = sequence.scored[1:]
        frame = pd.DataFrame(features(ids, texts))[scored]
        states.append(hidden)
        frames.append(frame)
        documents.append(np.full(len(frame), number))
    return (
        np.concatenate(states).astype(np.float64),
        pd.concat(frames, ignore_index=True),
        np.concatenate(documents),
    )


def auc(score: Float64, truth: npt.NDArray[np.bool_]) -> float:
    """Return the share of pairs, one with the feature and one without, in the right order."""
    ranks, on = rankdata(score), int(truth.sum())
    off = len(truth) - on
    return float((ranks[truth].sum() - on * (on + 1) / 2) / (on * off))


def fitted(states: Float64, codes: npt.NDArray[np.bool_]) -> tuple[Float64, Float64]:
    """Return the directions of the features, shape (k, m), and what they leave of the states."""
    z = codes - codes.mean(axis=0)
    x = states - states.mean(axis=0)
    directions = np.linalg.solve(z.T @ z + RIDGE * np.eye(z.shape[1]), z.T @ x)
    return directions, x - z @ directions


def compare(states: Float64, truth: pd.DataFrame, half: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Return a row for each probe, trained where `half` is true and measured elsewhere."""
    rates = truth[half].mean()
    kept = [n for n in truth if 0.005 < rates[n] < 0.9 and truth.loc[~half, n].sum() > 10]
    codes, p = truth[kept].to_numpy(), rates[kept].to_numpy()
    directions, rest = fitted(states[half], codes[half])
    amplitudes = np.linalg.norm(directions, axis=1)
    unit = directions / amplitudes[:, None]
    readings, noise = states @ unit.T, (rest @ unit.T).std(axis=0)
    built = (codes * amplitudes) @ (unit @ unit.T)  # what the dictionary alone would read
    rows = []
    for k, name in enumerate(kept):
        given = {"rates": p, "amplitudes": amplitudes}
        plain = superscope.budget(k, directions, **given)
        noisy = superscope.budget(k, directions, noise=float(noise[k]), **given)
        on, off = half & codes[:, k], half & ~codes[:, k]
        means = states[on].mean(axis=0) - states[off].mean(axis=0)
        here = codes[~half, k]
        rows.append({
            "feature": name, "rate": p[k], "amplitude": amplitudes[k], "noise": noise[k],
            "interference": plain.reading.interference,
            "random_interference": plain.random.interference,
            "predicted": plain.auc, "with_codes": auc(built[~half, k], here),
            "with_noise": noisy.auc, "measured": auc(readings[~half, k], here),
            "measured_means": auc(states[~half] @ means, here),
        })  # fmt: skip
    return pd.DataFrame(rows)


def main() -> None:
    """Read the model, train and measure the probes, and write the table."""
    root = Path(__file__).resolve().parent.parent / ".cache"
    parser = argparse.ArgumentParser(description="Probes of SmolLM2 against their budget.")
    parser.add_argument("--model", type=Path, default=root / "models" / "smollm2")
    parser.add_argument("--text", type=Path, default=root / "text" / "gcide" / "test.jsonl")
    parser.add_argument("--tokens", type=int, default=20_000)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--out", type=Path, default=Path("probes.csv"))
    given = parser.parse_args()
    states, truth, documents = read(given.model, given.text, given.tokens, given.context)
    table = compare(states, truth, documents % 2 == 0)
    table.to_csv(given.out, index=False, float_format="%.5g")
    print(f"{len(table)} probes, {len(states):,} positions, mean |AUC − measured|:")
    for name in ("predicted", "with_codes", "with_noise"):
        gap = table[name] - table["measured"]
        far, most = gap.abs().mean(), gap.abs().max()
        print(f"  {name:12} {far:.3f}, bias {gap.mean():+.3f}, most {most:.3f}")


if __name__ == "__main__":
    main()
