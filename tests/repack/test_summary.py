"""What a narrower head costs is said first, in words, with what makes it sure."""

from __future__ import annotations

import pandas as pd
import pytest
from repackings import WIDTH, make_repacking

from superscope.repack import Repacking


def lines(found: Repacking) -> dict[str, str]:
    return {line[2:17].strip(): line[17:] for line in str(found).split("\n\n")[0].splitlines()[1:]}


def test_half_the_rank_and_the_rank_of_a_small_cost_come_first() -> None:
    said = lines(make_repacking())
    assert list(said)[:2] == ["in short", "0.05 nats"]
    assert said["in short"] == (
        "half the rank (256 of 512) costs 0.08 ± 0.01 nats per token (frequency); plain SVD would "
        "cost 0.59"
    )
    assert said["0.05 nats"].startswith("rank 302 ± 2")
    assert "interpolated between 256 and 384" in said["0.05 nats"]
    assert said["pairing"].startswith("the error of this cost is 0.01")
    assert said["pairing"].endswith("of two texts it would be 0.1")


def test_the_laws_say_what_is_extrapolated_and_what_the_head_is_of_a_family() -> None:
    table = pd.DataFrame({"width": [128, 256, 512], "loss": [2 + 100 / m for m in (128, 256, 512)]})
    said = lines(make_repacking(family=table))
    assert "ranks 32, 64, 128, 256" in said[""]
    assert "α = 1 (" in said["0 at m"]
    assert said["twice as wide"].startswith("extrapolated")
    assert f"of {2 * WIDTH:,} columns" in said["twice as wide"]
    assert "40 % of that" in said["head's share"]
    assert "beyond the family's own widths" in said["of doubling"]


@pytest.mark.parametrize(
    ("amplitude", "verdict"),
    [(5.0, "gain over"), (12.0, "lose against"), (9.0, "gain nothing that is clear over")],
)
def test_blocks_win_by_more_than_their_error_or_do_not(amplitude: float, verdict: str) -> None:
    said = lines(make_repacking({"svd": 9.0, "blocks": amplitude}))["blocks"]
    start = f"at the weights of rank 256, ranks by frequency {verdict} one rank for all (svd): "
    assert said.startswith(start)


def test_one_document_has_no_error_and_another_text_is_beside() -> None:
    assert lines(make_repacking(error=None))["pairing"] == "one document gives no error"
    other = lines(make_repacking(other=True))["another text"]
    assert "0.156 ± 0.01 (frequency), and 0.078 ± 0.01 on the scored text" in other


def test_json_brings_it_all_back() -> None:
    table = pd.DataFrame({"width": [128, 256, 512], "loss": [2 + 100 / m for m in (128, 256, 512)]})
    found = make_repacking(family=table, other=True)
    assert Repacking.from_json(found.to_json()).to_json() == found.to_json()
