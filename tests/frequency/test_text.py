"""Text in files: every document once, in order, and what is damaged named with its place."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web import Web, running

from superscope.errors import FormatError, NotFoundError, RemoteError, UsageError
from superscope.frequency import Text, readers, text_files, text_of

pytestmark = pytest.mark.usefixtures("no_waits")


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(data)
    return bytes(sink.getvalue())


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd,
}  # fmt: skip


def texts(text: Text) -> list[str]:
    return [document.text for document in text]


def written(folder: Path, name: str, content: bytes | str) -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def jsonl(documents: list[str]) -> bytes:
    return "".join(json.dumps({"text": text}) + "\n" for text in documents).encode()


def parquet(**columns: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    with running(server):
        yield server


# Plain text


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False], ids=["newline at the end", "none"])
def test_plain_text_by_file_paragraph_and_line(tmp_path: Path, end: str, last: bool) -> None:
    content = f"one{end}two{end}{end} \t{end}three{end}{end}{end}four{end if last else ''}"
    file = written(tmp_path, "a.txt", content)
    tail = end if last else ""
    assert texts(text_files([file])) == [content]
    assert texts(text_files([file], split="paragraph")) == [
        f"one{end}two{end}", f"three{end}", f"four{tail}",
    ]  # fmt: skip
    assert texts(text_files([file], split="line")) == ["one", "two", "three", "four"]
    places = [document.place for document in text_files([file], split="paragraph")]
    assert places == [f"{file}, line 1", f"{file}, line 5", f"{file}, line 8"]


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    mark = "\ufeff".encode()
    for split in ("file", "paragraph", "line"):
        file = written(tmp_path, "a.txt", mark + b"one")
        assert texts(text_files([file], split=split)) == ["one"]
    lines = written(tmp_path, "a.jsonl", mark + jsonl(["one"]))
    assert texts(text_files([lines])) == ["one"]


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.jsonl", "a.txt.gz"])
@pytest.mark.parametrize("content", [b"", b"\n \r\n\t\n", b"\xef\xbb\xbf"])
def test_a_file_without_text_has_no_document(tmp_path: Path, name: str, content: bytes) -> None:
    data = gzip.compress(content) if name.endswith(".gz") else content
    assert texts(text_files([written(tmp_path, name, data)])) == []


@pytest.mark.parametrize("split", ["file", "paragraph", "line"])
def test_bytes_that_are_no_utf8_are_counted_and_named(tmp_path: Path, split: str) -> None:
    # A lone continuation byte, half a letter, a surrogate in UTF-8, and a real U+FFFD.
    bad = b"a\x80b\xc3 \xed\xa0\x80" + "\ufffd é".encode()
    file = written(tmp_path, "a.txt", b"fine\nfine\n" + bad + b"\nfine\xff\n")
    found = list(text_files([file], split=split))
    assert sum(document.undecodable for document in found) == 6
    first = next(document for document in found if document.undecodable)
    assert first.place == f"{file}, line 3"
    assert "a\ufffdb\ufffd \ufffd\ufffd\ufffd\ufffd é" in first.text
    for document in found:
        document.text.encode()  # can be written and tokenized


# JSON lines


def test_json_lines(tmp_path: Path) -> None:
    content = (
        '{"text": "one", "body": "1"}\r\n\n  \n{"body": "2", "text": null}\n'
        '{"text": "", "body": null}\n{"text": "\\u00fc\\ud83d\\ude42", "body": "3"}'
    )
    file = written(tmp_path, "a.jsonl", content)
    assert texts(text_files([file])) == ["one", "", "ü🙂"]
    assert texts(text_files([file], field="body")) == ["1", "2", "3"]
    assert [d.place for d in text_files([file])] == [f"{file}, line {k}" for k in (1, 5, 6)]


def test_lone_surrogates_are_undecodable(tmp_path: Path) -> None:
    file = written(tmp_path, "a.jsonl", '{"text": "fine"}\n{"text": "a\\ud800b\\udc00\\ud83d"}')
    fine, lost = text_files([file])
    assert (fine.undecodable, lost.undecodable) == (0, 3)
    assert lost.text == "a\ufffdb\ufffd\ufffd"
    assert lost.place == f"{file}, line 2"


def test_undecodable_bytes_of_a_json_line_are_those_of_its_text(tmp_path: Path) -> None:
    file = written(tmp_path, "a.jsonl", b'{"text": "a\xffb\\ud800", "other": "\xfe\xfe"}\n')
    (document,) = text_files([file])
    assert (document.text, document.undecodable) == ("a\ufffdb\ufffd", 2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "one"', "line 2 is not JSON .*expected one object a line"),
        ("[", "line 2 is not JSON"),
        ('["text"]', r'line 2 is not a JSON object; expected \{"text"'),
        ('"text"', "line 2 is not a JSON object"),
        ("null", "line 2 is not a JSON object"),
        (
            '{"txt": "", "b": 1}',
            "line 2 has no field 'text'; it has txt, b: choose one with field=",
        ),
        ("{}", "line 2 has no field 'text'; it has nothing"),
        ('{"text": 5}', "line 2: field 'text' is not text but int"),
        ('{"text": ["a"]}', "line 2: field 'text' is not text but list"),
        ("[" * 100_000, "line 2 cannot be read: .*recursion"),
        (f'{{"text": {"9" * 5000}}}', "line 2 cannot be read: .*digits"),
    ],
)
def test_lines_that_are_no_documents(tmp_path: Path, line: str, message: str) -> None:
    file = written(tmp_path, "a.jsonl", f'{{"text": "one"}}\n{line}\n')
    found = iter(text_files([file]))
    assert next(found).text == "one"
    with pytest.raises(FormatError, match=f"a.jsonl, {message}") as raised:
        next(found)
    assert "\n" not in str(raised.value)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents=st.lists(st.text()), ascii_only=st.booleans())
def test_any_texts_written_as_json_lines_come_back(
    tmp_path: Path, documents: list[str], ascii_only: bool
) -> None:
    lines = [json.dumps({"text": text}, ensure_ascii=ascii_only) for text in documents]
    file = written(tmp_path, "any.jsonl", "\n".join(lines))
    text = text_files([file])
    assert texts(text) == documents
    assert list(text) == list(text)
    assert texts(text_of(documents)) == documents


# Parquet


def test_parquet(tmp_path: Path) -> None:
    rows = ["one", None, "", "ü🙂"]
    columns = {
        "text": pa.array(rows, pa.string()), "large": pa.array(rows, pa.large_string()),
        "few": pa.array(rows).dictionary_encode(), "n": [1, 2, 3, 4], "a.b": pa.array(rows),
    }  # fmt: skip
    file = written(tmp_path, "a.parquet", parquet(**columns))
    for field in ("text", "large", "few", "a.b"):
        found = list(text_files([file], field=field))
        assert [d.text for d in found] == ["one", "", "ü🙂"]
        assert [d.place for d in found] == [f"{file}, row {k}" for k in (0, 2, 3)]
    with pytest.raises(FormatError, match=r"column 'n' is not text but int64"):
        list(text_files([file], field="n"))
    with pytest.raises(FormatError, match=r"no column 'body'; it has text, large, .*field="):
        list(text_files([file], field="body"))


def test_parquet_without_rows(tmp_path: Path) -> None:
    empty = written(tmp_path, "a.parquet", parquet(text=pa.array([], pa.string()), n=[]))
    assert texts(text_files([empty])) == []
    with pytest.raises(FormatError, match="column 'n' is not text but null"):
        texts(text_files([empty], field="n"))


def test_parquet_text_that_is_no_utf8(tmp_path: Path) -> None:
    values = pa.array([b"fine", b"a\xff\xffb"], pa.binary()).view(pa.string())
    file = written(tmp_path, "a.parquet", parquet(text=values))
    assert [(d.text, d.undecodable, d.place) for d in text_files([file])] == [
        ("fine", 0, f"{file}, row 0"), ("a\ufffd\ufffdb", 2, f"{file}, row 1"),
    ]  # fmt: skip


@pytest.mark.parametrize("part", [0, 3, 0.5, 0.9])
def test_damaged_parquet(tmp_path: Path, part: float) -> None:
    data = parquet(text=[f"{k} text" for k in range(2000)])
    cut = data[: int(part if part >= 1 else part * len(data))]
    with pytest.raises(FormatError, match=r"a.parquet is not a Parquet file: ") as raised:
        list(text_files([written(tmp_path, "a.parquet", cut)]))
    assert "\n" not in str(raised.value)
    pages = data[:40] + b"\xff" * 400 + data[440:]
    with pytest.raises(FormatError, match=r"a.parquet"):
        list(text_files([written(tmp_path, "a.parquet", pages)]))


# Compression


@pytest.mark.parametrize("suffix", COMPRESS)
def test_compressed_files(tmp_path: Path, suffix: str) -> None:
    documents = [f"document {k} ü" for k in range(5000)]
    pack = COMPRESS[suffix]
    lines = written(tmp_path, f"a.jsonl{suffix}", pack(jsonl(documents)))
    assert texts(text_files([lines])) == documents
    plain = written(tmp_path, f"A.TXT{suffix.upper()}", pack("\n".join(documents).encode()))
    assert texts(text_files([plain], split="line")) == documents
    # Several streams in a row are one file, as `cat a.gz b.gz` makes.
    parts = pack(jsonl(documents[:9])) + pack(jsonl(documents[9:]))
    assert texts(text_files([written(tmp_path, f"b.jsonl{suffix}", parts)])) == documents


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("damage", ["cut", "bytes", "something else"])
def test_damaged_compression(tmp_path: Path, suffix: str, damage: str) -> None:
    documents = [f"document {random.Random(k).random()}" for k in range(3_000)]
    whole = COMPRESS[suffix](jsonl(documents))
    middle = len(whole) * 3 // 4
    damaged = {
        "cut": whole[:middle],
        "bytes": whole[:middle] + bytes(64) + whole[middle + 64 :],
        "something else": b"no such thing, but plain text\n" * 9,
    }[damage]
    file = written(tmp_path, f"a.jsonl{suffix}", damaged)
    # Some decompressors give garbage first, which is no JSON.
    message = r"a\.jsonl" if damage == "bytes" else r"cannot read .*a\.jsonl"
    with pytest.raises(FormatError, match=message) as raised:
        texts(text_files([file]))
    assert "\n" not in str(raised.value)


# Names, folders, order


def test_files_and_folders_are_read_in_order_again_and_again(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub.txt").mkdir(parents=True)
    for name in ("b.txt", "a.jsonl", "c.parquet", "d.md.gz", "notes.doc", "B.TXT"):
        content = {"a.jsonl": jsonl(["a1", "a2"]), "c.parquet": parquet(text=["c1"])}
        plain = gzip.compress(name.encode()) if name.endswith(".gz") else name.encode()
        written(folder, name, content.get(name, plain))
    last = written(tmp_path, "z.txt", "z")
    text = text_files([last, folder, str(last)])
    expected = ["z", "B.TXT", "a1", "a2", "b.txt", "c1", "d.md.gz", "z"]
    assert texts(text) == expected
    assert texts(text) == expected
    first, second = iter(text), iter(text)
    assert [next(first).text, next(second).text, next(first).text] == ["z", "z", "B.TXT"]
    assert text.size == 2 + sum(f.stat().st_size for f in folder.iterdir() if f.is_file()) - 9


def test_what_a_text_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "corpus.v1"
    folder.mkdir()
    file = written(folder, "part-0.jsonl.gz", gzip.compress(jsonl(["a"])))
    assert text_files([file]).name == "part-0"
    assert text_files([folder]).name == "corpus.v1"
    assert text_files(str(folder)).name == "corpus.v1"
    assert text_files([written(folder, "a.md.txt", "a")]).name == "a.md"
    assert text_files([file, folder], name="mine").name == "mine"
    assert text_files(["https://example.invalid/x/b.txt.xz?key=1"]).name == "b"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"one")))
    assert text_files(["-"]).name == "standard input"


def test_a_text_is_another_when_its_files_are(tmp_path: Path) -> None:
    file = written(tmp_path, "a.txt", "one")
    before = text_files([file]).identity
    assert text_files([file]).identity == before
    assert text_files([file], split="line").identity != before
    os.utime(file, ns=(1, 1))
    assert text_files([file]).identity != before
    assert text_of(["a\0", "b"]).identity != text_of(["a", "\0b"]).identity
    assert text_of(["a", "b"]).identity == text_of(iter(["a", "b"])).identity


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("a.doc", UsageError, r"a.doc: text is read from .txt, .*\.gz"),
        ("a", UsageError, "text is read from"),
        ("a.gz", UsageError, "text is read from"),
        ("a.parquet.gz", UsageError, "text is read from"),
        ("missing.txt", NotFoundError, "there is no file .*missing.txt"),
        ("a" * 5000 + ".txt", NotFoundError, "aaa"),
        ("empty", NotFoundError, "folder .*empty has no text file"),
        ("dangling.txt", NotFoundError, "there is no file .*dangling.txt"),
    ],
)
def test_files_that_are_no_text(
    tmp_path: Path, name: str, error: type[Exception], message: str
) -> None:
    for other in ("a.doc", "a", "a.gz", "a.parquet.gz"):
        written(tmp_path, other, "text")
    (tmp_path / "empty").mkdir()
    (tmp_path / "dangling.txt").symlink_to(tmp_path / "nothing.txt")
    with pytest.raises(error, match=message):
        text_files([tmp_path / name])


def test_a_file_that_vanishes_or_may_not_be_read(tmp_path: Path) -> None:
    file = written(tmp_path, "a.txt", "one")
    text = text_files([file])
    file.unlink()
    with pytest.raises(NotFoundError, match=r"cannot read .*a\.txt: No such file"):
        list(text)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").symlink_to(file)
    with pytest.raises(NotFoundError, match=r"cannot read .*a\.txt: No such file"):
        text_files([folder])


def test_arguments_that_cannot_be_used(tmp_path: Path) -> None:
    file = written(tmp_path, "a.txt", "one")
    with pytest.raises(UsageError, match="split='word'; expected file, paragraph, line"):
        text_files([file], split="word")
    with pytest.raises(UsageError, match="name a file of text"):
        text_files([])
    with pytest.raises(UsageError, match="name '-' once"):
        text_files(["-", file, "-"])
    for wrong in ("a text", [1], [b"a"], [None]):
        with pytest.raises(UsageError, match=r"documents must be a .*string"):
            text_of(wrong)  # type: ignore[arg-type]


def test_names_cannot_act_on_a_terminal(tmp_path: Path) -> None:
    name = os.fsdecode(b"a\x1b[31m\n\xff.")
    lines = written(tmp_path, f"{name}jsonl", b'{"text": "\xff"}\n{"\x7f\\u001b": 1}')
    text = text_files([lines])
    assert text.name == r"a\x1b[31m\n\udcff"
    found = iter(text)
    messages = [next(found).place]
    for wrong in (
        lambda: next(found),
        lambda: text_files([tmp_path / f"{name}doc"]),
        lambda: text_files([tmp_path / f"{name}txt"]),
        lambda: list(text_files([written(tmp_path, f"{name}parquet", b"PAR1")])),
        lambda: list(text_files([written(tmp_path, f"{name}txt.gz", b"no")])),
    ):
        with pytest.raises((FormatError, UsageError, NotFoundError)) as raised:
            wrong()
        messages.append(str(raised.value))
    for message in messages:
        assert r"a\x1b[31m\n\udcff" in message
        assert message.isprintable()


# Standard input


def test_standard_input_can_be_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "one\n\ntwo \xff".encode("latin-1")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    file = written(tmp_path, "a.txt", "three")
    text = text_files(["-", file], split="paragraph")
    assert text.size is None
    first = list(text)
    assert [d.text for d in first] == ["one\n", "two \ufffd", "three"]
    assert first[1].place == "standard input, line 3"
    assert list(text) == first


def test_standard_input_is_kept_when_another_file_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"one")))
    text = text_files(["-", written(tmp_path, "a.jsonl", "no JSON")])
    for _ in range(2):
        found = iter(text)
        assert next(found).text == "one"
        with pytest.raises(FormatError):
            next(found)


# The web


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.jsonl.gz", "a.txt.zst", "a.parquet"])
def test_files_of_the_web(web: Web, name: str) -> None:
    documents = ["one", "two ü"]
    plain = {"txt": "\n".join(documents).encode(), "jsonl": jsonl(documents)}
    _, kind, *compression = name.split(".")
    data = plain[kind] if kind in plain else parquet(text=documents)
    web.files[f"/x/{name}"] = COMPRESS[f".{compression[0]}"](data) if compression else data
    text = text_files([f"{web.url}/x/{name}?signature=secret"], split="line")
    assert texts(text) == documents
    assert texts(text) == documents
    assert text.name == "a"
    assert [d.place.partition(", ")[0] for d in text] == [f"{web.url}/x/{name}"] * 2
    assert text.size is None


def test_only_what_is_read_is_fetched(web: Web) -> None:
    documents = [f"document {k} " + "x" * 1000 for k in range(20_000)]
    web.files["/a.jsonl"] = jsonl(documents)
    found = iter(text_files([f"{web.url}/a.jsonl"]))
    assert [next(found).text for _ in range(3)] == documents[:3]
    found.close()  # type: ignore[attr-defined]
    assert web.body_bytes() < len(web.files["/a.jsonl"]) / 4


def test_a_connection_that_drops_is_taken_up_again(web: Web) -> None:
    documents = [f"document {k}" for k in range(5_000)]
    web.files["/a.jsonl.gz"] = gzip.compress(jsonl(documents))
    web.drops = 2
    assert texts(text_files([f"{web.url}/a.jsonl.gz"])) == documents
    assert web.drops == 0


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl.gz", "a.parquet"])
def test_what_goes_wrong_on_the_web(web: Web, name: str) -> None:
    text = text_files([f"{web.url}/{name}"])
    with pytest.raises(NotFoundError, match=f"{name}: there is no such file"):
        list(text)
    web.failures[f"/{name}"] = 403
    with pytest.raises(RemoteError, match=f"{name}: the server refused access"):
        list(text)
    web.failures[f"/{name}"] = 500
    with pytest.raises(RemoteError, match=f"{name}: the server answered 500"):
        list(text)
    web.stop()
    with pytest.raises(RemoteError, match=rf"{name}: .*\(tried 5 times\)") as raised:
        list(text)
    assert "\n" not in str(raised.value)


def test_a_connection_that_always_drops(web: Web) -> None:
    web.files["/a.parquet"] = parquet(text=[f"{k} {'x' * 50}" for k in range(3000)])
    web.drops = 1_000
    with pytest.raises(RemoteError, match=r"a\.parquet: .*tried 5 times"):
        list(text_files([f"{web.url}/a.parquet"]))


def test_a_separator_is_found_across_the_pieces_a_file_is_read_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.txt").write_text("one\n<|end|>\ntwo<|end|>three", encoding="utf-8")
    for piece in range(1, 30):
        monkeypatch.setattr(readers, "FETCHED", piece)
        text = text_files(tmp_path / "t.txt", split="<|end|>")
        assert [d.text for d in text] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("name", "how"),
    [("a.txt", {}), ("a.txt", {"split": "line"}), ("a.txt", {"split": "|"}), ("a.csv", {}),
     ("a.jsonl", {})],
)  # fmt: skip
def test_utf_16_is_refused(tmp_path: Path, name: str, how: dict[str, str]) -> None:
    (tmp_path / name).write_bytes('{"text": "a|b"}'.encode("utf-16"))
    with pytest.raises(FormatError, match=f"{name} is UTF-16 text; save it as UTF-8"):
        list(text_files([tmp_path / name], **how))
