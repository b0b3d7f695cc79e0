"""The laws as the definitions have them."""

from __future__ import annotations

import pytest

from superscope.errors import UsageError
from superscope.laws import FORMS
from superscope.laws.formula import make_form


@pytest.mark.parametrize(
    ("law", "columns", "exponents", "floor", "loss", "residual"),
    [
        ("power", ("x",), ("alpha",), "B", "squared", "log"),
        ("width", ("width",), ("alpha",), "B", "squared", "plain"),
        ("chinchilla", ("parameters", "tokens"), ("alpha", "beta"), "E", "huber", "log"),
        ("shape", ("width", "depth", "tokens"), ("a_m", "a_l", "a_D"), "E", "squared", "log"),
        ("time", ("tokens",), ("alpha",), "B", "squared", "log"),
    ],
)
def test_each_law_has_its_terms_and_objective(
    law: str, columns: tuple, exponents: tuple, floor: str, loss: str, residual: str
) -> None:
    form = FORMS[law]
    assert (form.columns, form.exponents) == (columns, exponents)
    assert (form.floor, form.loss, form.residual) == (floor, loss, residual)
    assert form.delta == 1e-3
    named = [name for t in form.terms for name in (t.amplitude, t.exponent)]
    assert len({*named, floor}) == len(named) + 1
    assert all(name in form.formula for name in [*named, floor])


def test_there_are_no_other_laws() -> None:
    assert set(FORMS) == {"power", "width", "chinchilla", "shape", "time"}
    assert all(name == form.name for name, form in FORMS.items())


def test_power_is_of_a_named_column_and_time_of_tokens_unless_told() -> None:
    assert make_form("power", x="flop").columns == ("flop",)
    assert make_form("power", x="flop").terms[0].part == "flop"
    assert make_form("time").columns == ("tokens",)
    assert make_form("time", x="step").columns == ("step",)
    assert make_form("time", x="step").terms[0].part == "time"
    assert FORMS["power"].columns == ("x",)


def test_the_offset_is_of_depth_alone() -> None:
    form = make_form("shape", depth_offset=2)
    assert {t.column: t.offset for t in form.terms} == {"width": 0, "depth": 2, "tokens": 0}
    assert FORMS["shape"].terms[1].offset == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"law": "shap"}, "did you mean shape"),
        ({"law": "?"}, "no law is called '\\?'; laws: power"),
        ({"law": "power"}, "needs x='COLUMN', the column"),
        ({"law": "width", "x": "width"}, "width has its own columns"),
        ({"law": "width", "depth_offset": 2}, "belongs to the law shape, not width"),
    ],
)
def test_what_a_law_does_not_have_is_refused(arguments: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_form(arguments.pop("law"), **arguments)
