"""A geometry as a value: equality, JSON, text and HTML."""

import dataclasses
import json
from html.parser import HTMLParser

import numpy as np
import pytest

from superscope import serialize
from superscope.errors import FormatError
from superscope.geometry import Geometry, measure_head
from superscope.geometry.norms import Norms
from superscope.heads import Head, Provenance

HOSTILE = ("<script>alert(1)</script>", "\x1b[31m", '"><img src=x onerror=y>', "\u202eltr", "\r\n")


def a_head() -> Head:
    generator = np.random.default_rng(0)
    rows = generator.standard_normal((60, 7)) + 0.3
    rows[5] = 0
    # The nearest pairs are those with hostile text.
    rows[:5] = rows[0] + 1e-4 * rows[:5]
    tokens = (*HOSTILE, *(f"token {k}" for k in range(5, 60)))
    head = Head.from_array(rows, model="a <b>model</b>\x1b", tokens=tokens)
    provenance = dataclasses.replace(
        head.provenance, tensor="lm_head.weight", reason="a known name", file="model.safetensors",
        format="safetensors", revision="0123abc", dtype="BF16", rows="tokenizer", depth=12,
        parameters=124_000_000, family="gpt2", folded_norm="ln_f.weight", quantized=True,
        notes=("a note & <more>",),
    )  # fmt: skip
    return dataclasses.replace(head, ids=np.arange(58), provenance=provenance)


@pytest.fixture(scope="module")
def geometry() -> Geometry:
    return measure_head(a_head(), pairs="exact", neighbors=3, frequencies=np.arange(60.0))


def arrays(value: object) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    if dataclasses.is_dataclass(value):
        return [a for f in dataclasses.fields(value) for a in arrays(getattr(value, f.name))]
    return []


@pytest.mark.parametrize("long", [serialize.LONG, 10])
def test_json_and_back_loses_nothing(
    geometry: Geometry, long: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serialize, "LONG", long)  # above it arrays are written as base64
    text = geometry.to_json()
    assert ("base64" in text) == (long == 10)
    back = Geometry.from_json(text)
    assert back == geometry
    assert back.to_json() == text
    before, after = arrays(geometry), arrays(back)
    assert len(before) == len(after) > 10
    for a, b in zip(before, after, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert a.tobytes() == b.tobytes()
    assert back.provenance == geometry.provenance
    assert back.settings == geometry.settings
    assert [o.weighted for o in back.overlaps] == [o.weighted for o in geometry.overlaps]
    assert all(o.weighted is not None for o in back.overlaps)
    assert [o.pairs.top for o in back.overlaps if o.pairs] == [
        o.pairs.top for o in geometry.overlaps if o.pairs
    ]
    assert str(back) == str(geometry)


@pytest.mark.parametrize("pairs", ["none", "sample"])
def test_json_of_other_measurements(pairs: str) -> None:
    measured = measure_head(a_head(), pairs=pairs, samples=100)
    assert Geometry.from_json(measured.to_json()) == measured


def test_json_is_one_line_with_the_derived_numbers_beside(geometry: Geometry) -> None:
    text = geometry.to_json()
    assert "\n" not in text
    value = json.loads(text)
    assert value["derived"]["regime"] == "strong"
    raw = value["raw"]["derived"]
    assert raw["effective_width"] == geometry.raw.effective_width
    assert raw["ratio_to_welch"] == geometry.raw.ratio_to_welch
    assert value["raw"]["pairs"]["derived"]["coherence"] == geometry.raw.pairs.coherence
    assert value["norms"]["derived"]["quantiles"]["0.5"] == geometry.norms.quantiles[0.5]


def test_geometries_differ_where_a_number_does(geometry: Geometry) -> None:
    assert geometry != "geometry"
    values = geometry.norms.values.copy()
    values[0] = np.nextafter(values[0], 9)
    other = dataclasses.replace(
        geometry, norms=Norms(values, geometry.norms.threshold, geometry.norms.threshold_rule)
    )
    assert other != geometry
    with pytest.raises(TypeError, match="unhashable"):
        hash(geometry)


def without(key: str):
    def change(value: dict) -> None:
        del value[key]

    return change


def setting(*path: str, to: object):
    def change(value: dict) -> None:
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        without("raw"),
        without("settings"),
        setting("raw", to=None),
        setting("raw", to=3),
        setting("width", to="7"),
        setting("width", to=7.5),
        setting("width", to=True),
        setting("zero_rows", to=3),
        setting("zero_rows", to=["5"]),
        setting("provenance", "model", to=3),
        setting("provenance", "quantized", to=1),
        setting("raw", "mean_square_overlap", to="0.1"),
        setting("raw", "mean_square_overlap", to=None),
        setting("raw", "spectrum", to=[1, 2]),
        setting("raw", "spectrum", "dtype", to="O"),
        setting("raw", "spectrum", "dtype", to="<f4"),
        setting("raw", "spectrum", "dtype", to="nonsense"),
        setting("raw", "spectrum", "shape", to=[3, 3]),
        setting("raw", "spectrum", "shape", to=[10**15]),
        setting("raw", "spectrum", "values", to=["a"]),
        setting("raw", "spectrum", to={"dtype": "<f8", "shape": [1], "base64": "!!"}),
        setting("raw", "spectrum", to={"dtype": "<f8", "shape": [1], "base64": "AAAA"}),
        setting("raw", "pairs", "histogram", "values", to=[1e400]),
        setting("raw", "pairs", "top", to=[[1, 2]]),
    ],
)
def test_json_that_is_no_geometry_is_refused(geometry: Geometry, change) -> None:
    value = json.loads(geometry.to_json())
    change(value)
    with pytest.raises(FormatError, match="not a Geometry of this version"):
        Geometry.from_json(json.dumps(value))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '"x"', "{}", "[" * 100_000, "NaN"])
