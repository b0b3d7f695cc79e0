"""Exclusions: rules, ties, and a record of every row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from law_tables import FAST, POWER, make_table

from superscope.errors import UsageError
from superscope.laws import fit, fit_by, load_table, nested_test
from superscope.laws.exclusion import drop_highest, exclude, group_rows
from superscope.laws.rows import known
from superscope.laws.rules import amiss, is_choice

TABLE = pd.DataFrame(
    {
        "family": ["opt", "opt", "gpt2", "pythia", "opt"],
        "width": pd.array([512, 1024, 512, None, 4096], "Float64"),
        "loss": [3.5, 3.0, 3.5, 2.5, 2.0],
    }
)


def left(rules=(), drop: int = 0, groups=(), table: pd.DataFrame = TABLE) -> list[int]:
    """Return the rows kept, counted from 1."""
    kept = exclude(table, rules)[0]
    if drop:
        kept = drop_highest(table, kept, drop, groups)[0]
    return [int(i) + 1 for i in np.flatnonzero(kept)]


@given(st.lists(st.sampled_from([1.0, 1.5, 2.0, 2.5]), min_size=2, max_size=20), st.data())
def test_the_k_highest_go_with_all_their_ties(losses: list[float], data) -> None:
    k = data.draw(st.integers(1, len(losses) - 1))
    threshold = sorted(losses, reverse=True)[k - 1]
    expected = [i + 1 for i, v in enumerate(losses) if v < threshold]
    table = pd.DataFrame({"loss": losses})
    kept, record = drop_highest(table, np.ones(len(table), bool), k, ())
    assert [i + 1 for i in np.flatnonzero(kept)] == expected
    assert len(record.rows) >= k
    assert sorted([*record.rows, *expected]) == list(range(1, len(losses) + 1))


def test_the_highest_are_of_each_group() -> None:
    assert left(drop=1) == [2, 4, 5]
    table = TABLE.assign(family=["a", "a", "b", "b", "b"])
    assert left(drop=1, groups=("family",), table=table) == [2, 4, 5]
    assert left(drop=1, groups=("family",), table=table.assign(loss=[1, 2, 3, 3, 2.0])) == [1, 5]
    with pytest.raises(
        UsageError, match="dropping the 2 highest losses leaves none of 2 points of a"
    ):
        drop_highest(table, np.ones(5, bool), 2, ("family",))


def test_rules_come_first_and_the_highest_are_of_what_they_left() -> None:
    kept, records = exclude(TABLE, ("loss > 3.2",))
    kept, highest = drop_highest(TABLE, kept, 1, ())
    assert list(np.flatnonzero(kept) + 1) == [4, 5]
    assert [(r.rule, r.rows) for r in (*records, highest)] == [
        ("loss > 3.2", (1, 3)),
        ("the highest loss", (2,)),
    ]


@pytest.mark.parametrize(
    ("rule", "out"),
    [
        ("loss > 3", [1, 3]),
        ("loss >= 3", [1, 2, 3]),
        ("loss<3", [4, 5]),
        ("loss <= 3", [2, 4, 5]),
        ("loss == 3.5", [1, 3]),
        ("loss != 3.5", [2, 4, 5]),
        ("loss > 2e0", [1, 2, 3, 4]),
        ("family == opt", [1, 2, 5]),
        ("family=opt", [1, 2, 5]),
        ("family == 'opt'", [1, 2, 5]),
        ("family != opt", [3, 4]),
        ("family == opt and width < 2000", [1, 2]),
        ("family == opt and width < 2000 and loss > 3", [1]),
        ("width != 512", [2, 5]),  # row 4 has no width
        ("width < 1e9", [1, 2, 3, 5]),
        ("family == nobody", []),
    ],
)
def test_a_rule_leaves_out_what_it_says_and_nothing_absent(rule: str, out: list[int]) -> None:
    kept, (record,) = exclude(TABLE, (rule,))
    assert list(record.rows) == out
    assert record.rule == rule
    assert [int(i) + 1 for i in np.flatnonzero(~kept)] == out


def test_a_row_is_recorded_under_the_first_rule_that_left_it_out() -> None:
    _, records = exclude(TABLE, ("loss > 3", "family == opt"))
    assert [r.rows for r in records] == [(1, 3), (2, 5)]


def test_rules_see_all_columns_of_the_table_and_rows_are_those_of_the_table() -> None:
    table = make_table("power", POWER, points=20).assign(note="good")
    table.index = range(100, 120)
    table.loc[[103, 107], "note"] = "bad"
    found = fit(table, "power", x="x", exclude="note == bad", drop_highest=2, **FAST)
    assert found.excluded[0].rows == (4, 8)
    assert set(found.points.rows) == set(range(1, 21)) - {4, 8} - set(found.excluded[1].rows)
    assert len(found.points) == 16
    highest = table["loss"].to_numpy()[[i - 1 for i in found.excluded[1].rows]]
    assert highest.min() > found.points.loss.max()


def test_absent_losses_are_left_out_and_recorded() -> None:
    table = TABLE.assign(loss=pd.array([3.5, None, 3.5, 2.5, None], "Float64"))
    kept, records = exclude(table, ())
    assert list(kept) == [True, False, True, True, False]
    assert [(r.rule, r.rows) for r in records] == [("loss is absent", (2, 5))]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("loss", "is not a rule; write COLUMN > NUMBER"),
        ("loss >", "is not a rule"),
        ("> 3", "is not a rule"),
        ("loss ~ 3", "is not a rule"),
        ("loss > 3 and", "loss holds numbers, and '3 and' is none"),
        ("loss > 3 and width", "is not a rule"),
        ("", "is not a rule"),
        ("los > 3", "no column 'los'; did you mean loss"),
        ("Familly == opt", "did you mean family"),
        ("zzz == opt", "no column 'zzz'; columns: family, width, loss"),
        ("loss > high", "loss holds numbers, and 'high' is none"),
        ("family > opt", "family holds text; compare it by == or !="),
    ],
)
def test_what_is_no_rule_is_refused_with_a_way_out(rule: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        exclude(TABLE, (rule,))


def test_no_point_left_is_an_error_that_counts() -> None:
    with pytest.raises(UsageError, match=r"no point is left of 5 after loss > 0 \(5 points\)"):
        exclude(TABLE, ("loss > 0",))
    with pytest.raises(UsageError, match="dropping the 5 highest losses leaves none of 5 points"):
        drop_highest(TABLE, np.ones(5, bool), 5, ())


def test_groups_are_labelled_by_their_values() -> None:
    table = TABLE.assign(dataset=["a", "b", "a", None, "a"])
    rows = group_rows(table, ("family", "dataset"))
    assert {k: list(v) for k, v in rows.items()} == {
        "opt/a": [0, 4],
        "opt/b": [1],
        "gpt2/a": [2],
        "pythia/(absent)": [3],
    }
    assert list(group_rows(table, ())) == [""]


def test_no_two_groups_share_a_label() -> None:
    table = pd.DataFrame(
        {
            "family": pd.array(["a/b", "a", "a", "(absent)", None, 'q"'], "string"),
            "dataset": ["c", "b/c", '"b/c"', "d", "d", "d"],
        }
    )
    rows = group_rows(table, ("family", "dataset"))
    assert len(rows) == 6
    assert [list(r) for r in rows.values()] == [[0], [1], [2], [3], [4], [5]]
    assert '"a/b"/c' in rows


def test_the_nearest_column_is_found_whatever_its_case() -> None:
    assert known(TABLE, "width", "--group") == "width"
    with pytest.raises(UsageError, match=r"--group: no column 'WIDTHS'; did you mean width\?"):
        known(TABLE, "WIDTHS", "--group")


def test_failed_and_absent_numbers_can_be_left_out() -> None:
    loss = pd.Series(pd.array([3.0, 2.5, 2.0, 1.5, None], "Float64"))
    loss.array._data[1] = np.nan
    frame = pd.DataFrame({"loss": loss, "width": pd.array([1, 2, None, 4, 5], "Float64")})
    kept, records = exclude(frame, ("loss == nan", "width == absent"))
    assert kept.tolist() == [True, False, False, True, False]
    assert [r.rows for r in records] == [(5,), (2,), (3,)]
    plain = frame.astype(np.float64)
    assert exclude(plain, ("loss == nan",))[0].tolist() == [True, False, True, True, False]


@pytest.mark.parametrize(
    ("rule", "choice"),
    [
        ("family != opt", True),
        ("family == opt", True),
        ("family == opt or family == gpt2", True),
        ("family == opt and dataset == c4", True),
        ("size == 3", True),  # a group of its own
        ("model != opt-1b", True),
        ("model == opt-1b", False),
        ("run != 7", True),
        ("run == 7", False),
        ("status == diverged", False),
        ("status != finished", False),
        ("family == opt and width < 2000", False),
        ("family == opt or status == diverged", False),
        ("loss > 3", False),
    ],
)
def test_a_rule_on_what_the_law_is_of_chooses_and_any_other_drops(rule: str, choice: bool) -> None:
    """Which family, data set or group; or all but one model or run. A status is none of these."""
    table = TABLE.assign(
        dataset=[*"abcd", "c4"], model=[*"abcd", "opt-1b"], loss=2.0, run=range(5), size=3,
        status="diverged",
    )  # fmt: skip
    kinds = ("family", "dataset", "size")
    assert is_choice(table, rule, kinds, keeps=False) == choice


def test_where_keeps_what_its_rules_say_and_never_chooses_by_the_loss() -> None:
    kept, records = exclude(TABLE, (), ("family=opt", "width < 2000"))
    assert list(np.flatnonzero(kept) + 1) == [1, 2]
    assert [(r.text, r.rows, r.choice, r.drops) for r in records] == [
        ("all but family=opt", (3, 4), True, False),
        ("all but width < 2000", (5,), False, False),
    ]
    with pytest.raises(UsageError, match="write it the other way round in exclude"):
        exclude(TABLE, (), ("loss < 3",))
    with pytest.raises(UsageError, match="write it the other way round in exclude"):
        exclude(TABLE, (), ("family == opt or loss < 3",))


def test_and_binds_before_or_and_quotes_hold_these_words() -> None:
    assert left(("family == opt and width < 600 or family == gpt2",)) == [2, 4, 5]
    assert left(("family == gpt2 or family == opt and width < 600",)) == [2, 4, 5]
    table = TABLE.assign(family=["a or b", "a", "b", "c and d", "a"])
    assert left(("family == 'a or b' or family == \"c and d\"",), table=table) == [2, 3, 5]


def test_a_rule_that_matches_nothing_names_what_there_is() -> None:
    assert amiss(TABLE, "family == opt") == amiss(TABLE, "family == opt or width < 600") == ""
    assert amiss(TABLE, "family == op or width < 600") == (
        "no family is 'op'; did you mean opt? family has opt, gpt2, pythia"
    )
    assert "did you mean opt?" in amiss(TABLE, "family == OPT")
    assert amiss(TABLE, "loss > 30") == "no row is so (loss is 2 to 3.5)"
    assert amiss(TABLE, "family == opt and width == 3") == "no row is so (width is 512 to 4,096)"
    many = TABLE.iloc[[0] * 9].assign(family=[f"f{i}" for i in range(9)])
    assert amiss(many, "family == x").endswith("family has f0, f1, f2, f3, f4 and 4 more")
    with pytest.raises(UsageError, match=r"all but family=nobody \(5 points\); no family is 'nob"):
        exclude(TABLE, (), ("family=nobody",))
    table = make_table("power", POWER, points=20).assign(note="good")
    found = fit(table, "power", x="x", exclude="note == bad", **FAST)
    assert found.notes == ("the rule note == bad: no note is 'bad'; note has good",)


def test_truths_are_compared_as_texts() -> None:
    assert left(("diverged == True",), table=TABLE.assign(diverged=[True, *[False] * 4])) == [
        2, 3, 4, 5,
    ]  # fmt: skip


def test_a_verdict_does_not_depend_on_how_a_family_was_chosen() -> None:
    """A table cut to a family, rules that keep it, and a family of several: one verdict."""
    table = load_table("published-llms")
    cut = fit(table[table["family"] == "gpt2"], "width", resamples=200, progress=None)
    for asked in ({"where": "family=gpt2"}, {"exclude": "family != gpt2"}):
        law = fit(table, "width", resamples=200, progress=None, **asked)
        assert (law.verdict, law.intervals) == (cut.verdict, cut.intervals)
        assert len(law.excluded[0].rows) == len(table) - len(cut.points)
    every = fit_by(table, "width", "family", resamples=200, progress=None)
    assert every.laws["gpt2"].verdict == cut.verdict


def test_a_subset_has_one_verdict_and_says_so_and_only_an_exclusion_is_lifted() -> None:
    """The smallest models lie on another law: the user leaves them out, or asks of the others."""
    table = make_table("power", POWER, points=60, noise=0.002).assign(status="fine")
    small = table["x"] < 10
    table.loc[small, "loss"] *= 1.05
    table.loc[small, "status"] = "short"
    cut = fit(table[~small], "power", x="x", **FAST)
    others = f"{small.sum()} others were not looked at."
    for where in ("x >= 10", "status != short"):
        chosen = fit(table, "power", x="x", where=where, **FAST)
        assert chosen.findings == cut.findings and chosen.headline == cut.headline
        assert chosen.scope == f"Of the rows where {where} only; {others}"
        assert chosen.scope in chosen.verdict and chosen.scope in str(chosen)
        assert chosen.verdict.replace(f" {chosen.scope}", "") == cut.verdict
        tested = nested_test(chosen, "alpha=0.5", resamples=0)
        assert chosen.scope in str(tested) and tested.doubts == ()
    assert cut.identified and cut.scope == ""
    for excluded in ("x < 10", "status == short"):
        dropped = fit(table, "power", x="x", exclude=excluded, **FAST)
        assert not dropped.identified and dropped.scope == ""
        assert f"without the rule {excluded}" in dropped.verdict


def test_rows_of_a_group_are_those_of_the_table() -> None:
    """In what a rule left out, in what is wrong, and in the points."""
    table = pd.concat([make_table("power", POWER, points=20)] * 2).assign(lot=[*"ab"] * 20)
    every = fit_by(table, "power", "lot", x="x", exclude="loss > 4", **FAST)
    out = [i + 1 for i, loss in enumerate(table["loss"]) if loss > 4]
    rows = [row for law in every.laws.values() for row in law.excluded[0].rows]
    assert sorted(rows) == out
    assert set(every.laws["b"].points.rows) == set(range(2, 41, 2)) - set(out)
    assert every.laws["b"].points.labels[-1] == "row 40"
    table.iloc[35, table.columns.get_loc("x")] = -1.0
    broken = fit_by(table, "power", "lot", x="x", **FAST)
    assert "in row 36" in broken.impossible["b"]
