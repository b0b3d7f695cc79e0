"""``superscope budget``."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from tests.support.files import safetensors

from superscope.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    rows = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)
    np.save(tmp_path / "all.npy", rows)
    np.save(tmp_path / "one.npy", rows[:1])
    np.save(tmp_path / "layers.npy", rows[[7, 3]])
    np.save(tmp_path / "sizes.npy", np.linspace(1, 2, 50))
    dictionary = tmp_path / "sae"
    dictionary.mkdir()
    state = {"W_dec": rows, "W_enc": rows.T.copy(), "b_dec": rows[0], "b_enc": rows[:, 0].copy()}
    (dictionary / "sae_weights.safetensors").write_bytes(safetensors(state))
    logs = np.log10(np.r_[0.0, np.full(49, 0.02)] + 1e-10).astype(np.float32)
    (dictionary / "sparsity.safetensors").write_bytes(safetensors({"sparsity": logs}))
    vectors = np.stack([rows, 2 * rows[::-1]])
    np.save(tmp_path / "deep.npy", vectors)
    pd.DataFrame({"id": range(50), "rate": np.full(50, 0.02)}).to_csv(
        tmp_path / "rates.csv", index=False
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_direction_of_the_dictionary_and_a_file_give_the_same(folder, capsys):
    main(["budget", "#0", "--dictionary", "all.npy", "--rates", "rates.csv", "--json"])
    main(["budget", "one.npy", "--dictionary", "all.npy", "--rates", "0.02", "--json"])
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["reading"] == pytest.approx(second["reading"], rel=1e-5)


def test_it_is_printed_and_written(folder, capsys):
    main(["budget", "#3", "--dictionary", "all.npy", "--noise", "0.1", "--table", "out.csv"])
    assert "beside 199 random dictionaries" in capsys.readouterr().out
    assert len(pd.read_csv("out.csv")) == 10


def budget(capsys, *arguments):
    main(["budget", *arguments, "--json"])
    return json.loads(capsys.readouterr().out)


def test_a_direction_has_a_layer_of_its_own(folder, capsys):
    """Whether the dictionary has layers or not."""
    named = budget(capsys, "#3", "--dictionary", "all.npy")
    layer = budget(capsys, "layers.npy", "--direction-layer", "1", "--dictionary", "all.npy")
    assert layer["reading"] == pytest.approx(named["reading"], rel=1e-5)
    deep = budget(capsys, "layers.npy", "--direction-layer", "1", "--dictionary", "deep.npy",
                  "--layer", "1")  # fmt: skip
    assert deep["reading"] == pytest.approx(named["reading"], rel=1e-5)


def test_the_rates_beside_a_dictionary_are_its_rates(folder, capsys):
    found = budget(capsys, "#3", "--dictionary", "sae")
    assert found["active"] == pytest.approx(48 * 0.02, rel=1e-5)
    assert found["notes"] == ["the rates are those beside the dictionary, 0 to 0.02"]
    given = budget(capsys, "#3", "--dictionary", "all.npy", "--rates", "sae/sparsity.safetensors")
    assert given["reading"] == found["reading"]
    assert budget(capsys, "#3", "--dictionary", "sae", "--rates", "0.5")["active"] == 24.5
    (folder / "sae" / "sparsity.safetensors").write_bytes(
        safetensors({"sparsity": np.zeros(3, np.float32)})
    )
    (note,) = budget(capsys, "#3", "--dictionary", "sae")["notes"]
    assert "not used: sparsity.safetensors has 3 of them for 50" in note


def test_amplitudes_of_their_own(folder, capsys):
    found = budget(capsys, "#49", "--dictionary", "all.npy", "--amplitudes", "sizes.npy")
    assert found["amplitude"] == 2
    plain = budget(capsys, "#49", "--dictionary", "all.npy")
    assert found["reading"]["interference"] > plain["reading"]["interference"]


def test_many_directions_make_one_table(folder, capsys):
    """Each has the numbers that it has alone, with the same random dictionaries."""
    main(["budget", "all", "--dictionary", "all.npy", "--table", "all.csv", "--report", "r.html"])
    assert "reading 50 directions in all.npy" in capsys.readouterr().out
    table = pd.read_csv("all.csv")
    assert table["id"].tolist() == list(range(50))
    one = budget(capsys, "#3", "--dictionary", "all.npy")
    row = table.iloc[3]
    assert row["auc"] == pytest.approx(one["auc"], abs=1e-6)
    assert row["d_prime"] == pytest.approx(one["reading"]["d_prime"], rel=1e-5)
    assert row["random_interference"] == pytest.approx(one["random"]["interference"], rel=1e-5)
    assert row["random_interference_sd"] == pytest.approx(
        one["random_sd"]["interference"], rel=1e-5
    )
    assert (row["lower"], row["verdict"]) == (one["lower"], one["derived"]["verdict"])
    assert row["fails_at"] == pytest.approx(one["fails_at"], rel=1e-5)
    assert (row["contributor"], round(row["share"], 5)) == (
        one["contributors"][0]["id"], round(one["contributors"][0]["share"], 5),
    )  # fmt: skip
    page = (folder / "r.html").read_text()
    assert page.count('<th scope="row">') == 50 and "<script" not in page
    some = budget(capsys, "#3", "one.npy", "--dictionary", "all.npy")
    assert some["directions"] == ["#3", "one.npy"]
    assert some["interference"]["values"][0] == pytest.approx(one["reading"]["interference"])


def test_one_direction_has_a_figure_and_a_page(folder, capsys):
    main(["budget", "#3", "--dictionary", "all.npy", "--report", "r.html", "--figures", "drawn"])
    assert (folder / "drawn" / "budget.svg").exists()
    assert "What disturbs most" in (folder / "r.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["all.npy"], "holds 50 vectors"),
        (["#0", "--rates", "often"], "neither a number nor a file"),
        (["#0", "--rates", "2"], "a rate is from 0 to 1"),
        (["#50"], "ids go from 0 to 49"),
        ([], "name a DIRECTION, or all"),
        (["all", "#1"], "so it stands alone"),
        (["#1", "v.pt"], "there is no file v.pt"),
        (["#1", "--report", "no/such/r.html"], "no/such"),
        (["v.pt"], "there is no file v.pt, and all.npy has no names for its directions"),
        (["all.npy"], "pass --direction-layer N for one of them"),
        (["layers.npy", "--direction-layer", "2"], "--direction-layer 2 must be from 0 to 1"),
        (["#0", "--direction-layer", "2"], "there is no file #0"),
        (["#0", "--rates", "sizes.npy"], "the rate of direction 1 is 1.02041"),
        (["#0", "--rates", "sae/sae_weights.safetensors"], "one number for each direction"),
        (["#0", "--amplitudes", "rates.csv"], "has no column amplitude"),
        (["#0", "--amplitudes", "one.npy"], "numbers"),
    ],
)
def test_what_is_wrong_is_said(folder, capsys, arguments, words):
    with pytest.raises(SystemExit) as ended:
        main(["budget", *arguments, "--dictionary", "all.npy"])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