def test_text_that_is_no_geometry_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match=r"no Geometry|not a Geometry of this version"):
        Geometry.from_json(text)


def test_nan_is_no_json(geometry: Geometry) -> None:
    text = geometry.to_json().replace('"mean_overlap": ', '"mean_overlap": NaN, "x": ', 1)
    with pytest.raises(FormatError, match="NaN"):
        Geometry.from_json(text)


def lines_of(geometry: Geometry) -> dict[str, str]:
    """The text by its labels."""
    lines = {}
    for line in str(geometry).splitlines():
        label, _, rest = line.strip().partition("  ")
        lines.setdefault(label, rest.strip())
    return lines


def test_text_shows_every_number(geometry: Geometry) -> None:
    text = str(geometry)
    assert text.splitlines()[0].endswith("V = 57, m = 7, V/m = 8.143")
    lines = lines_of(geometry)
    raw, centered = geometry.raw, geometry.centered
    assert lines["raw"].split() == ["mean-centered", "frequency-centered"]
    assert f"{raw.mean_square_overlap:.6g}" in lines["mean square overlap"]
    assert f"{centered.mean_square_overlap:.6g}" in lines["mean square overlap"]
    assert f"{raw.ratio_to_random:.4g}×" in lines["against chance, 1/m"]
    assert f"{raw.ratio_to_welch:.4g}×" in lines["against the Welch floor"]
    assert f"{raw.pairs.mean_absolute:.6g}" in lines["mean |overlap|"]
    assert f"{raw.pairs.coherence:.6g}" in lines["coherence, max |overlap|"]
    assert f"{raw.effective_width:.4g}" in lines["effective width"]
    assert f"{raw.packing_efficiency:.4f}" in lines["packing efficiency"]
    weighted = raw.weighted
    assert f"{weighted.mean_square_overlap:.6g}" in lines["mean square overlap, text-weighted"]
    assert f"{weighted.token_interference:.6g}" in lines["interference of a text's token"]
    assert f"{weighted.effective_width:.4g}" in lines["effective width, text-weighted"]
    assert f"{weighted.effective_tokens:.4g}" in lines["effective tokens, 1/Σp²"]
    assert f"{1 - weighted.covered:.3g}" in lines["share of the text left out"]
    assert f"mean {geometry.norms.mean:.4g}" in lines["norms"]
    assert f"{geometry.represented_fraction:.4f}" in lines["represented fraction"]
    assert lines["regime"] == "strong by its norms, as untrained rows too"
    assert lines["rows left out"] == ("2 that the tokenizer cannot produce; 1 exactly zero (ids 5)")
    assert lines["tensor"] == "lm_head.weight (a known name)"
    assert lines["file"] == "model.safetensors (safetensors)"
    assert lines["revision"] == "0123abc"
    assert lines["stored as"].startswith("BF16, quantized")
    assert lines["folded in"].endswith("ln_f.weight")
    assert lines["note"] == "a note & <more>"
    assert f"most colliding of all {57 * 56 // 2:,} pairs" in text
    assert repr(geometry).startswith("Geometry(a <b>model</b>")
    assert "\n" not in repr(geometry)


