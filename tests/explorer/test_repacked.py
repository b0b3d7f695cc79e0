"""Narrower heads go to the model they are of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from repackings import ROWS, WIDTH, make_repacking

from superscope.errors import UsageError
from superscope.explorer.repacked import by_model, repack_part
from superscope.heads import Head


def _head(rows=ROWS, width=WIDTH, name="m"):
    head = Head.from_array(np.ones((rows, width), np.float32))
    return replace(head, provenance=replace(head.provenance, model=name))


def test_the_part_holds_what_each_rank_costs():
    found = make_repacking(other=True)
    meta = repack_part(found).meta
    assert len(meta["heads"]) == len(found.scores)
    for head in meta["heads"]:
        assert head["excess"][0] == found.score(head["way"], head["rank"]).excess.value
    assert meta["half"]["rank"] == WIDTH // 2
    assert [head["rank"] for head in meta["best"]] == list(found.ranks)


def test_a_curve_belongs_to_the_model_of_its_shape():
    heads = [_head(width=WIDTH // 2), _head()]
    assert list(by_model(heads, [make_repacking(), "another result"])) == [1]
    with pytest.raises(UsageError, match="no model of this page"):
        by_model(heads[:1], [make_repacking()])


def test_among_models_of_one_shape_the_name_decides():
    found = replace(make_repacking(), model="folder/second")
    heads = [_head(name="first"), _head(name="second")]
    assert list(by_model(heads, [found])) == [1]
    with pytest.raises(UsageError, match="by itself"):
        by_model(heads, [replace(found, model="third")])
