"""Public tables: shipped, in a folder, or fetched once from a server on this machine."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from web import Answer, Web, running

from superscope.errors import FormatError, NotFoundError, RemoteError
from superscope.laws import fit, load_public
from superscope.laws.table import PUBLIC

NAME = "chinchilla-shapes"
CONTENT = b"""model_size,FLOP,loss,num_tokens,d_model,n_layers
6.8e9,9.9e18,5.0,2.4e8,3584.0,40.0
2.9e9,9.2e18,4.6,5.1e8,2560.0,34.0
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let pooch keep what it fetches in an empty folder."""
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    folder = tmp_path / "cache"
    monkeypatch.setattr(pooch, "os_cache", lambda name: folder / name)
    yield folder / "superscope"
    logger.setLevel(level or logging.INFO)


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    with running(server):
        yield server


def publish(monkeypatch: pytest.MonkeyPatch, url: str, content: bytes = CONTENT) -> None:
    """Let the table be published at a URL, with the checksum of this content."""
    table = replace(
        PUBLIC[NAME], url=f"{url}/table.csv", sha256=hashlib.sha256(content).hexdigest()
    )
    monkeypatch.setitem(PUBLIC, NAME, table)


def test_published_llms_is_shipped_whole(cache: Path) -> None:
    table = load_public("published-llms")
    assert len(table) == 108
    assert set(table["family"]) == {"opt", "Qwen", "gpt2", "pythia"}
    assert set(table["dataset"]) == {"wikitext", "c4", "pile", "bookcorpus"}
    assert table["model"].nunique() == 27
    assert set(table.groupby("model")["dataset"].nunique()) == {4}
    assert set(table.groupby("model")["width"].nunique()) == {1}
    assert not table.isna().any().any()
    assert set(table["source"]) == {"published"}
    assert table["loss"].between(1, 4.5).all()
    assert (table["loss_se"] / table["loss"]).max() < 0.002
    assert not cache.exists()


def test_a_table_in_a_folder_has_this_projects_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, "http://127.0.0.1:9")
    for file in PUBLIC[NAME].files:
        folder = tmp_path / file
        folder.mkdir()
        (folder / file).write_bytes(CONTENT)
        table = load_public(NAME, folder)
        assert list(table) == ["parameters", "tokens", "width", "depth", "loss", "flop", "source",
                               "family"]  # fmt: skip
        assert table["parameters"].tolist() == [6.8e9, 2.9e9]
        assert table["depth"].tolist() == [40, 34]
        assert set(table["family"]) == {"chinchilla"}


def test_another_file_by_that_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chinchilla_shapes.csv"
    path.write_bytes(CONTENT)
    with pytest.raises(FormatError, match=f"is not the published table {NAME}: its SHA-256") as e:
        load_public(NAME, tmp_path)
    assert str(path) in str(e.value)
    assert hashlib.sha256(CONTENT).hexdigest() in str(e.value)


def test_a_folder_without_it_is_told_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"holds no .* or gemstones_100b.jsonl; fetch https://"):
        load_public("gemstones", tmp_path)


def test_an_unknown_name_is_answered_with_all() -> None:
    with pytest.raises(NotFoundError, match="there are published-llms, chinchilla-shapes, gemst"):
        load_public("gemstone")


def test_a_table_is_fetched_once_and_kept(
    cache: Path, web: Web, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    web.files["/table.csv"] = CONTENT
    publish(monkeypatch, web.url)
    first = load_public(NAME)
    assert web.body_bytes() == len(CONTENT)
    second = load_public(NAME)
    assert web.body_bytes() == len(CONTENT)
    assert first.equals(second)
    (kept,) = cache.iterdir()
    assert kept.read_bytes() == CONTENT
    assert capfd.readouterr() == ("", "")


def test_a_kept_file_that_was_changed_is_fetched_again(
    cache: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files["/table.csv"] = CONTENT
    publish(monkeypatch, web.url)
    first = load_public(NAME)
    (kept,) = cache.iterdir()
    kept.write_bytes(CONTENT[:-10])
    assert load_public(NAME).equals(first)
    assert kept.read_bytes() == CONTENT


def test_what_is_fetched_must_be_the_published_file_and_nothing_else_is_kept(
    cache: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files["/table.csv"] = CONTENT.replace(b"5.0", b"5.1")
    publish(monkeypatch, web.url)
    with pytest.raises(FormatError, match=f"is not the published table {NAME}"):
        load_public(NAME)
    assert not cache.exists() or not list(cache.iterdir())


def test_half_a_file_is_not_kept(cache: Path, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    large = CONTENT + b"2e9,9e18,4.6,5e8,2560.0,34.0\n" * 200
    web.files["/table.csv"] = large
    web.drops = 1
    publish(monkeypatch, web.url, large)
    with pytest.raises((RemoteError, FormatError)):
        load_public(NAME)
    assert not cache.exists() or not list(cache.iterdir())
    assert len(load_public(NAME)) == 202


@pytest.mark.parametrize("announced", [True, False])
def test_a_download_without_end_is_stopped(
    announced: bool, cache: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("superscope.laws.table.MOST_BYTES", 200_000)
    headers = {} if announced else {"Content-Length": ""}
    web.answer = lambda *_: Answer(200, CONTENT, headers, zeros=20_000_000)  # type: ignore
    publish(monkeypatch, web.url)
    with pytest.raises(RemoteError, match="sends more than 200,000 bytes, so the download was"):
        load_public(NAME)
    assert web.body_bytes() < 10_000_000
    assert not cache.exists() or not list(cache.iterdir())


def test_more_than_the_announced_bytes_are_not_kept(
    cache: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"Content-Length": str(len(CONTENT))}
    web.answer = lambda *_: Answer(200, CONTENT, headers, zeros=1_000_000)  # type: ignore
    publish(monkeypatch, web.url)
    assert len(load_public(NAME)) == 2
    (kept,) = cache.iterdir()
    assert kept.read_bytes() == CONTENT


def test_without_a_network_the_way_out_is_a_folder(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Web()
    with running(server):
        url = server.url
    publish(monkeypatch, url)
    with pytest.raises(RemoteError, match="data_dir") as error:
        load_public(NAME)
    assert url in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_server_that_refuses_is_a_remote_error(
    status: int, cache: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.failures["/table.csv"] = status
    publish(monkeypatch, web.url)
    with pytest.raises(RemoteError, match=f"cannot fetch {NAME}"):
        load_public(NAME)


def test_a_cache_that_cannot_be_written_is_an_error_of_ours(
    cache: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files["/table.csv"] = CONTENT
    publish(monkeypatch, web.url)
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where the folder should be")
    with pytest.raises(RemoteError, match="data_dir"):
        load_public(NAME)


def test_pinned_commits_and_checksums() -> None:
    for name, table in PUBLIC.items():
        if table.url is None:
            assert name == "published-llms"
            continue
        assert table.url.startswith("https://raw.githubusercontent.com/")
        commit = table.url.split("/")[5]
        assert len(commit) == 40 and int(commit, 16)
        assert len(table.sha256) == 64 and int(table.sha256, 16)


def test_a_public_table_can_be_fitted_by_its_name() -> None:
    law = fit("published-llms", "width", resamples=0, judge=False, starts=4)
    assert (len(law.points), len(law.points.groups)) == (108, 16)