def test_text_lets_nothing_act_on_the_terminal(geometry: Geometry) -> None:
    text = str(geometry)
    assert all(c.isprintable() for c in text.replace("\n", ""))
    assert r"\x1b[31m" in text
    assert r"\u202eltr" in text


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


def test_html_shows_the_same_and_escapes_everything(geometry: Geometry) -> None:
    page = Page()
    page.feed(geometry._repr_html_())
    assert page.tags == {"table", "caption", "b", "tr", "th", "td"}
    assert page.attributes <= {"style", "colspan"}
    assert "<script>alert(1)</script>" in page.text  # as text
    for value in lines_of(geometry).values():
        for word in value.split():
            assert word in page.text


def test_estimates_are_shown_with_their_errors() -> None:
    rows = np.random.default_rng(0).standard_normal((100, 5))
    text = str(measure_head(Head.from_array(rows), samples=500))
    assert " ± " in text
    assert "≥ " in text  # a sample only bounds the coherence
    assert "most colliding of the sampled 500 pairs" in text
    assert "#" in text  # ids, where no text is known


def test_what_is_absent_is_a_dash() -> None:
    geometry = measure_head(Head.from_array(np.random.default_rng(0).random((4, 5))), pairs="none")
    lines = lines_of(geometry)
    assert lines["against the Welch floor"].split() == ["–", "–"]
    assert lines["mean |overlap|"].split() == ["–", "–"]
    assert lines["regime"] == "none (V ≤ m: superposition is not needed)"
    assert "most colliding" not in str(geometry)
    assert "text" not in str(geometry)  # no frequencies, no lines of them


def test_a_text_of_one_token_has_dashes() -> None:
    head = Head.from_array(np.random.default_rng(0).random((4, 5)))
    measured = measure_head(head, pairs="none", frequencies=[0, 1])
    lines = lines_of(measured)
    assert lines["mean square overlap, text-weighted"].split() == ["–", "–", "–"]
    assert lines["effective width, text-weighted"].split() == ["1", "1", "–"]
    assert lines["share of the text left out"].split() == ["0", "0", "1"]
    assert Geometry.from_json(measured.to_json()) == measured


def test_rows_equal_to_the_center_are_reported() -> None:
    rows = np.array([[1, 2], [-1, 0], [0, 1], [3, 1], [-3, 1]])
    lines = lines_of(measure_head(Head.from_array(rows.astype(float))))
    assert lines["rows left out"] == (
        "1 equal to the center, from the mean-centered column only (ids 2)"
    )


