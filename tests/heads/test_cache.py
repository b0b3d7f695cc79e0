"""What is kept of heads from afar."""

from __future__ import annotations

from pathlib import Path

import pytest
from files import matrix, safetensors

from superscope.errors import UsageError
from superscope.heads import cache, read_head


def test_the_folder_is_the_hubs_and_is_not_made(home: Path) -> None:
    from huggingface_hub import cached_assets_path

    folder = cache.folder("models--a--b")
    assert not home.exists()
    assert folder == cached_assets_path("superscope", namespace="models--a--b", subfolder="heads")


def test_a_record_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    assert cache.read_record(tmp_path / "nothing") is None
    for text in ("", "{", "[1]", "\xff"):
        (tmp_path / "record").write_text(text, "latin-1")
        assert cache.read_record(tmp_path / "record") is None
    cache.write_record(tmp_path / "deep" / "record", {"a": 1})
    assert cache.read_record(tmp_path / "deep" / "record") == {"a": 1}


@pytest.fixture
def stored() -> str:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/cached/model.safetensors", safetensors({"lm_head.weight": matrix(5, 4)}))
    return "memory://cached/model.safetensors"


def test_a_cache_that_cannot_be_written_says_so(stored: str, home: Path) -> None:
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file where the folder should be")
    with pytest.raises(UsageError, match=r"cannot write the cache .*HF_HOME"):
        read_head(stored)


def test_a_cached_head_that_is_damaged_is_fetched_again(stored: str, home: Path) -> None:
    read_head(stored)
    (copy,) = home.rglob("head-*.safetensors")
    whole = copy.read_bytes()
    for data in (safetensors({"head": matrix(5, 4)}), whole[:-5], b""):
        copy.write_bytes(data)
        assert (read_head(stored).block(0, 5) == matrix(5, 4)).all()
        assert copy.read_bytes() == whole


def test_an_interrupted_fetch_leaves_nothing(stored: str, home: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_head(stored, progress=interrupt)
    left = [p.name for p in home.rglob("*") if p.is_file()]
    assert not [name for name in left if not name.endswith(".json")]
    assert read_head(stored).features == 5


def test_any_tool_reads_a_cached_head(stored: str, home: Path) -> None:
    from safetensors.numpy import load_file

    read_head(stored)
    (copy,) = home.rglob("head-*.safetensors")
    assert (load_file(copy)["head"] == matrix(5, 4)).all()
    assert oct(copy.stat().st_mode)[-3:] != "600", "readable as other files are"
