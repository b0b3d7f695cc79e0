"""A study's words say what its numbers say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from superscope.geometry import measure_head
from superscope.heads import Head
from superscope.laws import FitStatus, fit, simulate
from superscope.laws.status import Finding
from superscope.observations import Observation, to_frame
from superscope.study import Answer, Member, Study, answers, fit_laws
from superscope.study._answers import CANNOT, _exponent


def said(
    overlap: Callable[[int], float],
    centered: Callable[[int], float],
    loss: Callable[[int], float | None],
    widths: tuple[int, ...] = (32, 48, 64, 96, 128, 192, 256, 384, 512),
) -> dict[str, Answer]:
    """Return the answers of a study whose laws are fitted to these numbers."""
    rows = [
        Observation(
            source="checkpoint", model=f"m{m}", width=m, mean_square_overlap=overlap(m),
            mean_square_overlap_centered=centered(m), loss=loss(m),
        )
        for m in widths
    ]  # fmt: skip
    found = answers(Study("text", (), fit_laws(to_frame(rows))))
    return {answer.question: answer for answer in found}


INTERFERENCE = "Does its interference fall as 1/m?"
LOSS = "Does its loss fall as 1/m?"


def wiggle(m: int) -> float:
    """Return a factor near 1, so that laws have a scatter."""
    return 1 + 0.01 * ((m // 16 * 7) % 5 - 2)


def test_one_over_m_is_recognized() -> None:
    found = said(
        lambda m: wiggle(m) / m, lambda m: 2 * wiggle(m) / m, lambda m: 100 / m * wiggle(m) + 1
    )
    assert found[INTERFERENCE].short == "yes, within its error"
    assert found[LOSS].short == "yes, within its error"
    assert "floor B = 1" in found[LOSS].text[0] or "floor B = 0.9" in found[LOSS].text[0]


def test_another_exponent_is_not() -> None:
    found = said(
        lambda m: wiggle(m) * m**-0.4, lambda m: wiggle(m) / m, lambda m: 3 * m**-0.5 * wiggle(m)
    )
    assert found[INTERFERENCE].short == "raw: no; mean-centered: yes, within its error"
    assert "slower than 1/m" in found[INTERFERENCE].text[0]
    assert found[LOSS].short != "yes, within its error"


def test_an_exponent_that_is_off_1_by_every_interval_is_not_1_whatever_is_doubted() -> None:
    law = fit(
        simulate("width", parameters={"alpha": 0.5}), "width", resamples=0, starts=4, progress=None
    )
    doubt = Finding(FitStatus.UNSTABLE_POINT, "alpha", "alpha moves")
    doubted = replace(law, findings=(doubt,), form_test=None)
    short, text = _exponent(doubted, "alpha")
    assert short == "no" and "slower than 1/m by every interval" in text
    last = law.refits[-1]
    moved = replace(last, parameters=last.parameters | {"alpha": 1.2})
    assert _exponent(replace(doubted, refits=(*law.refits, moved)), "alpha")[0] == CANNOT


def test_a_law_that_the_data_do_not_identify_says_nothing() -> None:
    found = said(lambda m: 1 / m, lambda m: 1 / m, lambda m: 3 + 0.1 * ((m // 16 * 7) % 5))
    assert found[LOSS].short == "cannot be said"
    assert "do not identify" in found[LOSS].text[0]
    assert found["How much of the next doubling is left?"].short == "cannot be said"
    assert any("The law of the loss" in line for line in found["What could not be said?"].text)


def test_the_next_doubling_is_what_the_law_expects() -> None:
    found = said(lambda m: 1 / m, lambda m: 1 / m, lambda m: 102.4 / m + 1)
    text = " ".join(found["How much of the next doubling is left?"].text)
    assert "From width 512 to 1,024" in text
    assert "−0.1 " in text and "Width still costs 0.2" in text


def test_no_member_says_so() -> None:
    found = said(lambda m: 1 / m, lambda m: 1 / m, lambda m: None, (32, 64))
    assert found["Does it live in strong superposition?"].short == "cannot be said"
    assert "a law takes 3" in found[LOSS].text[0]
    unsaid = " ".join(found["What could not be said?"].text)
    assert "No law of the raw overlap was fitted" in unsaid


REGIME = "Does it live in strong superposition?"
UNTOLD = "cannot be said: the rows are like untrained ones"


def regime_of(*heads: np.ndarray) -> Answer:
    members = tuple(
        Member(f"m{k}", None, measure_head(Head.from_array(rows), pairs="none"), None)
        for k, rows in enumerate(heads)
    )
    (found,) = [
        a for a in answers(Study("text", members, fit_laws(to_frame([])))) if a.question == REGIME
    ]
    return found


def rows_of(kind: str, count: int = 800, width: int = 24) -> np.ndarray:
    """Return untrained rows, trained ones, or half of each."""
    noise = np.random.default_rng(width).standard_normal((count, width))
    trained = noise * np.linspace(3, 0.3, width) + 0.5
    half = np.arange(count)[:, None] < count // 2
    small = trained * np.where(half, 1.0, 1e-3)
    return {
        "untrained": noise, "trained": trained, "half": np.where(half, trained, noise),
        "half small": small, "no superposition": trained[: width - 2],
    }[kind]  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "short"),
    [
        (("untrained",), UNTOLD),
        (("untrained", "untrained"), UNTOLD),
        (("trained", "trained"), "yes"),
        (("trained", "untrained"), "in part"),
        (("half",), "in part"),
        (("half small",), "no"),
        (("no superposition",), "no"),
        (("no superposition", "untrained"), UNTOLD),
    ],
)
def test_strong_superposition_is_answered_by_overlaps_and_not_by_norms(
    kinds: tuple[str, ...], short: str
) -> None:
    found = regime_of(*(rows_of(kind, width=24 + 8 * k) for k, kind in enumerate(kinds)))
    assert found.short == short
    said = " ".join(found.text)
    assert "Norms alone prove nothing" in said
    told = sum(not kind.startswith(("untrained", "no")) for kind in kinds)
    if "no superposition" not in kinds:
        assert f"show that {told} of {len(kinds)} head" in said


def test_rows_that_turned_show_training_where_overlaps_do_not() -> None:
    start, end = rows_of("untrained"), rows_of("untrained", width=25)[:, :24]
    head = measure_head(Head.from_array(end), pairs="none", initial=Head.from_array(start))
    found, *_ = answers(Study("text", (Member("m", None, head, None),), fit_laws(to_frame([]))))
    said = " ".join(found.text)
    assert found.short != UNTOLD
    assert "show that 0 of 1 head" in said and "most rows turned, which shows training" in said
