"""How long a sweep takes is said before it is begun."""

from __future__ import annotations

import pytest

from superscope.toy import ToyConfig, product
from superscope.toy.sweeps import SweepState
from superscope.toy.timing import PROBES, time_left

SMALL = {"n": 20, "width": 3, "batch": 32, "steps": 20}


def state(*configs: ToyConfig, done: dict[str, float] | None = None) -> SweepState:
    return SweepState(configs, done or {}, {}, ())


def test_nothing_left_takes_no_time() -> None:
    config = ToyConfig(**SMALL)
    assert time_left(state(config, done={config.identity: 1.0})).seconds == 0
    assert time_left(state()).seconds == 0


def test_done_runs_of_the_same_size_say_what_a_step_costs() -> None:
    configs = product({**SMALL, "seed": [0, 1, 2, 3], "steps": [20, 100]})
    done = {config.identity: 0.5 for config in configs if config.seed == 0}
    time = time_left(state(*configs, done=done))
    assert time.seconds == pytest.approx(0.5 * (3 * 20 + 3 * 100))
    assert time.step_seconds == pytest.approx((0.5, 0.5))
    assert time.source == "runs that are done"


def test_sizes_between_those_that_are_known_lie_between_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("superscope.toy.timing._step_seconds", lambda config, _: 1e-3 * config.n)
    configs = product({**SMALL, "n": list(range(10, 1010, 50))})
    time = time_left(state(*configs))
    assert time.step_seconds == pytest.approx((0.01, 0.96))
    # A step costs in proportion to its size here, which is what lies between.
    assert time.seconds == pytest.approx(sum(20 * 1e-3 * config.n for config in configs), rel=0.02)


def test_only_some_sizes_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    timed = []

    def step_seconds(config: ToyConfig, device: str) -> float:
        timed.append(config.n)
        return 1.0

    monkeypatch.setattr("superscope.toy.timing._step_seconds", step_seconds)
    configs = product({**SMALL, "n": list(range(10, 1010, 50)), "seed": [0, 1]})
    assert time_left(state(*configs)).seconds == pytest.approx(20 * len(configs))
    assert len(timed) == PROBES
    assert {10, 960} <= set(timed)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"learning_rate": 1e30},  # diverges
        {"n": 1000, "width": 5, "alpha": 0.0, "density": 5.0},  # too dense for fewer features
        {"frequencies": (0.5,) * 20, "density": 2.0},
        {"groups": 5, "warmup": 20},
        {"groups": ((3, 7),)},
    ],
)
def test_any_config_can_be_timed(options: dict[str, object]) -> None:
    time = time_left(state(ToyConfig(**{**SMALL, **options})))  # type: ignore[arg-type]
    assert 0 < time.seconds < 10
