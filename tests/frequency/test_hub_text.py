"""Data sets of the hub, streamed from a hub on this machine."""

from __future__ import annotations

import gzip
import io
import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from extras import needed
from web import Hub, Repo, Web, running

from superscope.errors import (
    FormatError,
    MissingExtraError,
    NotFoundError,
    RemoteError,
    SuperscopeError,
    UsageError,
)
from superscope.frequency import DATASETS, hub_text

datasets = needed("datasets")

C4_CARD = b"""---
configs:
- config_name: en
  data_files:
  - split: train
    path: en/c4-train.*.json.gz
  - split: validation
    path: en/c4-validation.*.json.gz
- config_name: de
  data_files:
  - split: train
    path: multilingual/c4-de.*.json.gz
---
# C4
"""
WIKITEXT_CARD = b"""---
configs:
- config_name: wikitext-103-v1
  data_files:
  - split: test
    path: wikitext-103-v1/test-*
  - split: train
    path: wikitext-103-v1/train-*
---
"""


def parquet(texts: Any, column: str = "text", rows: int = 1000) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({column: texts}), sink, row_group_size=rows, compression="none")
    return sink.getvalue()


def lines(texts: list[Any]) -> bytes:
    rows = "".join(json.dumps({"text": text, "url": "u"}) + "\n" for text in texts)
    return gzip.compress(rows.encode())


def served(hub: Hub, name: str, files: dict[str, bytes], ref: str = "main") -> Repo:
    repo = hub.datasets.setdefault(name, Repo())
    repo.commit(files, ref)
    return repo


def texts(name: str, count: int | None = None, **options: Any) -> list[str]:
    return [document.text for document in islice(hub_text(name, **options), count)]


@pytest.fixture
def hub(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with the data sets that have short names; datasets' constants point at it."""
    from datasets import config
    from huggingface_hub import HfFileSystem, constants

    cdn = Web()
    hub = Hub(cdn)
    words = [f" word{k}" * 300 + " \n" if k % 3 else "" for k in range(60)]
    served(
        hub,
        "Salesforce/wikitext",
        {
            "README.md": WIKITEXT_CARD,
            "wikitext-103-v1/train-00000-of-00001.parquet": parquet(words),
            "wikitext-103-v1/test-00000-of-00001.parquet": parquet(["a test\n"]),
        },
    )
    served(
        hub,
        "allenai/c4",
        {
            "README.md": C4_CARD,
            "en/c4-train.00000-of-00002.json.gz": lines(["one", "zwei ü", "", "three"]),
            "en/c4-train.00001-of-00002.json.gz": lines(["four"]),
            "en/c4-validation.00000-of-00001.json.gz": lines(["valid"]),
            "multilingual/c4-de.00000-of-00001.json.gz": lines(["eins"]),
        },
    )
    pile = [f"row {k}" for k in range(10)]
    served(hub, "NeelNanda/pile-10k", {"data/train-00000-of-00001.parquet": parquet(pile)})
    served(
        hub,
        "bookcorpus/bookcorpus",
        {"plain_text/train/0000.parquet": parquet(["a sentence of five words ."] * 400)},
        "refs/convert/parquet",
    )
    monkeypatch.chdir(tmp_path)
    with running(cdn, hub):
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(config, "HF_ENDPOINT", hub.url)
        template = hub.url + "/datasets/{repo_id}/resolve/{revision}/{path}"
        monkeypatch.setattr(config, "HUB_DATASETS_URL", template)
        for part in ("HF_DATASETS_CACHE", "HF_MODULES_CACHE", "DOWNLOADED_DATASETS_PATH"):
            monkeypatch.setattr(config, part, home / part.lower())
        HfFileSystem.clear_instance_cache()
        yield hub


def test_every_short_name_can_be_streamed(hub: Hub) -> None:
    for name in DATASETS:
        text = hub_text(name.upper())
        assert text.name == name
        assert text.size is None
        first = list(text)
        assert len(first) > 1
        assert list(text) == first
    assert texts("c4") == ["one", "zwei ü", "", "three", "four"]
    assert texts("pile") == [f"row {k}" for k in range(10)]


def test_rows_are_packed_to_documents_of_1024_words(hub: Hub) -> None:
    found = list(hub_text("wikitext-103"))
    # 40 rows of 300 words: 4 reach 1,024; the rows between are empty.
    assert [len(document.text.split()) for document in found] == [1200] * 10
    assert found[0].text.startswith(" word1 word1")
    assert " word1 \n  word2" in found[0].text
    assert found[0].place == "Salesforce/wikitext, row 1"
    assert found[1].place == "Salesforce/wikitext, row 7"
    for document in found:
        assert document.nbytes == len(document.text) - 4  # a space after each row
    # 400 sentences of six words: 171 reach 1,024; the last 58 are too few.
    assert [len(text.split()) for text in texts("bookcorpus")] == [1026, 1026]
    assert texts("wikitext-103", split="test") == []


def test_parts_of_a_data_set(hub: Hub) -> None:
    assert texts("c4", split="validation") == ["valid"]
    assert texts("c4", config="de") == ["eins"]
    assert texts("allenai/c4", config="de") == ["eins"]
    assert texts("c4", 2, field="url") == ["u", "u"]
    repo = served(hub, "owner/data", {"train.parquet": parquet(["old"], "body")}, "v1")
    repo.commit({"train.parquet": parquet(["new", None, "newer"], "body")})
    assert texts("owner/data", field="body") == ["new", "newer"]
    assert texts("owner/data", field="body", revision="v1") == ["old"]
    assert texts("owner/data", field="body", revision=repo.refs["v1"]) == ["old"]
    names = {hub_text("c4").identity, hub_text("c4", split="validation").identity,
             hub_text("c4", config="de").identity, hub_text("pile").identity}  # fmt: skip
    assert len(names) == 4


@pytest.mark.parametrize("kind", ["parquet", "json.gz"])
def test_only_what_is_read_is_fetched(hub: Hub, kind: str) -> None:
    rows = [f"{k} " + "x" * 10_000 for k in range(400)]
    pack = parquet if kind == "parquet" else lines
    parts = {f"train-{k:02}.{kind}": pack(rows[20 * k : 20 * k + 20]) for k in range(20)}
    served(hub, "owner/data", parts)
    assert texts("owner/data", 3) == rows[:3]
    assert hub.cdn.body_bytes("train-00") > 0
    assert hub.cdn.body_bytes(r"train-(0[3-9]|1\d)") == 0  # some look one or two files ahead
    assert texts("owner/data") == rows


def test_an_unknown_short_name_hints_at_the_nearest() -> None:
    with pytest.raises(NotFoundError, match='no data set "wikitext"; did you mean wikitext-103'):
        hub_text("wikitext")
    with pytest.raises(NotFoundError, match=r"known: wikitext-103, c4, pile, .* OWNER/NAME"):
        hub_text("zzz")
    for wrong in ("", "a/b/c", "https://host/a", "../a", "a/b\x1b[31m", "/etc/passwd", "é/a"):
        with pytest.raises(NotFoundError, match="no data set") as raised:
            hub_text(wrong)
        assert str(raised.value).isprintable()


def test_a_folder_is_not_read_in_place_of_the_hub(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "allenai" / "c4").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"allenai/c4 is a path here, .*text="):
        hub_text("c4")


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        (
            "owner/other",
            {},
            NotFoundError,
            "owner/other does not exist on the hub; if it is private",
        ),
        ("owner/aggregated", {}, NotFoundError, "owner/aggregated does not exist"),
        ("c4", {"revision": "v9"}, NotFoundError, "allenai/c4 has no revision v9"),
        (
            "c4",
            {"split": "tran"},
            UsageError,
            "Bad split: tran.*'train', 'validation'.*split=",
        ),
        ("c4", {"config": "fr"}, UsageError, r"'fr' not found.*\['en', 'de'\].*config="),
        ("allenai/c4", {}, UsageError, r"Config name is missing.*'de'\]: .*config="),
        ("c4", {"field": "body"}, FormatError, "c4, row 0 has no field 'body'; it has text, url"),
        ("owner/numbers", {}, FormatError, "row 0: field 'text' is not text but int"),
        ("owner/pictures", {}, RemoteError, "data set owner/pictures cannot be read"),
        ("owner/damaged", {}, RemoteError, "data set owner/damaged cannot be read"),
        ("owner/surrogates", {}, RemoteError, "surrogates cannot be read: .* row 1"),
        ("owner/bytes", {}, RemoteError, "owner/bytes cannot be read: .*utf-8"),
    ],
)
def test_what_the_hub_does_not_have(
    hub: Hub, name: str, options: dict[str, str], error: type[SuperscopeError], message: str
) -> None:
    served(hub, "owner/numbers", {"train.parquet": parquet([1, 2])})
    served(hub, "owner/pictures", {"README.md": b"nothing"})
    served(hub, "owner/damaged", {"train.parquet": b"no Parquet"})
    served(hub, "owner/surrogates", {"train.json.gz": lines(["fine", "a\ud800"])})
    bad = pa.array([b"fine", b"a\xff"], pa.binary()).view(pa.string())
    served(hub, "owner/bytes", {"train.parquet": parquet(bad)})
    with pytest.raises(error, match=message) as raised:
        texts(name, **options)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("token", [None, "hf_of_somebody_else", "hf_secret"])
