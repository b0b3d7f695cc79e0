"""Heads over the network: what is fetched, what it costs, and what goes wrong."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from extras import needed
from files import gguf, matrix, safetensors, sharded, torch_bin
from web import Bucket, Hub, Repo, Web, etag, running

from superscope.errors import (
    FormatError,
    MissingExtraError,
    NotFoundError,
    RemoteError,
    SuperscopeError,
)
from superscope.heads import Head, read_head
from superscope.heads.transport import CHUNK

pytestmark = pytest.mark.usefixtures("no_waits")
V, WIDTH = 4096, 256  # 4 MB in float32
HEAD = matrix(V, WIDTH)
TIED, UNTIED = '{"tie_word_embeddings": true}', '{"tie_word_embeddings": false}'
SMALL = safetensors({"lm_head.weight": matrix(300, 8)})


def layers(count: int, seed: int = 5) -> dict[str, torch.Tensor]:
    return {
        f"model.layers.{i}.mlp.weight": torch.from_numpy(matrix(1500, WIDTH, seed + i))
        for i in range(count)
    }


def whole(head: Head) -> np.ndarray:
    return head.block(0, head.features)


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    with running(server):
        yield server


def repository(hub: Hub, files: dict[str, bytes | str], name: str = "owner/model") -> Repo:
    repo = hub.repos.setdefault(name, Repo())
    repo.commit({k: v.encode() if isinstance(v, str) else v for k, v in files.items()})
    return repo


def test_a_scaled_head_is_kept_with_its_scale(hub: Hub) -> None:
    stored, zero = torch.arange(96).reshape(24, 4).to(torch.int8), torch.ones(24, 1).to(torch.int8)
    factors = torch.linspace(0.1, 2, 24).reshape(24, 1)
    scale = {"lm_head.weight_scale": factors, "lm_head.weight_zero_point": zero}
    repository(hub, {"model.safetensors": safetensors({"lm_head.weight": stored, **scale})})
    expected = ((stored.float() - 1) * factors).numpy()
    for _ in ("fetched", "from the cache"):
        head = read_head("owner/model")
        np.testing.assert_array_equal(whole(head), expected)
        assert "multiplied" in head.provenance.notes[0]


def test_a_head_is_kept_with_its_bias(hub: Hub) -> None:
    bias = np.arange(V, dtype=np.float32)
    repository(
        hub, {"model.safetensors": safetensors({"lm_head.weight": HEAD, "lm_head.bias": bias})}
    )
    for _ in ("fetched", "from the cache"):
        head = read_head("owner/model")
        np.testing.assert_array_equal(head.bias, bias)
        assert "lm_head.bias" in head.provenance.notes[-1]


def split_gguf(folder: Path) -> dict[str, bytes]:
    first = {"blk.0.ffn_up.weight": (matrix(1500, WIDTH, 5), "F32")}
    second = {"token_embd.weight": (HEAD, "F32"), "blk.1.ffn_up.weight": (HEAD, "F16")}
    return {
        "m-00001-of-00002.gguf": gguf(first, folder, tokens=[f"t{i}" for i in range(V)]),
        "m-00002-of-00002.gguf": gguf(second, folder),
    }


CHECKPOINTS = {
    "safetensors": lambda _: sharded([layers(2), {"lm_head.weight": HEAD, **layers(1, 8)}]),
    "bin": lambda _: sharded(
        [layers(2), {"lm_head.weight": torch.from_numpy(HEAD), **layers(1, 8)}], "bin"
    ),
    "gguf": split_gguf,
    "gguf of one file": lambda folder: {
        "model.gguf": gguf(
            {"blk.0.ffn_up.weight": (HEAD, "F32"), "output.weight": (HEAD, "F32")},
            folder,
            tokens=[f"t{i}" for i in range(V)],
        )
    },
}


@pytest.mark.parametrize("kind", CHECKPOINTS)
def test_a_head_costs_its_own_bytes_and_nothing_the_second_time(
    hub: Hub, kind: str, tmp_path: Path
) -> None:
    files = CHECKPOINTS[kind](tmp_path)
    repository(hub, {**files, "config.json": '{"num_hidden_layers": 3}'})
    first = read_head("owner/model")
    np.testing.assert_array_equal(whole(first), HEAD)

    fetched = hub.cdn.body_bytes()
    headers = 200_000 if "gguf" in kind else 4_000  # token strings are in GGUF's header
    assert HEAD.nbytes <= fetched <= 1.02 * HEAD.nbytes + headers
    for name, data in files.items():
        if name.endswith(("safetensors", "bin", "gguf")):
            assert hub.cdn.body_bytes(name) < len(data)

    hub.stop()
    hub.cdn.stop()
    second = read_head("owner/model")
    np.testing.assert_array_equal(whole(second), HEAD)
    assert second.tokens == first.tokens
    assert second.provenance.revision == first.provenance.revision
    assert second.provenance.notes == (
        "the hub could not be reached; revision main is the one that was downloaded last",
    )


def test_a_cdn_whose_links_are_signed_for_get_alone(hub: Hub) -> None:
    data = safetensors({"lm_head.weight": HEAD, **layers(4)})
    repository(hub, {"model.safetensors": data})
    hub.cdn.heads = False
    np.testing.assert_array_equal(whole(read_head("owner/model")), HEAD)
    assert all("range" in h for method, _, h in hub.cdn.requests if method == "GET")
    assert hub.cdn.body_bytes() <= 1.02 * HEAD.nbytes + 4_000


def test_a_small_shard_costs_less_than_its_whole(hub: Hub) -> None:
    """The header is asked for by itself, not with a block around it."""
    many = {f"model.layers.0.{i}": np.zeros((64, 8), np.float32) for i in range(100)}
    repository(hub, {"model.safetensors": safetensors({**many, "lm_head.weight": HEAD[:10]})})
    read_head("owner/model")
    header = len(safetensors({**many, "lm_head.weight": HEAD[:10]})) - 100 * 64 * 8 * 4
    assert hub.cdn.body_bytes() <= header + 200


def test_a_head_longer_than_one_request_arrives_whole(hub: Hub) -> None:
    head = matrix(CHUNK // 1024 + 500, 256)
    repository(hub, {"model.safetensors": safetensors({"lm_head.weight": head})})
    stages = []
    read = read_head("owner/model", progress=lambda *now: stages.append(now))
    np.testing.assert_array_equal(whole(read), head)
    assert stages == [
        ("fetching the head", CHUNK, head.nbytes),
        ("fetching the head", head.nbytes, head.nbytes),
    ]


def test_everything_known_of_a_head_survives_the_cache(hub: Hub) -> None:
    gain = matrix(1, WIDTH, 3)[0]
    files = {"lm_head.weight": torch.from_numpy(HEAD[:50]).bfloat16(), "model.norm.weight": gain}
    repository(
        hub,
        {
            "model.safetensors": safetensors(files),
            "config.json": '{"num_hidden_layers": 7, "tie_word_embeddings": false}',
        },
    )
    fresh = read_head("owner/model", fold_norm=True)
    again = read_head("owner/model", fold_norm=True)
    assert hub.cdn.requests[-1][0] == "GET"
    assert fresh.provenance == again.provenance
    assert (fresh.provenance.depth, fresh.provenance.dtype) == (7, "BF16")
    assert fresh.provenance.folded_norm == "model.norm.weight"
    expected = files["lm_head.weight"].float().numpy() * gain
    np.testing.assert_array_equal(whole(fresh), expected)
    np.testing.assert_array_equal(whole(again), expected)
    np.testing.assert_array_equal(
        whole(read_head("owner/model")), files["lm_head.weight"].float().numpy()
    )


@pytest.mark.parametrize("layout", ["transposed", "quantized", "deflated"])
def test_unusual_layouts_survive_the_cache(hub: Hub, layout: str, tmp_path: Path) -> None:
    if layout == "transposed":
        columns = torch.from_numpy(np.ascontiguousarray(HEAD.T))
        files, expected = {"pytorch_model.bin": torch_bin({"lm_head.weight": columns.T})}, HEAD
    elif layout == "quantized":
        from gguf import GGMLQuantizationType, dequantize, quantize

        q8 = GGMLQuantizationType.Q8_0
        files = {"m.gguf": gguf({"output.weight": (HEAD, "Q8_0")}, tmp_path)}
        expected = dequantize(quantize(HEAD, q8), q8)
    else:
        path = tmp_path / "m.npz"
        np.savez_compressed(path, head=HEAD)
        files, expected = {"m.npz": path.read_bytes()}, HEAD
    repository(hub, files)
    fresh = read_head("owner/model")
    hub.stop()
    again = read_head("owner/model")
    np.testing.assert_array_equal(whole(fresh), expected)
    np.testing.assert_array_equal(whole(again), expected)
    assert again.provenance.quantized == (layout == "quantized")


def test_branch_tag_and_commit(hub: Hub) -> None:
    repo = Repo()
    hub.repos["owner/model"] = repo
    shas = {
        ref: repo.commit(
            {"model.safetensors": safetensors({"lm_head.weight": HEAD[i : i + 9]})}, ref
        )
        for i, ref in enumerate(["main", "v1.0", "refs/pr/1"])
    }
    for i, ref in enumerate(shas):
        for revision in (ref, shas[ref]):
            head = read_head("owner/model", revision=revision)
            assert read_head(f"owner/model@{revision}").provenance == head.provenance
            np.testing.assert_array_equal(whole(head), HEAD[i : i + 9])
            assert head.provenance.revision == shas[ref]
    by_uri = read_head("hf://owner/model@v1.0/model.safetensors")
    np.testing.assert_array_equal(whole(by_uri), HEAD[1:10])


def test_a_branch_that_moved_is_seen(hub: Hub) -> None:
    repository(hub, {"model.safetensors": safetensors({"lm_head.weight": HEAD[:9]})})
    before = read_head("owner/model")
    repository(hub, {"model.safetensors": safetensors({"lm_head.weight": HEAD[9:30]})})
    after = read_head("owner/model")
    np.testing.assert_array_equal(whole(before), HEAD[:9])
    np.testing.assert_array_equal(whole(after), HEAD[9:30])
    assert before.provenance.revision != after.provenance.revision


def test_the_token_goes_to_the_hub_and_not_to_the_cdn(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = repository(hub, {"model.safetensors": SMALL, "config.json": UNTIED})
    repo.needs_token = "hf_secret"
    with pytest.raises(NotFoundError, match="if it is private, log in: hf auth login"):
        read_head("owner/model")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    read_head("owner/model")
    assert hub.cdn.body_bytes() > 0
    assert any(h.get("authorization") == "Bearer hf_secret" for *_, h in hub.requests)
    for _, path, headers in hub.cdn.requests:
        assert "secret" not in path + json.dumps(headers)


@pytest.mark.parametrize("token", [None, "hf_of_somebody_else"])
def test_a_gated_model_says_how_to_log_in(
    hub: Hub, token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = repository(hub, {"model.safetensors": SMALL, "config.json": UNTIED})
    repo.needs_token, repo.gated = "hf_secret", True
    repository(hub, {"model.safetensors": SMALL}, "owner/bare").needs_token = "hf_secret"
    hub.repos["owner/bare"].gated = True
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    for name in ("owner/model", "owner/bare"):
        with pytest.raises(RemoteError, match=f"{name} is gated .*hf auth login.* HF_TOKEN"):
            read_head(name)


@pytest.mark.parametrize(
    ("model", "revision", "error", "message"),
    [
        ("owner/other", None, NotFoundError, "owner/other does not exist on the hub"),
        ("owner/model", "v9", NotFoundError, "owner/model has no revision v9"),
        ("hf://owner/model/x.gguf", None, NotFoundError, "owner/model has no file x.gguf"),
        ("owner/text", None, NotFoundError, "owner/text has no weights file .* README.md"),
        ("owner/several", None, SuperscopeError, "several weights files.* a.gguf, b.gguf"),
        ("owner/cut", None, NotFoundError, "has no file model-00002-of-00002.safetensors"),
    ],
)
def test_what_the_hub_does_not_have(
    hub: Hub, home: Path, model: str, revision: str | None, error: type[Exception], message: str
) -> None:
    repository(hub, {"model.safetensors": SMALL})
    repository(hub, {"README.md": "text"}, "owner/text")
    repository(hub, {"a.gguf": b"GGUF", "b.gguf": b"GGUF"}, "owner/several")
    cut = sharded([layers(1), {"lm_head.weight": HEAD}])
    del cut["model-00002-of-00002.safetensors"]
    repository(hub, cut, "owner/cut")
    with pytest.raises(error, match=message) as raised:
        read_head(model, revision=revision)
    assert "\n" not in str(raised.value)
    assert not list(home.rglob("*.safetensors"))


def test_a_mistyped_name_leaves_nothing_behind(hub: Hub, home: Path) -> None:
    with pytest.raises(NotFoundError):
        read_head("owner/mistyped")
    assert not (home / "assets").exists()


def test_no_network(hub: Hub, web: Web, home: Path) -> None:
    hub.stop()
    web.stop()
    with pytest.raises(RemoteError, match="owner/model: the hub cannot be reached") as raised:
        read_head("owner/model")
    assert "\n" not in str(raised.value)
    with pytest.raises(RemoteError, match=r"model.safetensors: .*\(tried 5 times\)"):
        read_head(f"{web.url}/model.safetensors")
    assert not (home / "assets").exists()


def test_offline_mode_asks_nobody(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    other = {"lm_head.weight": HEAD[:9], "other.weight": HEAD[:5]}
    repository(hub, {"model.safetensors": safetensors(other)})
    read_head("owner/model")
    hub.requests.clear()
    hub.cdn.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    np.testing.assert_array_equal(whole(read_head("owner/model")), HEAD[:9])
    with pytest.raises(RemoteError, match="HF_HUB_OFFLINE"):
        read_head("owner/model", tensor="other.weight")
    with pytest.raises(RemoteError, match="HF_HUB_OFFLINE"):
        read_head("owner/unseen")
    assert not hub.requests
    assert not hub.cdn.requests


def test_a_connection_that_drops_is_taken_up_again(hub: Hub) -> None:
    repository(hub, {"model.safetensors": safetensors({"lm_head.weight": HEAD})})
    hub.cdn.drops = 3
    np.testing.assert_array_equal(whole(read_head("owner/model")), HEAD)
    assert hub.cdn.drops == 0


def test_a_connection_that_always_drops_is_an_error(hub: Hub, home: Path) -> None:
    repository(hub, {"model.safetensors": safetensors({"lm_head.weight": HEAD})})
    hub.cdn.drops = 1_000
    with pytest.raises(RemoteError, match=r"owner/model/model.safetensors: .*tried 5 times"):
        read_head("owner/model")
    assert 1_000 - hub.cdn.drops == 5
    left = [p for p in (home / "assets").rglob("*") if p.is_file() and p.suffix != ".json"]
    assert not left


def test_a_server_in_trouble(hub: Hub, web: Web) -> None:
    repository(hub, {"model.safetensors": SMALL})
    hub.failures["/api/models/owner/model"] = 500
    with pytest.raises(RemoteError, match="owner/model: the hub answered 500"):
        read_head("owner/model")
    web.failures["/model.safetensors"] = 503
    with pytest.raises(RemoteError, match=r"the server answered 503 \(tried 5 times\)"):
        read_head(f"{web.url}/model.safetensors")
    web.failures["/model.safetensors"] = 418
    web.requests.clear()
    with pytest.raises(RemoteError, match=r"the server answered 418$"):
        read_head(f"{web.url}/model.safetensors")
    assert len(web.requests) <= 2  # nothing that would pass: asked once (HEAD, then GET)


@pytest.mark.parametrize("ranges", ["ignored", "none"])
@pytest.mark.parametrize("kind", ["safetensors", "bin", "gguf"])
def test_a_server_without_ranges_is_left_before_it_sends_the_file(
    web: Web, ranges: str, kind: str, tmp_path: Path
) -> None:
    size = 60_000_000
    start = {
        "safetensors": safetensors({"lm_head.weight": HEAD}),
        "bin": torch_bin({"lm_head.weight": torch.from_numpy(HEAD)}),
        "gguf": gguf({"output.weight": (HEAD, "F32")}, tmp_path),
    }[kind]
    web.files[f"/m.{kind}"] = start + bytes(size - len(start))
    web.ranges = ranges
    with pytest.raises(RemoteError, match="cannot send parts of a file"):
        read_head(f"{web.url}/m.{kind}")
    assert web.body_bytes() < (size / 4 if ranges == "ignored" else 1)


def test_a_server_that_refuses_head_is_not_asked_for_the_file(web: Web) -> None:
    size = 60_000_000
    start = safetensors({"lm_head.weight": HEAD})
    web.files["/m.safetensors"] = start + bytes(size - len(start))
    web.heads = False
    np.testing.assert_array_equal(whole(read_head(f"{web.url}/m.safetensors")), HEAD)
    assert web.body_bytes() < size / 2  # a GET that is left after its headers fills some buffers


@pytest.mark.parametrize("kind", ["safetensors", "bin", "gguf", "npy"])
def test_a_plain_url(web: Web, kind: str, tmp_path: Path) -> None:
    data = {
        "safetensors": lambda: safetensors({"other.weight": HEAD, "lm_head.weight": HEAD}),
        "bin": lambda: torch_bin({"lm_head.weight": torch.from_numpy(HEAD)}),
        "gguf": lambda: gguf({"output.weight": (HEAD, "F32")}, tmp_path),
        "npy": lambda: _npy(HEAD),
    }[kind]()
    web.files[f"/models/m.{kind}"] = data
    url = f"{web.url}/models/m.{kind}"
    np.testing.assert_array_equal(whole(read_head(url)), HEAD)
    assert web.body_bytes() <= 1.02 * HEAD.nbytes + 4_000
    encodings = {h["accept-encoding"] for *_, h in web.requests if "range" in h}
    assert encodings == {"identity"}, "a range of a compressed body is no range of the file"
    web.stop()
    again = read_head(url)
    np.testing.assert_array_equal(whole(again), HEAD)
    assert again.provenance.notes == (
        "the store could not be reached; the files are those that were downloaded last",
    )


def _npy(array: np.ndarray) -> bytes:
    import io

    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
def test_a_folder_by_url(web: Web, kind: str) -> None:
    shards = [layers(2), {"model.embed_tokens.weight": torch.from_numpy(HEAD), **layers(1, 8)}]
    for name, data in sharded(shards, kind).items():
        web.files[f"/models/m/{name}"] = data
    web.files["/models/m/config.json"] = TIED.encode()
    head = read_head(f"{web.url}/models/m")
    np.testing.assert_array_equal(whole(head), HEAD)
    assert head.provenance.tensor == "model.embed_tokens.weight"
    assert web.body_bytes(kind + "$") <= 1.02 * HEAD.nbytes + 4_000
    web.stop()
    np.testing.assert_array_equal(whole(read_head(f"{web.url}/models/m")), HEAD)


def test_a_split_gguf_by_url(web: Web, tmp_path: Path) -> None:
    for name, data in split_gguf(tmp_path).items():
        web.files[f"/{name}"] = data
    head = read_head(f"{web.url}/m-00001-of-00002.gguf")
    np.testing.assert_array_equal(whole(head), HEAD)
    assert head.provenance.file == "m-00002-of-00002.gguf"


@pytest.mark.parametrize("etags", [True, False])
def test_a_file_replaced_at_its_url_is_read_anew(web: Web, etags: bool) -> None:
    web.etags = etags
    for head in (HEAD[:9], HEAD[9:18]):  # of the same length
        web.files["/m.safetensors"] = safetensors({"lm_head.weight": head})
        np.testing.assert_array_equal(whole(read_head(f"{web.url}/m.safetensors")), head)


def test_a_proxy_is_used(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", web.url)
    web.files["http://models.invalid/m.safetensors"] = SMALL
    assert read_head("http://models.invalid/m.safetensors").features == 300


def test_a_signed_url(web: Web) -> None:
    web.files["/m.safetensors"] = SMALL
    head = read_head(f"{web.url}/m.safetensors?key=a/b&signature=c%2Fd")
    assert head.features == 300
    assert head.provenance.file == "m.safetensors"
    signed = [p for _, p, _ in web.requests if p.startswith("/m.safetensors")]
    assert all(p == "/m.safetensors?key=a/b&signature=c/d" for p in signed)


def test_stores_that_forbid_what_is_not_there(web: Web) -> None:
    """As S3's web endpoint does for buckets that may not be listed."""
    web.files["/m/model.safetensors"] = SMALL
    for name in ("config.json", "tokenizer.json"):
        web.failures[f"/m/{name}"] = 403
    assert read_head(f"{web.url}/m/model.safetensors").features == 300
    web.failures["/m/model.safetensors"] = 403
    with pytest.raises(RemoteError, match=r"model\.safetensors: the server refused access"):
        read_head(f"{web.url}/m/model.safetensors")


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"", "m.safetensors is empty"), (SMALL[:-1], "ends at byte"), (SMALL[:50], "truncated")],
)
def test_bad_files_over_the_network(web: Web, data: bytes, message: str) -> None:
    web.files["/m.safetensors"] = data
    with pytest.raises(FormatError, match=message):
        read_head(f"{web.url}/m.safetensors")


