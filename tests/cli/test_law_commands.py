"""`superscope fit`, `forecast`, `plan` and `roll-out` as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from superscope import cli
from superscope.forecasts import Plan, plan
from superscope.laws import Law, fit, load_public, simulate
from superscope.laws.law import FORMAT
from superscope.laws.summary import law_summary


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table and the laws fitted to it."""
    folder = tmp_path_factory.mktemp("laws")
    table = simulate("shape", seed=3).head(80)
    table.to_csv(folder / "runs.csv", index=False)
    renamed = table.rename(columns={"width": "d_model", "tokens": "num_tokens"})
    renamed.to_json(folder / "renamed.jsonl", orient="records", lines=True)
    table.to_parquet(folder / "runs.parquet", index=False)
    shape = fit(table, "shape", resamples=100)
    (folder / "shape.json").write_text(shape.to_json())
    width = fit("published-llms", "width", resamples=100)
    (folder / "width.json").write_text(width.to_json())
    return folder


@pytest.fixture
def main(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """The command line in this process, in the folder: exit code, output, errors."""
    monkeypatch.chdir(folder)

    def call(*words: object) -> tuple[int, str, str]:
        code = 0
        try:
            cli.main([*map(str, words)])
        except SystemExit as stop:
            code = int(stop.code or 0)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


def test_the_verdict_comes_first_and_the_law_is_kept(main, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    words = ["--law", "shape", "--resamples", 100, "--out", tmp_path / "law.json"]
    code, out, err = main("fit", "runs.csv", *words)
    assert (code, err) == (0, "")
    assert out.startswith("Identified")
    law = Law.from_json((tmp_path / "law.json").read_text())
    assert law.identified
    assert f"a_m  {law.parameters['a_m']:.4g}" in out


def test_a_table_of_other_names_and_formats_gives_the_same_law(main, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    columns = ["--columns", "width=d_model", "tokens=num_tokens"]
    options = ["--law", "shape", "--resamples", 0, "--json"]
    first = json.loads(main("fit", "runs.csv", *options)[1])["parameters"]
    for table, more in (("runs.parquet", []), ("renamed.jsonl", columns)):
        code, out, _ = main("fit", table, *options, *more)
        assert code == 0
        found = json.loads(out)["parameters"]
        for name, parameter in first.items():
            assert found[name]["estimate"] == pytest.approx(parameter["estimate"], rel=1e-9)


def test_the_kept_law_is_that_of_the_same_options_in_python(main, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = main(
        "fit", "published-llms", "--law", "width", "--group", "family", "dataset", "--fix",
        "alpha=1", "B[opt/c4]=2.2", "--bound", "A=100:", "--exclude", "width < 800",
        "--exclude", "family == pythia and loss > 3", "--drop-highest", 1, "--loss", "huber",
        "--delta", 0.01, "--residual", "log", "--weights", "loss_se", "--resample", "dataset",
        "--resamples", 100, "--starts", 8, "--seed", 5, "--rules", 0, 1, "loss > 3.5", "--json",
        "--out", tmp_path / "law.json",
    )  # fmt: skip
    assert code == 0
    expected = fit(
        "published-llms", "width", group=("family", "dataset"),
        fix={"alpha": 1.0, "B[opt/c4]": 2.2}, bounds={"A": (100.0, None)},
        exclude=("width < 800", "family == pythia and loss > 3"), drop_highest=1, loss="huber",
        delta=0.01, residual="log", weights="loss_se", resample="dataset", resamples=100,
        starts=8, seed=5, rules=(0, 1, "loss > 3.5"),
    )  # fmt: skip
    assert (tmp_path / "law.json").read_text() == expected.to_json()
    said = json.loads(out)
    assert said == law_summary(expected)
    assert said["parameters"]["A"]["low"] == expected.intervals["A"].low
    assert said["parameters"]["alpha"]["held"]
    assert [f["text"] for f in said["findings"]] == [f.text for f in expected.findings]
    assert len(out) < 20_000  # no arrays of points
    assert expected.parameters["alpha"] == 1
    assert expected.parameters["B[opt/c4]"] == 2.2


def test_by_fits_families_apart_and_says_which_exponents_differ(main) -> None:  # type: ignore[no-untyped-def]
    words = ["fit", "published-llms", "--law", "width", "--by", "family", "--resamples", 0]
    assert "differ: " not in main(*words)[1]  # of five models, say, with four losses each
    words += ["--resample", "row"]  # as if they were independent
    code, out, _ = main(*words)
    assert code == 0
    assert "alpha of opt and of gpt2 differ" in out
    said = json.loads(main(*words, "--json")[1])
    assert list(said["groups"]) == ["opt", "Qwen", "gpt2", "pythia"]
    assert len(said["differences"]) == 6


def test_a_restriction_is_tested_on_a_law_or_on_a_table(main) -> None:  # type: ignore[no-untyped-def]
    against = ["--against", "a_m=1,a_l=1", "a_D=1/3", "--resamples", 100, "--json"]
    code, out, err = main("test", "shape.json", *against)
    assert (code, err) == (0, "")
    law = json.loads(out)
    assert law["restriction"] == "a_m = 1, a_l = 1, a_D = 1/3"
    assert law["derived"]["verdict"] == "contradicted"  # the table's exponents are .95, 1.2 and .3
    code, out, _ = main("test", "runs.csv", "--law", "shape", *against)
    table = json.loads(out)
    assert (code, table["p"], table["f"]) == (0, law["p"], pytest.approx(law["f"]))
    assert main("test", "shape.json", *against[:-1])[1].startswith("The points contradict a_m = 1")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["shape.json", "--against", "a_x=1"], "no parameter 'a_x'"),
        (["shape.json", "--against", "a_m"], "against 'a_m' is no restriction"),
        (["shape.json", "--against", "a_m=1", "--starts", 3], "for a table, name --law"),
        (["runs.csv", "--against", "a_m=1"], "for a table, name --law"),
        (["shape.json"], "against"),
    ],
)
def test_a_test_of_nothing_is_an_error(main, words: list[object], said: str) -> None:  # type: ignore[no-untyped-def]
    code, out, err = main("test", *words)
    assert (code, out) == (2, "")
    assert said in err


def test_sensitivity_shows_a_row_for_each_number_left_out(main) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = main(
        "fit", "runs.csv", "--law", "shape", "--resamples", 0, "--sensitivity", "--rules", 3, 9,
        "width < 512",
    )  # fmt: skip
    assert code == 0
    table = out[out.index("exclusion") :].splitlines()
    assert [line.split("  ")[0] for line in table[1:]] == [
        "this fit", "3 highest left out", "9 highest left out", "also without width < 512",
    ]  # fmt: skip


def test_forecast_prints_doubts_the_loss_and_its_parts(main) -> None:  # type: ignore[no-untyped-def]
    words = ["--width", 65536, "--depth", 80, "--tokens", "1e15", "--features", 50000]
    code, out, _ = main("forecast", "shape.json", *words)
    assert code == 0
    assert "Doubt: tokens are" in out
    assert "past the law's end: each of 50,000 features" in out
    said = json.loads(main("forecast", "shape.json", *words, "--json")[1])
    assert sum(p["value"] for p in said["parts"].values()) == pytest.approx(said["loss"]["value"])


def test_forecast_of_a_group_has_its_floor(main) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = main("forecast", "width.json", "--width", 1e9, "--group", "opt/c4", "--json")
    floor = Law.from_json(Path("width.json").read_text()).parameters["B[opt/c4]"]
    assert json.loads(out)["loss"]["value"] == pytest.approx(floor, abs=1e-4)


def test_an_input_of_any_name_is_given_by_name(main, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    table = simulate("power").rename(columns={"x": "flop"})
    table.to_csv(tmp_path / "flop.csv", index=False)
    law = tmp_path / "power.json"
    words = ["--law", "power", "--x", "flop", "--out", law, "--resamples", 0]
    assert main("fit", tmp_path / "flop.csv", *words)[0] == 0
    code, out, _ = main("forecast", law, "--input", "flop=1e6", "--json")
    assert code == 0
    expected = float(Law.from_json(law.read_text()).predict(flop=1e6)[0])
    assert json.loads(out)["loss"]["value"] == pytest.approx(expected)


def test_plan_prints_the_plan(main, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = main("plan", "shape.json", "--compute", "1e24", "--vocabulary", 50_000, "--tied")
    law = Law.from_json(Path("shape.json").read_text())
    assert code == 0
    assert out.strip() == str(plan(law, 1e24, vocabulary=50_000, tied=True))
    said = json.loads(main("plan", "shape.json", "--compute", "1e24", "--json")[1])
    best = said["best"]
    assert 6 * best["parameters"] * best["tokens"] == pytest.approx(1e24)


def test_roll_out_writes_every_prediction(main, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "predictions.csv"
    code, shown, _ = main(
        "roll-out", "published-llms", "--law", "width", "--hold-out", 1, "--resamples", 0,
        "--starts", 4, "--out", out,
    )  # fmt: skip
    assert code == 0
    assert "forecasts best" in shown.splitlines()[0]
    assert "Not possible:" in shown
    table = pd.read_csv(out)
    assert set(table.held_out) == {1}
    assert table.variant.nunique() == 7


def test_roll_out_compares_laws(main) -> None:  # type: ignore[no-untyped-def]
    code, shown, _ = main(
        "roll-out", "runs.csv", "--law", "power", "shape", "--x", "width", "--resamples", 0
    )
    assert code == 0
    assert "shape forecasts best" in shown.splitlines()[0]


def test_report_and_figures_of_the_law_are_written(  # type: ignore[no-untyped-def]
    main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in them, tests/report says; it takes seconds to draw."""
    written: list[tuple[Path, object]] = []

    def write(law: Law, path: Path, *, plan: Plan | None = None) -> None:
        assert law.form.name == "shape"
        written.append((path, plan))

    monkeypatch.setattr("superscope.report.write_law_report", write)
    monkeypatch.setattr("superscope.report.write_law_figures", write)
    paths = [tmp_path / "law.html", tmp_path / "figures"]
    where = ["--report", paths[0], "--figures", paths[1]]
    assert main("fit", "runs.csv", "--law", "shape", "--resamples", 0, *where)[0] == 0
    assert written == [(path, None) for path in paths]
    written.clear()
    assert main("plan", "shape.json", "--compute", 1e24, *where)[0] == 0
    law = Law.from_json(Path("shape.json").read_text())
    assert written == [(path, plan(law, 1e24)) for path in paths]


def test_figures_of_a_forecast_and_of_a_roll_out_are_written_three_ways(
    main, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    words = ["--width", 4096, "--group", "opt/c4", "--figures", tmp_path / "forecast"]
    assert main("forecast", "width.json", *words)[::2] == (0, "")
    table = ["published-llms", "--law", "width", "--hold-out", 1, "--resamples", 0, "--starts", 4]
    assert main("roll-out", *table, "--figures", tmp_path / "roll")[::2] == (0, "")
    for folder, count in (("forecast", 6), ("roll", 3)):
        written = [path.suffix for path in (tmp_path / folder).iterdir()]
        assert len(written) == count
        assert set(written) == {".png", ".pdf", ".svg"}


FIT = ["fit", "runs.csv", "--law", "shape"]
LLMS = ["fit", "published-llms", "--law", "width"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fit", "absent.csv", "--law", "width"], "cannot read absent.csv"),
        (["fit", "gemstons", "--law", "width"], "no table is called 'gemstons'"),
        (["fit", "runs.xlsx", "--law", "width"], "no table is called"),
        (["fit", "runs.csv", "--law", "shapes"], "shape"),
        (["fit", "runs.csv"], "--law"),
        (["fit", "runs.csv", "--law", "chinchilla"], "no column 'parameters'"),
        (["fit", "runs.csv", "--law", "power"], "needs --x COLUMN, the column"),
        ([*FIT, "--x", "width"], "shape has its own columns"),
        ([*LLMS, "--depth-offset", "2"], "belongs to the law shape"),
        ([*LLMS, "--group", "famly"], "did you mean family?"),
        ([*LLMS, "--columns", "width"], "write NAME=VALUE"),
        ([*LLMS, "--columns", "width=d_model"], "no column 'd_model'"),
        ([*LLMS, "--exclude", "loss > 0"], "no point is left of 108"),
        ([*LLMS, "--exclude", "los > 3"], "did you mean loss?"),
        ([*LLMS, "--exclude", "loss is high"], "is not a rule"),
        ([*LLMS, "--exclude", "width != 768"], "width is 768 in all"),
        ([*LLMS, "--drop-highest", "8"], "leaves none of 8 points"),
        ([*LLMS, "--fix", "alhpa=1"], "did you mean alpha?"),
        ([*LLMS, "--fix", "alpha=one"], "'one' is not a number"),
        ([*LLMS, "--fix", "alpha=1", "alpha=2"], "alpha is given more than once"),
        ([*LLMS, "--fix", "alpha=100"], "no exponent is above 8"),
        ([*LLMS, "--figures", "runs.csv"], "cannot write runs.csv"),
        ([*FIT, "--depth-offset", "-5"], "not negative"),
        (["plan", "shape.json", "--compute", "1e-5"], "too small for this law"),
        (["plan", "shape.json", "--compute", "1e300"], "at most 1e+40"),
        (["roll-out", "published-llms", "--law", "width", "--size", "family"], "no number"),
        ([*LLMS, "--fix", "alpha=1", "--bound", "alpha=0:1"], "both fixed and bounded"),
        ([*LLMS, "--bound", "alpha=2:1"], "lowest <= highest"),
        ([*LLMS, "--bound", "alpha=2"], "NAME=LOWEST:HIGHEST"),
        ([*LLMS, "--resamples", "7"], "at least 100"),
        ([*LLMS, "--resample", "run"], "no column 'run'"),
        ([*LLMS, "--by", "famly"], "did you mean family?"),
        ([*LLMS, "--by", "family", "--out", "law.json"], "--by fits several laws"),
        ([*LLMS, "--delta", "0"], "delta must be positive"),
        ([*LLMS, "--out", "absent/law.json"], "cannot write absent/law.json"),
        ([*LLMS, "--report", "absent/law.html"], "cannot write absent/law.html"),
        (["fit", "chinchilla-shapes", "--law", "shape", "--data-dir", "."], "fetch https://"),
        (["forecast", "absent.json", "--width", "8"], "cannot read absent.json"),
        (
            ["forecast", "runs.csv", "--width", "8"],
            "runs.csv: this is not a law that superscope fit wrote",
        ),
        (["forecast", "shape.json", "--width", "8"], "needs --depth NUMBER, --tokens NUMBER"),
        (["forecast", "width.json", "--width", "8"], "name a group: opt/wikitext"),
        (["forecast", "width.json", "--width", "8", "--group", "opt/c5"], "did you mean opt/c4?"),
        (["forecast", "width.json", "--width", "-8", "--group", "opt/c4"], "above 0"),
        (["forecast", "width.json", "--depth", "8", "--group", "opt/c4"], "has no depth; it has"),
        (["plan", "width.json", "--compute", "1e20"], "shape or chinchilla; this is width"),
        (["plan", "shape.json", "--compute", "0"], "compute must be positive"),
        (["plan", "shape.json", "--compute", "1e20", "--vocabulary", "-1"], "not be negative"),
        (["plan", "shape.json"], "--compute"),
        (["roll-out", "runs.csv", "--law", "shape", "--hold-out", "0"], "at least one"),
        (["roll-out", "runs.csv", "--law", "shape", "--out", "x.json"], "x.json must end in .csv"),
        (["roll-out", "runs.csv", "--law", "shape", "--size", "widht"], "did you mean width?"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_in_one_line_with_exit_code_2(main, words, said) -> None:  # type: ignore[no-untyped-def]
    code, out, err = main(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_law_of_another_version_is_named(main, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    text = Path("width.json").read_text().replace(f'"format": {FORMAT}', '"format": 99', 1)
    (tmp_path / "law.json").write_text(text)
    code, _, err = main("forecast", tmp_path / "law.json", "--width", 8)
    assert code == 2
    assert "format 99" in err
    assert "fit it again" in err


def test_nothing_is_left_of_a_fit_that_failed(main, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "law.json"
    out.write_text("before")
    assert main(*LLMS, "--exclude", "loss > 0", "--out", out)[0] == 2
    assert out.read_text() == "before"
    assert list(tmp_path.iterdir()) == [out]


def test_a_table_in_mixed_units_is_fitted_with_a_warning(main, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    table = load_public("published-llms").assign(tokens=1e11)
    table.loc[::3, "width"] = table.loc[::3, "width"] * 1e6
    table.to_csv(tmp_path / "mixed.csv", index=False)
    code, out, _ = main("fit", tmp_path / "mixed.csv", "--law", "width", "--resamples", 0)
    assert code == 0
    assert "may be in another unit" in out
