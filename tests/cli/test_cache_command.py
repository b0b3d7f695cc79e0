"""What was fetched is listed and deleted by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import superscope
from files import matrix, safetensors

from superscope.heads import cache, read_head
from superscope.laws import load_table


@pytest.fixture
def stored() -> Iterator[list[str]]:
    import fsspec

    memory = fsspec.filesystem("memory")
    names = ["memory://kept/one/model.safetensors", "memory://kept/two"]
    for name in ("one", "two"):
        memory.pipe(
            f"/kept/{name}/model.safetensors", safetensors({"lm_head.weight": matrix(9, 4)})
        )
        memory.pipe(f"/kept/{name}/config.json", b'{"tie_word_embeddings": false}')
    yield names
    memory.rm("/kept", recursive=True)


def test_an_empty_cache_is_said_to_be_empty(home: Path) -> None:
    assert superscope("cache").out == "0 MB in 0 places\n"
    assert not home.exists()


def test_what_was_fetched_is_listed_and_deleted_by_name(stored: list[str], home: Path) -> None:
    import pooch

    for name in stored:
        read_head(name)
    table = Path(pooch.os_cache("superscope")) / "runs.csv"
    table.parent.mkdir(parents=True)
    table.write_text("loss\n1\n")
    listed = [json.loads(line) for line in superscope("cache", "--json").out.splitlines()]
    assert [(h["name"], h["content"]) for h in listed] == [
        (stored[0], "lm_head.weight"), (stored[1], "lm_head.weight"), ("runs.csv", "table"),
    ]  # fmt: skip
    assert listed[2]["nbytes"] == 7
    assert "to delete it: superscope cache --clear" in superscope("cache").out

    done = superscope("cache", stored[0], "--clear")
    assert done.out.endswith("MB in 1 place\n")
    assert stored[0] not in superscope("cache").out
    assert stored[1] in superscope("cache").out
    assert len(list(cache.root().iterdir())) == 1, "what is known of it goes with it"
    unknown = superscope("cache", "owner/other", "--clear")
    assert (unknown.code, "owner/other is not in the cache" in unknown.err) == (2, True)
    superscope("cache", "--clear")
    assert not table.exists()
    assert not list(cache.root().iterdir())


def test_a_damaged_copy_is_listed_too(stored: list[str]) -> None:
    read_head(stored[1])
    (copy,) = cache.root().rglob("head-*.safetensors")
    copy.write_bytes(b"damaged")
    (held,) = (json.loads(line) for line in superscope("cache", "--json").out.splitlines())
    assert held["content"] == "no head"
    superscope("cache", held["name"], "--clear")
    assert not copy.exists()


def test_tables_that_are_shipped_are_not_in_the_cache() -> None:
    load_table("published-llms")
    assert superscope("cache", "--json").out == ""
