"""Local files and folders: which file, and what goes wrong, from Python and the command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import hostile
import numpy as np
import pytest
import torch
from files import matrix, safetensors, save, sharded, torch_bin

from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.heads import Head, read_head

W = matrix(40, 6)
GOOD = safetensors({"lm_head.weight": W})


def whole(head: Head) -> np.ndarray:
    return head.block(0, head.features)


def test_a_file_a_folder_and_a_file_uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(tmp_path / "m", {"model.safetensors": GOOD})
    monkeypatch.chdir(tmp_path)
    for model in (folder, folder / "model.safetensors", f"file://{folder}", "m", "./m",
                  "m/model.safetensors"):  # fmt: skip
        head = read_head(model)
        np.testing.assert_array_equal(whole(head), W)
        assert head.provenance.model == str(Path(str(model).removeprefix("file://")))
        assert head.provenance.file == "model.safetensors"


def test_a_local_folder_comes_before_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "owner" / "model", {"model.safetensors": GOOD})
    monkeypatch.chdir(tmp_path)
    assert read_head("owner/model").features == 40


def test_which_of_several_files(tmp_path: Path) -> None:
    """safetensors before .bin, the checkpoint before what lies beside it."""
    wrong = safetensors({"lm_head.weight": W[:3]})
    files = {
        "pytorch_model.bin": torch_bin({"lm_head.weight": torch.from_numpy(W[:3])}),
        "training_args.bin": b"",
        "consolidated.safetensors": wrong,
    }
    folder = save(tmp_path / "whole", {**files, "model.safetensors": GOOD})
    assert read_head(folder).features == 40
    folder = save(tmp_path / "shards", {**files, **sharded([{"lm_head.weight": W}])})
    assert read_head(folder).provenance.file == "model-00001-of-00001.safetensors"
    folder = save(tmp_path / "bins", sharded([{"lm_head.weight": torch.from_numpy(W)}], "bin"))
    assert read_head(folder).provenance.file == "pytorch_model-00001-of-00001.bin"
    folder = save(tmp_path / "one", {"anything.safetensors": GOOD, "optimizer.pt": b""})
    assert read_head(folder).provenance.file == "anything.safetensors"


def test_one_shard_by_itself(tmp_path: Path) -> None:
    folder = save(tmp_path, sharded([{"a": W[:2]}, {"lm_head.weight": W}]))
    assert read_head(folder / "model-00002-of-00002.safetensors").features == 40


def test_only_the_shard_that_holds_the_head_is_opened(tmp_path: Path) -> None:
    folder = save(tmp_path, sharded([{"a": W[:2]}, {"lm_head.weight": W}]))
    (folder / "model-00001-of-00002.safetensors").unlink()
    assert read_head(folder).features == 40


def test_a_choice_in_a_sharded_checkpoint(tmp_path: Path) -> None:
    folder = save(tmp_path, sharded([{"other.weight": W[:5]}, {"lm_head.weight": W}]))
    assert read_head(folder, tensor="other.weight").features == 5
    with pytest.raises(
        NotFoundError, match=r"candidates: lm_head\.weight 40 × 6, other\.weight 5 × 6"
    ):
        read_head(folder, tensor="nothing")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("nothing.safetensors", "no file or folder nothing.safetensors"),
        ("./nothing", "no file or folder ./nothing"),
        ("/nothing/at/all", "no file or folder /nothing/at/all"),
        ("not a model", "no file or folder not a model, and it is not a hub id"),
        ("file:///nothing", "no file or folder file:///nothing"),
        ("~nobody-of-that-name/x", "cannot open ~nobody-of-that-name/x"),
        ("x" * 300 + "/y", "cannot open x"),
        ("a\0b", "no file or folder"),
    ],
)
def test_what_is_not_there(
    model: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match=message) as raised:
        read_head(model)
    assert str(raised.value).isprintable()


def test_what_cannot_be_asked(tmp_path: Path) -> None:
    folder = save(tmp_path, {"model.safetensors": GOOD})
    for options, message in (
        ({"revision": "main"}, "revision='main' needs a hub repository"),
        ({"rows": "some"}, "rows='some'; expected one of all, tokenizer"),
    ):
        with pytest.raises(UsageError, match=message):
            read_head(folder, **options)
    with pytest.raises(NotFoundError, match=r"no final norm .* leave out fold_norm=True"):
        read_head(folder, fold_norm=True)
    with pytest.raises(UsageError, match="is empty"):
        read_head("")
    for uri in ("hf://datasets/owner/name", "hf://owner"):
        with pytest.raises(
            UsageError, match="is not the address of a hub model; write hf://owner/name"
        ):
            read_head(uri)
    with pytest.raises(UsageError, match="has the revision v1, but revision='v2' was given"):
        read_head("hf://owner/name@v1", revision="v2")


def test_a_norm_of_another_width(tmp_path: Path) -> None:
    files = {"lm_head.weight": W, "model.norm.weight": np.ones(5, np.float32)}
    folder = save(tmp_path, {"model.safetensors": safetensors(files)})
    with pytest.raises(FormatError, match=r"has width 6, but the norm model.norm.weight has shape"):
        read_head(folder, fold_norm=True)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "m.safetensors"
    os.mkfifo(pipe)
    with pytest.raises(NotFoundError, match=r"m.safetensors is not a regular file"):
        read_head(pipe)


def test_a_file_that_shrinks_after_it_was_opened(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(GOOD)
    head = read_head(path)
    path.write_bytes(GOOD[:-20])
    for action in (lambda: head.block(0, 40), lambda: head.take(np.array([39]))):
        with pytest.raises(FormatError, match=r"m.safetensors"):
            action()


def superscope(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "superscope", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_the_command_says_it_in_one_line_and_leaves_nothing(tmp_path: Path, home: Path) -> None:
    files = hostile.everything()
    cases = {
        "nothing.safetensors": (b"", "no file or folder"),
        "calls-os-system.bin": (files["calls-os-system.bin"], "superscope did not run it"),
        "data-cut.safetensors": (files["data-cut.safetensors"], "truncated"),
        "name-with-terminal-codes.safetensors": (
            files["name-with-terminal-codes.safetensors"], "\\x1b"),
    }  # fmt: skip
    for name, (data, message) in cases.items():
        if data:
            (tmp_path / name).write_bytes(data)
        before = sorted(tmp_path.rglob("*"))
        done = superscope("measure", name, "--report", "out.html", "--json", folder=tmp_path)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        assert done.stderr.removesuffix("\n").isprintable()
        assert message in done.stderr
        assert name in done.stderr
        assert sorted(tmp_path.rglob("*")) == before
    assert not home.exists()