def test_observation_has_what_the_table_has_columns_for(geometry: Geometry) -> None:
    row = geometry.observation()
    assert row.source == "checkpoint"
    assert (row.model, row.family, row.revision) == ("a <b>model</b>\x1b", "gpt2", "0123abc")
    assert (row.width, row.features, row.depth, row.parameters) == (7, 57, 12, 124_000_000)
    assert row.mean_square_overlap == geometry.raw.mean_square_overlap
    assert row.mean_square_overlap_centered == geometry.centered.mean_square_overlap
    assert row.effective_width == geometry.raw.effective_width
    assert row.effective_width_centered == geometry.centered.effective_width
    assert row.represented_fraction == geometry.represented_fraction
    assert row.norm_mean == geometry.norms.mean
    assert row.norm_cv == geometry.norms.coefficient_of_variation
    assert row.loss is None
    assert row.tokens is None


def test_provenance_defaults_are_not_shown() -> None:
    head = Head.from_array(np.random.default_rng(0).random((4, 5)))
    assert head.provenance == Provenance("array", dtype="float64")
    text = str(measure_head(head))
    assert "revision" not in text
    assert "tensor" not in text


def test_tokens_have_a_row_each(geometry: Geometry) -> None:
    tokens = geometry.tokens()
    ids = [i for i in range(58) if i != 5]  # that row is zero
    assert tokens["id"].tolist() == ids
    assert tokens["token"].tolist() == [a_head().tokens[i] for i in ids]
    assert np.array_equal(tokens["norm"], geometry.norms.values)
    assert tokens["represented"].mean() == pytest.approx(geometry.represented_fraction)
    assert np.array_equal(tokens["interference"], geometry.raw.token_interference)
    assert np.array_equal(tokens["interference_centered"], geometry.centered.token_interference)
    pairs = geometry.raw.pairs
    assert tokens["nearest"].tolist() == pairs.neighbors[:, 0].tolist()
    assert tokens["nearest_overlap"].tolist() == pairs.neighbor_overlaps[:, 0].tolist()
    assert tokens["nearest_3"].tolist() == pairs.neighbors[:, 2].tolist()
    texts = dict(zip(tokens["id"], tokens["token"], strict=True))
    assert tokens["nearest_token"].tolist() == [texts[i] for i in tokens["nearest"]]


def test_what_centering_leaves_without_a_direction_is_absent() -> None:
    rows = np.array([[1, 2], [-1, 0], [0, 1], [3, 1], [-3, 1]])
    geometry = measure_head(Head.from_array(rows.astype(float)), pairs="exact", neighbors=1)
    tokens = geometry.tokens()
    assert tokens["interference"].notna().all()
    assert tokens["interference_centered"].isna().tolist() == [False, False, True, False, False]
    assert tokens["nearest_centered"].isna().tolist() == [False, False, True, False, False]
    assert tokens["token"].isna().all()


def test_collisions_are_the_pairs_of_each_centering(geometry: Geometry) -> None:
    pairs = geometry.collisions()
    assert pairs["center"].unique().tolist() == ["raw", "mean-centered", "frequency-centered"]
    first = geometry.raw.pairs.top[0]
    assert pairs.loc[0, ["first", "second", "overlap"]].tolist() == [
        first.first, first.second, first.overlap,
    ]  # fmt: skip
    assert pairs.loc[0, "first_token"] == first.first_text
    assert measure_head(a_head(), pairs="none").collisions().empty


def test_parts_print_in_one_line_and_as_a_table(geometry: Geometry) -> None:
    for part in (geometry, geometry.raw, geometry.norms, geometry.raw.pairs, geometry.raw.weighted):
        assert "\n" not in repr(part)
        assert len(repr(part)) < 250
        assert len(str(part).splitlines()) > 3
        assert part._repr_html_().startswith("<")
        assert type(part).from_json(part.to_json()).to_json() == part.to_json()


def test_json_of_before_a_field_was_added_is_read(geometry: Geometry) -> None:
    value = json.loads(geometry.to_json())
    del value["texts"]
    assert Geometry.from_json(json.dumps(value)).texts is None
