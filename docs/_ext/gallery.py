"""The gallery: every picture of every result, drawn when the documentation is built.

A result's code is shown and run; its pictures are those that it registers (`figures.pictures`), so
that a new picture is in the gallery without a line here.
"""

from __future__ import annotations

import sys
from contextlib import chdir
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "_gallery"
INTRODUCTION = """Every picture, and the lines that make it. `plot()` without a name draws the first
of a result's pictures, `ax=` draws a picture of one panel in axes of your own, and `theme="dark"`
suits a dark page."""

# Title, name of the result, and the lines that make it. Blocks share their names.
RESULTS = (
    ("A head", "geometry", """
import superscope
geometry = superscope.measure(".cache/models/minilm")
"""),
    ("A lens", "lens", """
lens = superscope.lens(".cache/models/minilm")
"""),
    ("A token", "token", """
token = lens["paris"]
"""),
    ("Several tokens", "compared", """
compared = lens.compare(["tower", "paris", "sandwich", "london"])
"""),
    ("A law", "law", """
from superscope.laws import fit
law = fit("examples/simulated_runs.csv", "shape")
"""),
    ("A forecast", "prediction", """
from superscope.forecasts import forecast
prediction = forecast(law, width=16384, depth=80, tokens=1e13)
"""),
    ("A plan", "best", """
from superscope.forecasts import plan
best = plan(law, 1e24, vocabulary=128_000, tied=True)
"""),
    ("A roll-out", "rolled", """
from superscope.forecasts import roll_out
rolled = roll_out("published-llms", "width")
"""),
    ("A toy model", "run", """
from superscope.toy import ToyConfig, train
run = train(ToyConfig(n=200, width=20, alpha=1, decay=-1, steps=500, seed=0))
"""),
    ("A sweep", "runs", """
from concurrent.futures import ThreadPoolExecutor
from superscope.toy import product, read_runs, sweep
choices = {"n": 200, "steps": 200, "width": [6, 12, 24], "decay": [-1, 0.5], "alpha": [0.5, 1.5]}
sweep(product(choices), "RUNS", executor=ThreadPoolExecutor(2))
runs = read_runs("RUNS")
"""),
    ("Phases of two features", "phases", """
choices = {
    "n": 2, "width": 1, "alpha": 0, "decay": 0, "bias": "zeros", "steps": 300, "batch": 128,
    "density": [0.05, 0.2, 0.6, 2], "importance": [0.1, 0.4, 1, 2.5, 10], "learning_rate": 0.03,
}
sweep(product(choices), "PHASES", executor=ThreadPoolExecutor(2))
phases = read_runs("PHASES")
"""),
    ("A training", "trace", """
import torch
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Embedding(200, 16), torch.nn.Linear(16, 200, bias=False))
watch = superscope.Watch(model[1], every=20)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(601):
    tokens = torch.distributions.Geometric(0.03).sample((64,)).long().clamp(max=199)
    loss = torch.nn.functional.cross_entropy(model(tokens), (3 * tokens) % 200)
    watch.step(step, loss=loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
trace = watch.trace
"""),
    ("Token frequency", "counts", """
from superscope.frequency import count_tokens, text_files
text = text_files([".cache/text/gcide/test.jsonl"], name="gcide")
counts = count_tokens(".cache/models/minilm", text, max_tokens=50_000)
"""),
    ("Losses", "loss", """
from superscope.evaluation import LossOptions, evaluate
from superscope.frequency import hub_text
loss = evaluate("openai-community/gpt2", hub_text("c4"), LossOptions(max_documents=1000))
"""),
    ("A study", "family", """
from superscope.study import study
family = study(["pythia"], hub_text("pile"), "STUDY")
"""),
    ("Which tokens a family learns", "learned", """
from superscope.study import emergence
learned = emergence(family, threshold=4)
"""),
)  # fmt: skip


# Where a page's build has no network: what stands for the result, from docs/data.
KEPT = {
    "loss": "import study_family; loss = study_family.study().members[-1].evaluation",
    "family": "import study_family; family = study_family.study()",
    "learned": "import emergence_family; learned = emergence_family.told()",
}


# What stands in the page may not have every picture of its kind.
PARTIAL = {*KEPT, "trace"}

# Pictures of a sweep that one with two features in one dimension has, and no other.
PHASES = {"phases"}


# What a picture needs besides its result.
OPTIONS = {("prediction", "curve"): {"law": "law"}, ("best", "frontier"): {"law": "law"}}


def entries(folder: Path) -> list[str]:
    """Run every result's code, save its pictures, and return the page's sections."""
    from superscope import figures
    from superscope.errors import UsageError

    for room in iter_modules(figures.__path__):
        import_module(f"{figures.__name__}.{room.name}")  # each registers its pictures
    names: dict[str, Any] = {}
    lines = []
    for title, name, code in RESULTS:
        exec(compile(KEPT.get(name, code), title, "exec"), names)
        try:
            known = figures.pictures(names[name])
        except TypeError:
            continue
        lines += [f"## {title}", "", "```python", code.strip(), "```", ""]
        for what in known:
            if (what in PHASES) != (name == "phases") and name in ("phases", "runs"):
                continue
            needed = OPTIONS.get((name, what), {})
            given = {option: names[value] for option, value in needed.items()}
            try:
                drawn = {
                    theme: names[name].plot(what, theme=theme, **given)
                    for theme in ("light", "dark")
                }
            except UsageError:
                if name not in PARTIAL:
                    raise
                continue
            for theme, figure in drawn.items():
                file = f"{name}-{what}-{theme}.png"
                figure.savefig(folder / file, dpi=100, bbox_inches="tight")
                lines += [f"```{{image}} {FOLDER}/{file}", f":alt: {title}: {what}"]
                lines += [f":class: only-{theme}", "```"]
            arguments = ", ".join([f'"{what}"', *(f"{o}={v}" for o, v in needed.items())])
            lines += ["", "```python", f"{name}.plot({arguments})", "```", ""]
    return lines


def write(app: Sphinx) -> None:
    """Write the page and its pictures."""
    import matplotlib as mpl

    mpl.use("agg")
    source = Path(app.srcdir)
    sys.path.insert(0, str(source))
    pictures = source / FOLDER
    pictures.mkdir(exist_ok=True)
    with TemporaryDirectory() as name, chdir(name):
        for there in (".cache", "examples"):
            Path(there).symlink_to(ROOT / there)
        sections = entries(pictures)
    page = ["# Gallery", "", INTRODUCTION, "", *sections]
    (source / "gallery.md").write_text("\n".join(page), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Draw before Sphinx looks for pages."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
