"""Arguments of the wrong type and misspelt names are errors of the user, of one kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
import torch

from superscope import forecasts, frequency, laws, measure, study, toy
from superscope.arguments import checked
from superscope.errors import SuperscopeError, UsageError
from superscope.geometry import GeometryOptions

W = np.random.default_rng(0).standard_normal((20, 4))
TABLE = pd.DataFrame({"width": [8, 16, 32, 64], "loss": [3.0, 2.5, 2.2, 2.0]})


@checked
def taking(
    whole: int = 0,
    real: float = 0.0,
    sure: bool = True,
    name: str | None = None,
    place: Path = Path(),
    kind: Literal["a", "b"] = "a",
    items: Sequence[int] = (),
    by_name: Mapping[str, float] | None = None,
    config: toy.ToyConfig | None = None,
    other: Any = None,
) -> dict[str, Any]:
    return dict(locals())


@checked
@dataclass(frozen=True)
class Options:
    """Options."""

    width: int = 1


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("whole", 1e3, 1000),
        ("whole", np.int64(3), 3),
        ("whole", np.array(3), 3),
        ("real", 3, 3),
        ("real", np.float32(0.5), 0.5),
        ("real", torch.tensor(0.5), 0.5),
        ("sure", np.True_, True),
        ("name", Path("a"), "a"),
        ("name", torch.device("cpu"), "cpu"),
        ("place", "a", Path("a")),
        ("items", [1, np.int32(2)], [1, 2]),
        ("items", range(2), range(2)),
        ("by_name", {"a": 1}, {"a": 1}),
        ("other", object, object),
    ],
)
def test_what_can_be_taken_is_taken(name: str, value: object, taken: object) -> None:
    assert taking_one(name, value) == taken


def taking_one(name: str, value: object) -> object:
    return taking(**{name: value})[name]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("whole", "10", "whole must be a whole number, not '10'"),
        ("whole", 2.5, "whole must be a whole number, not 2.5"),
        ("whole", True, "whole must be a whole number, not True"),
        ("whole", np.nan, "whole must be a whole number, not nan"),
        ("whole", None, "whole must be a whole number, not None"),
        ("real", "x", "real must be a number, not 'x'"),
        ("real", np.ones(2), "real must be a number, not a numpy.ndarray"),
        ("sure", 1, "sure must be True or False, not 1"),
        ("name", 3, "name must be a string or None, not 3"),
        ("place", 3, "place must be a path, not 3"),
        ("kind", "c", "kind='c'; expected one of a, b"),
        ("kind", 3, "kind=3; expected one of a, b"),
        ("items", 3, "items must be a list, not 3"),
        ("items", "x", "items must be a list, not 'x'"),
        ("items", {"a": 1}, "items must be a list, not a dict"),
        ("items", [1, "x"], "every item of items must be a whole number, not 'x'"),
        ("by_name", [1], "by_name must be a mapping or None, not a list"),
        ("by_name", {"a": "x"}, "every item of by_name must be a number, not 'x'"),
        ("config", {"n": 1}, "config must be a ToyConfig or None, not a dict"),
        ("wohle", 1, "taking has no argument 'wohle'; did you mean whole?"),
    ],
)
def test_what_cannot_be_taken_is_named(name: str, value: object, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        taking_one(name, value)
    assert str(refused.value) == says


def test_options_are_checked_as_arguments_are() -> None:
    assert Options(width=2.0).width == 2  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"Options has no option 'widht'; did you mean width\?"):
        Options(widht=2)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: measure(W, samples="10"), "samples must be a whole number, not '10'"),
        (lambda: measure(None), "a model is a name, a path, a Head, .* not None"),
        (lambda: measure(5), "a model is a name, a path, a Head, .* not 5"),
        (lambda: measure(np.ones(5)), r"array has shape \(5,\), but .* 2-D matrix \(V, m\)$"),
        (lambda: GeometryOptions(top=2.5), "top must be a whole number"),
        (lambda: laws.fit(TABLE, "power", resamples="x"), "resamples must be a whole number"),
        (lambda: laws.fit({"a": [1]}, "power"), "table must be a pandas.DataFrame, a path or"),
        (lambda: laws.fit(TABLE), "fit: missing a required argument: 'law'"),
        (lambda: laws.fit(TABLE, 3), "law must be a string, not 3"),
        (lambda: laws.fit(TABLE, "power", fix={"a_m": "x"}), "every item of fix must be a number"),
        (lambda: forecasts.plan(fitted(), "x"), "compute must be a number, not 'x'"),
        (lambda: forecasts.plan("x", 1e20), "law must be a Law, not 'x'"),
        (lambda: fitted().predict(widht=3), r"has no widht; did you mean width\?"),
        (lambda: forecasts.forecast(fitted(), widht=3), r"has no widht; did you mean width\?"),
        (lambda: toy.train({"n": 10}), "config must be a ToyConfig, not a dict"),
        (lambda: toy.ToyConfig(widht=3), r"ToyConfig has no option 'widht'; did you mean width\?"),
        (lambda: toy.sweep([{"n": 10}], "x"), "every item of configs must be a ToyConfig"),
        (lambda: frequency.text_of(5), "documents must be a list, not 5"),
        (lambda: study.study(["a"], "text", "out"), "text must be a Text, not 'text'"),
    ],
)
def test_public_functions_are_checked(call: Callable[[], object], says: str) -> None:
    with pytest.raises(SuperscopeError, match=says):
        call()


def fitted() -> laws.Law:
    return laws.fit(TABLE, "power", x="width", resamples=0, judge=False)
