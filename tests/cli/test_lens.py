"""``superscope lens``."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from superscope import read_head
from superscope.cli import main
from superscope.lens import Certificates, verify


@pytest.fixture
def model(tmp_path):
    rows = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)
    np.save(tmp_path / "head.npy", rows)
    return str(tmp_path / "head.npy")


def test_one_token_is_shown(model, capsys):
    main(["lens", model, "#3"])
    shown = capsys.readouterr().out
    assert "token #3" in shown
    assert "nearest rows" in shown


def test_several_tokens_are_compared(model, capsys):
    main(["lens", model, "#3", "#4", "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("entry", {}).get("id") for line in lines] == [3, 4, None]


def test_the_overview_is_shown(model, capsys):
    main(["lens", model])
    assert "V = 50, m = 8" in capsys.readouterr().out


def test_tables_are_written(model, tmp_path):
    every, some = tmp_path / "every.csv", tmp_path / "some.parquet"
    main(["lens", model, "--table", str(every)])
    main(["lens", model, "#3", "#4", "--neighbors", "2", "--table", str(some)])
    assert len(pd.read_csv(every)) == 50
    assert pd.read_parquet(some)["of"].tolist() == [3, 3, 4, 4]


def test_what_is_no_token_ends_with_2(model, tmp_path, capsys):
    table = tmp_path / "some.csv"
    with pytest.raises(SystemExit) as ended:
        main(["lens", model, "#50", "--table", str(table)])
    assert ended.value.code == 2
    assert "ids go from 0 to 49" in capsys.readouterr().err
    assert not table.exists()


def test_tokens_that_are_found_are_shown_beside_one_that_is_not(model, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["lens", model, "#3", "#99", "#4"])
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert "overlap c of 2 tokens" in said.out
    assert "1 of 3 tokens were not found" in said.err


def test_no_file_is_written_where_a_token_is_not_found(model, tmp_path, capsys):
    files = [tmp_path / "some.csv", tmp_path / "tokens.html"]
    with pytest.raises(SystemExit) as ended:
        main(["lens", model, "#3", "#99", "#4", "--table", str(files[0]),
              "--report", str(files[1]), "--figures", str(tmp_path / "figures")])  # fmt: skip
    assert ended.value.code == 2
    assert "1 of 3 tokens were not found; no file is written" in capsys.readouterr().err
    assert not any(file.exists() for file in files)
    assert not list((tmp_path / "figures").iterdir())


@pytest.mark.parametrize(
    "options",
    [
        ["--table", "none/t.csv"],
        ["--table", "t.txt"],
        ["--report", "none/page.html"],
        ["--figures", "head.npy/figures"],
        ["--text", "a.txt", "--out", "cost.txt"],
        ["--text", "a.txt", "--out", "none/cost.csv"],
    ],
)
def test_where_files_go_is_checked_before_the_head_is_read(options, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("a text")
    (tmp_path / "head.npy").write_text("no matrix")
    with pytest.raises(SystemExit) as ended:
        main(["lens", "head.npy", *options])
    assert ended.value.code == 2
    assert options[-1].split("/", maxsplit=1)[0] in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "head.npy"]


def test_figures_are_written(model, tmp_path, capsys):
    main(["lens", model, "--figures", str(tmp_path / "every")])
    main(["lens", model, "#3", "#4", "--figures", str(tmp_path / "some")])
    assert {p.name for p in (tmp_path / "every").iterdir()} == {
        f"interference.{kind}" for kind in ("png", "pdf", "svg")
    }
    assert {p.stem for p in (tmp_path / "some").iterdir()} == {
        "neighbors-3", "neighbors-4", "comparison",
    }  # fmt: skip


def test_which_tokens_can_be_said_is_shown_and_proved(tmp_path, capsys):
    rows = np.array([[1, 0], [0, 1], [-1, -1], [0, 0], [0, 1]], np.float32)
    np.save(tmp_path / "head.npy", rows)
    model, proof, table = (str(tmp_path / n) for n in ("head.npy", "proof.npz", "can.csv"))
    main(["lens", model, "--argmax", "--certificates", proof, "--table", table])
    shown = capsys.readouterr().out
    assert "2 of 5 tokens" in shown and "tied" in shown and "#1, #4" in shown
    assert list(pd.read_csv(table)["status"])[3] == "impossible"
    assert verify(read_head(model), Certificates.load(proof)).holds
    main(["lens", model, "--argmax", "--json"])
    assert json.loads(capsys.readouterr().out)["derived"]["impossible"] == 1
    main(["lens", model, "--argmax", "#3", "#4"])
    assert "row #1 is equal" in capsys.readouterr().out
    main(["lens", model, "--argmax", "#3", "#0", "--json"])
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["combined"] in (2, 3) and first["margin"] is None
    assert second["status"] == "argmaxable" and second["margin"] > 0


@pytest.mark.parametrize(
    "options",
    [
        ["--certificates", "proof.npz"],
        ["--argmax", "--certificates", "none/proof.npz"],
        ["--argmax", "--center", "none"],
        ["--argmax", "--frequencies", "head.npy"],
        ["--argmax", "--batch", "4"],
        ["--undertrained", "--neighbors", "3"],
        ["--verify", "proof.npz", "--neighbors", "3"],
        ["--verify", "proof.npz", "--device", "cpu"],
        ["--verify", "proof.npz", "#3"],
        ["--verify", "proof.npz", "--argmax"],
        ["--verify", "proof.npz", "--figures", "figures"],
        ["--verify", "head.npy"],
    ],
)
def test_options_of_argmax_that_do_not_go_together_are_refused(
    model, options, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(["lens", model, *options])
    assert stopped.value.code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["head.npy"]


def test_the_report_and_figures_of_argmax_are_written(model, tmp_path, capsys):
    main(["lens", model, "--argmax", "--report", str(tmp_path / "tokens.html"),
          "--figures", str(tmp_path / "figures")])  # fmt: skip
    page = (tmp_path / "tokens.html").read_text("utf-8")
    assert "argmaxable" in page
    assert "Margins of the tokens" in page
    assert {p.stem for p in (tmp_path / "figures").iterdir()} == {"argmax"}


def test_the_device_of_argmax_is_that_of_the_command_line(model, capsys):
    main(["lens", model, "--argmax", "--device", "cpu:0"])
    assert "argmaxable" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        main(["lens", model, "--argmax", "--device", "abacus"])
    assert stopped.value.code == 2
    assert "device 'abacus' cannot be used here" in capsys.readouterr().err


@pytest.mark.parametrize(("rows", "said"), [(np.ones((1, 3)), "argmaxable     1 of 1 token"),
                                            (np.ones((4, 3)), "tied           4"),
                                            (np.zeros((2, 3)), "tied           2")])  # fmt: skip
def test_heads_without_overlaps_have_an_answer(rows, said, tmp_path, capsys):
    np.save(tmp_path / "head.npy", rows.astype(np.float32))
    main(["lens", str(tmp_path / "head.npy"), "--argmax"])
    assert said in capsys.readouterr().out


def test_a_file_of_certificates_is_verified(model, tmp_path, capsys):
    proof, table = tmp_path / "proof.npz", tmp_path / "verified.csv"
    main(["lens", model, "--argmax", "--certificates", str(proof)])
    capsys.readouterr()
    main(["lens", model, "--verify", str(proof), "--table", str(table)])
    assert "faults         none" in capsys.readouterr().out
    proved = Certificates.load(proof)
    row = int(np.flatnonzero(proved.status == 0)[3])
    status = proved.status.copy()
    status[row] = 2
    replace(proved, status=status).save(proof)
    with pytest.raises(SystemExit) as ended:
        main(["lens", model, "--verify", str(proof), "--table", str(table)])
    assert ended.value.code == 1
    assert f"#{row}: it has no certificate of its status" in capsys.readouterr().out
    assert pd.read_csv(table)["fault"].notna().sum() == 1
    np.save(tmp_path / "other.npy", np.eye(3))
    with pytest.raises(SystemExit) as ended:
        main(["lens", str(tmp_path / "other.npy"), "--verify", str(proof)])
    assert ended.value.code == 2


def test_a_token_named_twice_is_shown_once(model, capsys):
    main(["lens", model, "#1", "#2", "#1", "--json"])
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3  # two tokens and their comparison
    assert "'#1' is #1 too, which is shown once" in err


@pytest.mark.parametrize("option", ["--report", "--table", "--certificates"])
def test_files_of_another_kind_are_refused_first(option, tmp_path, capsys):
    argmax = ["--argmax"] if option == "--certificates" else []
    with pytest.raises(SystemExit) as stopped:
        main(["lens", str(tmp_path / "absent"), option, str(tmp_path / "x.pdf"), *argmax])
    assert stopped.value.code == 2
    assert "x.pdf must end in" in capsys.readouterr().err
