"""The folder that a model is written to, and the one beside it: nobody else's files are lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from superscope.errors import UsageError
from superscope.repack.destination import Destination
from superscope.repack.out_options import OutOptions


def test_only_parts_of_our_own_are_deleted(tmp_path: Path) -> None:
    mine = tmp_path / "out.parts" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("precious")
    destination = Destination(tmp_path / "out", "a")
    for refused in (lambda: destination.finished(None), destination.make_parts):
        with pytest.raises(UsageError, match=r"out\.parts would keep .* other files in it"):
            refused()
    destination.clear()
    assert mine.read_text() == "precious"
    mine.unlink()
    destination.make_parts()
    (destination.parts / "states.npy").touch()
    assert Destination(tmp_path / "out", "b").finished(None) is None  # ours, of another run
    destination.clear()
    assert not destination.parts.exists()


def test_what_a_killed_process_left_goes(tmp_path: Path) -> None:
    destination = Destination(tmp_path / "out", "a")
    (destination.make_parts() / "model").mkdir()
    (destination.parts / "model" / "half").touch()
    with destination.tidied(), destination.being_written() as folder:
        assert not any(folder.iterdir())
        (folder / "whole").touch(mode=0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "whole").stat().st_mode & 0o044 == 0o044
    destination.make_parts()
    with pytest.raises(UsageError, match="written again counts as another one"):
        destination.finished(None)


@pytest.mark.parametrize("keep", ["out", "out/a", "out.parts", "out.parts/a", "."])
def test_parts_are_not_kept_where_the_model_goes(keep: str, tmp_path: Path) -> None:
    destination = Destination(tmp_path / "out", "a")
    with pytest.raises(UsageError, match=r"keep=.* and out=.* overlap"):
        destination.finished(tmp_path / keep)
    assert destination.finished(tmp_path / "kept") is None


def test_options_of_a_model_that_is_not_written_are_refused() -> None:
    for options in (OutOptions(out_rank=3), OutOptions(out_way="svd"), OutOptions(tied="both")):
        with pytest.raises(UsageError, match="about the model that is written, and none is"):
            options.check_nothing_out()
    with pytest.raises(UsageError, match=r"ranks are 2, 4; choose one of them with out_rank="):
        OutOptions().rank_out((4, 2), ("svd",))
