"""Every column of a table of tokens is explained."""

from __future__ import annotations

import numpy as np
from costs import make_cost
from studies import make_evaluation

import superscope
from superscope.lens.token_columns import ARGMAX, COST, LOSSES, UNDERTRAINED, meanings_of


def test_each_table_is_known_by_its_columns() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 8))
    rows[:20] = 3 + rows[:20] / 20
    lens = superscope.lens(rows, progress=None)
    tables = {
        "argmax": (lens.argmax().tokens(), ARGMAX),
        "undertrained": (lens.undertrained(reference=range(5)).to_frame(), UNDERTRAINED),
        "cost": (make_cost().tokens(), COST),
        "losses": (make_evaluation(8, "model", rows=30, documents=20).tokens(), LOSSES),
    }
    for name, (table, known) in tables.items():
        assert meanings_of(table).keys() == {*table} - {"id", "token"}, name
        assert meanings_of(table).items() <= known.items()
        assert meanings_of(table.assign(own=1)) == {}
        assert meanings_of(table[["id", "token", table.columns[-1]]]) == {}
