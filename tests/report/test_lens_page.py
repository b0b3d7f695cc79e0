"""The page of a lens holds what the lens says, and the texts in it are inert."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from html_pages import parse

import superscope
from superscope.errors import UsageError
from superscope.heads import Head
from superscope.lens import Lens
from superscope.report import write_lens_report
from superscope.report.lens import neighbor_lists
from superscope.report.lens.data import inert, searched
from superscope.report.lens.page import render


def lens_of(count: int = 60, tokens: object = None, **options: object) -> Lens:
    rows = np.random.default_rng(0).standard_normal((count, 6)) + 1
    return superscope.lens(rows, tokens=tokens, **options)


def data_of(html: str) -> dict:
    """Return what the script of a page searches."""
    begin = html.index('id="data">') + len('id="data">')
    return json.loads(html[begin : html.index("</script>", begin)])


def unpacked(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def lists(data: dict) -> dict[int, list[tuple[int, int]]]:
    """Return the nearest rows of each row of a page, with the overlaps in hundredths."""
    near, kind = data["near"], f"<u{data['near']['bytes']}"
    of, rows = unpacked(near["of"], kind), unpacked(near["rows"], kind)
    overlaps = unpacked(near["overlaps"], "u1").astype(int) - 100
    pairs = list(zip(rows.tolist(), overlaps.tolist(), strict=True))
    n = near["count"]
    return {k: pairs[i * n : (i + 1) * n] for i, k in enumerate(of.tolist())}


def test_the_page_has_the_neighbors_of_every_token() -> None:
    lens = lens_of(neighbors=4)
    found = lists(data_of(render(lens, searched(lens))))
    assert len(found) == 60
    for k in (0, 7, 59):
        token = lens[k]
        assert found[k][:4] == [(n.entry.id, round(100 * n.overlap)) for n in token.neighbors]


def test_the_page_has_norms_and_interference_to_four_digits() -> None:
    lens = lens_of()
    data, table = data_of(render(lens, searched(lens))), lens.tokens()
    for name, column in (
        ("norm", "norm"), ("raw", "interference"), ("centered", "interference_centered")
    ):  # fmt: skip
        scaled = data[name]
        steps = unpacked(scaled["values"], "<u2").astype(float)
        values = np.exp(scaled["low"] + (steps - 1) * scaled["step"])
        np.testing.assert_allclose(values, table[column], rtol=1e-4)


def test_of_a_large_vocabulary_the_page_holds_what_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    lens = lens_of(200, neighbors=3)
    every = lists(data_of(render(lens, searched(lens))))
    monkeypatch.setattr(neighbor_lists, "MOST_BYTES", 40 * 8 * 4)
    part = searched(lens, [150])
    assert (part.rows, part.listed, part.complete) == (200, 40, False)
    html = render(lens, part)
    found = lists(data_of(html))
    assert 150 in found
    packed = [end.entry.id for end in lens.overview.most_packed]
    assert set(packed) <= set(found)
    assert found == {k: every[k] for k in found}
    assert "40 of its 200 tokens" in parse(html).words


def test_rows_left_out_keep_their_ids() -> None:
    rows = np.random.default_rng(0).standard_normal((20, 5))
    kept = np.array([i for i in range(20) if i != 3])
    lens = superscope.lens(Head.from_array(rows).keeping(kept, "without 3"), neighbors=2)
    data = data_of(render(lens, searched(lens, [5])))
    ids = unpacked(data["ids"], "<u4").tolist()
    assert ids == kept.tolist()
    assert ids[data["first"][0]] == 5
    place, _ = lists(data)[data["first"][0]][0]
    assert ids[place] == lens[5].neighbors[0].entry.id


def test_of_equal_rows_one_is_near_and_a_zero_row_has_no_list() -> None:
    rows = np.random.default_rng(0).standard_normal((20, 5))
    rows[7], rows[3] = rows[4], 0
    lens = superscope.lens(rows, neighbors=2)
    data = data_of(render(lens, searched(lens)))
    found = lists(data)
    assert data["groups"] == [[4, 7]]
    assert not {3, 7} & set(found)
    assert not {3, 7} & {k for near in found.values() for k, _ in near}


def test_hostile_texts_are_inert(hostile_tokens: tuple[str | None, ...]) -> None:
    lens = lens_of(60, [*hostile_tokens, *map(str, range(len(hostile_tokens), 60))])
    html = render(lens, searched(lens))
    page = parse(html)
    assert [a for tag, a in page.tags if tag == "script"] == [
        {"type": "application/json", "id": "data"}, {},
    ]  # fmt: skip
    assert not set(html) & {"\x1b", "\x00", "\u202e", "\u2066", "\ud800"}
    assert data_of(html)["texts"][: len(hostile_tokens)] == list(hostile_tokens)


def test_json_within_a_page_holds_no_markup() -> None:
    texts = ["</script>", "<!--", "]]>", "&lt;", "\u2028", "\ud800", "\x00", "\u202e", "🦉", '"\\']
    written = inert(texts)
    assert not set(written) & set("<>&\u2028\ud800\x00\u202e")
    assert json.loads(written) == texts


def test_the_policy_names_the_one_script() -> None:
    import hashlib

    lens = lens_of()
    html = render(lens, searched(lens))
    script = html[html.rindex("<script>") + len("<script>") : html.rindex("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html
    for unsafe in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "fetch("):
        assert unsafe not in script


def test_it_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        write_lens_report(lens_of(), tmp_path / "none" / "tokens.html")
    write_lens_report(lens_of(), tmp_path / "tokens.html", progress=None)
    assert [p.name for p in tmp_path.iterdir()] == ["tokens.html"]
