"""A folder of results: whole files, and claims that end with their process."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest
from tasks import hold_claim

from superscope.errors import NotFoundError, UsageError
from superscope.runs import RunFolder


class Other:
    """Another process that claims a run."""

    def __init__(self, folder: Path, identity: str):
        context = multiprocessing.get_context("spawn")
        claimed, theirs = context.Pipe(duplex=False)
        free, self._free = context.Pipe(duplex=False)
        self._claimed = claimed
        self.process = context.Process(target=hold_claim, args=(folder, identity, theirs, free))
        self.process.start()
        assert claimed.poll(60)
        self.has_it: bool = claimed.recv()

    def release(self) -> None:
        self._free.send(None)
        assert self._claimed.poll(60)
        self.process.join(60)

    def kill(self) -> None:
        self.process.kill()
        self.process.join(60)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("file", "taken is a file, not a folder"),
        ("link", "taken is a link to nothing"),
        ("pipe", "taken is a pipe or a device, not a folder"),
    ],
)
def test_what_is_where_a_folder_should_be_is_said(tmp_path: Path, kind: str, said: str) -> None:
    taken = tmp_path / "taken"
    if kind == "file":
        taken.touch()
    elif kind == "link":
        taken.symlink_to("absent")
    else:
        os.mkfifo(taken)
    for place in (taken, taken / "runs"):
        with pytest.raises(UsageError, match=f"cannot keep results in {place}: .*{said}"):
            RunFolder(place, ".txt")


def test_a_result_is_there_once_it_is_written(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "new" / "runs", ".txt")
    assert not folder.has("a")
    assert list(folder.files()) == []
    folder.write("b", b"2")
    folder.write("a", b"1")
    assert folder.has("a")
    assert folder.file("a").read_bytes() == b"1"
    assert [file.name for file in folder.files()] == ["a.txt", "b.txt"]


def test_only_results_are_listed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, ".txt")
    folder.write("a", b"1")
    for other in (".b.txt", ".b.txt.x1", "note.md"):
        (tmp_path / other).write_bytes(b"")
    assert [file.name for file in folder.files()] == ["a.txt"]


def test_a_result_that_cannot_be_written_whole_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder(tmp_path, ".txt")
    folder.write("a", b"before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    for identity in ("a", "b"):
        with pytest.raises(UsageError, match="No space left"):
            folder.write(identity, b"after")
    assert {p.name: p.read_bytes() for p in tmp_path.glob("*") if p.is_file()} == {
        "a.txt": b"before"
    }


def test_a_claimed_run_is_claimed_by_no_other_process_until_it_is_released(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, ".txt")
    other = Other(tmp_path, "a")
    assert other.has_it
    assert folder.claim("a") is None
    mine = folder.claim("b")
    assert mine is not None
    other.release()
    claim = folder.claim("a")
    assert claim is not None
    for held in (claim, claim, mine):  # twice is as good as once
        held.release()


def test_a_claim_ends_with_its_process_however_it_ends(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, ".txt")
    other = Other(tmp_path, "a")
    assert folder.claim("a") is None
    other.kill()
    claim = folder.claim("a")
    assert claim is not None
    claim.release()


def test_claims_do_not_pile_up(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, ".txt")
    before = sorted(tmp_path.rglob("*"))
    claims = [folder.claim(str(i)) for i in range(20)]
    assert all(claims)
    for claim in claims:
        assert claim is not None
        claim.release()
    assert sorted(tmp_path.rglob("*")) == before


def test_files_set_aside_are_kept_and_no_longer_listed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, ".txt")
    kept = []
    for content in (b"1", b"2", b"3"):
        folder.write("a", content)
        kept.append(folder.set_aside(folder.file("a")))
        assert not folder.has("a")
    assert [path.read_bytes() for path in kept] == [b"1", b"2", b"3"]
    assert list(folder.files()) == []


def test_setting_aside_what_another_process_set_aside_does_nothing(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, ".txt")
    folder.write("a", b"1")
    folder.set_aside(folder.file("a"))
    folder.set_aside(folder.file("a"))
    assert [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()] == [b"1"]


@pytest.mark.parametrize("where", ["file", "file/below", "/proc/superscope/runs"])
def test_a_folder_that_cannot_be_kept_is_named(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(UsageError, match="cannot keep results in") as caught:
        RunFolder(tmp_path / where, ".txt")
    assert str(tmp_path / where) in str(caught.value)
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_a_folder_that_is_only_read_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="absent"):
        RunFolder(tmp_path / "absent", ".txt", create=False)
    assert list(tmp_path.iterdir()) == []
    RunFolder(tmp_path, ".txt", create=False)
    assert list(tmp_path.iterdir()) == []
