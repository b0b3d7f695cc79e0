"""Lists of colliding pairs show equal rows once, and words first; the statistics stay."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import superscope
from superscope.geometry import pairs
from superscope.geometry.listing import Listing
from superscope.geometry.tiles import Keep, Tiles
from superscope.geometry.tiles_torch import DTYPES, TorchTiles


@pytest.fixture(params=["numba", "torch"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either way to add up tiles; the one for other devices runs on the CPU here."""
    if request.param == "torch":

        def tiles(keep: Keep, device: str, dtype: str) -> Tiles:
            return TorchTiles(keep, torch.device("cpu"), DTYPES[dtype])

        monkeypatch.setattr(pairs, "_tiles", tiles)


def planted() -> np.ndarray:
    rows = np.random.default_rng(0).standard_normal((60, 8)).astype(np.float32)
    rows[20:40] = rows[5]
    return rows


@pytest.mark.parametrize("how", ["exact", "sample"])
def test_equal_rows_are_listed_once(how, engine) -> None:
    found = superscope.measure(planted(), pairs=how, samples=1500, top=30)
    assert found.classes is not None and found.raw.pairs is not None
    assert found.classes.groups == ((5, *range(20, 40)),)
    listed = {i for pair in found.raw.pairs.top for i in (pair.first, pair.second)}
    assert listed.isdisjoint(range(20, 40))
    if how == "exact":
        assert found.raw.pairs.coherence == 1
        assert found.raw.pairs.folded == 60 * 59 // 2 - 40 * 39 // 2
    assert "20 rows equal an earlier one, in 1 group; " in str(found)
    assert superscope.Geometry.from_json(found.to_json()) == found


def test_folding_changes_no_statistic(unit_rows, engine) -> None:
    rows = unit_rows(planted())
    first = np.ones(60, bool)
    first[20:40] = False
    every, once = pairs.exact(rows), pairs.exact(rows, listing=Listing(first, first))
    assert every.largest == once.largest
    assert (every.mean_absolute, every.mean_square) == (once.mean_absolute, once.mean_square)
    assert np.array_equal(every.histogram, once.histogram)
    kept = [p for p in pairs.exact(rows, top=1770).top if first[[p.first, p.second]].all()]
    assert list(once.top) == kept[:20]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("words", [0, 1, 4, 40])
def test_pairs_of_words_come_first(words, dtype, unit_rows, engine) -> None:
    rows = unit_rows(planted())
    first, word = np.ones(60, bool), np.arange(60) < words
    found = pairs.exact(rows, top=20, dtype=dtype, listing=Listing(first, word)).top
    every = pairs.exact(rows, top=1770).top
    both = [word[p.first] and word[p.second] for p in every]
    wanted = [p for p, w in zip(every, both, strict=True) if w]
    wanted += [p for p, w in zip(every, both, strict=True) if not w]
    expected = [pytest.approx(abs(p.overlap), abs=1e-6) for p in wanted[:20]]
    assert [abs(p.overlap) for p in found] == expected


def test_all_rows_may_be_equal(unit_rows, engine) -> None:
    first = np.arange(9) == 0
    found = pairs.exact(unit_rows(np.ones((9, 3))), listing=Listing(first, first))
    assert found.top == ()
    assert (found.coherence, found.folded) == (1, 36)
