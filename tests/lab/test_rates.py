"""Learning rates from a search: the best of equally many tries, in settings that all had."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from superscope.errors import FormatError, UsageError
from superscope.lab import read_sweep
from superscope.lab.rates import read_rates
from superscope.lab.table import OWN
from superscope.observations import DTYPES
from superscope.tables import write_table

# learning rate of body, of head, seed, loss
TRIES = [(1e-3, 1e-2, 0, 4.0), (1e-3, 3e-2, 0, 3.8), (1e-3, 9e-2, 0, 3.9),
         (3e-3, 1e-2, 0, 4.1), (3e-3, 3e-2, 0, 3.9), (3e-3, 9e-2, 0, 4.0)]  # fmt: skip


def search(folder: Path, tries: dict[str, list[tuple[float, float, int, float | None]]]) -> Path:
    """Write the table of a search."""
    rows = [
        {"variant": variant, "learning_rate": body, "head_learning_rate": head, "seed": seed,
         "loss": loss, "width": 64, "tokens": 1000, "dataset": "words", "batch": 4}
        for variant, each in tries.items()
        for body, head, seed, loss in each
    ]  # fmt: skip
    frame = pd.DataFrame(rows).reindex(columns=[*DTYPES, *OWN]).astype(DTYPES | OWN)
    write_table(frame, folder / "search.csv")
    return folder / "search.csv"


def test_the_best_of_equally_many_tries_is_taken(tmp_path: Path) -> None:
    path = search(tmp_path, {"adamw": TRIES, "tied": TRIES[::-1]})
    found = read_rates(path, ["adamw"])["adamw"]
    assert (found.learning_rate, found.head_learning_rate) == (1e-3, 3e-2)
    assert (found.loss, found.tries, found.at_edge) == (3.8, 6, ("learning_rate",))
    assert found.seeds == (0,)
    assert read_rates(path, ["tied", "adamw", "tied"]) == {"tied": found, "adamw": found}


def test_losses_are_means_over_seeds(tmp_path: Path) -> None:
    more = [(body, head, 1, 4.5 - 10 * body) for body, head, _, _ in TRIES]
    found = read_rates(search(tmp_path, {"adamw": TRIES + more}), ["adamw"])["adamw"]
    assert (found.learning_rate, found.tries, found.seeds) == (1e-3, 6, (0, 1))
    assert found.loss == pytest.approx((3.8 + 4.49) / 2)


def test_rates_at_which_a_run_diverged_are_a_try_but_never_the_best(tmp_path: Path) -> None:
    lost = [(body, head, 0, None if loss == 3.8 else loss) for body, head, _, loss in TRIES]
    found = read_rates(search(tmp_path, {"adamw": lost}), ["adamw"])["adamw"]
    assert (found.learning_rate, found.head_learning_rate) == (1e-3, 9e-2)
    assert (found.tries, found.at_edge) == (6, ("learning_rate", "head_learning_rate"))
    with pytest.raises(UsageError, match="adamw diverged at all rates that were tried"):
        read_rates(search(tmp_path, {"adamw": [(1e-3, 1.0, 0, None)]}), ["adamw"])


def test_variants_with_fewer_tries_are_refused(tmp_path: Path) -> None:
    path = search(tmp_path, {"adamw": TRIES[:3], "tied": TRIES, "unit": TRIES[3:]})
    with pytest.raises(UsageError, match="6 pairs of rates for tied and 3 for adamw"):
        read_rates(path, ["adamw", "tied"])
    assert list(read_rates(path, ["adamw", "unit"])) == ["adamw", "unit"]


def test_a_try_that_lacks_a_seed_is_refused(tmp_path: Path) -> None:
    path = search(tmp_path, {"adamw": [*TRIES, (1e-3, 1e-2, 1, 3.0)]})
    with pytest.raises(UsageError, match=r"0.001 and 0.03 in 1 of 2 settings; finish the search"):
        read_rates(path, ["adamw"])


def test_a_variant_without_a_search_and_a_table_of_another_kind_are_refused(
    tmp_path: Path,
) -> None:
    path = search(tmp_path, {"coupled": TRIES})
    with pytest.raises(UsageError, match="has no variant 'couple'; did you mean coupled"):
        read_rates(path, ["couple"])
    path.write_text("variant,loss\nadamw,3\n")
    with pytest.raises(FormatError, match="superscope lab table writes them: it has no column"):
        read_rates(path, ["adamw"])


SWEEP = """
width = [8, 16]
variant = ["adamw", "tied"]
attention_width = 4
{line}
[text]
files = "words.txt"
"""


def test_a_sweep_takes_the_rates_of_a_search(tmp_path: Path) -> None:
    search(tmp_path, {"adamw": TRIES, "tied": [(*rates, -loss) for *rates, loss in TRIES]})
    file = tmp_path / "lab.toml"
    file.write_text(SWEEP.format(line='rates = "search.csv"'))
    asked = read_sweep(file)
    rates = {(c.variant, c.width): (c.learning_rate, c.head_learning_rate) for c in asked.configs}
    assert rates == {
        ("adamw", 8): (1e-3, 3e-2), ("adamw", 16): (1e-3, 3e-2),
        ("tied", 8): (3e-3, 1e-2), ("tied", 16): (3e-3, 1e-2),
    }  # fmt: skip
    assert asked.rates["adamw"].tries == 6
    plain = read_sweep_of(tmp_path, "")
    assert plain.rates == {}
    assert [replace(c, learning_rate=1e-3, head_learning_rate=3e-2) for c in plain.configs[:1]] == [
        asked.configs[0]
    ]


def read_sweep_of(folder: Path, line: str):
    (folder / "other.toml").write_text(SWEEP.format(line=line))
    return read_sweep(folder / "other.toml")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("rates = 3", "rates must be a table that lab table wrote, not 3"),
        ("rates = 'none.csv'", "none.csv"),
        ("rates = 'search.csv'\nlearning_rate = 1e-3", "rates and learning_rate cannot both"),
        ("rates = 'search.csv'\nhead_learning_rate = [1]", "rates and head_learning_rate cannot"),
        ("rate = 'search.csv'", "no field 'rate'; did you mean rates"),
    ],
)
def test_wrong_rates_are_refused(tmp_path: Path, line: str, said: str) -> None:
    search(tmp_path, {"adamw": TRIES, "tied": TRIES})
    with pytest.raises(Exception, match=said):
        read_sweep_of(tmp_path, line)
