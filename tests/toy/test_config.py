"""Configs: their identity, their schedule, and what is refused."""

from __future__ import annotations

from dataclasses import asdict, fields, replace

import pytest

from superscope.errors import UsageError
from superscope.toy import ToyConfig
from superscope.toy.config import LATER

OTHER = {
    "n": 999, "width": 40, "frequencies": "linear", "alpha": 1.5, "density": 2.0, "groups": 2,
    "decay": 0.5, "batch": 1024, "steps": 100, "warmup": 7, "learning_rate": 0.02,
    "bias_learning_rate": 0.1, "seed": 1, "engine": "torch", "anticorrelated": 2,
    "importance": 0.9, "output": "linear", "bias": "zeros",
}  # fmt: skip


@pytest.mark.parametrize("name", [f.name for f in fields(ToyConfig) if f.name != "scale"])
def test_identity_depends_on_every_field(name: str) -> None:
    assert replace(ToyConfig(), **{name: OTHER[name]}).identity != ToyConfig().identity


def test_identity_does_not_depend_on_how_a_config_is_written() -> None:
    config = ToyConfig(decay=-1, alpha=1)  # type: ignore[arg-type]
    assert config == ToyConfig()
    assert config.identity == ToyConfig(warmup=2000, bias_learning_rate=0.01).identity
    assert ToyConfig(scale=3.0).identity == config.identity  # power has no scale
    linear = ToyConfig(frequencies="linear")
    assert replace(linear, alpha=2.0).identity == linear.identity
    assert ToyConfig(decay=-0.0).identity == ToyConfig(decay=0.0).identity
    assert ToyConfig(groups=((0,), (5,))).identity == config.identity
    exponential = ToyConfig(frequencies="exponential")
    assert replace(exponential, scale=1000 / 25.6).identity == exponential.identity
    assert replace(exponential, scale=3.0).identity != exponential.identity


def test_identity_is_stable() -> None:
    """A result of an earlier day is found again; when this must change, so must FORMAT."""
    assert ToyConfig().identity == "e8065c0dd6cd8f117ce01472"


def test_identity_leaves_out_what_means_nothing() -> None:
    config = ToyConfig(n=4, width=2)
    assert replace(config, importance=(1, 1, 1, 1)).identity == config.identity
    assert replace(config, anticorrelated=((0,), (1,))).identity == config.identity
    none = replace(config, bias="none")
    assert replace(none, bias_learning_rate=0.5).identity == none.identity
    assert len({replace(config, bias=b).identity for b in ("normal", "zeros", "none")}) == 3


def test_options_of_later_versions_are_written_only_when_they_are_used() -> None:
    assert set(ToyConfig().to_mapping()) == {f.name for f in fields(ToyConfig)} - set(LATER)
    config = ToyConfig(n=4, width=2, anticorrelated=2, importance=0.5, output="linear", bias="none")
    assert set(LATER) <= set(config.to_mapping())
    assert ToyConfig.from_mapping(config.to_mapping()) == config


def test_importance_is_a_power_of_the_rank_or_given() -> None:
    assert ToyConfig(n=3, width=1, importance=0.5).weights().tolist() == [1, 0.5, 0.25]
    assert ToyConfig(n=3, width=1, importance=(0, 2, 1)).weights().tolist() == [0, 2, 1]
    for importance, says in (
        ((1.0, 2.0), "2 weights for n = 3"),
        ((1.0, -1.0, 1.0), "-1 of feature 1 is below 0"),
        ((0.0, 0.0, 0.0), "every weight is 0"),
        (1e30, "above 3.4e"),
        (0.0, "importance must be above 0"),
    ):
        with pytest.raises(UsageError, match=says):
            ToyConfig(n=3, width=1, importance=importance)


def test_a_config_comes_back_from_its_mapping() -> None:
    config = ToyConfig(n=4, width=2, frequencies=(0.1, 0.2, 0.3, 0.4), groups=((0, 2),))
    assert ToyConfig.from_mapping(asdict(config)) == config
    listed = {**asdict(config), "frequencies": [0.1, 0.2, 0.3, 0.4], "groups": [[0, 2]]}
    assert ToyConfig.from_mapping(listed) == config


def test_learning_rate_warms_up_linearly_then_falls_to_5_percent() -> None:
    config = ToyConfig(steps=1000, learning_rate=0.01)
    assert config.warmup_steps == 100
    assert config.learning_rates(0)[0] == pytest.approx(0.0001)
    assert config.learning_rates(49)[0] == pytest.approx(0.005)
    assert config.learning_rates(100)[0] == pytest.approx(0.01)
    assert config.learning_rates(550)[0] == pytest.approx(0.01 * (0.05 + 0.95 / 2))
    assert config.learning_rates(999)[0] == pytest.approx(0.0005, rel=1e-3)
    assert config.learning_rates(3)[1] == config.learning_rates(3)[0]
    assert replace(config, bias_learning_rate=0.1).learning_rates(550)[1] == pytest.approx(
        10 * config.learning_rates(550)[0]
    )


@pytest.mark.parametrize("warmup", [0, 5, 10, 20])
def test_any_warmup_has_a_schedule(warmup: int) -> None:
    config = ToyConfig(steps=10, warmup=warmup)
    rates = [config.learning_rates(step)[0] for step in range(10)]
    assert all(0 < rate <= 0.01 for rate in rates)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("n", 0, "n must be at least 1"),
        ("width", 0, "width must be at least 1"),
        ("width", 2.5, "width must be a whole number"),
        ("width", "wide", "width must be a whole number, not 'wide'"),
        ("width", True, "width must be a whole number"),
        ("n", 10**400, "n must be a number"),
        ("n", 2**70, "n must be at most 2,147,483,647"),
        ("batch", 0, "batch must be at least 1"),
        ("steps", -1, "steps must be at least 1"),
        ("warmup", -1, "warmup must be at least 0"),
        ("seed", -1, "seed must be at least 0"),
        ("alpha", float("nan"), "alpha must be finite"),
        ("decay", float("inf"), "decay must be finite"),
        ("density", 0.0, "density must be above 0"),
        ("density", 9.0, "makes the probability of feature 0"),
        ("learning_rate", 0.0, "learning_rate must be above 0"),
        ("scale", -1.0, "scale must be above 0"),
        ("groups", 0, "groups must be at least 1"),
        ("groups", [["a"]], "every item of groups must be a whole number"),
        ("frequencies", "powr", "unknown frequencies 'powr': did you mean power"),
        ("frequencies", (2.0,), "1 probabilities for n = 1000"),
        ("bias", 0, "bias=0; expected one of normal, zeros, none"),
        ("output", "rleu", r"output='rleu'; did you mean relu\?"),
        ("anticorrelated", 0, "anticorrelated must be at least 1"),
        ("engine", "jax", "engine='jax'; expected one of numba, torch"),
        ("widht", 3, "unknown field 'widht': did you mean width"),
    ],
)
def test_what_no_config_takes(field: str, value: object, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ToyConfig.from_mapping({field: value})
