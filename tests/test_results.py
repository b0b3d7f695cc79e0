"""What every result of the package can do: print itself, go to JSON and back, be a table."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from costs import make_cost, make_intervention
from lab_tables import joined, simulate
from lab_texts import config, corpus
from repackings import make_repacking
from studies import make_evaluation, make_study
from traces import make_trace

import superscope
from superscope import Head, forecasts, laws, lens, toy
from superscope.frequency import CountedText, TokenFrequency, ZipfExponent
from superscope.geometry import classify
from superscope.result import Result
from superscope.study.emerging.simulated import make_curves
from superscope.watch.revisions import NotMeasuredRevision, RevisionTrace

QUICK = {"starts": 8, "judge": False}


def results_of_the_package() -> set[type[Result]]:
    """Return every class of result, wherever it is."""
    for room in pkgutil.iter_modules(superscope.__path__, "superscope."):
        if room.ispkg and room.name != "superscope.cli":
            importlib.import_module(room.name)

    def below(kind: type[Result]) -> Iterator[type[Result]]:
        for sub in kind.__subclasses__():
            yield sub
            yield from below(sub)

    return {kind for kind in below(Result) if kind.__module__.startswith("superscope.")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[type[Result], Result]:
    """One result of each class, small."""
    rows = np.random.default_rng(0).standard_normal((40, 6))
    geometry = superscope.measure(
        rows, pairs="exact", neighbors=2, frequencies=np.arange(1, 41), device="cpu",
        initial=np.roll(rows, 1, axis=0),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("runs")
    # The second run diverges.
    configs = [
        toy.ToyConfig(n=20, width=3, batch=32, steps=20, learning_rate=rate)
        for rate in (0.01, 1e30)
    ]
    with ThreadPoolExecutor(1) as threads:
        toy.sweep(configs, folder, executor=threads)
    (folder / "damaged.npz").write_bytes(b"no run")
    runs = toy.read_runs(folder)
    run = toy.train(configs[0])
    table = laws.simulate("time")
    law = laws.fit(table, "time", resamples=100, starts=8)
    shape = laws.fit(laws.simulate("shape"), "shape", resamples=0, **QUICK)
    options = laws.FitOptions(resamples=0, **QUICK)
    text = CountedText("text", 1, 0, 0, 1)
    tail = ZipfExponent(2, 5, 1.0, 0.1, (0.8, 1.2))
    counts = np.array([0, 1000, 500, 333, 250, 200])
    head = superscope.Head.from_array(rows)
    can = lens.argmax(head)
    looked = superscope.lens(head)
    never = superscope.lens(np.concatenate([rows, np.ones((9, 6)) + rows[:9] / 99]))
    ids = corpus(tmp_path_factory.mktemp("text"))
    learned, diverged = (
        superscope.lab.train(config(learning_rate=rate), ids, device="cpu", progress=None)
        for rate in (0.01, 1e30)
    )
    lab = superscope.lab.LabRuns((learned,), (diverged,))
    factors = {"factored=8": 0.7, "factored=16": 0.9, "muon": 1.1}
    rates = (simulate(factors, widths=(8, 16), noise=0.01, rng=k, decay=k / 10) for k in range(4))
    worth = superscope.lab.report(joined(*rates))
    results = [
        learned, diverged, lab,
        worth, worth.gains, worth.slopes, worth.correlations, worth.heads[0],
        looked[3], looked.compare([3, 4]), looked.overview, can,
        never.undertrained(reference=range(40, 44)), lens.verify(head, can.certificates),
        geometry, geometry.raw, geometry.norms, geometry.raw.pairs,
        geometry.raw.weighted, geometry.moved, geometry.untrained,
        classify(Head.from_array(rows)),
        run, toy.evaluate(run, samples=50), runs.points[0], runs,
        law, laws.compare(law, law), laws.check_form(law),
        laws.nested_test(law, "alpha=1/3", resamples=0),
        laws.fit_by("published-llms", "width", "family", options),
        forecasts.forecast(shape, width=4096, depth=32, tokens=1e12),
        forecasts.plan(shape, 1e22),
        forecasts.roll_out(table, "time", resamples=0, starts=8, hold_out=(1,)),
        TokenFrequency("t", text, counts, "runs", None, tail, (), None, None, None, None, "1"),
        make_evaluation(64, "lab/m"),
        make_study(3),
        superscope.study.emergence(make_curves(20)[0], threshold=4, resamples=100),
        make_cost(), make_intervention(), make_repacking(),
        lens.budget(0, head), lens.budgets(head), make_trace(),
        RevisionTrace(make_trace().points, missing=(NotMeasuredRevision("step9", 9, "is gone"),)),
    ]  # fmt: skip
    return {type(result): result for result in results}


@pytest.fixture(params=sorted(results_of_the_package(), key=lambda kind: kind.__name__))
def result(request: pytest.FixtureRequest, made: dict[type[Result], Result]) -> Result:
    assert request.param in made, f"make a {request.param.__name__} above"
    return made[request.param]


def differences(a: Any, b: Any, where: str = "it") -> Iterator[str]:
    """Yield where two values differ, field by field."""
    if type(a) is not type(b):
        yield f"{where}: {type(a).__name__} and {type(b).__name__}"
    elif dataclasses.is_dataclass(a):
        for field in dataclasses.fields(a):
            name = field.name
            if field.metadata.get("json", name) is None:  # it is left out
                continue
            yield from differences(getattr(a, name), getattr(b, name), f"{where}.{name}")
    elif isinstance(a, np.ndarray):
        if a.dtype != b.dtype or not np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
            yield where
    elif isinstance(a, Mapping):
        if list(a) != list(b):
            yield f"{where}: its keys"
        for key in a:
            yield from differences(a[key], b.get(key), f"{where}[{key!r}]")
    elif isinstance(a, tuple):
        if len(a) != len(b):
            yield f"{where}: its length"
        for at, (one, other) in enumerate(zip(a, b, strict=False)):
            yield from differences(one, other, f"{where}[{at}]")
    elif a != b:
        yield f"{where}: {a!r} and {b!r}"


def test_json_gives_the_same_values_back(result: Result) -> None:
    written = result.to_json()
    again = type(result).from_json(written)
    assert list(differences(result, again)) == []
    assert str(again) == str(result)
    assert len(written.splitlines()) == 1
    with pytest.raises(superscope.SuperscopeError):
        type(result).from_json("{}")


def test_its_repr_is_one_line_without_arrays(result: Result) -> None:
    assert type(result).__name__ in repr(result)
    assert len(repr(result).splitlines()) == 1 and len(repr(result)) < 200
    assert "array(" not in repr(result) and "[" not in repr(result)


def test_it_prints_in_a_terminal_and_in_a_notebook(result: Result) -> None:
    assert str(result) and str(result) != repr(result)
    assert "array(" not in str(result)
    html = result._repr_html_()
    assert html.startswith("<") and html.endswith(">")


WITHOUT_TABLES = {
    "FormTest",  # parts of results, of a few numbers each
    "LabFailure", "Moved", "Norms", "Overlap", "PairStatistics", "ToyEvaluation", "ToyPoint",
    "UntrainedRows", "WeightedOverlap", "Overview",
}  # fmt: skip


def test_its_tables_are_data_frames(result: Result) -> None:
    tables = [
        name for name in ("to_frame", "tokens", "collisions", "frontier_frame", "difference_frame")
        if callable(getattr(result, name, None))
    ]  # fmt: skip
    assert bool(tables) is (type(result).__name__ not in WITHOUT_TABLES)
    for name in tables:
        frame = getattr(result, name)()
        assert isinstance(frame, pd.DataFrame) and len(frame)
        assert all(isinstance(column, str) for column in frame.columns)


def test_a_law_goes_into_a_paper_and_a_study_has_its_table(
    made: dict[type[Result], Result],
) -> None:
    law, study = made[laws.Law], made[superscope.study.Study]
    assert "alpha" in law.to_frame().to_latex(index=False)
    assert list(study.table["width"]) == [32, 48, 64]
    assert len(made[toy.ToyRun].to_frame()) == 20


def test_a_run_draws_fresh_samples_once(
    made: dict[type[Result], Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = dataclasses.replace(made[toy.ToyRun])
    calls = []
    monkeypatch.setattr(
        "superscope.toy.summary.evaluate", lambda run: calls.append(1) or toy.evaluate(run)
    )
    assert str(run) == str(run)
    assert run._repr_html_()
    assert calls == [1]


def test_json_calls_the_losses_by_token_tokens() -> None:
    assert '"tokens": {"ids"' in make_evaluation(64, "lab/m").to_json()
