"""What collisions cost on a text, and what moving rows apart changes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from extras import needed
from tiny_models import tiny_language_model, tiny_model, word_tokenizer

import superscope
from superscope.errors import UsageError
from superscope.evaluation import LossOptions, Pass, evaluate
from superscope.evaluation.model import LanguageModel
from superscope.evaluation.scoring import Piece
from superscope.frequency import text_of
from superscope.frequency.checkpoint import loadable
from superscope.lens import Estimate, Intervention, Lens, NeighborCost, Together
from superscope.lens.clusters import Clusters
from superscope.lens.controls import NEVER, bins_of, draw
from superscope.lens.cost_scoring import CostScoring
from superscope.lens.intervention import ChangeScoring, turned
from superscope.progress import silent

torch = needed("torch")
transformers = needed("transformers")

WORDS = (
    "the", "cat", "sat", "on", "a", "mat", "while", "much", "meaning", "is", "packed", "into",
    "width", "and", "Köln", "naïve", "東京",
)  # fmt: skip


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


def test_it_goes_to_json_and_back_and_is_printed(cost: NeighborCost) -> None:
    assert NeighborCost.from_json(cost.to_json()).to_json() == cost.to_json()
    shown = str(cost)
    assert "go to the 4 nearest rows" in shown
    assert "moved apart" in shown


def test_stopped_and_resumed_gives_the_same_bits(
    lens: Lens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"draws": 1, "pairs": 1, "block_tokens": 40, "batch": 2, "progress": None}
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
    options = {"draws": 1, "pairs": 1, "mode": "windows", "context": 16, "progress": None}
    one = lens.cost(texts(3), **options)
    many = lens.cost(texts(3), block_tokens=16, **options)
    assert many.total.difference.error == pytest.approx(one.total.difference.error, rel=1e-4)
    assert many.intervention is not None
    assert one.intervention is not None
    ours, theirs = many.intervention.pairs[0].on_text, one.intervention.pairs[0].on_text
    assert ours.error == pytest.approx(theirs.error, rel=1e-3)


def test_random_rows_in_place_of_neighbors_cost_what_controls_do(folder: Path) -> None:
    rng = np.random.default_rng(1)
    ids = np.arange(320)
    sets = np.stack([[rng.choice(np.delete(ids, t), 4, False) for _ in range(9)] for t in ids])
    scoring = CostScoring(ids, sets, 320, {"total": (np.zeros(320, np.int64), 1)})
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
    assert moved.pairs_together.change.value == pytest.approx(-math.log(2), abs=0.01)
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
    rows = np.random.default_rng(0).standard_normal((3, 2, width)).astype(np.float32)
    rows[0] *= 50  # takes nearly all of the probability at some positions
    change = ChangeScoring(pairs, rows, ((0, 3),))
    before = read.evaluation(change)
    change.finish()
    assert read.evaluation().to_json() == before.to_json()
    for (tokens, on_two, on_text), which in zip(
        [change.found()[k] for k in (0, 3)], ([0], [0, 1, 2]), strict=True
    ):
        other = reading(tmp_path, texts(3))
        head = other.model._model.get_output_embeddings()
        weight = head.weight.detach().clone()
        weight[torch.from_numpy(pairs[which].ravel())] = torch.from_numpy(
            rows[which].reshape(-1, width)
        )
        head.weight = torch.nn.Parameter(weight)
        after = other.evaluation()
        assert on_text.value == pytest.approx(after.loss - before.loss, abs=2e-4)
        both = np.isin(before.token_losses.ids, pairs[which])
        assert tokens == before.token_losses.counts[both].sum()
        if tokens:
            nats = after.token_losses.nats[both].sum() - before.token_losses.nats[both].sum()
            assert on_two.value == pytest.approx(nats / tokens, abs=2e-4)


@pytest.mark.parametrize(
    ("change", "controls", "verdict"),
    [
        ((-0.3, 0.1), (0.0, 0.1), "cost"),
        ((0.3, 0.1), (0.0, 0.1), "meaning"),
        ((0.3, 0.1), (0.25, 0.1), "turn"),
        ((0.3, 0.1), (0.9, 0.1), "turn"),
        ((-0.3, 0.1), (-0.25, 0.1), "turn"),
        ((0.1, 0.1), (0.9, 0.1), "none"),
        ((0.3, None), (0.0, 0.1), "unknown"),
        ((0.3, 0.1), None, "meaning"),
    ],
)
def test_the_verdict_sets_a_change_beside_its_error_and_that_of_controls(
    change: tuple[float, float | None], controls: tuple[float, float] | None, verdict: str
) -> None:
    def together(of: tuple[float, float | None]) -> Together:
        return Together(2, 9, Estimate(*of), Estimate(0.0, None))

    beside = None if controls is None else together(controls)
    found = Intervention((), (), together(change), beside)
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


def test_controls_are_as_frequent_as_neighbors_and_others_than_they_are() -> None:
    rng = np.random.default_rng(0)
    frequencies = np.concatenate([np.zeros(60), rng.integers(1, 9, 300)]).astype(float)
    bins = bins_of(frequencies)
    assert set(bins) == {NEVER, 0, 1, 2, 3}
    targets = np.arange(100, 120)
    neighbors = np.stack([rng.choice(100, 5, False) for _ in targets])
    made = draw(targets, neighbors, bins[neighbors], bins, np.arange(360), 40, 0)
    assert made.drawn.all()
    own = bins[neighbors] != 3  # 8 alone is rare, and widened
    for k, target in enumerate(targets):
        for ids in made.ids[k]:
            assert len({int(target), *neighbors[k].tolist(), *ids.tolist()}) == 11
            assert (bins[ids] == bins[neighbors[k]])[own[k]].all()
    again = draw(targets, neighbors, bins[neighbors], bins, np.arange(360), 40, 0)
    assert (again.ids == made.ids).all()


def test_controls_may_be_as_frequent_as_the_token(lens: Lens, cost: NeighborCost) -> None:
    found = lens.cost(texts(), draws=2, pairs=0, like="token", progress=None)
    assert found.total.neighbors == cost.total.neighbors or found.left_out != cost.left_out
    assert found.total.controls != cost.total.controls
    assert "as frequent as the token" in str(found)


def test_too_few_rows_of_a_frequency_are_widened_and_then_left_out() -> None:
    bins = bins_of(np.array([1.0] * 30 + [2.0, 2, 2] + [1e6]))
    targets, neighbors = np.array([0, 1]), np.array([[30, 31], [2, 33]])
    made = draw(targets, neighbors, bins[neighbors], bins, np.arange(34), 3, 0)
    assert made.drawn.tolist() == [True, False]
    assert made.widened[0] == 1


def test_confident_errors_are_counted_where_they_fall() -> None:
    sets = np.array([[[1], [2]], [[0], [2]], [[0], [1]]])
    scoring = CostScoring(np.arange(3), sets, 4, {"total": (np.zeros(4, np.int64), 1)})
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
    scoring = CostScoring(np.array([0]), sets, 4, {})
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
        folded.cost(texts(), draws=1, progress=None)


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
