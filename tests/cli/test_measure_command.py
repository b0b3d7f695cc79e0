"""`superscope measure` as a user runs it: a process with arguments, streams and an exit code."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command import python, superscope
from safetensors.numpy import save_file
from tiny_models import word_tokenizer

from superscope import measure
from superscope.cli import main
from superscope.errors import FormatError
from superscope.frequency import count_tokens, read_frequencies
from superscope.observations import COLUMNS, read_observations
from superscope.tables import write_table

COMMAND = [sys.executable, "-W", "error", "-m", "superscope"]


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("head") / "W.npy"
    np.save(path, np.random.default_rng(0).standard_normal((900, 16)).astype(np.float32) + 0.5)
    return path


def test_table_shows_raw_and_centered_side_by_side(head: Path) -> None:
    done = superscope("measure", head)
    assert done.code == 0, done.err
    assert done.err == ""
    geometry = measure(head)
    for label in (
        "mean square overlap", "against chance, 1/m", "against the Welch floor", "mean |overlap|",
        "coherence", "effective width", "packing efficiency", "norms", "represented fraction",
        "regime", "rows left out", "tensor", "file", "stored as", "most colliding",
    ):  # fmt: skip
        assert label in done.out
    assert "V = 900, m = 16, V/m = 56.25" in done.out
    assert f"{geometry.raw.mean_square_overlap:.6g}" in done.out
    assert f"{geometry.centered.mean_square_overlap:.6g}" in done.out


def test_not_a_terminal_gets_no_escape_codes(head: Path) -> None:
    assert "\x1b" not in superscope("measure", head, FORCE_COLOR="").out
    assert "\x1b" not in superscope("measure", head, NO_COLOR="1").out


def test_json_is_one_line_a_model_that_scripts_read(head: Path) -> None:
    done = superscope("measure", head, head, "--json", "--pairs", "exact", "--neighbors", "3")
    lines = done.out.splitlines()
    assert len(lines) == 2
    geometry = measure(head, pairs="exact", neighbors=3)
    value = json.loads(lines[0])
    assert value["provenance"]["tensor"] == "W"
    assert value["features"] == 900
    assert value["raw"]["mean_square_overlap"] == geometry.raw.mean_square_overlap
    assert value["raw"]["effective_width"] == geometry.raw.effective_width
    assert value["norms"]["mean"] == geometry.norms.mean
    assert value["centered"]["pairs"]["largest"] == geometry.centered.pairs.largest
    assert len(lines[0]) < 20_000  # nothing of single tokens
    assert "base64" not in lines[0]


def test_json_of_a_head_of_which_rows_were_left_out(tmp_path: Path) -> None:
    np.save(tmp_path / "W.npy", np.eye(5, 4, dtype=np.float32))  # the last row is zero
    done = superscope("measure", tmp_path / "W.npy", "--pairs", "none", "--json")
    assert done.code == 0
    assert json.loads(done.out)["zero_rows"] == 1


def test_several_models_are_one_table(head: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.npy"
    np.save(other, np.random.default_rng(1).standard_normal((300, 8)))
    done = superscope("measure", head, other)
    lines = {line.split("  ")[0]: line for line in done.out.splitlines()}
    names = [f"{path.parent.name}/{path.name}" for path in (head, other)]
    assert done.out.splitlines()[0].split() == names
    assert lines["tokens, V"].split()[-2:] == ["900", "300"]
    for geometry in (measure(head), measure(other)):
        assert f"{geometry.raw.mean_square_overlap:.6g}" in done.out
        assert f"{geometry.centered.mean_square_overlap:.6g}" in done.out


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_tokens_have_a_row_each(head: Path, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"tokens.{suffix}"
    options = ("--pairs", "exact", "--neighbors", 2, "--tokens", file)
    assert superscope("measure", head, *options).code == 0
    expected = measure(head, pairs="exact", neighbors=2).tokens()
    found = pd.read_parquet(file) if suffix == "parquet" else pd.read_csv(file)
    assert found.columns.tolist() == expected.columns.tolist()
    assert found["nearest_2"].tolist() == expected["nearest_2"].tolist()
    assert found["interference"].to_numpy() == pytest.approx(expected["interference"].to_numpy())


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_table_has_a_row_a_model(head: Path, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"table.{suffix}"
    assert superscope("measure", head, head, "--pairs", "none", "--table", file).code == 0
    frame = read_observations(file)
    assert tuple(frame.columns) == COLUMNS
    assert frame["width"].tolist() == [16, 16]
    assert frame["loss"].isna().all()
    assert frame["mean_square_overlap"][0] == pytest.approx(
        measure(head, pairs="none").raw.mean_square_overlap, rel=1e-6
    )


def test_one_bad_model_does_not_cost_the_others(head: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    done = superscope(
        "measure", head, tmp_path / "absent.npy", head, "--table", table, "--pairs", "none"
    )
    assert done.code == 2
    assert "absent.npy" in done.err.splitlines()[0]
    assert "1 of 3 models were not measured" in done.err.splitlines()[-1]
    assert len(pd.read_csv(table)) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a MODEL or a --family"),
        (["{head}", "--pairs", "some"], "some"),
        (["{head}", "--nonsense"], "--nonsense"),
        (["{head}", "--neighbors", "3"], "pass --pairs exact"),
        (["{head}", "--dtype", "float16"], "pass --pairs exact"),
        (["{head}", "--neighbors", "-1", "--pairs", "exact"], "negative"),
        (["{head}", "--samples", "1"], "at least 2"),
        (["{head}", "--device", "cuda:99", "--pairs", "exact"], "cuda:99"),
        (["{head}", "--device", "warp", "--pairs", "exact"], "warp"),
        (["{head}", "--revision", "main"], "--revision"),
        (["{head}", "--tensor", "nope"], "candidates: W 900 × 16"),
        (["{head}", "--rows", "tokenizer"], "tokenizer.json"),
        (["{head}", "--fold-norm"], "norm"),
        (["{head}", "--table", "{tmp}/t.xlsx"], ".parquet or .csv"),
        (["{head}", "--table", "{tmp}/absent/t.csv"], "no folder"),
        (["{head}", "--report", "{tmp}"], "folder"),
        (["{head}", "--frequencies", "{tmp}/absent.npy"], "absent.npy"),
        (["{head}", "--frequencies", "{tmp}/absent.txt"], ".npy, .parquet, .csv or .jsonl"),
        (["{head}", "--frequencies", "{tmp}/absent.csv"], "No such file"),
        (["--family", "gpt9"], "the families are opt"),
        (["{tmp}/absent.safetensors"], "absent.safetensors"),
        (["a/b/c"], "a/b/c"),
        (["nosuch://x/y"], "nosuch"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_2(
    head: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = superscope("measure", *(a.format(head=head, tmp=tmp_path) for a in arguments))
    assert done.code == 2
    assert done.out == ""
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def table() -> pd.DataFrame:
    """Frequencies as a text's count gives them; ids without a count are left out."""
    ids = np.delete(np.arange(800), [0, 17, 799])
    text = [*["a,b", 'say "no"', "line\nbreak", "NA"] * 199, ""][: len(ids)]
    return pd.DataFrame({"id": ids, "token": text, "count": 1_000_000 // (ids + 3)})


@pytest.mark.parametrize("suffix", ["parquet", "csv", "CSV", "npy"])
def test_frequencies_are_read_from_an_array_or_a_table(
    head: Path, tmp_path: Path, table: pd.DataFrame, suffix: str
) -> None:
    file, expected = tmp_path / f"frequencies.{suffix}", np.zeros(799)
    expected[table["id"]] = table["count"]
    if suffix == "npy":
        np.save(file, expected)
    elif suffix == "parquet":
        table.sample(frac=1, random_state=0).reset_index(drop=True).to_parquet(file)
    else:
        table.to_csv(file, index=False)
    assert np.array_equal(read_frequencies(file).counts, expected)
    done = superscope("measure", head, "--frequencies", file, "--json", "--pairs", "none")
    assert done.err == ""
    geometry = measure(head, pairs="none", frequencies=expected)
    weighted = json.loads(done.out)["centered"]["weighted"]
    assert weighted["mean_square_overlap"] == geometry.centered.weighted.mean_square_overlap


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_counts_of_another_tokenizer_are_refused(tmp_path: Path, suffix: str) -> None:
    words = tuple(f"w{k}" for k in range(30))
    folder = word_tokenizer(tmp_path / "model", words)
    rows = np.random.default_rng(0).standard_normal((32, 4)).astype(np.float32)
    save_file({"lm_head.weight": rows}, folder / "model.safetensors")
    other = word_tokenizer(tmp_path / "other", words[::-1])
    for name, tokenizer in (("own", folder), ("foreign", other)):
        counts = count_tokens(tokenizer, [" ".join(words) + " w1" * 9])
        write_table(counts.to_frame(), tmp_path / f"{name}.{suffix}")
    done = superscope("measure", folder, "--frequencies", tmp_path / f"own.{suffix}")
    assert (done.code, "frequencies" in done.out) == (0, False)
    done = superscope("measure", folder, "--frequencies", tmp_path / f"foreign.{suffix}")
    assert done.code == 2 and "another tokenizer" in done.err and "0 % of their" in done.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.drop(columns="id"), "no column id"),
        (lambda t: t[["token"]], "no column id and no column count"),
        (lambda t: t.head(0), "no rows"),
        (lambda t: t.assign(id=t["id"] + 0.5), "id has something else than whole numbers"),
        (lambda t: t.assign(id=t["id"].where(t["id"] != 3)), "id has something else"),
        (lambda t: t.assign(id=t["id"].where(t["id"] != 3, 4)), "id 4 twice"),
        (lambda t: t.assign(id=t["id"] - 5), "id -4 is none of a vocabulary"),
        (lambda t: t.assign(id=t["id"] + (1 << 40)), "is none of a vocabulary"),
        (lambda t: t.assign(count="many"), "count has something else than numbers"),
        (lambda t: t.assign(count=t["count"].where(t["id"] != 3)), "count has something else"),
        (lambda t: t.assign(count=-t["count"]), "id 1 has -250000.0; they must be finite and not"),
        (lambda t: t.assign(count=np.inf), "id 1 has inf"),
    ],
)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_table_that_gives_no_frequencies_is_named(
    tmp_path: Path,
    table: pd.DataFrame,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    said: str,
    suffix: str,
) -> None:
    file, changed = tmp_path / f"t.{suffix}", change(table)
    changed.to_parquet(file) if suffix == "parquet" else changed.to_csv(file, index=False)
    with pytest.raises(FormatError, match=f"t.{suffix} is not a file of frequencies: .*{said}"):
        read_frequencies(file)


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def zipped() -> bytes:
    file = io.BytesIO()
    np.savez(file, np.ones(3))
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.npy", b""),
        ("text.npy", b"1 2 3\n"),
        ("cut.npy", saved(np.ones(99))[:-8]),
        ("huge.npy", saved(np.ones(99)).replace(b"(99,), }", b"(9999999999999999,), }")),
        ("matrix.npy", saved(np.ones((3, 1)))),
        ("complex.npy", saved(np.ones(3, complex))),
        ("words.npy", saved(np.array(["a", "b"]))),
        ("objects.npy", saved(np.array([print], object))),
        ("negative.npy", saved(np.array([1, -1]))),
        ("archive.npy", zipped()),
        ("empty.csv", b""),
        ("bytes.csv", b"id,count\n\xff,\xfe\n"),
        ("long.csv", b"id,count\n7,1,2\n8,3,4\n"),
        ("ragged.csv", b"id,count\n1,2\n1,2,3\n"),
        ("large.csv", b"id,count\n99999999999999999999999,1\n"),
        ("empty.parquet", b""),
        ("text.parquet", b"id,count\n1,1\n"),
        ("magic.parquet", b"PAR1PAR1"),
    ],
)
def test_a_file_that_is_something_else_is_named(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FormatError, match=f"{name} is not a file of frequencies") as caught:
        read_frequencies(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_full_disk_is_one_line_and_keeps_what_stood_there(head: Path) -> None:
    done = superscope("measure", head, "--pairs", "none", "--table", "/dev/full")
    assert done.code == 2  # not even a suffix
    done = superscope("measure", head, "--pairs", "none", "--report", "/dev/full")
    assert done.code == 2
    assert "cannot write /dev/full: No space left on device" in done.err
    assert len(done.err.strip().splitlines()) == 1


@pytest.mark.parametrize("option", ["--table", "--tokens", "--report", "--figures"])
def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    head: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    def reached(*_: object, **__: object) -> None:
        raise AssertionError("the work began")

    monkeypatch.setattr("superscope._measure.measure_head", reached)
    for place in ("/proc/out.csv", tmp_path / "absent" / "out.csv", head / "out.csv"):
        if option == "--figures" and "absent" in str(place):
            continue  # a folder is made
        done = superscope("measure", head, option, place)
        assert done.code == 2
        assert "cannot write" in done.err


def test_a_path_that_is_no_utf8_is_measured_and_written(head: Path, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"m\xff.npy")
    shutil.copy(head, odd)
    table, report = tmp_path / "t.parquet", tmp_path / "r.html"
    tokens = tmp_path / "w.parquet"
    done = superscope("measure", odd, head, "--pairs", "none", "--table", table,
                      "--tokens", tokens, "--report", report)  # fmt: skip
    assert done.code == 0
    assert r"m\udcff.npy" in pd.read_parquet(table)["model"][0]
    assert superscope("measure", odd, "--pairs", "none", "--json").code == 0


@pytest.mark.slow
def test_ctrl_c_leaves_nothing_half_written_and_exits_130(tmp_path: Path) -> None:
    head, report = tmp_path / "W.npy", tmp_path / "report.html"
    np.save(head, np.random.default_rng(0).standard_normal((60_000, 256)).astype(np.float32))
    code = (
        "import sys\n"
        "from superscope import _measure\n"
        "from superscope.cli import main\n"
        "measure_head = _measure.measure_head\n"
        "def begun(*given, **options):\n"
        "    print('begun', flush=True)\n"
        "    return measure_head(*given, **options)\n"
        "_measure.measure_head = begun\n"
        "main(sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code,
         "measure", str(head), "--pairs", "exact", "--report", str(report)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert sorted(p.name for p in tmp_path.iterdir()) == ["W.npy"]


def test_a_reader_that_goes_away_is_no_error_and_files_are_written(
    head: Path, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    command = f"{sys.executable} -m superscope measure {head} --table {table} --json | head -c 10"
    shell = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert shell.stderr == ""
    assert len(table.read_text().splitlines()) == 2


def test_ctrl_c_says_what_is_done_and_how_to_go_on(
    head: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from superscope import _measure

    def stopped(name: str, *options: Any, **others: Any) -> object:
        if name == "second":
            raise KeyboardInterrupt
        return measure(name, *options, **others)

    monkeypatch.setattr(_measure, "measure", stopped)
    done = superscope("measure", head, "second", "third", "--pairs", "none")
    assert done.code == 130
    assert "mean square overlap" in done.out
    assert (
        "1 of 3 models were measured; to measure the rest: superscope measure second third"
        in done.err
    )


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['superscope', '--help']\n"
        "from superscope.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'pandas', 'matplotlib', 'numba', 'scipy', 'numpy', 'transformers'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))"
    )
    done = python(code)
    assert "measure" in done.out
    assert "LOADED []" in done.out


def test_measuring_on_the_cpu_loads_nothing_large_that_it_does_not_need(head: Path) -> None:
    code = (
        "import sys, superscope\n"
        f"superscope.measure({str(head)!r})\n"
        "print(sorted({'torch', 'matplotlib', 'transformers', 'scipy.spatial'} & set(sys.modules)))"
    )
    done = python(code)
    assert done.out.strip() == "[]"


def on_a_terminal(*arguments: object, **environment: str) -> str:
    """Return what a terminal of 100 columns receives, stdout and stderr together."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdout=theirs, stderr=theirs, stdin=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", **environment},
    )  # fmt: skip
    os.close(theirs)
    received = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so where others send nothing
            part = b""
        if not part:
            break
        received += part
    os.close(ours)
    assert process.wait(timeout=60) == 0, received
    return received.decode()


def test_a_terminal_gets_styles_unless_no_color(head: Path) -> None:
    command = ("measure", head, "--pairs", "none")  # too quick for a bar
    assert "\x1b[1m" in on_a_terminal(*command)
    plain = on_a_terminal(*command, NO_COLOR="1")
    assert "\x1b" not in plain
    assert plain.replace("\r\n", "\n") == superscope(*command).out


@pytest.mark.slow
def test_long_work_shows_a_bar_on_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "W.npy"
    np.save(path, np.random.default_rng(0).standard_normal((20_000, 128)).astype(np.float32))
    assert "all pairs" in on_a_terminal("measure", path, "--pairs", "exact")


def test_a_full_output_and_an_ascii_terminal_are_no_traceback(head: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "measure", str(head)], stdout=full, stderr=subprocess.PIPE, text=True,
            timeout=60, env={**os.environ, "PYTHONIOENCODING": "ascii"},
        )  # fmt: skip
    assert done.returncode == 2
    assert "cannot write the output" in done.stderr
    assert "Traceback" not in done.stderr


def test_names_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    done = superscope("measure", tmp_path / "a\x1b[31m.npy", tmp_path / "b.npy")
    assert done.code == 2
    assert "\x1b" not in done.err


def test_a_matrix_that_fails_does_not_stop_the_others(tmp_path, capsys):
    """Its row says why, and the exit code tells."""
    rows = np.random.default_rng(0).standard_normal((3, 20, 4)).astype(np.float32)
    rows[1, 5] = np.nan
    state = {f"layers.{k}.proj.weight": rows[k] for k in range(3)}
    save_file(state, tmp_path / "m.safetensors")
    table = tmp_path / "t.csv"
    arguments = ["measure", str(tmp_path / "m.safetensors"), "--tensor", "proj"]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--axis", "rows", "--pairs", "none", "--table", str(table)])
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert "layers.1.proj.weight  not measured: " in said.out
    assert "layers.2.proj.weight" in said.out
    assert "1 of 3 matrices were not measured: layers.1.proj.weight" in said.err
    frame = pd.read_csv(table)
    assert frame["width"].notna().tolist() == [True, True, False]
    assert frame["evidence"][2].startswith("not measured: ")
