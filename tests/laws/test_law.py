"""Laws: what they predict, say of themselves, and keep in a file."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from law_tables import CHINCHILLA, GROUPS, PLAIN, POWER, SHAPE, losses, make_table, truth

from superscope.errors import FormatError, UsageError
from superscope.laws import Law, fit
from superscope.laws.law import FORMAT
from superscope.text import counted

WIDTH = truth("width", (0.9,), (1,), (1.7, 2.0, 1.5))


def same(one: object, other: object) -> bool:
    """Compare dataclasses field by field, arrays bit by bit."""
    if isinstance(one, np.ndarray):
        return (
            isinstance(other, np.ndarray)
            and one.dtype == other.dtype
            and one.shape == other.shape
            and one.tobytes() == other.tobytes()
        )
    if dataclasses.is_dataclass(one):
        return type(one) is type(other) and all(
            same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one)
        )
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(v, other[k]) for k, v in one.items())
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def grouped(**changes) -> Law:
    table = make_table("width", WIDTH, points=45, noise=0.01)
    table["model"] = [f"m{i // 3}" for i in range(45)]
    table["loss_se"] = 0.01
    options = {"resamples": 100, "starts": 8, "drop_highest": 1, "exclude": "width > 15000",
               "weights": "loss_se", "fix": {"B[opt/c4]": 1.7},
               "bounds": {"alpha": (0.1, None)}} | changes  # fmt: skip
    return fit(table, "width", **options)


@pytest.mark.parametrize("residual", ["log", "plain"])
@pytest.mark.parametrize(("law", "true"), [("shape", SHAPE), ("chinchilla", CHINCHILLA)])
def test_predictions_are_the_formula(law: str, true: dict, residual: str) -> None:
    found = fit(make_table(law, true, noise=0.01), law, residual=residual, **PLAIN)
    new = make_table(law, true, points=7, seed=9)
    values = {c: list(new[c]) for c in found.form.columns}
    assert found.predict(**values) == pytest.approx(losses(law, found.parameters, new), rel=1e-12)
    assert found.fitted == pytest.approx(
        losses(law, found.parameters, make_table(law, true)), rel=1e-12
    )


def test_residuals_and_their_mean_square_are_of_the_fits_kind() -> None:
    table = make_table("power", POWER, points=30, noise=0.05)
    for residual in ("log", "plain"):
        found = fit(table, "power", x="x", residual=residual, **PLAIN)
        fitted = losses("power", found.parameters, table)
        loss = table["loss"].to_numpy()
        expected = np.log(loss) - np.log(fitted) if residual == "log" else loss - fitted
        assert found.residuals == pytest.approx(expected, abs=1e-12)
        assert found.mean_square_residual == pytest.approx(np.mean(expected**2), rel=1e-9)
        assert found.objective == pytest.approx(np.sum(expected**2) / 2, rel=1e-9)
        assert found.residual_scale == pytest.approx(np.sqrt(np.sum(expected**2) / 27), rel=1e-9)
        assert found.degrees_of_freedom == 27


def test_a_prediction_is_of_one_group_and_broadcasts() -> None:
    found = grouped()
    one = found.predict(group=GROUPS[1], width=[100, 1000])
    p = found.parameters
    expected = [p["A"] * m ** -p["alpha"] + p["B[opt/pile]"] for m in (100, 1000)]
    assert one == pytest.approx(expected)
    shape = fit(make_table("shape", SHAPE), "shape", **PLAIN)
    many = shape.predict(width=[512, 1024], depth=16, tokens=1e11)
    assert many.shape == (2,)
    assert many[1] == shape.predict(width=1024, depth=16, tokens=1e11)[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"width": 512}, "needs depth=NUMBER, tokens=NUMBER"),
        ({"width": 512, "depth": 8, "tokens": None}, "needs tokens"),
        ({"width": 512, "depth": 8, "tokens": 1e9, "heads": 4}, "has no heads; it has width"),
        ({"width": 0, "depth": 8, "tokens": 1e9}, "width must be a number above 0"),
        ({"width": np.nan, "depth": 8, "tokens": 1e9}, "width must be a number above 0"),
        ({"width": np.inf, "depth": 8, "tokens": 1e9}, "width must be a number above 0"),
        ({"width": 512, "depth": 2, "tokens": 1e9}, "depth must be a number above 2"),
        ({"width": [1, 2], "depth": [3, 4, 5], "tokens": 1e9}, "the same number of values"),
        (
            {"width": "wide", "depth": 8, "tokens": 1e9},
            "width holds something that is not a number",
        ),
        ({"width": 512, "depth": 8, "tokens": 1e9, "group": "opt"}, "no groups; 'opt' is none"),
    ],
)
def test_inputs_a_law_cannot_take_are_refused(arguments: dict, said: str) -> None:
    table = make_table("shape", SHAPE)
    law = fit(table.assign(depth=table["depth"] + 2), "shape", depth_offset=2, **PLAIN)
    with pytest.raises(UsageError, match=said):
        law.predict(**arguments)


def test_a_law_with_groups_asks_which_and_names_the_nearest() -> None:
    law = grouped(resamples=0)
    with pytest.raises(UsageError, match="a floor for each family and dataset; name a group: opt"):
        law.predict(width=512)
    with pytest.raises(UsageError, match="did you mean opt/pile"):
        law.predict(width=512, group="opt/pil")


@pytest.mark.parametrize("resamples", [0, 100])
def test_a_law_goes_to_json_and_back_without_loss(resamples: int) -> None:
    law = grouped(resamples=resamples)
    assert law.excluded and law.profiles and law.refits and law.influences and law.findings
    assert law.interval_method == ("bca" if resamples else "jackknife")
    text = law.to_json()
    assert "\n" not in text
    back = Law.from_json(text)
    assert same(back, law)
    assert back.to_json() == text
    assert back.verdict == law.verdict
    assert str(back) == str(law)
    assert back.excluded[0].rule == "width > 15000"


def test_a_law_without_freedom_has_no_covariance_and_goes_to_json_and_back() -> None:
    three = fit(make_table("power", POWER, points=3), "power", x="x", resamples=0)
    assert np.isnan(three.covariance).any()
    assert same(Law.from_json(three.to_json()), three)


def test_a_bound_without_end_goes_to_json_and_back() -> None:
    table = make_table("power", POWER, points=9, noise=0.01)
    law = fit(table, "power", x="x", bounds={"B": (0.0, np.inf)}, **PLAIN)
    assert same(Law.from_json(law.to_json()), law)


def test_another_format_is_refused_with_a_way_out() -> None:
    written = json.loads(grouped(resamples=0).to_json())
    for other in (FORMAT + 1, 0, "1", None):
        with pytest.raises(
            FormatError, match=f"this superscope reads format {FORMAT}: fit it again"
        ):
            Law.from_json(json.dumps(written | {"format": other}))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", "{}", '{"format": 1}', "\x00", '"a"'])
def test_what_is_no_law_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        Law.from_json(text)


def test_a_damaged_law_is_refused() -> None:
    text = grouped(resamples=0).to_json()
    written = json.loads(text)
    for name in written:
        if name in ("format", "notes"):  # notes may be newer than the file
            continue
        with pytest.raises(FormatError):
            Law.from_json(json.dumps({k: v for k, v in written.items() if k != name}))
        if not isinstance(written[name], (dict, list)):
            with pytest.raises(FormatError):
                Law.from_json(json.dumps(written | {name: [3]}))
    rng = np.random.default_rng(0)
    for cut in rng.integers(1, len(text) - 1, 20):
        with pytest.raises(FormatError):
            Law.from_json(text[:cut])
    for damage in (
        {"parameters": {"A": "much"}},
        {"findings": [{"status": "splendid", "about": "", "text": ""}]},
        {"covariance": {"dtype": "<f8", "shape": [2, 2], "values": [1.0]}},
        {"covariance": {"dtype": "<i8", "shape": [1], "values": [1]}},
    ):
        with pytest.raises(FormatError):
            Law.from_json(json.dumps(written | damage))


def test_the_text_shows_verdict_parameters_and_what_was_left_out() -> None:
    law = grouped()
    text = str(law)
    assert text.startswith(law.headline)
    for name in law.parameters:
        assert name in text
    assert "held" in text
    assert law.form.formula in text
    assert f"{len(law.points)} in 3 groups" in text
    for excluded in law.excluded:
        assert f"{counted(len(excluded.rows), 'point')}: {excluded.rule}" in text
    assert "15 models, BCa" in text
    assert "Huber's function (δ = 0.001)" in str(
        fit(make_table("chinchilla", CHINCHILLA), "chinchilla", **PLAIN)
    )


def test_floors_are_named_by_group() -> None:
    floors = [f"B[{g}]" for g in GROUPS]
    assert list(grouped(resamples=0).parameters) == ["A", "alpha", *floors]
    table = pd.DataFrame({"x": [1.0, 2, 4, 8, 16], "loss": [4, 3, 2.5, 2.2, 2.1]})
    assert list(fit(table, "power", x="x", **PLAIN).parameters) == ["A", "alpha", "B"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["parameters"].pop("A"), "its parameters are"),
        (lambda d: d.update(parameters=dict(reversed(d["parameters"].items()))), "its parameters"),
        (lambda d: d["parameters"].update(A=-1.0), "a parameter is negative"),
        (lambda d: d["form"].update(name="wdth"), "is not a form of law"),
        (lambda d: d["form"].update(terms=[]), "is not a form of law"),
        (lambda d: d["form"].update(residual="bogus"), "residuals"),
        (lambda d: d["points"]["loss"]["values"].pop(), "not a law|not a Law"),
        (lambda d: d["points"]["loss"]["values"].__setitem__(0, 0.0), "a loss is not positive"),
        (
            lambda d: d["points"].update(loss_se={"dtype": "<f8", "shape": [1], "values": [1.0]}),
            "loss_se has the shape",
        ),
        (lambda d: d["points"]["groups"].pop(), "its parameters are|no group"),
        (lambda d: d["intervals"].pop("A"), "its intervals"),
        (lambda d: d.update(degrees_of_freedom=10**6), "its degrees of freedom"),
    ],
)
def test_a_law_edited_by_hand_is_refused(change, said: str) -> None:
    written = json.loads(grouped(resamples=0).to_json())
    change(written)
    with pytest.raises(FormatError, match=said):
        Law.from_json(json.dumps(written))


def test_deep_nesting_is_no_law() -> None:
    with pytest.raises(FormatError, match="not a law"):
        Law.from_json("[" * 100_000)


def test_a_law_equals_what_comes_back_from_its_json() -> None:
    law = grouped(resamples=0)
    assert Law.from_json(law.to_json()) == law
    assert hash(Law.from_json(law.to_json())) == hash(law)
    assert law != grouped(resamples=0, seed=12345)


def test_predictions_take_arrays_mappings_and_frames() -> None:
    law = grouped(resamples=0)
    group = law.points.groups[1]
    plain = law.predict(width=[100.0, 200.0], group=group)
    assert (law.predict([100.0, 200.0], group=group) == plain).all()
    assert (law.predict({"width": [100.0, 200.0]}, group=group) == plain).all()
    family, dataset = group.split("/")
    frame = pd.DataFrame({"width": [100.0, 200.0], "family": family, "dataset": dataset, "note": 1})
    assert (law.predict(frame) == plain).all()
    band = law.predict(frame, interval=0.95)
    assert (band.loss == plain).all()
    narrow = law.predict(frame, interval=0.5)
    assert (band.low < narrow.low).all() and (narrow.high < band.high).all()
    assert list(band.to_frame().columns) == ["loss", "low", "high"]
    with pytest.raises(UsageError, match="level between 0 and 1"):
        law.predict(frame, interval=95)
    with pytest.raises(UsageError, match="has the shape"):
        law.predict(np.ones((2, 3)), group=group)
    with pytest.raises(UsageError, match="1 groups are given for 2 inputs"):
        law.predict(frame, group=[group])


def test_the_frame_has_a_row_for_each_parameter() -> None:
    law = grouped(resamples=0)
    frame = law.to_frame().set_index("parameter")
    assert list(frame.index) == list(law.parameters)
    assert frame.loc["alpha", "estimate"] == law.parameters["alpha"]
    assert frame.loc["alpha", "low"] == law.intervals["alpha"].low
    assert "alpha" in repr(frame) and len(repr(law).splitlines()) == 1
