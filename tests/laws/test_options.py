"""Options: what they refuse, and what of them reaches the form."""

from __future__ import annotations

import math
from dataclasses import fields

import pytest
from command import superscope

from superscope.errors import UsageError
from superscope.laws import FitOptions


def test_one_name_or_rule_may_be_given_bare() -> None:
    options = FitOptions(group="family", exclude="loss > 3", rules=5)
    assert options.group == ("family",)
    assert options.exclude == ("loss > 3",)
    assert options.rules == (5,)
    assert FitOptions(group=["family", "dataset"]).group == ("family", "dataset")
    assert FitOptions().group is None
    assert FitOptions().rules is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("loss", "absolute", "loss='absolute'; expected one of huber, squared"),
        ("residual", "square", "residual='square'; expected one of log, plain"),
        ("weights", "loss", "weights='loss'; .*expected one of none, loss_se"),
        ("drop_highest", -1, "drop_highest=-1; it must be at least 0"),
        ("resamples", -1, "resamples=-1; it must be at least 0"),
        ("resamples", 99, "at least 100; 0 for none"),
        ("resamples", 1, "at least 100; 0 for none"),
        ("starts", 0, "starts=0; it must be at least 1"),
        ("seed", -1, "seed=-1; it must be at least 0"),
        ("rules", (0, -2), "not negative"),
        ("delta", 0.0, "delta must be positive and finite, not 0"),
        ("delta", math.inf, "not inf; for squares: loss squared"),
        ("delta", -1.0, "delta must be positive"),
        ("delta", math.nan, "delta must be positive"),
    ],
)
def test_a_value_no_fit_can_have_is_refused(name: str, value: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        FitOptions(**{name: value})
    with pytest.raises(UsageError, match=said):
        FitOptions().changed({name: value})


@pytest.mark.parametrize("value", [0, 100, 1000])
def test_no_resamples_or_enough(value: int) -> None:
    assert FitOptions(resamples=value).resamples == value


def test_the_law_has_its_own_objective_unless_told() -> None:
    own = FitOptions().form("width")
    assert (own.loss, own.residual) == ("squared", "plain")
    told = FitOptions(loss="huber", residual="log", delta=0.1).form("width")
    assert (told.loss, told.residual, told.delta) == ("huber", "log", 0.1)
    assert FitOptions(x="flop").form("power").columns == ("flop",)
    assert FitOptions(depth_offset=2).form("shape").terms[1].offset == 2


def test_changes_leave_the_rest() -> None:
    options = FitOptions(drop_highest=3, seed=4)
    changed = options.changed({"seed": 5})
    assert (changed.drop_highest, changed.seed) == (3, 5)
    assert options.seed == 4


def test_an_unknown_option_is_answered_with_the_nearest_or_all() -> None:
    with pytest.raises(UsageError, match="no option 'startz'; did you mean starts"):
        FitOptions().changed({"startz": 3})
    with pytest.raises(UsageError) as error:
        FitOptions().changed({"qqqq": 3})
    assert all(f.name in str(error.value) for f in fields(FitOptions))


def test_each_option_is_one_of_the_command_line_but_what_only_the_judge_needs() -> None:
    help_text = superscope("fit", "--help").out
    for field in fields(FitOptions):
        option = {"bounds": "--bound"}.get(field.name, "--" + field.name.replace("_", "-"))
        typed = f" {option} " in help_text
        assert typed is (field.name != "judge"), option
