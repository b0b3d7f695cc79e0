"""What collisions cost on a text, and what moving rows apart changes."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from extras import needed
from tiny_models import tiny_language_model, tiny_model, word_tokenizer

import superscope
from superscope.errors import UsageError
from superscope.evaluation import LossOptions, Pass, evaluate
from superscope.evaluation.model import LanguageModel
from superscope.evaluation.scoring import Piece, Scored
from superscope.frequency import text_of
from superscope.frequency.checkpoint import loadable
from superscope.lens import Change, Estimate, Intervention, Lens, NeighborCost
from superscope.lens.change_scoring import ChangeScoring, away, turned
from superscope.lens.clusters import Clusters, Whole
from superscope.lens.controls import WIDEST, draw
from superscope.lens.cost_scoring import CostScoring
from superscope.lens.halves import Halves
from superscope.progress import silent

torch = needed("torch")
transformers = needed("transformers")

WORDS = (
    "the", "cat", "sat", "on", "a", "mat", "while", "much", "meaning", "is", "packed", "into",
    "width", "and", "Köln", "naïve", "東京",
)  # fmt: skip

NONE = Halves(np.zeros(100, bool))  # no document chooses, so that all are scored


def texts(count: int = 24, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, size=int(rng.integers(3, 12)))) for _ in range(count)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_language_model("gpt2", tmp_path_factory.mktemp("gpt2"))


@pytest.fixture(scope="module")
def lens(folder: Path) -> Lens:
    return superscope.lens(folder, neighbors=4, progress=None)


@pytest.fixture(scope="module")
def cost(lens: Lens) -> NeighborCost:
    return lens.cost(texts(), draws=3, pairs=3, progress=None)


def reading(folder: Path, read: list[str]) -> Pass:
    return Pass(loadable(folder), text_of(read), LossOptions(), None, silent)


def plain(folder: Path, read: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return ln p of every token at every scored position, and the targets, by a plain loop."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    log_p, targets = [], []
    for text in read:
        ids = tokenizer(text, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            logits = loaded(input_ids=ids).logits[0, :-1].double()
        log_p.append(logits.log_softmax(1).numpy())
        targets.append(ids[0, 1:].numpy())
    return np.concatenate(log_p), np.concatenate(targets)


def test_the_loss_is_that_of_evaluate(folder: Path, cost: NeighborCost) -> None:
    plain_loss = evaluate(folder, texts(), progress=None)
    assert (cost.loss.value, cost.loss.error) == (plain_loss.loss, plain_loss.loss_se)
    assert cost.total.tokens + cost.left_out == plain_loss.scored
    assert cost.total.loss.value == pytest.approx(plain_loss.loss, rel=1e-12)
    assert cost.total.loss.error == pytest.approx(plain_loss.loss_se, rel=1e-9)


def test_the_neighbors_take_what_a_plain_loop_gives(
    folder: Path, lens: Lens, cost: NeighborCost
) -> None:
    log_p, targets = plain(folder, texts())
    unit = lens.views.rows("mean").block(0, lens.head.features)
    c = unit @ unit.T - 9 * np.eye(len(unit))
    near = np.argsort(-c, axis=1, kind="stable")[:, :4]
    share = np.exp(np.take_along_axis(log_p, near[targets], axis=1)).sum(axis=1)
    assert cost.total.neighbors.value == pytest.approx(-np.log1p(-share).mean(), rel=1e-4)
    frame = cost.tokens().set_index("id")
    one = int(np.bincount(targets).argmax())
    nats = -np.log1p(-share[targets == one]).mean()
    assert frame.loc[one, "to_neighbors"] == pytest.approx(nats, rel=1e-4)
    assert frame.loc[one, "count"] == (targets == one).sum()


def test_sums_over_classes_decades_and_tokens_are_the_total(cost: NeighborCost) -> None:
    for groups in (cost.classes, cost.decades):
        assert sum(g.tokens for g in groups) == cost.total.tokens
        for name in ("loss", "neighbors", "controls", "difference"):
            nats = sum(g.tokens * getattr(g, name).value for g in groups)
            assert nats / cost.total.tokens == pytest.approx(getattr(cost.total, name).value)
        assert sum(g.confident for g in groups) == cost.total.confident
    frame = cost.tokens()
    assert (frame["count"] * frame["difference"]).sum() / frame["count"].sum() == pytest.approx(
        cost.total.difference.value
    )


def test_shares_of_confident_errors_have_errors_by_token_class_and_decade(
    tmp_path: Path,
) -> None:
    lens = superscope.lens(planted(tmp_path), neighbors=1, frequencies=np.ones(26), progress=None)
    cost = lens.cost(["x i", "y j", "x j"] * 9, pairs=0, progress=None)
    frame = cost.to_frame()
    assert {"on_neighbors_se", "on_controls_se"} <= set(frame.columns)
    assert set(frame["by"]) == {"all", "class", "decade"}
    tokens = cost.tokens()
    some = tokens[tokens["confident"] > 0]
    assert ((some["on_neighbors"] >= 0) & (some["on_neighbors"] <= 1)).all()
    nats = (some["on_neighbors"] * some["confident"]).sum() / some["confident"].sum()
    assert nats == pytest.approx(cost.total.on_neighbors.value)


def test_it_goes_to_json_and_back_and_is_printed(cost: NeighborCost) -> None:
    assert NeighborCost.from_json(cost.to_json()).to_json() == cost.to_json()
    shown = str(cost)
    assert "go to the 4 nearest rows" in shown
    assert "moved apart" in shown


def test_stopped_and_resumed_gives_the_same_bits(
    lens: Lens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"draws": 2, "pairs": 1, "block_tokens": 40, "batch": 2, "progress": None}
    whole = lens.cost(texts(5), **options).to_json()
    scored, calls = LanguageModel.scored, []

    def stopping(self: LanguageModel, batch: list, scoring: object) -> list:
        calls.append(1)
        if len(calls) in (2, 5):  # in the first pass, and in the second
            raise KeyboardInterrupt
        return scored(self, batch, scoring)

    monkeypatch.setattr(LanguageModel, "scored", stopping)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            lens.cost(texts(5), keep=tmp_path, **options)
    assert lens.cost(texts(5), keep=tmp_path, **options).to_json() == whole
    count = len(calls)
    assert lens.cost(texts(5), keep=tmp_path, **options).to_json() == whole
    assert len(calls) == count


def test_windows_whose_documents_go_on_in_the_next_block_are_clustered_alike(lens: Lens) -> None:
    options = {"draws": 2, "pairs": 1, "mode": "windows", "context": 16, "progress": None}
    one = lens.cost(texts(3), **options)
    many = lens.cost(texts(3), block_tokens=16, **options)
    assert many.total.difference.error == pytest.approx(one.total.difference.error, rel=1e-4)
    assert many.intervention is not None
    assert one.intervention is not None
    ours = many.intervention.pairs[0].change.apart_on_text
    theirs = one.intervention.pairs[0].change.apart_on_text
    assert ours.error == pytest.approx(theirs.error, rel=1e-3)


def test_random_rows_in_place_of_neighbors_cost_what_controls_do(folder: Path) -> None:
    rng = np.random.default_rng(1)
    ids = np.arange(320)
    sets = np.stack([[rng.choice(np.delete(ids, t), 4, False) for _ in range(9)] for t in ids])
    scoring = CostScoring(ids, sets, 320, {"total": (np.zeros(320, np.int64), 1)}, NONE)
    reading(folder, texts(30)).evaluation(scoring)
    scoring.finish()
    total = scoring.groups["total"]
    (difference,), (error,) = total.ratio({"neighbors": 1.0, "controls": -1.0}, "count")
    drawn = scoring.draws.std(ddof=1) / total.sums[0, 0]  # of one draw, which the neighbors are
    assert abs(difference) < 3 * math.hypot(error, drawn)


def planted(folder: Path) -> Path:
    """Save a model that knows the next of two tokens, whose rows are nearly equal."""
    word_tokenizer(folder, ("x", "i", "y", "j", *(f"w{k}" for k in range(20))))
    tiny_model("gpt-neox", folder, vocabulary=26)
    read = reading(folder, ["x i", "y j"])
    before = {int(s.ids[1]): state[0].astype(np.float64) for s, state in read.states()}
    i, j = before
    both, apart = before[i] + before[j], before[i] - before[j]
    rows = np.random.default_rng(0).standard_normal((26, 16)) * 0.01
    both, apart = both / np.linalg.norm(both), apart / np.linalg.norm(apart)
    rows[i], rows[j] = 8 * (both + 1e-4 * apart), 8 * (both - 1e-4 * apart)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        loaded.get_output_embeddings().weight[:] = torch.from_numpy(rows)
    loaded.save_pretrained(folder)
    return folder


def test_a_planted_collision_costs_ln_2_and_moving_its_rows_apart_removes_it(
    tmp_path: Path,
) -> None:
    lens = superscope.lens(planted(tmp_path), neighbors=1, frequencies=np.ones(26), progress=None)
    cost = lens.cost(["x i", "y j"] * 20, pairs=1, progress=None)
    assert cost.loss.value == pytest.approx(math.log(2), abs=0.01)
    assert cost.total.neighbors.value == pytest.approx(math.log(2), abs=0.01)
    assert cost.total.difference.value == pytest.approx(math.log(2), abs=0.01)
    assert cost.verdict == "cost"
    moved = cost.intervention
    assert moved is not None
    assert {moved.pairs[0].first.text, moved.pairs[0].second.text} == {"i", "j"}
    assert moved.pairs[0].overlap > 0.999
    assert moved.together.apart.value == pytest.approx(-math.log(2), abs=0.01)
    assert moved.together.random.value > -0.01  # turned as far, and as near as before
    assert moved.verdict == "cost"


@pytest.mark.parametrize(
    ("kind", "whole"), [("gpt2", False), ("opt", False), ("gemma2", False), ("gemma2", True)]
)
def test_the_change_is_that_of_a_model_with_these_weights(
    tmp_path: Path, kind: str, whole: bool
) -> None:
    read = reading(tiny_language_model(kind, tmp_path), texts(3))
    if whole:
        read.model.head._base = None
    pairs = np.array([[3, 70], [75, 80], [262, 270]])
    width = read.model.head.rows(np.array([0])).shape[1]
    rows = np.random.default_rng(0).standard_normal((2, 3, 2, width)).astype(np.float32)
    rows[0, 0] *= 50  # takes nearly all of the probability at some positions
    change = ChangeScoring(pairs, rows[0], rows[1:].repeat(2, axis=0), NONE)
    before = read.evaluation(change)
    change.finish()
    assert read.evaluation().to_json() == before.to_json()
    assert change.scored == (before.scored, 3)
    for look, (k, which) in [(0, (0, [0])), (0, (3, [0, 1, 2])), (1, (3, [0, 1, 2]))]:
        found = change.found()[k]
        other = reading(tmp_path, texts(3))
        head = other.model._model.get_output_embeddings()
        weight = head.weight.detach().clone()
        weight[torch.from_numpy(pairs[which].ravel())] = torch.from_numpy(
            rows[look][which].reshape(-1, width)
        )
        head.weight = torch.nn.Parameter(weight)
        after = other.evaluation()
        on_text = found.random_on_text if look else found.apart_on_text
        assert on_text.value == pytest.approx(after.loss - before.loss, abs=2e-4)
        both = np.isin(before.token_losses.ids, pairs[which])
        assert found.tokens == before.token_losses.counts[both].sum()
        if found.tokens:
            nats = after.token_losses.nats[both].sum() - before.token_losses.nats[both].sum()
            on_two = found.random if look else found.apart
            assert on_two.value == pytest.approx(nats / found.tokens, abs=2e-4)


def test_only_the_half_that_did_not_choose_the_pairs_is_scored(
    lens: Lens, cost: NeighborCost
) -> None:
    moved = cost.intervention
    assert moved is not None
    assert (moved.halves, moved.scored_documents) == ("documents", 12)
    assert moved.chose_tokens + moved.scored_tokens == cost.total.tokens + cost.left_out
    halves = Halves.of(np.arange(24), seed=0)
    assert halves.chooses is not None
    assert int(halves.chooses.sum()) == 12
    assert (Halves.of(np.arange(24), 0).chooses == halves.chooses).all()
    assert (Halves.of(np.arange(24), 1).chooses != halves.chooses).any()
    scoring = CostScoring(np.arange(2), np.array([[[1], [0]]] * 2), 2, {}, halves)
    documents = np.arange(24, dtype=np.int32)
    values = {name: np.ones(24) for name in ("neighbors", "on_neighbors", "on_controls")}
    values |= {"compared": np.ones(24, bool), "confident": np.zeros(24, bool),
               "draws": np.ones((24, 1)), "slots": np.ones((24, 1))}  # fmt: skip
    kept = scoring.kept(Scored(documents, documents * 0, np.ones(24), values))
    assert kept["slots"].sum() == 12  # nats by neighbor, which choose the pairs
    assert kept["sums"][:, 0].sum() == 24


def test_one_document_is_halved_within_its_blocks_and_that_is_said(lens: Lens) -> None:
    assert Halves.of(np.array([7]), 0).choosing(np.full(5, 7)).tolist() == [True] * 2 + [False] * 3
    found = lens.cost([" ".join(texts(3))], draws=2, pairs=1, progress=None).intervention
    assert found is not None
    assert found.halves == "blocks"
    assert abs(found.chose_tokens - found.scored_tokens) <= 1
    assert "of each block of the only document the first half" in str(found)


@pytest.mark.parametrize(
    ("apart", "difference", "verdict"),
    [
        ((-0.3, 0.1), (-0.3, 0.1), "cost"),
        ((-0.3, 0.1), (-0.1, 0.1), "turn"),
        ((-0.3, 0.1), (0.5, 0.1), "turn"),
        ((0.3, 0.1), (0.3, 0.1), "meaning"),
        ((0.3, 0.1), (0.1, 0.1), "turn"),
        ((0.3, 0.1), (-0.6, 0.1), "less"),
        ((0.1, 0.1), (-0.6, 0.1), "less"),
        ((0.1, 0.1), (0.1, 0.1), "none"),
        ((0.3, None), (0.3, None), "unknown"),
    ],
)
def test_the_verdict_sets_a_change_beside_its_error_and_that_of_random_turns(
    apart: tuple[float, float | None], difference: tuple[float, float | None], verdict: str
) -> None:
    nothing = Estimate(0.0, None)
    change = Change(9, Estimate(*apart), nothing, Estimate(*difference), nothing, nothing)
    found = Intervention((), change, "turn", 3, "documents", 50, 50, 9)
    assert found.verdict == verdict
    assert str(found)


def test_rows_turned_by_half_of_what_is_missing_are_at_right_angles() -> None:
    a, b = np.random.default_rng(0).standard_normal((2, 7))
    b += 2 * a
    c = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    first, second = turned(a, b, math.asin(c) / 2)
    assert first @ second == pytest.approx(0, abs=1e-12)
    assert np.linalg.norm(first) == pytest.approx(np.linalg.norm(a))
    assert np.linalg.norm(second) == pytest.approx(np.linalg.norm(b))
    assert np.linalg.matrix_rank(np.stack([a, b, first, second])) == 2


def test_rows_turned_by_all_that_is_missing_lose_their_component_along_each_other() -> None:
    a, b = np.random.default_rng(0).standard_normal((2, 7))
    b += 2 * a
    c = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    first, second = turned(a, b, math.asin(c))
    removed = a - (a @ b) / (b @ b) * b
    assert first == pytest.approx(removed * np.linalg.norm(a) / np.linalg.norm(removed))
    assert first @ second / np.linalg.norm(first) / np.linalg.norm(second) == pytest.approx(-c)


def test_a_row_is_turned_by_the_angle_whatever_it_is_turned_away_from() -> None:
    a, b = np.random.default_rng(0).standard_normal((2, 7))
    made = away(a, b, 0.3)
    assert made @ a / (a @ a) == pytest.approx(math.cos(0.3))
    assert made @ b < a @ b


def test_rows_turned_away_from_one_random_row_stay_as_near() -> None:
    rng = np.random.default_rng(0)
    for angle, part in [(0.2, 0.5), (0.5, 0.9), (0.78, 1.0)]:
        a, other = rng.standard_normal((2, 200))
        b = part * a + (1 - part) * rng.standard_normal(200)
        first, second = away(a, other, angle), away(b, other, angle)
        norms = np.linalg.norm(a) * np.linalg.norm(b)
        assert first @ second / norms > a @ b / norms - 1e-9


def test_pairs_may_be_moved_apart_by_removing_their_components(
    lens: Lens, cost: NeighborCost
) -> None:
    removed = lens.cost(texts(), draws=3, pairs=3, apart="remove", progress=None).intervention
    assert cost.intervention is not None
    assert removed is not None
    for one, two in zip(cost.intervention.pairs, removed.pairs, strict=True):
        assert (one.first, one.second) == (two.first, two.second)
        assert two.degrees == pytest.approx(2 * one.degrees)
        assert math.sin(math.radians(two.degrees)) == pytest.approx(two.overlap)
    assert "the component along the other removed" in str(removed)


FREQUENCIES = np.concatenate([np.zeros(60), np.random.default_rng(0).integers(1, 9, 300)]) * 1.0


def test_controls_are_as_frequent_as_neighbors_and_others_than_they_are() -> None:
    f, rng = FREQUENCIES, np.random.default_rng(0)
    targets = np.arange(100, 120)
    neighbors = np.stack([rng.choice(100, 5, False) for _ in targets])
    made = draw(targets, neighbors, f[neighbors], f, np.arange(360), 40, 0)
    assert made.drawn.all()
    for k, target in enumerate(targets):
        for ids in made.ids[k]:
            assert len({int(target), *neighbors[k].tolist(), *ids.tolist()}) == 11
            with np.errstate(divide="ignore"):
                ours, theirs = np.floor(np.log2([f[ids], f[neighbors[k]]]))
            assert (ours == theirs).all()
    again = draw(targets, neighbors, f[neighbors], f, np.arange(360), 40, 0)
    assert (again.ids == made.ids).all()


def test_controls_of_few_rows_are_drawn_without_replacement() -> None:
    # 2k + 1 rows of one frequency: the token, its k neighbors, and k that are left to draw.
    targets, neighbors = np.array([0]), np.array([[1, 2, 3]])
    f = np.ones(7)
    made = draw(targets, neighbors, f[neighbors], f, np.arange(7), 50, 0)
    assert {tuple(sorted(ids)) for ids in made.ids[0].tolist()} == {(4, 5, 6)}
    assert len({tuple(ids) for ids in made.ids[0].tolist()}) == 6
    assert not draw(targets, neighbors, f[neighbors], f, np.arange(6), 2, 0).drawn.any()


def test_controls_are_as_frequent_as_the_token_if_that_is_asked(
    lens: Lens, cost: NeighborCost
) -> None:
    drawn = {}

    class Stop(Exception):
        pass

    def keeping(*a: object) -> None:
        drawn[how] = a
        raise Stop

    given = np.repeat([1.0, 4.0, 64.0], 120)[: lens.head.features]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("superscope.lens._neighbor_cost.draw", keeping)
        seen = superscope.lens(lens.source, neighbors=4, frequencies=given, progress=None)
        for how in ("token", "neighbor"):
            with pytest.raises(Stop):
                seen.cost(texts(2), like=how, progress=None)
    targets, neighbors, wanted = drawn["token"][:3]
    assert (wanted == given[targets][:, None]).all()
    assert wanted.shape == neighbors.shape
    assert (drawn["neighbor"][2] == given[neighbors]).all()
    assert "as frequent as the token" in str(replace(cost, like="token"))


def test_too_few_rows_of_a_frequency_are_widened_by_at_most_a_factor_of_8_and_then_left_out() -> (
    None
):
    f = np.array([1.0] * 30 + [15.9] * 3 + [8.0, 1e6] + [127.0] * 9)
    targets = np.array([0, 1, 2])
    # 8 has too few rows of its own and reaches down to 1; 15.9 does not, and 1e6 reaches nothing.
    neighbors = np.array([[33, 3], [30, 31], [4, 34]])
    made = draw(targets, neighbors, f[neighbors], f, np.arange(len(f)), 200, 0)
    assert made.drawn.tolist() == [True, True, False]
    assert made.widened.tolist()[:2] == [0.5, 1.0]
    for k in (0, 1):
        factor = f[made.ids[k]] / f[neighbors[k]]
        assert factor.min() >= 1 / WIDEST
        assert factor.max() <= WIDEST
    assert 2.0 ** made.ratio[0] < 1
    assert np.isnan(made.ratio[2])


def test_rows_of_the_nearest_frequencies_stand_in_where_too_few_have_the_wanted_one() -> None:
    f = np.array([3.0] * 3 + [4.0] * 2 + [9.0] * 50)
    neighbors = np.array([[3, 4]])
    made = draw(np.array([0]), neighbors, f[neighbors], f, np.arange(len(f)), 100, 0)
    assert made.drawn.all()
    assert (f[made.ids] <= 9).all()
    near = np.array([[0, 1]])
    made = draw(np.array([2]), near, f[near], f, np.array([0, 1, 2, 3, 4, *range(5, 9)]), 100, 0)
    assert set(f[made.ids].ravel()) == {4.0}


def test_one_draw_of_controls_has_no_error_and_is_refused(lens: Lens) -> None:
    with pytest.raises(UsageError, match=r"draws=1; it must be at least 2"):
        lens.cost(texts(), draws=1, progress=None)


def test_what_is_held_of_a_document_does_not_grow_with_its_blocks() -> None:
    whole, tokens = Whole(), np.arange(5)
    for _ in range(40):
        documents, _, _ = whole.closed(np.zeros(5, np.int64), tokens, np.ones((5, 2)))
        assert not len(documents)
        assert whole._held is not None
        assert len(whole._held[0]) == 5
    closed = whole.closed(np.array([0, 1]), np.array([3, 3]), np.ones((2, 2)))
    assert closed[0].tolist() == [0] * 6
    assert closed[2].sum() == 2 * 201
    assert [part.tolist() for part in whole.rest()] == [[1], [3], [[1.0, 1.0]]]


def test_confident_errors_are_counted_where_they_fall() -> None:
    sets = np.array([[[1], [2]], [[0], [2]], [[0], [1]]])
    scoring = CostScoring(np.arange(3), sets, 4, {"total": (np.zeros(4, np.int64), 1)}, NONE)
    logits = torch.tensor([
        [0.0, 5.0, 0.0, 0.0],  # confident, target 0, falls on its neighbor 1
        [0.0, 0.0, 5.0, 0.0],  # confident, target 0, falls on its control 2
        [5.0, 0.0, 0.0, 0.0],  # right
        [0.0, 0.1, 0.0, 0.0],  # wrong, not confident
        [0.0, 0.0, 0.0, 90.0],  # confident, and nearly certain
    ])  # fmt: skip
    targets = torch.zeros(5, dtype=torch.long)
    losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    found = scoring.piece(Piece(None, logits, targets, losses, None))
    assert found["confident"].tolist() == [True, True, False, False, True]
    assert found["on_neighbors"].tolist() == [True, False, False, False, False]
    assert found["on_controls"].tolist() == [0, 1, 0, 0, 0]


def test_nearly_all_of_the_probability_is_summed_without_cancellation() -> None:
    logits = torch.tensor([[0.0, 40.0, 1.0, 2.0]])
    sets = np.array([[[1], [2]]])
    scoring = CostScoring(np.array([0]), sets, 4, {}, NONE)
    target = torch.zeros(1, dtype=torch.long)
    losses = torch.nn.functional.cross_entropy(logits, target, reduction="none")
    nats = float(scoring.piece(Piece(None, logits, target, losses, None))["neighbors"])
    assert nats == pytest.approx(40 - math.log(1 + math.e + math.e**2), rel=1e-6)


def test_the_error_of_a_ratio_is_clustered_by_document() -> None:
    rng = np.random.default_rng(0)
    sizes, nats = rng.integers(1, 9, 50).astype(float), rng.standard_normal(50)
    clusters = Clusters(1, ("count", "nats"))
    clusters.add(np.arange(50), np.zeros(50, np.int64), np.stack([sizes, nats], axis=1))
    (ratio,), (error,) = clusters.ratio({"nats": 1.0}, "count")
    away = nats - nats.sum() / sizes.sum() * sizes
    assert ratio == pytest.approx(nats.sum() / sizes.sum())
    assert error == pytest.approx(math.sqrt(50 / 49 * away @ away) / sizes.sum())


def test_a_text_too_short_for_controls_says_so(lens: Lens) -> None:
    with pytest.raises(UsageError, match="too short for controls"):
        lens.cost(["z z z z"], progress=None)


def test_a_text_of_one_document_has_no_error_and_says_so(lens: Lens) -> None:
    found = lens.cost([" ".join(texts(3))], draws=2, pairs=1, progress=None)
    assert found.total.difference.error is None
    assert found.verdict == "unknown"
    assert "one document gives no error" in str(found)


def test_a_matrix_in_memory_reads_no_text() -> None:
    with pytest.raises(UsageError, match="reads no text"):
        superscope.lens(np.eye(5)).cost(["a"], progress=None)


def test_a_lens_on_another_matrix_than_the_head_is_refused(tmp_path: Path) -> None:
    folder = tiny_language_model("llama", tmp_path)
    lens = superscope.lens(folder, tensor="model.embed_tokens.weight", progress=None)
    with pytest.raises(UsageError, match="another matrix than the output head"):
        lens.cost(texts(), progress=None)
    folded = superscope.lens(folder, fold_norm=True, neighbors=4, progress=None)
    with pytest.raises(UsageError, match="choose pairs=0"):
        folded.cost(texts(), draws=2, progress=None)


def test_hidden_states_times_the_head_are_the_logits(folder: Path) -> None:
    read = reading(folder, texts(5))
    head = read.model.head.rows(np.arange(320))
    nats, count = 0.0, 0
    for sequence, states in read.states():
        targets = sequence.ids[sequence.scored]
        logits = (states @ head.T).astype(np.float64)
        total = np.log(np.exp(logits).sum(axis=1))
        nats += float((total - logits[np.arange(len(targets)), targets]).sum())
        count += len(targets)
    evaluation = read.evaluation()
    assert count == evaluation.scored
    assert nats / count == pytest.approx(evaluation.loss, rel=1e-5)