def test_missing_urls_and_unknown_stores(web: Web) -> None:
    with pytest.raises(NotFoundError, match=r"nothing.safetensors: there is no such file"):
        read_head(f"{web.url}/nothing.safetensors")
    with pytest.raises(NotFoundError, match="has no weights file"):
        read_head(f"{web.url}/folder")
    with pytest.raises(RemoteError, match="nostore"):
        read_head("nostore://a/b.safetensors")


def test_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    needed("s3fs")
    s3 = Bucket()
    for name, data in sharded([layers(2), {"lm_head.weight": HEAD, **layers(1, 8)}]).items():
        s3.files[f"/bucket/models/m/{name}"] = data
    s3.files["/bucket/models/m/config.json"] = UNTIED.encode()
    with running(s3):
        environment = {
            "AWS_ENDPOINT_URL": s3.url, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key",
            "AWS_DEFAULT_REGION": "us-east-1",
        }  # fmt: skip
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        np.testing.assert_array_equal(whole(read_head("s3://bucket/models/m")), HEAD)
        assert s3.body_bytes("safetensors$") <= 1.02 * HEAD.nbytes + 4_000
        shard = "s3://bucket/models/m/model-00002-of-00002.safetensors"
        head = read_head(shard)
        np.testing.assert_array_equal(whole(head), HEAD)
        name = "/bucket/models/m/model-00002-of-00002.safetensors"
        assert head.provenance.revision == etag(s3.files[name])
        s3.files[name] = safetensors({"lm_head.weight": HEAD[::-1].copy()})
        np.testing.assert_array_equal(whole(read_head(shard)), HEAD[::-1])
        np.testing.assert_array_equal(whole(read_head("s3://bucket/models/m")), HEAD[::-1])
        with pytest.raises(NotFoundError, match="nothing"):
            read_head("s3://bucket/models/nothing")


def test_s3_without_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [m for m in sys.modules if m.split(".")[0] == "s3fs"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    loaded = importlib.import_module("fsspec.registry")._registry
    for protocol in ("s3", "s3a"):
        monkeypatch.delitem(loaded, protocol, raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install 'superscope\[s3\]'"):
        read_head("s3://bucket/model")


def test_any_fsspec_store() -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/m/model.safetensors", SMALL)
    memory.pipe("/bucket/m/config.json", UNTIED.encode())
    try:
        for name in ("memory://bucket/m", "memory://bucket/m/model.safetensors"):
            np.testing.assert_array_equal(whole(read_head(name)), matrix(300, 8))
        other = safetensors({"lm_head.weight": matrix(300, 8, 1)})
        memory.pipe("/bucket/m/model.safetensors", other)
        np.testing.assert_array_equal(whole(read_head("memory://bucket/m")), matrix(300, 8, 1))
        with pytest.raises(NotFoundError, match="nothing"):
            read_head("memory://bucket/nothing")
    finally:
        memory.rm("/bucket", recursive=True)