def test_gated_and_private_data_sets(
    hub: Hub, token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, gated in (("owner/gated", True), ("owner/private", False)):
        repo = served(hub, name, {"README.md": b"", "train.parquet": parquet(["one"])})
        repo.needs_token, repo.gated = "hf_secret", gated
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    if token == "hf_secret":
        assert texts("owner/gated") == texts("owner/private") == ["one"]
        return
    with pytest.raises(RemoteError, match=r"owner/gated is gated .*hf auth login"):
        texts("owner/gated")
    with pytest.raises(NotFoundError, match=r"owner/private does not exist .*hf auth login"):
        texts("owner/private")


@pytest.mark.parametrize("seen", [False, True], ids=["new", "seen before"])
def test_no_network(hub: Hub, seen: bool) -> None:
    if seen:
        texts("c4")
    hub.stop()
    hub.cdn.stop()
    start = time.monotonic()
    with pytest.raises(RemoteError, match=r"c4: the hub cannot be reached.*text=") as raised:
        texts("c4")
    assert time.monotonic() - start < 5
    assert str(raised.value).isprintable()


def test_the_network_goes_while_text_is_read(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"row {k}" for k in range(20)]
    served(hub, "owner/data", {f"train-{k:02}.json.gz": lines([rows[k]]) for k in range(20)})
    found = iter(hub_text("owner/data"))
    assert next(found).text == rows[0]
    hub.stop()
    hub.cdn.stop()
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    with pytest.raises(RemoteError, match="owner/data: the hub cannot be reached"):
        list(found)
    assert sum(waited) < 60


def test_offline_mode_asks_nobody(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(RemoteError, match=r"HF_HUB_OFFLINE .*text="):
        texts("c4")
    assert not hub.requests


def test_without_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    text = hub_text("c4")
    with pytest.raises(MissingExtraError, match=r"needs datasets.*'superscope\[text\]'"):
        list(text)
