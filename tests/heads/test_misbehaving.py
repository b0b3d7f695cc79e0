"""Servers that answer something else than they were asked: nothing false is read or kept."""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command import superscope
from files import matrix, safetensors
from web import Answer, Hub, Repo, Web, running

from superscope.errors import FormatError, RemoteError, without_secrets
from superscope.heads import cache, network, read_head

pytestmark = pytest.mark.usefixtures("no_waits")
HEAD = matrix(600, 32)
DATA = safetensors({"other.weight": matrix(600, 32, 4), "lm_head.weight": HEAD})
Change = Callable[[Answer, Mapping[str, str]], Answer]


class Bent(Web):
    """A server whose answers to GET are changed."""

    def __init__(self) -> None:
        super().__init__()
        self.change: Change | None = None

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        answer = super().answer(method, path, headers)
        bent = method == "GET" and self.change is not None and answer.status in (200, 206)
        return self.change(answer, headers) if bent and self.change else answer


@pytest.fixture
def bent() -> Iterator[Bent]:
    server = Bent()
    server.files["/m.safetensors"] = DATA
    with running(server):
        yield server


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    from huggingface_hub import constants

    hub = Hub(Bent())
    hub.repos["owner/model"] = Repo()
    with running(hub.cdn, hub):
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield hub


def copies() -> list[Path]:
    return [path for path in cache.root().rglob("*") if "head-" in path.name]


def with_headers(answer: Answer, **changed: str) -> Answer:
    names = {key.replace("_", "-"): value for key, value in changed.items()}
    return replace(answer, headers={**answer.headers, **names})


def shifted(answer: Answer, headers: Mapping[str, str]) -> Answer:
    """Send what lies 64 bytes further on, and say so."""
    start, stop = map(int, re.findall(r"\d+", headers["range"]))
    if start < len(DATA) - 40_000:  # the headers are right
        return answer
    part = DATA[start - 64 : stop - 63]
    told = f"bytes {start - 64}-{stop - 64}/{len(DATA)}"
    return with_headers(replace(answer, body=part), Content_Range=told)


def in_silence(answer: Answer, headers: Mapping[str, str]) -> Answer:
    """Send what lies 64 bytes before for long ranges alone."""
    start, stop = map(int, re.findall(r"\d+", headers["range"]))
    return replace(answer, body=DATA[start - 64 : stop - 63]) if len(answer.body) > 9999 else answer


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (shifted, "but the server sent 'bytes"),
        (in_silence, "different bytes for the same part"),
        (lambda a, _: replace(a, headers={"ETag": a.headers["ETag"]}), "sent 'no range'"),
        (lambda a, _: with_headers(a, Content_Range="bytes */9"), r"sent 'bytes \*/9'"),
        (lambda a, _: replace(a, body=a.body + b"more"), "more than"),
        (lambda a, _: with_headers(a, ETag='"another"'), "changed on the server while it was read"),
        (lambda a, _: replace(a, status=412, body=b""), "changed on the server while it was read"),
        (lambda a, _: with_headers(a, Content_Encoding="gzip"), "compresses parts"),
    ],
    ids=["shifted", "shifted in silence", "none", "star", "longer", "ETag", "412", "compressed"],
)  # fmt: skip
def test_an_answer_to_another_question_is_refused(bent: Bent, change: Change, message: str) -> None:
    bent.change = change
    with pytest.raises(RemoteError, match=message) as raised:
        read_head(f"{bent.url}/m.safetensors?sig=secret")
    assert "/m.safetensors: " in str(raised.value)
    assert not copies()
    bent.change = None
    np.testing.assert_array_equal(read_head(f"{bent.url}/m.safetensors").block(0, 600), HEAD)


@pytest.mark.parametrize("etags", [True, False])
def test_a_file_replaced_between_header_and_numbers_is_not_mixed(bent: Bent, etags: bool) -> None:
    bent.etags = etags
    other = safetensors({"other.weight": HEAD, "lm_head.weight": 2 * HEAD, "x": matrix(1, 1)})

    def replaced(answer: Answer, headers: Mapping[str, str]) -> Answer:
        if len(answer.body) > 8:  # after the length of the header
            bent.files["/m.safetensors"] = other
        return answer

    bent.change = replaced
    with pytest.raises(RemoteError, match="changed on the server while it was read"):
        read_head(f"{bent.url}/m.safetensors")
    assert not copies()


@pytest.mark.parametrize("content", ["zeros", "garbage"])
def test_what_cannot_be_a_head_is_not_kept(bent: Bent, content: str) -> None:
    at = len(DATA) - HEAD.nbytes
    wrong = (
        bytes(HEAD.nbytes) if content == "zeros" else np.random.default_rng(0).bytes(HEAD.nbytes)
    )

    def bad(answer: Answer, headers: Mapping[str, str]) -> Answer:
        start, stop = map(int, re.findall(r"\d+", headers["range"]))
        return replace(answer, body=(DATA[:at] + wrong)[start : stop + 1])

    bent.change = bad
    head = read_head(f"{bent.url}/m.safetensors")
    assert head.provenance.notes[-1].startswith("the head was not kept in the cache: ")
    assert head.block(0, 600).tobytes() == wrong
    assert not copies()
    bent.change = None
    np.testing.assert_array_equal(read_head(f"{bent.url}/m.safetensors").block(0, 600), HEAD)
    assert copies()


def test_zeros_that_pass_are_asked_for_again(bent: Bent) -> None:
    left = [1]

    def once(answer: Answer, _: Mapping[str, str]) -> Answer:
        if len(answer.body) < HEAD.nbytes or not left:
            return answer
        left.clear()
        return replace(answer, body=bytes(len(answer.body)))

    bent.change = once
    np.testing.assert_array_equal(read_head(f"{bent.url}/m.safetensors").block(0, 600), HEAD)


