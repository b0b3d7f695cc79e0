"""The pages of docs/ that hold the figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.result import Result
from benchmarks.toy import Cost, draw_costs

FILES = {"heads": "benchmarks.md", "toy": "toy-benchmarks.md"}
TITLES = {"heads": "Benchmarks", "toy": "Benchmarks: toy model"}

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
}


def write(
    name: str, results: Iterable[Result], costs: Sequence[Cost], machine: str, folder: Path
) -> None:
    """Write a page, and the figure of costs if there are any."""
    rows = "\n".join(
        f"| {r.claim} | {r.baseline} | {r.ours} | {r.shown} | {r.promise} |" for r in results
    )
    text = f"""# {TITLES[name]}

Written by `make bench`, which measures both sides of every line in one run; do not edit.

{machine}

| claim | baseline | superscope | figure | promised |
| --- | --- | --- | --- | --- |
{rows}

{NOTES[name]}"""
    if costs:
        (folder / "images").mkdir(parents=True, exist_ok=True)
        draw_costs(costs, folder / "images" / "toy-cost.png")
        text += _cost_section(costs)
    page = folder / FILES[name]
    page.write_text(text, encoding="utf-8")
    print(f"written: {page}")


def _cost_section(costs: Sequence[Cost]) -> str:
    rows = "\n".join(
        f"| {c.varied} = {c.value:,} | {c.step:.3g} | {c.product:.3g} |" for c in costs
    )
    return f"""
## How cost grows

One run on one thread, near the end of 1,500 steps at α = 1 and γ = −1, where up to twice as many
outputs are on as after 20,000; what is not named is n = 1,000, m = 39 and batch 2,048. The floor is
the one product that remains in a step, of the distinct active features' rows by Wᵀ.

![Milliseconds of a step and of its one product against n, m and batch](images/toy-cost.png)

| size | step, ms | its one product, ms |
| --- | --- | --- |
{rows}
"""
