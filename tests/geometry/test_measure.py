"""From a head to its geometry: which rows count, what is centered, what is refused."""

import dataclasses

import numpy as np
import pytest
import torch

from superscope.errors import HeadDataError, UsageError
from superscope.geometry import Geometry, measure_head
from superscope.heads import ArrayRows, Head, Provenance


def random_rows(features: int = 60, width: int = 7, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return (generator.standard_normal((features, width)) + 0.3).astype(np.float32)


def measure(matrix: np.ndarray, **options) -> Geometry:
    return measure_head(Head.from_array(matrix), **{"pairs": "none", **options})


def of_overlaps(geometry: Geometry) -> list[float]:
    return [
        value
        for o in geometry.overlaps
        for value in (o.mean_square_overlap, o.mean_overlap, *o.token_interference, *o.spectrum)
    ]


def test_zero_rows_are_dropped_and_counted() -> None:
    rows = random_rows()
    padded = np.insert(rows, [0, 10, 60], 0, axis=0)
    geometry = measure(padded)
    assert geometry.zero_rows == (0, 11, 62)
    assert geometry.stored_features == 63
    assert geometry.features == 60
    assert geometry.rows_outside_tokenizer == 0
    assert of_overlaps(geometry) == of_overlaps(measure(rows))  # the mean row included
    assert np.array_equal(geometry.norms.values, measure(rows).norms.values)


def test_ids_stay_those_of_the_vocabulary() -> None:
    rows = np.zeros((6, 3))
    rows[[1, 3, 5]] = [[1, 0, 0], [0, 1, 0.1], [0, 1, 0]]
    tokens = tuple("abcdef")
    head = Head.from_array(rows, tokens=tokens)
    pairs = measure_head(head, pairs="exact", neighbors=1, top=1).raw.pairs
    assert pairs is not None
    assert pairs.neighbors is not None
    assert pairs.neighbors[1:].tolist() == [[5], [3]]
    (top,) = pairs.top
    assert (top.first, top.second, top.first_text, top.second_text) == (3, 5, "d", "f")


def test_rows_equal_to_the_mean_are_dropped_from_the_centered_only() -> None:
    rows = np.array([[1, 2], [-1, 0], [0, 1], [3, 1], [-3, 1]], np.float32)  # mean (0, 1)
    geometry = measure(rows)
    assert geometry.raw.features == 5
    assert geometry.raw.left_out == ()
    assert geometry.centered.left_out == (2,)
    assert geometry.centered.features == 4
    centered = rows[[0, 1, 3, 4]].astype(float) - [0, 1]
    unit = centered / np.linalg.norm(centered, axis=1, keepdims=True)
    overlaps = (unit @ unit.T)[np.triu_indices(4, 1)]
    assert geometry.centered.mean_square_overlap == pytest.approx(np.mean(overlaps**2), rel=1e-6)
    assert geometry.centered.token_interference.shape == (4,)


def test_rows_that_differ_from_the_mean_by_rounding_only_are_the_mean() -> None:
    rows = np.tile(np.float32([0.1, 0.2, 0.3]), (1000, 1))
    rows[::2] = np.nextafter(rows[::2], np.float32(1))  # half of them by one unit of rounding
    rows[0], rows[1] = [1, 2, 3], [-0.8, -1.6, -2.4]
    assert measure(rows).centered.left_out == tuple(range(2, 1000))


def test_too_few_rows_have_no_overlap() -> None:
    with pytest.raises(HeadDataError, match=r"1 row has a direction"):
        measure(np.ones((1, 4)))
    with pytest.raises(HeadDataError, match=r"0 rows have.*center=mean"):
        measure(np.ones((9, 4)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite_rows_are_named(bad: float) -> None:
    rows = random_rows()
    rows[[3, 41], 2] = bad
    with pytest.raises(HeadDataError, match=r"array: non-finite numbers in the rows of ids 3, 41$"):
        measure(rows)


def test_opposite_infinities_in_one_column_are_named() -> None:
    rows = random_rows()
    rows[:20, 0] = np.inf
    rows[20:30, 0] = -np.inf
    with pytest.raises(HeadDataError, match=r"ids 0, 1, .*, 9 and 20 more"):
        measure(rows)


def test_non_finite_rows_are_named_by_id_of_the_vocabulary() -> None:
    rows = random_rows()
    rows[50] = np.nan
    head = dataclasses.replace(Head.from_array(rows), ids=np.arange(40, 60))
    with pytest.raises(HeadDataError, match=r"ids 50$"):
        measure_head(head)


def test_a_head_of_zeros_is_refused() -> None:
    with pytest.raises(HeadDataError, match=r"array: all 60 rows are zero"):
        measure(np.zeros((60, 3)))


def test_centering_by_frequency_subtracts_the_weighted_mean() -> None:
    rows = random_rows()
    frequencies = np.random.default_rng(1).pareto(1, 60)
    overlap = measure(rows, frequencies=frequencies).frequency_centered
    assert overlap is not None
    wide = rows - np.average(rows.astype(float), axis=0, weights=frequencies)
    unit = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    expected = (unit @ unit.T)[np.triu_indices(60, 1)]
    assert overlap.mean_square_overlap == pytest.approx(np.mean(expected**2), rel=1e-6)
    assert overlap.mean_overlap == pytest.approx(np.mean(expected), abs=1e-7)


def test_even_frequencies_are_the_mean() -> None:
    geometry = measure(random_rows(), frequencies=np.full(60, 1e308))  # whose sum is not finite
    assert geometry.frequency_centered is not None
    assert geometry.frequency_centered.mean_square_overlap == pytest.approx(
        geometry.centered.mean_square_overlap, rel=1e-9
    )


def test_frequencies_belong_to_the_stored_rows() -> None:
    rows = random_rows()
    kept = np.arange(0, 60, 3)
    frequencies = np.random.default_rng(1).pareto(1, 60)
    head = dataclasses.replace(Head.from_array(rows), ids=kept)
    part = measure_head(head, pairs="none", frequencies=frequencies)
    alone = measure(rows[kept], frequencies=frequencies[kept])
    assert of_overlaps(part) == of_overlaps(alone)
    assert part.rows_outside_tokenizer == 40


@pytest.mark.parametrize(
    ("frequencies", "message"),
    [
        (
            np.ones(61),
            "61 frequencies for the 60 stored rows of array: they come from another tokenizer",
        ),
        (np.ones((60, 1)), r"got shape \(60, 1\)"),
        (1.0, r"got shape \(\)"),
        ([], "no kept row has a frequency above 0"),
        (np.full(60, np.nan), "finite"),
        (-np.ones(60), "not negative; id 0"),
        (np.zeros(60), "no kept row has a frequency above 0"),
        (["many"] * 60, "must be a number for each token"),
        ({"a": 1}, "must be a number for each token"),
    ],
)
def test_frequencies_that_cannot_be_used(frequencies: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        measure(random_rows(), frequencies=frequencies)


def test_ids_beyond_the_frequencies_never_occur() -> None:
    rows = random_rows()
    frequencies = np.random.default_rng(1).pareto(1, 50)
    padded = np.concatenate([frequencies, np.zeros(10)])
    assert measure(rows, frequencies=frequencies) == measure(rows, frequencies=padded)


def test_frequencies_of_rows_left_out_alone_are_refused() -> None:
    head = dataclasses.replace(Head.from_array(random_rows()), ids=np.arange(10, 60))
    with pytest.raises(UsageError, match="no kept row has a frequency above 0"):
        measure_head(head, frequencies=np.ones(10))


def test_frequencies_are_left_as_they_were() -> None:
    frequencies = np.full(60, 2.0)
    measure(random_rows(), frequencies=frequencies)
    assert np.all(frequencies == 2)


@pytest.mark.parametrize("scale", [1e-37, 1e-30, 1e-20, 1e20, 1e30, 1e37])
def test_the_scale_of_a_head_does_not_matter(scale: float) -> None:
    rows = random_rows(40, 5)
    plain, scaled = measure(rows), measure((rows * scale).astype(np.float32))
    assert of_overlaps(scaled) == pytest.approx(of_overlaps(plain), rel=1e-4, abs=1e-6)
    assert scaled.norms.values == pytest.approx(plain.norms.values * scale, rel=1e-6)
    assert scaled.regime == plain.regime


def test_rows_of_all_scales_in_one_head() -> None:
    rows = random_rows(61, 5).astype(np.float64)
    scale = 10.0 ** np.arange(-30, 31)[:, None]
    mixed = measure((rows * scale).astype(np.float32), pairs="exact", neighbors=2)
    plain = measure(rows, pairs="exact", neighbors=2)
    assert mixed.raw.mean_square_overlap == pytest.approx(plain.raw.mean_square_overlap, rel=1e-6)
    assert mixed.raw.pairs is not None
    assert plain.raw.pairs is not None
    assert mixed.raw.pairs.mean_absolute == pytest.approx(plain.raw.pairs.mean_absolute, rel=1e-6)
    assert np.array_equal(mixed.raw.pairs.neighbors, plain.raw.pairs.neighbors)
    # The largest row decides the mean; what is tiny beside it points the other way.
    assert mixed.centered.features == 61
    assert np.isfinite(of_overlaps(mixed)).all()


def test_numbers_near_the_largest_of_float32_are_centered() -> None:
    largest = np.finfo(np.float32).max
    rows = random_rows(30, 4)
    rows *= largest / np.abs(rows).max()
    rows[0], rows[1] = largest, -largest  # their difference is beyond float32
    overlap = measure(rows, pairs="exact").centered
    wide = rows.astype(float) - rows.astype(float).mean(axis=0)
    unit = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    expected = (unit @ unit.T)[np.triu_indices(30, 1)]
    assert overlap.mean_square_overlap == pytest.approx(np.mean(expected**2), rel=1e-6)
    assert overlap.pairs is not None
    assert overlap.pairs.mean_absolute == pytest.approx(np.abs(expected).mean(), rel=1e-6)


def test_a_gain_is_folded_into_the_columns() -> None:
    rows = random_rows()
    gain = np.linspace(0.5, 2, 7, dtype=np.float32)
    head = dataclasses.replace(Head.from_array(rows), gain=gain)
    assert of_overlaps(measure_head(head, pairs="none")) == of_overlaps(measure(rows * gain))
    assert of_overlaps(measure(rows * gain)) != of_overlaps(measure(rows))


@pytest.mark.parametrize("ids", [np.arange(10, 50), np.array([0, 1, 58]), np.arange(0, 60, 7)])
def test_some_rows_are_measured_as_if_they_were_all(ids: np.ndarray) -> None:
    rows = random_rows()
    head = dataclasses.replace(Head.from_array(rows), ids=ids)
    part = measure_head(head, pairs="exact", neighbors=2, top=5)
    alone = measure(rows[ids], pairs="exact", neighbors=2, top=5)
    assert of_overlaps(part) == of_overlaps(alone)
    one, other = part.centered.pairs, alone.centered.pairs
    assert one is not None
    assert other is not None
    assert np.array_equal(one.neighbors, ids[other.neighbors])
    assert np.array_equal(one.neighbor_overlaps, other.neighbor_overlaps)
    assert [(p.first, p.second) for p in one.top] == [
        (ids[p.first], ids[p.second]) for p in other.top
    ]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_float_type_of_numpy_is_measured(dtype: type) -> None:
    rows = random_rows().astype(dtype)
    assert of_overlaps(measure(rows)) == of_overlaps(measure(rows.astype(np.float32)))


def test_a_bfloat16_tensor_is_measured() -> None:
    tensor = torch.from_numpy(random_rows()).bfloat16()
    assert of_overlaps(measure(tensor)) == of_overlaps(measure(tensor.float().numpy()))


def test_a_matrix_in_fortran_order_is_measured() -> None:
    rows = random_rows()
    assert of_overlaps(measure(np.asfortranarray(rows))) == pytest.approx(
        of_overlaps(measure(rows)), rel=1e-6, abs=1e-9
    )


def test_sample_takes_all_pairs_when_there_are_few() -> None:
    few = measure(random_rows(60), pairs="sample", samples=60 * 59 // 2).raw.pairs
    many = measure(random_rows(60), pairs="sample", samples=60 * 59 // 2 - 1).raw.pairs
    assert few is not None
    assert many is not None
    assert (few.method, few.pairs) == ("exact", 60 * 59 // 2)
    assert (many.method, many.pairs) == ("sample", 60 * 59 // 2 - 1)


def test_settings_say_how_it_was_measured() -> None:
    settings = measure(random_rows(), pairs="exact", neighbors=3, top=4, seed=5).settings
    assert (settings.pairs, settings.neighbors, settings.top, settings.seed) == ("exact", 3, 4, 5)
    assert (settings.device, settings.dtype) == ("cpu", "float32")


def test_without_pairs_there_are_none() -> None:
    assert [o.pairs for o in measure(random_rows()).overlaps] == [None, None]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pairs": "all"}, "pairs='all'; expected one of none, sample, exact"),
        ({"pairs": "sample", "neighbors": 3}, "neighbors need every pair: pass pairs='exact'$"),
        ({"neighbors": 3}, "pairs='exact'$"),
        ({"pairs": "exact", "neighbors": -1}, "not be negative"),
        ({"top": -1}, "not be negative"),
        ({"seed": -1}, "not be negative"),
        ({"samples": 1}, "at least 2"),
        ({"threshold": -0.1}, "finite number, 0 or more"),
        ({"threshold": float("nan")}, "finite number, 0 or more"),
        ({"threshold": float("inf")}, "finite number, 0 or more"),
        ({"dtype": "bfloat16"}, "pass pairs='exact'$"),
        ({"dtype": "float8"}, "expected one of float32, bfloat16, float16"),
        ({"pears": "exact"}, "measure_head has no option 'pears'; did you mean pairs"),
        ({"device": "abacus"}, "device 'abacus' cannot be used here"),
        ({"device": "meta"}, "device 'meta' cannot be used here"),
        pytest.param(
            {"device": "cuda"},
            "device 'cuda' cannot be used here",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU"),
        ),
    ],
)
def test_options_that_cannot_be_used(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        measure(random_rows(), **options)
    assert "\n" not in str(caught.value)


def test_options_are_checked_before_the_head_is_read() -> None:
    class Unreadable(ArrayRows):
        def block(self, start: int, stop: int) -> np.ndarray:
            raise AssertionError("read")

    head = Head(Unreadable(random_rows()), Provenance("array"))
    with pytest.raises(UsageError):
        measure_head(head, device="abacus", pairs="exact")
    with pytest.raises(UsageError):
        measure_head(head, frequencies=np.ones(61))


def test_progress_names_the_centering_and_reaches_the_end() -> None:
    told: list[tuple[str, int, int]] = []
    measure(random_rows(), pairs="exact", progress=lambda *args: told.append(args))
    last = {stage: (done, total) for stage, done, total in told}
    assert {stage.split(":")[0] for stage in last} == {"raw", "mean-centered"}
    assert all(done == total for done, total in last.values())