def test_the_hash_of_the_hub_is_compared(hub: Hub) -> None:
    small = safetensors({"lm_head.weight": HEAD})
    hub.repos["owner/model"].commit({"model.safetensors": small})
    flipped = bytearray(small)
    flipped[-100] ^= 1
    assert isinstance(hub.cdn, Bent)

    def other(answer: Answer, headers: Mapping[str, str]) -> Answer:
        start, stop = map(int, re.findall(r"\d+", headers["range"]))
        return replace(answer, body=bytes(flipped[start : stop + 1]))

    hub.cdn.change = other
    with pytest.raises(RemoteError, match=r"model\.safetensors was damaged on the way"):
        read_head("owner/model")
    assert not copies()


def test_a_small_file_has_the_length_and_the_hash_that_the_hub_tells(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.repos["owner/model"].commit({"model.safetensors": DATA, "config.json": b'{"n_layer": 3}'})
    found = Hub._file

    def other(self: Hub, files: Mapping[str, bytes], name: str, *more: object) -> Answer:
        answer = found(self, files, name, *more)  # type: ignore[arg-type]
        return replace(answer, body=b'{"n_layer": 4}') if name == "config.json" else answer

    monkeypatch.setattr(Hub, "_file", other)
    with pytest.raises(RemoteError, match=r"config\.json was damaged on the way"):
        read_head("owner/model")


@pytest.mark.parametrize("where", ["hub", "web"])
def test_a_config_of_gigabytes_is_not_fetched(hub: Hub, bent: Bent, where: str) -> None:
    files = {"model.safetensors": DATA, "config.json": bytes(cache.CONFIG + 1)}
    hub.repos["owner/model"].commit(files)
    bent.files |= {f"/m/{name}": data for name, data in files.items()}
    server, name = (hub, "owner/model") if where == "hub" else (bent, f"{bent.url}/m")
    with pytest.raises(FormatError, match=r"config\.json has 8,000,001 bytes, and the limit"):
        read_head(name)
    assert server.body_bytes("config.json") < 1_000_000


def test_a_server_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(RemoteError, match=r"did not answer within 0\.2 s"):
            read_head(f"{url}/m.safetensors")
        from huggingface_hub import constants

        monkeypatch.setattr(constants, "ENDPOINT", url)
        with pytest.raises(RemoteError, match=r"the hub did not answer within 0\.2 s"):
            read_head("owner/model")


def test_an_error_on_a_cached_head_says_how_to_drop_it(bent: Bent) -> None:
    url = f"{bent.url}/m.safetensors"
    read_head(url)
    (copy,) = copies()
    data = bytearray(copy.read_bytes())
    data[-4:] = np.float32("nan").tobytes()
    copy.write_bytes(data)
    failed = superscope("measure", url)
    assert failed.code == 2
    assert f"superscope cache {url} --clear" in failed.err.replace("\n", " ")
    assert str(copy) in failed.err
    superscope("cache", url, "--clear")
    assert superscope("measure", url, "--json").code == 0


SECRETS = ("hunter2", "AKIDSIGNED", "jwt-token")
SIGNED = "X-Amz-Credential=AKIDSIGNED%2F1&X-Amz-Signature=jwt-token"


def test_secrets_of_a_url_are_shown_nowhere(
    bent: Bent, home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    host = bent.url.replace("://", "://user:hunter2@")
    bent.files["/l.safetensors"] = DATA[:-1]
    page, table = tmp_path / "page.html", tmp_path / "table.csv"
    url = f"{host}/m.safetensors?{SIGNED}"
    good = superscope("measure", url, "--json", "--report", page, "--table", table)
    assert good.code == 0
    provenance = json.loads(good.out)["provenance"]
    assert provenance["model"] == f"{bent.url}/m.safetensors"
    shown = [
        good.out,
        good.err,
        page.read_text(),
        table.read_text(),
        superscope("measure", url).out,
    ]
    bent.failures["/refused.safetensors"] = 403
    for name in ("none", "refused", "l"):
        shown.append(superscope("measure", f"{host}/{name}.safetensors?{SIGNED}").err)
    shown.append(superscope("measure", url, f"{host}/none.npy?{SIGNED}").err)
    shown.append(superscope("loss", url, "--text", page).err)
    bent.stop()
    shown.append(superscope("measure", f"{host}/gone.safetensors?{SIGNED}").err)
    shown += [superscope("cache").out, caplog.text]
    shown += [f"{path} {path.read_bytes()!r}" for path in home.rglob("*") if path.is_file()]
    assert all(shown[i] for i in (0, 2, 3, 4, 5, 6, 7))
    for text in shown:
        assert not [secret for secret in SECRETS if secret in text], text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://u:p@h.org/a?b=c: no such file", "https://h.org/a: no such file"),
        ("url='https://h.org/a?sig=1&x=2'", "url='https://h.org/a'"),
        ("s3://key:secret@bucket/m", "s3://bucket/m"),
        ("with url: /m.bin?X-Amz-Signature=1 (cause", "with url: /m.bin (cause"),
        ("hf://owner/model@v1/m.gguf", "hf://owner/model@v1/m.gguf"),
        ("did you mean this? a=b", "did you mean this? a=b"),
        ("https://u:p@ss@h/x#token=1 gone", "https://h/x gone"),
    ],
)  # fmt: skip
def test_what_is_left_of_a_url(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
    assert str(RemoteError(text)) == shown
