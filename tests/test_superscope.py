"""The package as a whole: its names, its promises about imports."""

from __future__ import annotations

import importlib
import subprocess
import sys

import numpy as np
import pytest

import superscope


def test_every_public_name_exists() -> None:
    for name in superscope.__all__:
        assert getattr(superscope, name) is not None
    assert set(superscope.__all__) <= set(dir(superscope))
    with pytest.raises(AttributeError):
        superscope.nonsense  # noqa: B018


def test_importing_it_imports_no_torch() -> None:
    code = "import sys, superscope; print(sorted({'torch', 'numpy', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_measure_is_a_function_whatever_is_imported_first() -> None:
    import superscope.cli.measure

    assert importlib.import_module("superscope").measure is superscope.measure
    assert callable(superscope.measure)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("superscope.measure")


def test_a_matrix_is_measured_as_it_is() -> None:
    matrix = np.random.default_rng(0).standard_normal((50, 8))
    geometry = superscope.measure(matrix)
    assert geometry.features == 50
    with pytest.raises(superscope.SuperscopeError, match="in memory"):
        superscope.measure(matrix, rows="tokenizer")


def test_options_of_measure_are_declared_once() -> None:
    """Given whole or by name, in Python's help, and as the command's."""
    import inspect
    from dataclasses import fields

    from superscope.cli.measure import measure as command

    matrix = np.random.default_rng(0).standard_normal((50, 8))
    options = superscope.MeasureOptions(pairs="exact", neighbors=1)
    by_name = superscope.measure(matrix, pairs="exact", neighbors=1)
    assert str(superscope.measure(matrix, options)) == str(by_name)
    assert superscope.measure(matrix, options, neighbors=2).settings.neighbors == 2
    assert superscope.measure(matrix, options, neighbors=2).settings.pairs == "exact"
    with pytest.raises(superscope.SuperscopeError, match="no option 'neighbor'; did you mean"):
        superscope.measure(matrix, neighbor=1)

    names = {f.name for f in fields(superscope.MeasureOptions)}
    assert names <= set(inspect.signature(superscope.measure).parameters)
    assert not names & set(inspect.signature(command).parameters)
    assert all(f"\n{name}\n" in str(superscope.measure.__doc__) for name in names)


def test_a_torch_tensor_is_measured_whatever_its_dtype() -> None:
    import torch

    matrix = torch.randn(50, 8, generator=torch.Generator().manual_seed(0)).bfloat16()
    geometry = superscope.measure(matrix.requires_grad_())
    same = superscope.measure(matrix.detach().float().numpy())
    assert geometry.raw.mean_square_overlap == same.raw.mean_square_overlap
    assert geometry.provenance.dtype == "bfloat16"


@pytest.mark.parametrize(
    "bad", [np.ones(3), np.ones((2, 3, 4)), np.ones((0, 3)), np.eye(3, dtype=int)]
)
def test_what_is_no_head_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(superscope.SuperscopeError):
        superscope.measure(bad)


def test_models_in_memory_are_measured() -> None:
    import torch

    layer = torch.nn.Linear(8, 50, bias=False)
    expected = superscope.measure(layer.weight).raw.mean_square_overlap

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(50, 8)
            self.embedding.weight = layer.weight
            self.layer = layer

        def get_output_embeddings(self) -> torch.nn.Module:
            return self.layer

        def get_input_embeddings(self) -> torch.nn.Module:
            return self.embedding

    state = {"lm_head.weight": layer.weight, "model.embed_tokens.weight": layer.weight}
    for value in (layer, Model(), state):
        assert superscope.measure(value).raw.mean_square_overlap == expected
    assert superscope.measure(Model()).provenance.reason == "tied to the input embedding"
    assert superscope.measure(state).provenance.reason == "tied to model.embed_tokens.weight"
    with pytest.raises(superscope.SuperscopeError, match="meta device"):
        superscope.measure(torch.nn.Linear(8, 50, device="meta"))


def test_tokens_give_the_rows_their_text() -> None:
    rows = np.random.default_rng(0).standard_normal((3, 2))
    assert superscope.measure(rows, tokens=["a", "b", "c"]).texts == ("a", "b", "c")
    with pytest.raises(superscope.SuperscopeError, match="4 strings"):
        superscope.measure(rows, tokens=["a", "b", "c", "d"])
